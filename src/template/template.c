/* template.c: see template.h. */
#include "template/template.h"

#include "base/utf8.h"
#include "template/evaluate.h"

#include <string.h>

static const size_t SOURCE_MAX = (size_t)1 << 20;   /* bytes of a template */
static const size_t TREE_MAX = (size_t)512 << 20;   /* bytes of its tree */
static const size_t MEMORY_MAX = (size_t)512 << 20; /* of what a rendering makes */
static const size_t OUTPUT_MAX = (size_t)64 << 20;  /* of a text */
static const uint64_t STEPS_MAX = 20 * 1000 * 1000;

struct emily__template {
  emily__arena arena;
  char *name;
  emily__tnodes body;
};

static emily_status parse(emily__template *template, const char *text, size_t length) {
  emily__ttext source;
  if (!template->name) return EMILY_OUT_OF_MEMORY;
  if (length > SOURCE_MAX)
    return emily__fail(EMILY_UNSUPPORTED, "template", "%s: a template of %zu bytes; %zu are the most", template->name,
                       length, SOURCE_MAX);
  if (!emily__utf8_valid(text, length))
    return emily__fail(EMILY_BAD_FORMAT, "template", "%s: the template is not UTF-8", template->name);
  if (!emily__tlex_normalize(&template->arena, text, length, &source)) return EMILY_OUT_OF_MEMORY;
  return emily__tparse(template->name, source, &template->arena, &template->body);
}

emily_status emily__template_parse(const char *name, const char *text, size_t length, emily__template **out) {
  emily__template *template = emily__calloc(1, sizeof *template);
  if (!template) return EMILY_OUT_OF_MEMORY;
  template->arena.limit = TREE_MAX;
  template->name = emily__strdup(name);
  emily_status status = parse(template, text, length);
  if (status == EMILY_OK) *out = template;
  else emily__template_free(template);
  return status;
}

void emily__template_free(emily__template *template) {
  if (!template) return;
  emily__arena_free(&template->arena);
  emily__free(template->name);
  emily__free(template);
}

static emily_status bind_variables(emily__trun *run, const json_t *variables) {
  json_t *object = (json_t *)variables; /* jansson's iterators take no const */
  for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
    emily__tval name, value;
    if (!emily__t_text(&run->arena, json_object_iter_key(at), json_object_iter_key_len(at), &name) ||
        !emily__t_from_json(&run->arena, json_object_iter_value(at), &value))
      return emily__t_memory(run);
    EMILY__TRY(emily__t_bind(run, name.string->text, value));
  }
  return EMILY_OK;
}

static void set_now(struct tm *out, const struct tm *given) {
  time_t seconds = time(NULL);
  if (given) *out = *given;
  else localtime_r(&seconds, out);
}

static emily_status render(emily__trun *run, const emily__template *template, const json_t *const *variables,
                           size_t count) {
  EMILY__TRY(emily__t_enter(run, NULL));
  for (size_t i = 0; i < count; i++) EMILY__TRY(bind_variables(run, variables[i]));
  EMILY__TRY(emily__t_enter(run, run->scope)); /* what the template sets hides what it was given */
  EMILY__TRY(emily__t_execute(run, &template->body));
  return emily__t_put(run, run->out, "", 0);
}

emily_status emily__template_render(const emily__template *template, const json_t *const *variables, size_t count,
                                    const emily__template_options *options, char **text, size_t *length) {
  const emily__template_options o = options ? *options : (emily__template_options){0};
  emily__str out = {0};
  emily__trun run = {.name = template->name,
                     .line = 1,
                     .arena = {.limit = o.memory ? o.memory : MEMORY_MAX},
                     .steps = o.steps ? o.steps : STEPS_MAX,
                     .output_most = o.output ? o.output : OUTPUT_MAX,
                     .out = &out};
  set_now(&run.now, o.now);
  emily_status status = render(&run, template, variables, count);
  emily__arena_free(&run.arena);
  if (status != EMILY_OK) return emily__str_free(&out), status;
  *text = out.data;
  *length = out.count;
  return EMILY_OK;
}
