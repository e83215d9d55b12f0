/* attribute.h: attributes by their written path, as filters take them: "user.name", "parts.0", a number. */
#ifndef EMILY_TEMPLATE_ATTRIBUTE_H
#define EMILY_TEMPLATE_ATTRIBUTE_H

#include "template/run.h"

/* The value at the path (not given: the item itself); what is undefined on the way becomes `missing` where that is
 * given. folded: a text is put into lower case. */
emily_status emily__t_attribute_of(emily__trun *run, emily__tval item, emily__tval path, emily__tval missing,
                                   bool folded, emily__tval *out);

/* What sort goes by: a list of the values at paths with commas between them. */
emily_status emily__t_sort_key(emily__trun *run, emily__tval item, emily__tval paths, bool case_sensitive,
                               emily__tval *out);

/* A walk through that value of each item. */
emily_status emily__t_attributes_of(emily__trun *run, emily__tval items, emily__tval path, emily__tval *out);

#endif
