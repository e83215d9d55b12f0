/* test_labels.c: how many labels a head has, and activations by the config's key. */
#include "models/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "nn/layers.h"

static emily__config parse(const char *text) {
  emily__config config;
  assert_int_equal(emily__config_parse(&config, text, strlen(text), "config.json"), EMILY_OK);
  return config;
}

static int64_t labels(const char *text) {
  emily__config c = parse(text);
  int64_t n = emily__config_labels(&c, true);
  assert_int_equal(emily__config_done(&c, "test", emily__config_harmless), EMILY_OK);
  emily__config_free(&c);
  return n;
}

static void counts_labels(void **state) {
  (void)state;
  assert_int_equal(labels("{}"), 2);
  assert_int_equal(labels("{\"num_labels\":7}"), 7);
  assert_int_equal(labels("{\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"},\"label2id\":{}}"), 3);
  assert_int_equal(labels("{\"num_labels\":7,\"id2label\":{\"0\":\"a\"}}"), 1);
  assert_int_equal(labels("{\"id2label\":null}"), 2);
  emily__config c = parse("{\"id2label\":[\"a\"]}");
  emily__config_labels(&c, false); /* a body does not look */
  assert_int_equal(c.status, EMILY_OK);
  emily__config_labels(&c, true);
  assert_int_equal(c.status, EMILY_BAD_FORMAT);
  emily__config_free(&c);
}

static void names_unknown_activations(void **state) {
  (void)state;
  emily__config c = parse("{}");
  assert_ptr_equal(emily__config_activation(&c, "hidden_act", "relu"), emily_relu);
  assert_null(emily__config_activation(&c, "hidden_act", "prelu"));
  assert_int_equal(c.status, EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "\"hidden_act\": \"prelu\""));
  assert_null(emily__config_activation(&c, "hidden_act", "relu")); /* the config is in failure */
  emily__config_free(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_labels),
      cmocka_unit_test(names_unknown_activations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
