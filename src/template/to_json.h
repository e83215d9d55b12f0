/* to_json.h: values as JSON, as Transformers' tojson writes it: Python's json.dumps with its options. */
#ifndef EMILY_TEMPLATE_TO_JSON_H
#define EMILY_TEMPLATE_TO_JSON_H

#include "template/run.h"

typedef struct emily__tjson_style {
  bool ensure_ascii, sort_keys;
  emily__tval indent;     /* None or MISSING, a number, a text */
  emily__tval separators; /* None or MISSING, or two texts */
} emily__tjson_style;

emily_status emily__t_to_json(emily__trun *run, emily__tval value, const emily__tjson_style *style, emily__tval *out);

#endif
