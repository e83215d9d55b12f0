/* test_kv_attend.c: attention over caches of every kind, step by step and by chunks, against attention over all tokens at once. */
#include "generate/kv_cache.h"

#include "../support/arrays.h"

#include <math.h>
#include <stdlib.h>

enum { B = 2, H = 4, HK = 2, T = 41 };
static int64_t D = 64;
static const double SCALE = 0.125;

typedef struct tokens {
  emily_array *q, *k, *v; /* [B, H, T, D], [B, HK, T, D] */
  emily_array *mask;      /* bool [B, 1, 1, T]: row 1 has padding at its left */
} tokens;

/* In [-2, 2), sums of two uniform ones. */
static float random_value(uint64_t *rng) {
  const uint64_t bits = test_random(rng);
  return ((float)(bits >> 40) + (float)(bits & 0xFFFFFF)) * 0x1p-23f - 2;
}

static emily_array *random_array(uint64_t *rng, int64_t heads) {
  const int64_t shape[] = {B, heads, T, D};
  float *values = malloc((size_t)(B * heads * T * D) * sizeof *values);
  assert_non_null(values);
  for (int64_t i = 0; i < B * heads * T * D; i++) values[i] = random_value(rng);
  emily_array *x = emily_array_from_data(values, shape, 4, EMILY_FLOAT32);
  free(values);
  assert_non_null(x);
  return x;
}

static tokens new_tokens(void) {
  uint64_t rng = test_seed();
  bool real[B * T];
  for (int i = 0; i < B * T; i++) real[i] = i < T || i >= T + 5;
  tokens t = {random_array(&rng, H), random_array(&rng, HK), random_array(&rng, HK),
              emily_array_from_data(real, SHAPE(B, 1, 1, T), EMILY_BOOL)};
  assert_non_null(t.mask);
  return t;
}

static void free_tokens(tokens *t) {
  emily_array_release(t->q);
  emily_array_release(t->k);
  emily_array_release(t->v);
  emily_array_release(t->mask);
}

/* [from, to) of axis 2 */
static emily_array *part(emily_scope *s, emily_array *x, int64_t from, int64_t to) {
  return emily_slice(s, x, (const int64_t[]){0, 0, from, 0}, (const int64_t[]){emily_array_dim(x, 0), emily_array_dim(x, 1), to, D}, NULL);
}

/* What a quantized cache stands for. */
static emily_array *rounded(emily_scope *s, emily_array *x, emily__kv_form form) {
  emily_array *parts[3];
  size_t count;
  if (!form.bits) return x;
  const int64_t rest = D % form.group, low[] = {0, 0, 0, 0}, high[] = {0, 0, 0, form.group - rest};
  if (rest) x = emily_pad(s, x, low, high, NULL, NULL, "edge");
  assert_int_equal(emily_quantize(s, x, NULL, form.group, form.bits, "affine", parts, 3, &count), EMILY_OK);
  x = emily_dequantize(s, parts[0], parts[1], parts[2], NULL, form.group, form.bits, "affine", EMILY_FLOAT32);
  return part(s, x, 0, T);
}

/* The largest difference between a chunk's result and the same rows of `want` [B, H, T, D], at places that are real. */
static double distance(emily_array *got, emily_array *want, int64_t from, int64_t count, bool masked) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *difference = emily_abs(s, emily_subtract(s, got, part(s, want, from, from + count)));
  float values[B * H * T * 64];
  double most = 0;
  difference = emily_contiguous(s, difference, false);
  emily_array *kept = emily_scope_keep(s, difference);
  test_close(s);
  assert_int_equal(emily_array_read(kept, values, emily_array_nbytes(kept)), EMILY_OK);
  emily_array_release(kept);
  for (int64_t i = 0; i < B * H * count * D; i++) {
    const int64_t b = i / (H * count * D), t = from + i / D % count;
    assert_true(isfinite(values[i]));
    if (!(masked && b == 1 && t < 5) && values[i] > most) most = values[i];
  }
  return most;
}

/* Through a cache by chunks of 1, `every`, 1, 1, `every` … tokens. */
static void through_cache(const tokens *t, int64_t window, emily__kv_form form, int64_t every, bool masked) {
  emily__kv_cache *cache = NULL;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *want = emily_scaled_dot_product_attention(s, t->q, rounded(s, t->k, form), rounded(s, t->v, form), SCALE,
                                                         masked ? t->mask : NULL, true, window, NULL);
  want = emily_scope_keep(s, want);
  test_close(s);
  assert_int_equal(emily__kv_cache_new(1, &window, 8, &cache), EMILY_OK);
  assert_int_equal(emily__kv_cache_set_form(cache, form), EMILY_OK);
  for (int64_t at = 0, i = 0; at < T; i++) {
    int64_t count = i % 3 == 1 ? every : 1;
    if (count > T - at) count = T - at;
    s = emily_scope_open(NULL);
    emily_array *mask = NULL;
    if (masked) mask = emily_slice(s, t->mask, INTS(0, 0, 0, 0), INTS(B, 1, 1, at + count), NULL);
    emily_array *out = emily__kv_cache_attend(cache, s, 0, part(s, t->q, at, at + count), part(s, t->k, at, at + count),
                                              part(s, t->v, at, at + count), SCALE, mask);
    out = emily_scope_keep(s, out);
    assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
    test_close(s);
    const double far = distance(out, want, at, count, masked);
    if (!(far <= 1e-5)) fail_msg("window %d, bits %d, chunks of %d, at %d: %g", (int)window, form.bits, (int)every, (int)at, far);
    emily_array_release(out);
    at += count;
  }
  emily_array_release(want);
  emily__kv_cache_free(cache);
}

static void every_way(emily__kv_form form) {
  static const int64_t windows[] = {0, 1, 2, 7, 16, 40, 64}, chunks[] = {1, 2, 6, 17, 41};
  tokens t = new_tokens();
  for (int w = 0; w < 7; w++)
    for (int c = 0; c < 5; c++)
      for (int masked = 0; masked < 2; masked++) through_cache(&t, windows[w], form, chunks[c], masked);
  free_tokens(&t);
}

static void as_they_come(void **state) {
  (void)state;
  every_way((emily__kv_form){0, 0});
}

static void in_8_bits(void **state) {
  (void)state;
  every_way((emily__kv_form){8, 64});
}

static void in_4_bits(void **state) {
  (void)state;
  every_way((emily__kv_form){4, 32});
}

/* Heads that hold no whole groups. */
static void odd_heads(void **state) {
  (void)state;
  static const int64_t sizes[] = {24, 40, 16};
  for (int i = 0; i < 3; i++) {
    D = sizes[i];
    tokens t = new_tokens();
    for (int masked = 0; masked < 2; masked++) {
      through_cache(&t, 0, (emily__kv_form){8, 32}, 6, masked);
      through_cache(&t, 7, (emily__kv_form){4, 64}, 6, masked);
    }
    free_tokens(&t);
  }
  D = 64;
}

/* The bound of kv_cache.h: an element is off by at most a step of its group, and on average by a quarter of one. */
static void rounding_is_bounded(void **state) {
  (void)state;
  static const emily__kv_form forms[] = {{8, 64}, {8, 32}, {4, 64}, {4, 32}};
  tokens t = new_tokens();
  static float exact[B * HK * T * 64], near[B * HK * T * 64];
  assert_int_equal(emily_array_read(t.k, exact, sizeof exact), EMILY_OK);
  for (int f = 0; f < 4; f++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *back = emily_scope_keep(s, rounded(s, t.k, forms[f]));
    test_close(s);
    assert_int_equal(emily_array_read(back, near, sizeof near), EMILY_OK);
    emily_array_release(back);
    double steps = 0;
    for (int64_t g = 0; g < B * HK * T * D; g += forms[f].group) {
      float low = INFINITY, high = -INFINITY;
      for (int64_t i = g; i < g + forms[f].group; i++) low = fminf(low, exact[i]), high = fmaxf(high, exact[i]);
      const double step = (high - low) / ((1 << forms[f].bits) - 1);
      for (int64_t i = g; i < g + forms[f].group; i++) {
        assert_true(fabs(exact[i] - near[i]) <= step * 1.001 + 1e-6);
        steps += fabs(exact[i] - near[i]) / step;
      }
    }
    assert_true(steps / (B * HK * T) / (double)D < 0.27);
  }
  free_tokens(&t);
}

/* Packed keys and values take little more than their bits. */
static void packed_is_small(void **state) {
  (void)state;
  tokens t = new_tokens();
  uint64_t bytes[3];
  for (int i = 0; i < 3; i++) {
    emily__kv_cache *cache = NULL;
    emily__kv_view view;
    assert_int_equal(emily__kv_cache_new(1, INTS(0), 8, &cache), EMILY_OK);
    assert_int_equal(emily__kv_cache_set_form(cache, (emily__kv_form){(int32_t[]){0, 8, 4}[i], 0}), EMILY_OK);
    emily_scope *s = emily_scope_open(NULL);
    assert_true(emily__kv_cache_extend(cache, s, 0, t.k, t.v, &view));
    assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
    test_close(s);
    bytes[i] = emily__kv_cache_bytes(cache);
    emily__kv_cache_free(cache);
  }
  assert_true(bytes[1] * 32 == bytes[0] * 9 && bytes[2] * 32 == bytes[0] * 5); /* a scale and a bias are 1 bit an element */
  free_tokens(&t);
}

/* TRAPS: unused slots of a cache leak in. Tokens of NaN are appended and cut off again: what their slots hold has no say. */
static void unused_slots_do_not_leak_in(void **state) {
  (void)state;
  static const int32_t bits[] = {0, 8, 4};
  tokens t = new_tokens();
  for (int i = 0; i < 3; i++)
    for (int64_t window = 0; window <= 64; window += 64) { /* a ring that has not turned over yet */
      emily_array *out[2];
      for (int spoiled = 0; spoiled < 2; spoiled++) {
        emily__kv_cache *cache = NULL;
        emily_scope *s = emily_scope_open(NULL);
        assert_int_equal(emily__kv_cache_new(1, &window, 8, &cache), EMILY_OK);
        assert_int_equal(emily__kv_cache_set_form(cache, (emily__kv_form){bits[i], 0}), EMILY_OK);
        for (int64_t pass = 0; pass < 3; pass++) {
          const int64_t from = pass == 2 ? 20 : pass * 10, to = pass == 2 ? 21 : from + 10;
          emily_array *k = part(s, t.k, from, to), *v = part(s, t.v, from, to);
          if (pass == 1 && spoiled) { /* NaN first, which is cut off again */
            emily_array *bad = emily_multiply(s, k, emily_scope_adopt(s, emily_array_from_float((double)NAN, EMILY_FLOAT32)));
            emily_array *lost = emily__kv_cache_attend(cache, s, 0, part(s, t.q, from, to), bad, bad, SCALE, NULL);
            assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
            assert_int_equal(emily_eval(&lost, 1), EMILY_OK);
            assert_true(emily__kv_cache_cut(cache, 10));
          }
          out[spoiled] = emily__kv_cache_attend(cache, s, 0, part(s, t.q, from, to), k, v, SCALE, NULL);
          assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
        }
        out[spoiled] = emily_scope_keep(s, out[spoiled]);
        test_close(s);
        emily__kv_cache_free(cache);
      }
      float clean[B * H * 64], other[B * H * 64];
      assert_int_equal(emily_array_read(out[0], clean, sizeof clean), EMILY_OK);
      assert_int_equal(emily_array_read(out[1], other, sizeof other), EMILY_OK);
      assert_memory_equal(clean, other, sizeof clean);
      emily_array_release(out[0]), emily_array_release(out[1]);
    }
  free_tokens(&t);
}

static void refuses_other_forms(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(1, INTS(0), 8, &cache), EMILY_OK);
  assert_int_equal(emily__kv_cache_set_form(cache, (emily__kv_form){3, 0}), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__kv_cache_set_form(cache, (emily__kv_form){8, 16}), EMILY_INVALID_ARGUMENT);
  emily__kv_cache_free(cache);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_they_come),        cmocka_unit_test(in_8_bits),       cmocka_unit_test(in_4_bits), cmocka_unit_test(odd_heads),
      cmocka_unit_test(rounding_is_bounded), cmocka_unit_test(packed_is_small), cmocka_unit_test(unused_slots_do_not_leak_in), cmocka_unit_test(refuses_other_forms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
