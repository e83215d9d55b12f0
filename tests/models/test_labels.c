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

static void reads_names_and_problem(void **state) {
  (void)state;
  emily__labels l;
  emily__config c = parse("{\"id2label\":{\"1\":\"no\",\"0\":\"yes\"},\"problem_type\":\"multi_label_classification\",\"pad_token_id\":7}");
  emily__labels_read(&c, true, &l);
  assert_int_equal(c.status, EMILY_OK);
  assert_int_equal(l.count, 2);
  assert_string_equal(l.names[0], "yes");
  assert_string_equal(l.names[1], "no");
  assert_int_equal(l.problem, EMILY__PROBLEM_MULTIPLE);
  assert_int_equal(l.pad_token, 7);
  emily__labels_free(&l);
  emily__labels_read(&c, false, &l); /* a task without labels */
  assert_int_equal(l.count, 0);
  emily__config_free(&c);
}

static int problem(const char *text) {
  emily__labels l;
  emily__config c = parse(text);
  emily__labels_read(&c, true, &l);
  int found = c.status == EMILY_OK ? (int)l.problem : -1;
  emily__labels_free(&l);
  emily__config_free(&c);
  return found;
}

static void reads_what_rerankers_say(void **state) {
  (void)state;
#define OLD(what) "{\"sbert_ce_default_activation_function\":\"torch.nn.modules." what "\",\"problem_type\":\"single_label_classification\"}"
#define NEW(what) "{\"sentence_transformers\":{\"activation_fn\":\"torch.nn.modules." what "\",\"version\":\"4.1.0\"}}"
  assert_int_equal(problem(OLD("linear.Identity")), EMILY__PROBLEM_REGRESSION);
  assert_int_equal(problem(NEW("linear.Identity")), EMILY__PROBLEM_REGRESSION);
  assert_int_equal(problem(NEW("activation.Sigmoid")), EMILY__PROBLEM_MULTIPLE);
  assert_int_equal(problem(NEW("activation.Tanh")), -1);
  assert_int_equal(problem("{\"sentence_transformers\":{}}"), EMILY__PROBLEM_UNSAID);
}

static void numbers_labels_without_names(void **state) {
  (void)state;
  emily__labels l;
  emily__config c = parse("{\"num_labels\":3}");
  emily__labels_read(&c, true, &l);
  assert_null(l.names);
  assert_int_equal(l.pad_token, -1);
  assert_int_equal(emily__labels_number(&l), EMILY_OK);
  assert_string_equal(l.names[2], "LABEL_2");
  emily__labels_free(&l);
  emily__config_free(&c);
}

static void refuses_bad_names(void **state) {
  (void)state;
  static const struct {
    const char *text;
    emily_status status;
  } bad[] = {{"{\"id2label\":{\"1\":\"a\",\"2\":\"b\"}}", EMILY_BAD_FORMAT},
             {"{\"id2label\":{\"0\":3}}", EMILY_BAD_FORMAT},
             {"{\"problem_type\":\"ranking\"}", EMILY_UNSUPPORTED},
             {"{\"pad_token_id\":\"x\"}", EMILY_BAD_FORMAT}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    emily__labels l;
    emily__config c = parse(bad[i].text);
    emily__labels_read(&c, true, &l);
    assert_int_equal(c.status, bad[i].status);
    emily__labels_free(&l);
    emily__config_free(&c);
  }
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
      cmocka_unit_test(reads_names_and_problem),
      cmocka_unit_test(reads_what_rerankers_say),
      cmocka_unit_test(numbers_labels_without_names),
      cmocka_unit_test(refuses_bad_names),
      cmocka_unit_test(names_unknown_activations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
