/* test_cmd_info.c: what is there is told, what is damaged is an error, what is not supported is not. */
#include "../support/folder.h"
#include "../support/shell.h"
#include "../support/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_bert(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static json_t *info(const char *path, int code) {
  shell r = shell_run("", "info", path, "--json", "--tensors");
  assert_int_equal(r.code, code);
  json_t *object = json_loads(r.out, 0, NULL);
  assert_non_null(object);
  shell_free(&r);
  return object;
}

static void a_folder(void **state) {
  (void)state;
  json_t *object = info(folder, 0), *total = json_array_get(json_object_get(object, "totals"), 0);
  assert_true(json_is_true(json_object_get(object, "supported")));
  assert_string_equal(json_string_value(json_object_get(object, "family")), "bert");
  assert_int_equal(json_array_size(json_object_get(object, "tensors")), 37);
  assert_int_equal(json_array_size(json_object_get(object, "files")), 3);
  assert_string_equal(json_string_value(json_object_get(total, "dtype")), "F32");
  assert_int_equal(json_integer_value(json_object_get(total, "tensors")), 37);
  assert_int_equal(json_integer_value(json_object_get(total, "bytes")),
                   4 * json_integer_value(json_object_get(total, "values")));
  assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "tokenizer"), "vocab_size")), 44);
  assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "config"), "hidden_size")), 16);
  json_decref(object);
}

static void a_file(void **state) {
  (void)state;
  shell r = shell_run("", "info", in(folder, "model.safetensors"), "--tensors");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "  embeddings.word_embeddings.weight  F32  [64, 16]  4096\n"));
  assert_non_null(strstr(r.out, "weights     37 tensors"));
  shell_free(&r);
}

static void people_read_the_same(void **state) {
  (void)state;
  shell r = shell_run("", "info", folder);
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "model       bert Model: emily runs it\n"));
  assert_non_null(strstr(r.out, "  hidden_size = 16\n"));
  assert_non_null(strstr(r.out, "tokenizer   44 tokens, 3 of them special\n"));
  assert_non_null(strstr(r.out, "files       3\n"));
  shell_free(&r);
}

static void what_is_not_supported_is_no_error(void **state) {
  (void)state;
  char *other = folder_new();
  tiny_bert(other);
  folder_puts(other, "config.json", "{\"model_type\": \"nosuchfamily\", \"deep\": {\"a\": [1, {\"b\": [2]}]}}");
  json_t *object = info(other, 0);
  assert_true(json_is_false(json_object_get(object, "supported")));
  assert_non_null(strstr(json_string_value(json_object_get(object, "reason")), "nosuchfamily"));
  json_decref(object);
  shell r = shell_run("", "info", other);
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "unsupported "));
  shell_free(&r);
  folder_remove(other);
}

static void a_tokenizer_alone_will_do(void **state) {
  (void)state;
  char *other = folder_new();
  tiny_tokenizer(other);
  json_t *object = info(other, 0);
  assert_true(json_is_null(json_object_get(object, "config")));
  assert_int_equal(json_array_size(json_object_get(object, "totals")), 0);
  json_decref(object);
  folder_remove(other);
}

static void damage_is_told_with_the_rest(void **state) {
  (void)state;
  char *other = folder_new();
  tiny_bert(other);
  assert_int_equal(truncate(in(other, "model.safetensors"), 100), 0);
  shell r = shell_run("", "info", other);
  shell_assert_error(&r, 4, "model.safetensors");
  assert_non_null(strstr(r.out, "tokenizer   44 tokens"));
  shell_free(&r);
  folder_puts(other, "tokenizer.json", "[]");
  folder_puts(other, "config.json", "{");
  r = shell_run("", "info", other);
  shell_assert_error(&r, 4, "config.json is not JSON");
  shell_free(&r);
  r = shell_run("", "info", in(other, "tokenizer.json"));
  shell_assert_error(&r, 4, "tokenizer.json");
  shell_free(&r);
  folder_remove(other);
  r = shell_run("", "info", "/nowhere/at/all");
  shell_assert_error(&r, 3, "/nowhere/at/all");
  assert_string_equal(r.out, "");
  shell_free(&r);
}

/* A GGUF file is a model whole. */
static void a_gguf_file(void **state) {
  (void)state;
  char file[1024];
  const char *root = getenv("EMILY_TEST_DATA");
  snprintf(file, sizeof file, "%s/models/gguf_qwen3_packed/model.gguf", root ? root : "tests/data");
  json_t *object = info(file, 0);
  assert_true(json_is_true(json_object_get(object, "supported")));
  assert_true(json_is_true(json_object_get(object, "generates")));
  assert_string_equal(json_string_value(json_object_get(json_object_get(object, "config"), "model_type")), "qwen3");
  assert_true(json_is_null(json_object_get(object, "tokenizer")));
  json_decref(object);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_folder), cmocka_unit_test(a_gguf_file),
      cmocka_unit_test(a_file),
      cmocka_unit_test(people_read_the_same),
      cmocka_unit_test(what_is_not_supported_is_no_error),
      cmocka_unit_test(a_tokenizer_alone_will_do),
      cmocka_unit_test(damage_is_told_with_the_rest),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
