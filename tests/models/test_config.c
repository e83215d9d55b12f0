/* test_config.c: reading config.json: types, ranges, and what nobody read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "models/config.h"

static emily__config parse(const char *text) {
  emily__config config;
  assert_int_equal(emily__config_parse(&config, text, strlen(text), "config.json"), EMILY_OK);
  return config;
}

/* The config is in failure, with these words; frees it. */
static void expect_failure(emily__config *config, emily_status status, const char *words) {
  assert_int_equal(config->status, status);
  assert_non_null(strstr(emily_last_error()->message, words));
  emily__config_free(config);
}

static void reads_what_is_there(void **state) {
  (void)state;
  emily__config c = parse("{\"a\":3,\"b\":0.5,\"c\":true,\"d\":\"x\",\"e\":[1,2],\"f\":{\"g\":7},\"n\":null}");
  int64_t a = 0, n = 9, g = 0;
  double b = 0;
  bool yes = false;
  const char *d = NULL;
  json_t *e = NULL;
  emily__config nested;
  emily__config_size(&c, "a", &a);
  emily__config_real(&c, "b", 0, 1, &b);
  emily__config_bool(&c, "c", &yes);
  emily__config_text(&c, "d", &d);
  emily__config_array(&c, "e", &e);
  emily__config_size(&c, "n", &n);
  assert_true(emily__config_nested(&c, "f", "f.", &nested));
  emily__config_size(&nested, "g", &g);
  emily__config_done_nested(&c, &nested, "f");
  assert_true(a == 3 && b == 0.5 && yes && n == 9 && g == 7);
  assert_string_equal(d, "x");
  assert_int_equal(json_array_size(e), 2);
  assert_true(emily__config_null(&c, "n") && !emily__config_null(&c, "a") && !emily__config_null(&c, "absent"));
  assert_true(emily__config_has(&c, "a") && !emily__config_has(&c, "n"));
  assert_int_equal(emily__config_done(&c, "test", NULL), EMILY_OK);
  emily__config_free(&c);
}

static void refuses_what_nobody_read(void **state) {
  (void)state;
  emily__config c = parse("{\"known\":1,\"surprise\":2,\"nothing\":null,\"use_cache\":true}");
  int64_t known = 0;
  emily__config_size(&c, "known", &known);
  assert_int_equal(emily__config_done(&c, "bert", emily__config_harmless), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "config.json: \"surprise\" is not known to bert"));
  assert_null(strstr(emily_last_error()->message, "use_cache"));
  emily__config_free(&c);
  c = parse("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1}");
  emily__config_done(&c, "bert", NULL);
  expect_failure(&c, EMILY_UNSUPPORTED, "\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", … are not known");
}

static void refuses_what_nobody_read_within(void **state) {
  (void)state;
  emily__config c = parse("{\"inner\":{\"use_cache\":1}}"), nested;
  assert_true(emily__config_nested(&c, "inner", "inner.", &nested));
  emily__config_done_nested(&c, &nested, "inner");
  expect_failure(&c, EMILY_UNSUPPORTED, "\"inner.use_cache\" is not known to inner");
}

static void names_wrong_types(void **state) {
  (void)state;
  static const char text[] = "{\"k\":\"x\",\"t\":1,\"r\":1.5}";
  int64_t i = 0;
  double r = 0;
  bool b = false;
  const char *t = NULL;
  json_t *a = NULL;
  emily__config nested, c = parse(text);
  emily__config_size(&c, "k", &i);
  expect_failure(&c, EMILY_BAD_FORMAT, "config.json: \"k\" must be an integer, and is a string");
  c = parse(text), emily__config_size(&c, "r", &i);
  expect_failure(&c, EMILY_BAD_FORMAT, "\"r\" must be an integer, and is a real number");
  c = parse(text), emily__config_real(&c, "k", 0, 1, &r);
  expect_failure(&c, EMILY_BAD_FORMAT, "\"k\" must be a number");
  c = parse(text), emily__config_bool(&c, "t", &b);
  expect_failure(&c, EMILY_BAD_FORMAT, "\"t\" must be true or false");
  c = parse(text), emily__config_text(&c, "t", &t);
  expect_failure(&c, EMILY_BAD_FORMAT, "\"t\" must be a string");
  c = parse(text), emily__config_array(&c, "t", &a);
  expect_failure(&c, EMILY_BAD_FORMAT, "\"t\" must be an array");
  c = parse(text), assert_false(emily__config_nested(&c, "t", "t.", &nested));
  expect_failure(&c, EMILY_BAD_FORMAT, "\"t\" must be an object");
}

static void names_absurd_values(void **state) {
  (void)state;
  static const char *const texts[] = {"{\"k\":0}", "{\"k\":-1}", "{\"k\":1152921504606846976}"};
  for (int i = 0; i < 3; i++) {
    emily__config c = parse(texts[i]);
    int64_t k = 5;
    emily__config_size(&c, "k", &k);
    assert_int_equal(k, 5);
    expect_failure(&c, EMILY_BAD_FORMAT, "it must lie between 1 and 16777216");
  }
  emily__config c = parse("{\"k\":2}");
  double k = 0;
  emily__config_real(&c, "k", 0, 1, &k);
  expect_failure(&c, EMILY_BAD_FORMAT, "\"k\" is 2; it must lie between 0 and 1");
}

static void the_first_error_stays(void **state) {
  (void)state;
  emily__config c = parse("{\"k\":\"x\",\"m\":3}");
  int64_t k = 1, m = 1;
  emily__config_size(&c, "k", &k);
  emily__config_size(&c, "m", &m);
  assert_int_equal(m, 1);
  assert_int_equal(emily__config_done(&c, "bert", NULL), EMILY_BAD_FORMAT);
  emily__config_free(&c);
}

static void refuses_other_switches(void **state) {
  (void)state;
  emily__config c = parse("{\"is_decoder\":true}");
  emily__config_only_bool(&c, "is_decoder", false);
  expect_failure(&c, EMILY_UNSUPPORTED, "\"is_decoder\": true is not supported (only false is)");
  c = parse("{\"kind\":\"odd\",\"other\":\"even\"}");
  emily__config_only_text(&c, "other", "even");
  assert_int_equal(c.status, EMILY_OK);
  emily__config_only_text(&c, "kind", "even");
  expect_failure(&c, EMILY_UNSUPPORTED, "\"kind\": \"odd\" is not supported (only \"even\" is)");
}

static void the_root_must_be_an_object(void **state) {
  (void)state;
  emily__config c;
  assert_int_equal(emily__config_parse(&c, "[1]", 3, "config.json"), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "must hold an object, and holds an array"));
  assert_int_equal(emily__config_parse(&c, "{", 1, "config.json"), EMILY_BAD_FORMAT);
  assert_int_equal(emily__config_load(&c, "no/such/config.json"), EMILY_NOT_FOUND);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_what_is_there),    cmocka_unit_test(refuses_what_nobody_read),
      cmocka_unit_test(refuses_what_nobody_read_within), cmocka_unit_test(names_wrong_types),
      cmocka_unit_test(names_absurd_values),    cmocka_unit_test(the_first_error_stays),
      cmocka_unit_test(refuses_other_switches), cmocka_unit_test(the_root_must_be_an_object),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
