/* test_windows.c: which layers slide, in the new style (layer_types) and in the old one. Refusals are in test_family.c. */
#include "models/decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void expect(const char *text, int64_t a, int64_t b, int64_t c) {
  emily__config config;
  int64_t windows[3] = {-1, -1, -1};
  assert_int_equal(emily__config_parse(&config, text, strlen(text), "config.json"), EMILY_OK);
  emily__decoder_windows(&config, 3, windows);
  assert_int_equal(emily__config_done(&config, "test", NULL), EMILY_OK);
  emily__config_free(&config);
  assert_true(windows[0] == a && windows[1] == b && windows[2] == c);
}

static void layer_types_decide(void **state) {
  (void)state;
  expect("{\"use_sliding_window\":true,\"sliding_window\":6,\"layer_types\":[\"sliding_attention\",\"full_attention\",\"sliding_attention\"]}",
         6, 0, 6);
  expect("{\"use_sliding_window\":true,\"sliding_window\":6,\"max_window_layers\":0,\"layer_types\":[\"full_attention\",\"full_attention\","
         "\"full_attention\"]}", 0, 0, 0);
  expect("{\"layer_types\":[\"full_attention\",\"full_attention\",\"full_attention\"],\"sliding_window\":null}", 0, 0, 0);
}

static void older_switches_decide(void **state) {
  (void)state;
  expect("{}", 0, 0, 0);
  expect("{\"use_sliding_window\":true,\"sliding_window\":6,\"max_window_layers\":2}", 0, 0, 6);
  expect("{\"use_sliding_window\":true,\"max_window_layers\":1}", 0, 4096, 4096);
  expect("{\"use_sliding_window\":true,\"sliding_window\":null,\"max_window_layers\":0}", 0, 0, 0);
  expect("{\"use_sliding_window\":false,\"sliding_window\":6,\"max_window_layers\":0}", 0, 0, 0);
  expect("{\"use_sliding_window\":true,\"sliding_window\":6}", 0, 0, 0); /* 28 full layers by default */
}

static int64_t window(const char *text, bool optional, int64_t by_default) {
  emily__config config;
  assert_int_equal(emily__config_parse(&config, text, strlen(text), "config.json"), EMILY_OK);
  int64_t found = optional ? emily__decoder_optional_window(&config, by_default) : emily__decoder_window(&config, by_default);
  assert_int_equal(emily__config_done(&config, "test", NULL), EMILY_OK);
  emily__config_free(&config);
  return found;
}

static void one_window_for_all(void **state) {
  (void)state;
  assert_int_equal(window("{}", false, 4096), 4096);
  assert_int_equal(window("{\"sliding_window\":null}", false, 4096), 0);
  assert_int_equal(window("{\"sliding_window\":7}", false, 4096), 7);
  assert_int_equal(window("{\"sliding_window\":7}", true, 4096), 0);
  assert_int_equal(window("{\"use_sliding_window\":true}", true, 4096), 4096);
  assert_int_equal(window("{\"use_sliding_window\":true}", true, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layer_types_decide),
      cmocka_unit_test(older_switches_decide),
      cmocka_unit_test(one_window_for_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
