/* letters.h: what Python's str knows of characters: case with its special rules, white space, what is printable. */
#ifndef EMILY_TEMPLATE_LETTERS_H
#define EMILY_TEMPLATE_LETTERS_H

#include "base/vec.h"
#include "template/value.h"

typedef enum emily__tcase { EMILY__T_LOWER, EMILY__T_UPPER, EMILY__T_TITLECASE, EMILY__T_FOLD } emily__tcase;

enum { EMILY__T_CASE_MAX = 3 }; /* characters that one becomes at most */

bool emily__t_is_space(int32_t c);     /* str.isspace: Unicode's white space and the separators U+001C … U+001F */
bool emily__t_is_printable(int32_t c); /* str.isprintable */
bool emily__t_is_alpha(int32_t c);
bool emily__t_is_decimal(int32_t c);
bool emily__t_is_digit(int32_t c); /* decimal digits, superscripts and their like */
bool emily__t_is_numeric(int32_t c);
bool emily__t_is_lower(int32_t c);
bool emily__t_is_upper(int32_t c);
bool emily__t_is_title(int32_t c);
bool emily__t_is_cased(int32_t c);

/* Appends the text in another case; false when memory is out. */
bool emily__t_change_case(emily__str *out, emily__ttext text, emily__tcase to);

/* str.capitalize and str.title. */
bool emily__t_capitalize(emily__str *out, emily__ttext text);
bool emily__t_title(emily__str *out, emily__ttext text);
bool emily__t_swap_case(emily__str *out, emily__ttext text);

#endif
