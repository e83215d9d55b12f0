/* test_byte_trie.c: each token is found at its end, and nothing else. */
#include "text/byte_trie.h"
#include "text/parts.h"

/* The ids met on the way along `text`, as letters; '!' where the way ends early. */
static void check_way(const emily__byte_trie *trie, const char *text, const char *wanted) {
  char out[32] = "";
  size_t at = 0;
  uint32_t node = 0;
  for (size_t i = 0; text[i]; i++) {
    node = emily__byte_trie_next(trie, node, (uint8_t)text[i]);
    int32_t id = node ? trie->nodes.data[node].id : -1;
    out[at++] = !node ? '!' : id < 0 ? '-' : (char)('0' + id);
    if (!node) break;
  }
  assert_string_equal(out, wanted);
}

static void tokens_are_found(void **state) {
  (void)state;
  json_t *json = quoted("[['b'],['a'],['abc'],[''],['ab'],['\\u00FF'],['abd'],['ab']]");
  emily__vocab vocab = {0};
  emily__byte_trie trie = {0};
  assert_int_equal(emily__vocab_load_list(json, "test", &vocab), EMILY_OK);
  assert_int_equal(emily__byte_trie_build(&vocab, &trie), EMILY_OK);
  check_way(&trie, "abcd", "172!");
  check_way(&trie, "abdx", "176!");
  check_way(&trie, "abb", "17!");
  check_way(&trie, "bb", "0!");
  check_way(&trie, "\xC3\xBF", "-5");
  check_way(&trie, "x", "!");
  emily__byte_trie_free(&trie);
  emily__vocab_free(&vocab);
  json_decref(json);
}

static void an_empty_vocabulary(void **state) {
  (void)state;
  emily__vocab vocab = {0};
  emily__byte_trie trie = {0};
  assert_int_equal(emily__byte_trie_build(&vocab, &trie), EMILY_OK);
  check_way(&trie, "a", "!");
  emily__byte_trie_free(&trie);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tokens_are_found), cmocka_unit_test(an_empty_vocabulary)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
