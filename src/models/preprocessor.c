/* preprocessor.c: the table of preprocessors, and how a file finds its row. */
#include "models/preprocessor.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/vec.h"
#include "io/file.h"

#include <stdatomic.h>
#include <string.h>

struct emily_preprocessor {
  atomic_int references;
  const emily__preprocessor_kind *kind;
  void *self;
};

static const emily__preprocessor_kind *const kinds[] = {
    &emily__preprocessor_image,
    &emily__preprocessor_sound,
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static bool has_name(const emily__preprocessor_kind *kind, const char *name) {
  for (const char *const *n = kind->names; *n; n++)
    if (strcmp(*n, name) == 0) return true;
  return false;
}

static emily_status unknown(emily__config *config, const char *type) {
  emily__str known = {0};
  bool room = true;
  for (int i = 0; i < KIND_COUNT; i++)
    for (const char *const *n = kinds[i]->names; *n; n++)
      room = room && emily__str_printf(&known, "%s%s", known.count ? ", " : "", *n);
  emily_status status = !room ? EMILY_OUT_OF_MEMORY
                              : emily__config_fail(config, EMILY_UNSUPPORTED,
                                                   "\"%s\" is no preprocessor that emily has (%s)", type, known.data);
  emily__str_free(&known);
  return status;
}

static emily_status find_kind(emily__config *config, const emily__preprocessor_kind **out) {
  const char *type = NULL;
  emily__config_text(config, "feature_extractor_type", &type);
  emily__config_text(config, "image_processor_type", &type);
  if (config->status != EMILY_OK) return config->status;
  if (!type && emily__config_has(config, "image_mean")) /* the first checkpoints of ViT */
    return *out = &emily__preprocessor_image, EMILY_OK;
  if (!type)
    return emily__config_fail(config, EMILY_BAD_FORMAT, "\"feature_extractor_type\" or \"image_processor_type\" is missing");
  for (int i = 0; i < KIND_COUNT; i++)
    if (has_name(kinds[i], type)) return *out = kinds[i], EMILY_OK;
  return unknown(config, type);
}

/* Which class puts tokenizer and preprocessor together says nothing about either. */
static const char *const harmless[] = {"_processor_class", "processor_class", "auto_map", "transformers_version", NULL};

static emily_status configure(emily_preprocessor *p, emily__config *config) {
  EMILY__TRY(find_kind(config, &p->kind));
  p->self = emily__calloc(1, p->kind->size);
  if (!p->self) return EMILY_OUT_OF_MEMORY;
  p->kind->configure(config, p->self);
  return emily__config_done(config, "emily's preprocessor", harmless);
}

static void destroy(emily_preprocessor *p) {
  emily__free(p->self);
  emily__free(p);
}

/* Takes the config over. */
static emily_status from_config(emily__config *config, emily_preprocessor **out) {
  emily_preprocessor *p = emily__calloc(1, sizeof *p);
  emily_status status = p ? configure(p, config) : EMILY_OUT_OF_MEMORY;
  emily__config_free(config);
  if (status == EMILY_OK) {
    atomic_init(&p->references, 1);
    *out = p;
  } else if (p) {
    destroy(p);
  }
  return status;
}

emily_status emily__preprocessor_parse(const char *text, size_t length, const char *name, emily_preprocessor **out) {
  emily__config config;
  EMILY__TRY(emily__config_parse(&config, text, length, name));
  return from_config(&config, out);
}

/* processor_config.json of Transformers 5: the preprocessor's settings are an object in it. Takes the config over. */
static emily_status from_processor(emily__config *whole, emily_preprocessor **out) {
  emily__config part;
  bool found = emily__config_nested(whole, "feature_extractor", "feature_extractor.", &part) ||
               emily__config_nested(whole, "image_processor", "image_processor.", &part);
  emily_status status = found ? from_config(&part, out)
                              : emily__config_fail(whole, EMILY_BAD_FORMAT,
                                                   "has neither \"feature_extractor\" nor \"image_processor\"");
  emily__config_free(whole);
  return status;
}

static emily_status load(const char *own, const char *processor, emily_preprocessor **out) {
  bool within = !emily__file_is_regular(own) && emily__file_is_regular(processor);
  emily__config config;
  EMILY__TRY(emily__config_load(&config, within ? processor : own));
  return within ? from_processor(&config, out) : from_config(&config, out);
}

emily_status emily_preprocessor_load(const char *folder, emily_preprocessor **out) {
  if (!folder || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_preprocessor_load", "folder and out must not be NULL");
  char *own = emily__path_join(folder, "preprocessor_config.json");
  char *processor = emily__path_join(folder, "processor_config.json");
  emily_status status = own && processor ? load(own, processor, out) : EMILY_OUT_OF_MEMORY;
  emily__free(own);
  emily__free(processor);
  return status;
}

emily_preprocessor *emily_preprocessor_retain(emily_preprocessor *p) {
  if (p) atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
  return p;
}

void emily_preprocessor_release(emily_preprocessor *p) {
  if (p && atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) == 1) destroy(p);
}

const char *emily_preprocessor_input(const emily_preprocessor *p) { return p->kind->input; }

const void *emily__preprocessor_self(const emily_preprocessor *p, const emily__preprocessor_kind *kind) {
  return p->kind == kind ? p->self : NULL;
}

emily_status emily_preprocess_memory(const emily_preprocessor *p, const void *data, size_t size, const char *name,
                                     emily_array **out) {
  if (!p || (!data && size) || !name || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_preprocess_memory", "no argument may be NULL");
  return p->kind->run(p->self, data, size, name, out);
}

emily_status emily_preprocess_file(const emily_preprocessor *p, const char *path, emily_array **out) {
  if (!p || !path || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_preprocess_file", "no argument may be NULL");
  emily__file_map *map;
  EMILY__TRY(emily__file_map_open(path, &map));
  emily_status status = p->kind->run(p->self, map->data, map->size, path, out);
  emily__file_map_release(map);
  return status;
}
