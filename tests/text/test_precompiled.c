/* test_precompiled.c: a character map made by hand, clusters and characters, and blobs that are wrong. */
#include "text/parts.h"
#include "text/precompiled.h"

/* A blob from keys of one byte (each a child of the root) and of a second byte after 'e': the double array is laid out
 * without sharing. Root at 0 with offset 256, so that the child of byte c is at 256 ^ c. */
typedef struct blob {
  uint32_t units[2048];
  char strings[64];
  size_t strings_length;
} blob;

static uint32_t with_offset(size_t from, size_t to) { return (uint32_t)(from ^ to) << 10; }

/* The key c is replaced by the string at `value`: its unit has a leaf at `leaf`. */
static void put_key(blob *b, unsigned char c, size_t leaf, uint32_t value) {
  size_t at = 256 ^ c;
  b->units[at] = c | 1u << 8 | with_offset(at, leaf);
  b->units[leaf] = 1u << 31 | value;
}

static blob example(void) {
  blob b = {.strings = "E\0\0xyz\0\xC3\xA9", .strings_length = 10};
  b.units[0] = with_offset(0, 256);
  put_key(&b, 'A', 600, 0);    /* "E" */
  put_key(&b, 'B', 601, 2);    /* "" */
  put_key(&b, 'C', 602, 3);    /* "xyz" */
  put_key(&b, 'D', 603, 7);    /* e with an accent, up to the end */
  put_key(&b, 'F', 604, 8);    /* within that character */
  put_key(&b, 'G', 605, 5000); /* outside */
  size_t at = 256 ^ 'e';
  b.units[at] = 'e' | with_offset(at, 1024); /* "e" alone is no key */
  size_t next = 1024 ^ 0xCC;
  b.units[next] = 0xCC | with_offset(next, 1280);
  next = 1280 ^ 0x81;
  b.units[next] = 0x81 | 1u << 8 | with_offset(next, 700);
  b.units[700] = 1u << 31 | 7;
  return b;
}

static char *base64(const unsigned char *bytes, size_t length) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *out = calloc(length / 3 + 2, 4), *to = out;
  for (size_t i = 0; i < length; i += 3) {
    size_t left = length - i;
    uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    for (size_t j = 0; j < 4; j++) *to++ = j <= left ? letters[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

static emily_status load(const blob *b, uint32_t trie_bytes, emily__charsmap **out) {
  size_t units = sizeof b->units, length = 4 + units + b->strings_length;
  unsigned char *bytes = malloc(length);
  memcpy(bytes, &trie_bytes, 4);
  memcpy(bytes + 4, b->units, units);
  memcpy(bytes + 4 + units, b->strings, b->strings_length);
  char *text = base64(bytes, length);
  emily_status status = emily__charsmap_load(text, strlen(text), "test", out);
  free(text);
  free(bytes);
  return status;
}

static void check(const emily__charsmap *map, const char *text, const char *wanted) {
  emily__text in = {0}, out = {0};
  assert_int_equal(emily__text_begin(&in, text, strlen(text)), EMILY_OK);
  assert_int_equal(emily__charsmap_run(map, &in, &out), EMILY_OK);
  assert_int_equal(out.bytes.count, strlen(wanted));
  assert_memory_equal(out.bytes.count ? out.bytes.data : "", wanted, out.bytes.count);
  assert_int_equal(out.origins.count, out.bytes.count);
  emily__text_free(&in);
  emily__text_free(&out);
}

static void characters_and_clusters(void **state) {
  (void)state;
  blob b = example();
  emily__charsmap *map = NULL;
  assert_int_equal(load(&b, sizeof b.units, &map), EMILY_OK);
  check(map, "", "");
  check(map, "xAyBzC", "xEyzxyz");
  check(map, "D", "\u00E9");
  check(map, "e\u0301", "\u00E9"); /* a cluster that is a key */
  check(map, "e\u0300", "e\u0300");
  check(map, "e", "e");
  check(map, "A\u0301", "E");             /* a key begins the cluster: it is replaced whole */
  check(map, "A\u0301\u0301", "E");
  check(map, "A\u0301\u20DD", "E\u0301\u20DD"); /* six bytes and more: by character */
  check(map, "FG", "FG");                 /* what leads nowhere is no match */
  emily__charsmap_free(map);
}

static void origins(void **state) {
  (void)state;
  blob b = example();
  emily__charsmap *map = NULL;
  assert_int_equal(load(&b, sizeof b.units, &map), EMILY_OK);
  emily__text in = {0}, out = {0};
  assert_int_equal(emily__text_begin(&in, "zCe\u0301z", 6), EMILY_OK);
  assert_int_equal(emily__charsmap_run(map, &in, &out), EMILY_OK); /* z xyz é z */
  emily__span span = emily__text_origin(&out, 1, 4);
  assert_true(span.start == 1 && span.end == 2);
  span = emily__text_origin(&out, 4, 6);
  assert_true(span.start == 2 && span.end == 5);
  emily__text_free(&in);
  emily__text_free(&out);
  emily__charsmap_free(map);
}

static void wrong_blobs_are_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"", "A", "AAA", "AAAAA", "AA==", "AAAA", "AAAAAA==", "!!!!", "A===", "AAA=AAAA",
                                      "CAAAAAAAAAA=", "BQAAAAAAAAA=", "BAAAAAAAAAD/"};
  emily__charsmap *map = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    emily_status status = emily__charsmap_load(wrong[i], strlen(wrong[i]), "test", &map);
    if (status != EMILY_BAD_FORMAT) print_message("%s\n", wrong[i]);
    assert_int_equal(status, EMILY_BAD_FORMAT);
    assert_null(map);
  }
  blob b = example();
  assert_int_equal(load(&b, 0, &map), EMILY_BAD_FORMAT);
  assert_int_equal(load(&b, 5, &map), EMILY_BAD_FORMAT);
  assert_int_equal(load(&b, UINT32_MAX - 3, &map), EMILY_BAD_FORMAT);
}

/* Offsets that lead out of the array, or round in it. */
static void hostile_tries_end(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed < 200; seed++) {
    blob b = example();
    uint32_t random = seed;
    for (size_t i = 0; i < 2048; i++) b.units[i] = (random = random * 1664525 + 1013904223) & (seed % 2 ? UINT32_MAX : 0xFFFFF);
    emily__charsmap *map = NULL;
    assert_int_equal(load(&b, sizeof b.units, &map), EMILY_OK);
    emily__text in = {0}, out = {0};
    assert_int_equal(emily__text_begin(&in, "ABCe\u0301\u4E2D", 9), EMILY_OK);
    assert_int_equal(emily__charsmap_run(map, &in, &out), EMILY_OK);
    assert_true(emily__utf8_valid(out.bytes.data, out.bytes.count));
    emily__text_free(&in);
    emily__text_free(&out);
    emily__charsmap_free(map);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(characters_and_clusters), cmocka_unit_test(origins),
      cmocka_unit_test(wrong_blobs_are_refused), cmocka_unit_test(hostile_tries_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
