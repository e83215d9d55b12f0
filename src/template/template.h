/* template.h: chat templates: text made from JSON by the Jinja that templates use.
 *
 *     emily__template *template;
 *     emily__template_parse("chat_template.jinja", text, length, &template);
 *     emily__template_render(template, objects, count, NULL, &out, &out_length);
 *     emily__template_free(template);
 *
 * The environment is that of Transformers: Jinja's immutable sandbox with trim_blocks, lstrip_blocks, loop controls,
 * generation blocks, and its own tojson, raise_exception, strftime_now, namespace and dict. What a template prints is
 * equal, character by character; tests/oracle/test_templates.py runs the two side by side. Not there: inheritance and
 * imports, recursive loops, filters for HTML (urlize, xmlattr …), cycler, joiner and lipsum, whole numbers of more
 * than 64 bits, lone surrogates. What Jinja finds out while it compiles (a filter that it lacks), emily says where it
 * is reached.
 *
 * A template is untrusted code: steps, memory, the size of texts and the depth of calls are bounded. A parsed
 * template is immutable: any number of threads may render it at the same time.
 */
#ifndef EMILY_TEMPLATE_TEMPLATE_H
#define EMILY_TEMPLATE_TEMPLATE_H

#include "base/json.h"

#include <time.h>

typedef struct emily__template emily__template;

typedef struct emily__template_options {
  uint64_t steps;        /* 0: as many as any sensible template takes */
  size_t memory, output; /* bytes of values, and of the longest text; 0: the defaults */
  const struct tm *now;  /* what strftime_now prints; NULL: the local time */
} emily__template_options;

/* `name` stands for the file in messages, which give the line too. EMILY_BAD_FORMAT, EMILY_UNSUPPORTED. */
emily_status emily__template_parse(const char *name, const char *text, size_t length, emily__template **out);
void emily__template_free(emily__template *template); /* NULL does nothing */

/* variables: objects whose keys are variables; of a key in several the last one wins. *text ends with NUL, and is
 * freed by emily__free. EMILY_INVALID_ARGUMENT where the template raises, EMILY_UNSUPPORTED where it reaches a bound.
 */
emily_status emily__template_render(const emily__template *template, const json_t *const *variables, size_t count,
                                    const emily__template_options *options, char **text, size_t *length);

#endif
