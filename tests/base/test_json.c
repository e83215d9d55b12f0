/* test_json.c: parsing, typed reads and their messages. */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static json_t *parse(const char *text) {
  json_t *value = NULL;
  assert_int_equal(emily__json_parse(text, strlen(text), "t.json", &value), EMILY_OK);
  return value;
}

static void reads_each_type(void **state) {
  (void)state;
  json_t *doc = parse("{\"b\":true,\"i\":-7,\"f\":2.5,\"s\":\"x\",\"a\":[1],\"o\":{\"k\":1},\"n\":null}");
  bool b = false;
  int64_t i = 0;
  double f = 0, whole = 0;
  const char *s = NULL;
  json_t *a = NULL, *o = NULL;
  assert_int_equal(emily__json_bool(doc, "b", "t", &b), EMILY_OK);
  assert_int_equal(emily__json_i64(doc, "i", "t", &i), EMILY_OK);
  assert_int_equal(emily__json_f64(doc, "f", "t", &f), EMILY_OK);
  assert_int_equal(emily__json_f64(doc, "i", "t", &whole), EMILY_OK);
  assert_int_equal(emily__json_string(doc, "s", "t", &s), EMILY_OK);
  assert_int_equal(emily__json_array(doc, "a", "t", &a), EMILY_OK);
  assert_int_equal(emily__json_object(doc, "o", "t", &o), EMILY_OK);
  assert_true(b && i == -7 && f == 2.5 && whole == -7 && strcmp(s, "x") == 0);
  assert_int_equal(json_array_size(a), 1);
  assert_int_equal(json_object_size(o), 1);
  json_decref(doc);
}

static void absent_and_null_keep_the_default(void **state) {
  (void)state;
  json_t *doc = parse("{\"n\":null}");
  int64_t i = 42;
  assert_int_equal(emily__json_i64(doc, "n", "t", &i), EMILY_OK);
  assert_int_equal(emily__json_i64(doc, "absent", "t", &i), EMILY_OK);
  assert_int_equal(i, 42);
  assert_int_equal(emily__json_require(doc, "n", "t.json"), EMILY_BAD_FORMAT);
  assert_string_equal(emily_last_error()->message, "t.json: \"n\" is missing");
  json_decref(doc);
}

static void wrong_types_are_named(void **state) {
  (void)state;
  json_t *doc = parse("{\"s\":\"x\",\"i\":1}");
  bool b = false;
  int64_t i = 0;
  double f = 0;
  const char *s = NULL;
  json_t *v = NULL;
  assert_int_equal(emily__json_i64(doc, "s", "t.json", &i), EMILY_BAD_FORMAT);
  assert_string_equal(emily_last_error()->message, "t.json: \"s\" must be an integer, and is a string");
  assert_int_equal(emily__json_bool(doc, "i", "t.json", &b), EMILY_BAD_FORMAT);
  assert_int_equal(emily__json_f64(doc, "s", "t.json", &f), EMILY_BAD_FORMAT);
  assert_int_equal(emily__json_string(doc, "i", "t.json", &s), EMILY_BAD_FORMAT);
  assert_int_equal(emily__json_array(doc, "i", "t.json", &v), EMILY_BAD_FORMAT);
  assert_int_equal(emily__json_object(doc, "i", "t.json", &v), EMILY_BAD_FORMAT);
  assert_null(v);
  json_decref(doc);
}

static void types_have_names(void **state) {
  (void)state;
  json_t *doc = parse("[{},[],\"\",1,0.5,true,false,null]");
  static const char *const names[] = {"an object", "an array",  "a string",  "an integer", "a real number",
                                      "a boolean", "a boolean", "null"};
  for (size_t i = 0; i < 8; i++) assert_string_equal(emily__json_type_name(json_array_get(doc, i)), names[i]);
  assert_string_equal(emily__json_type_name(NULL), "nothing");
  json_decref(doc);
}

static void what_the_file_says_is_not_obeyed_in_messages(void **state) {
  (void)state;
  json_t *value = NULL;
  assert_int_equal(emily__json_parse("[\x1B[31m]", 7, "a\nb\x07.json", &value), EMILY_BAD_FORMAT);
  for (const char *c = emily_last_error()->message; *c; c++) assert_true((unsigned char)*c >= 0x20);
  assert_non_null(strstr(emily_last_error()->message, "a\\x0Ab\\x07.json"));
}

static void malformed_text_says_where(void **state) {
  (void)state;
  json_t *value = NULL;
  assert_int_equal(emily__json_parse("{\"a\":\n}", 7, "t.json", &value), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "t.json is not JSON"));
  assert_non_null(strstr(emily_last_error()->message, "line 2"));
  char deep[8192];
  memset(deep, '[', sizeof deep);
  assert_int_equal(emily__json_parse(deep, sizeof deep, "deep", &value), EMILY_BAD_FORMAT);
  assert_int_equal(emily__json_parse("\"\xff\"", 3, "bytes", &value), EMILY_BAD_FORMAT);
  assert_null(value);
}

static void files_load_or_say_why_not(void **state) {
  (void)state;
  json_t *value = NULL;
  assert_int_equal(emily__json_load("/nonexistent/t.json", &value), EMILY_NOT_FOUND);
  assert_int_equal(emily__json_load("/", &value), EMILY_IO_ERROR);
  char path[] = "/tmp/emily_json_XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "{\"k\":3}", 7), 7);
  close(fd);
  assert_int_equal(emily__json_load(path, &value), EMILY_OK);
  int64_t k = 0;
  assert_int_equal(emily__json_i64(value, "k", path, &k), EMILY_OK);
  assert_int_equal(k, 3);
  json_decref(value);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_each_type),
      cmocka_unit_test(absent_and_null_keep_the_default),
      cmocka_unit_test(wrong_types_are_named),
      cmocka_unit_test(types_have_names),
      cmocka_unit_test(what_the_file_says_is_not_obeyed_in_messages),
      cmocka_unit_test(malformed_text_says_where),
      cmocka_unit_test(files_load_or_say_why_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
