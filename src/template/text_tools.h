/* text_tools.h: what methods and filters of texts share. */
#ifndef EMILY_TEMPLATE_TEXT_TOOLS_H
#define EMILY_TEMPLATE_TEXT_TOOLS_H

#include "template/letters.h"
#include "template/run.h"

enum { EMILY__T_LEFT = 1, EMILY__T_RIGHT = 2 };

/* text: a text. Markup stays markup. */
emily_status emily__t_cased(emily__trun *run, emily__tval text, emily__tcase to, emily__tval *out);

/* chars: which to take away, a text; not given: white space. */
emily_status emily__t_stripped(emily__trun *run, emily__tval text, emily__tval chars, int sides, emily__tval *out);

/* most: how many are replaced, below 0: all. */
emily_status emily__t_replaced(emily__trun *run, emily__ttext text, emily__ttext old, emily__ttext fresh,
                               int64_t most, emily__tval *out);

/* side: where the text goes, '<', '>' or '^'; fill: one character. */
emily_status emily__t_padded(emily__trun *run, emily__tval text, int64_t width, char side, emily__ttext fill,
                             emily__tval *out);

/* texts: items must be texts; otherwise they are printed. */
emily_status emily__t_joined(emily__trun *run, emily__ttext glue, emily__tval items, bool texts, emily__tval *out);

/* Lines as str.splitlines has them, a list. */
emily_status emily__t_lines(emily__trun *run, emily__ttext text, bool keep_ends, emily__tval *out);

#endif
