/* pipelines.c: see pipelines.h. */
#include "pipelines.h"

#include "folder.h"
#include "tiny.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"

static const char *data_file(const char *room, const char *name, const char *file) {
  const char *root = getenv("EMILY_TEST_DATA");
  static char path[1024];
  snprintf(path, sizeof path, "%s/%s/%s/%s", root ? root : "tests/data", room, name, file);
  return path;
}

static void link_file(const char *source, const char *folder, const char *name) {
  char *target = realpath(source, NULL);
  assert_non_null(target);
  assert_int_equal(symlink(target, in(folder, name)), 0);
  free(target);
}

char *pipeline_folder(const char *name, const char *tokenizer) {
  static const char *const files[] = {"config.json", "model.safetensors", "tokenizer_config.json"};
  char *folder = folder_new();
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) link_file(data_file("tasks", name, files[i]), folder, files[i]);
  link_file(data_file("tokenizers", tokenizer, "tokenizer.json"), folder, "tokenizer.json");
  return folder;
}

void pipeline_small_tokenizer(const char *folder) {
  assert_int_equal(unlink(in(folder, "tokenizer.json")), 0);
  tiny_tokenizer(folder);
}

void pipeline_config(const char *folder, const char *key, const char *text) {
  json_t *config = json_load_file(in(folder, "config.json"), 0, NULL);
  assert_non_null(config);
  if (text) json_object_set_new(config, key, json_string(text));
  else json_object_del(config, key);
  assert_int_equal(unlink(in(folder, "config.json")), 0);
  assert_int_equal(json_dump_file(config, in(folder, "config.json"), 0), 0);
  json_decref(config);
}

json_t *pipeline_answers(const char *name) {
  FILE *file = fopen(data_file("tasks", name, "answers.jsonl"), "re");
  json_t *all = json_array(), *line;
  assert_non_null(file);
  while ((line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL))) json_array_append_new(all, line);
  fclose(file);
  assert_true(json_array_size(all) > 0);
  return all;
}

const char *pipeline_text(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  if (!text) fail_msg("no \"%s\"", key);
  return text;
}

int64_t pipeline_int(const json_t *object, const char *key, int64_t preset) {
  const json_t *value = json_object_get(object, key);
  return value ? json_integer_value(value) : preset;
}

void pipeline_score(float got, const json_t *object) {
  double want = json_number_value(json_object_get(object, "score")), most = 2e-5 * fmax(1, fabs(want));
  if (!(fabs((double)got - want) <= most)) fail_msg("the score is %.9g and not %.9g", (double)got, want);
}

int pipeline_failing(emily_status (*attempt)(void *context), void *context) {
  int failures = 0;
  emily__alloc_fail_after(0);
  assert_int_equal(attempt(context), EMILY_OK); /* what is made once is made now */
  int64_t live = emily__alloc_live();
  for (int64_t n = 1;; n++) {
    emily__alloc_fail_after(n);
    emily_status status = attempt(context);
    bool reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (status != EMILY_OK) {
      assert_int_equal(status, EMILY_OUT_OF_MEMORY);
      failures++;
    }
    assert_int_equal(emily__alloc_live(), live);
    if (!reached) return failures;
  }
}
