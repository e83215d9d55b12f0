/* test_quant.c: kernels of quantized matrices at each cpu level beside plain C and sums in float64. */
#include "backend/cpu/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { K = 384, ROWS = 11, M = 19, LEVELS = 2 };
static const char *const levels[LEVELS] = {"avx2", "avx512"};
static const emily__quant_form forms[] = {
    {EMILY__QUANT_INTEGER, 2, 32}, {EMILY__QUANT_INTEGER, 3, 64},  {EMILY__QUANT_INTEGER, 4, 128}, {EMILY__QUANT_INTEGER, 4, 32},
    {EMILY__QUANT_INTEGER, 5, 32}, {EMILY__QUANT_INTEGER, 6, 128}, {EMILY__QUANT_INTEGER, 8, 64},  {EMILY__QUANT_E2M1, 4, 32},
    {EMILY__QUANT_E2M1, 4, 16},    {EMILY__QUANT_E4M3, 8, 32}};
enum { FORMS = sizeof forms / sizeof *forms };

typedef struct data {
  uint8_t *packed; /* as many bytes as ROWS rows take: the end of the block is the end of the matrix */
  float scales[ROWS * K / 16], biases[ROWS * K / 16];
} data;

static void make(data *d, const emily__quant_form *form) {
  const size_t bytes = (size_t)(ROWS * K / 8 * form->bits);
  d->packed = malloc(bytes);
  for (size_t i = 0; i < bytes; i++) {
    d->packed[i] = (uint8_t)(rand() >> 7);
    if (form->element == EMILY__QUANT_E4M3 && (d->packed[i] & 127) == 127) d->packed[i] = 3;
  }
  for (int i = 0; i < ROWS * K / 16; i++) {
    d->scales[i] = (float)(rand() % 1000) / 3000 - 0.1f;
    d->biases[i] = (float)(rand() % 1000) / 500 - 1;
  }
}

static void unpacking_is_plain_c_to_the_bit(void **state) {
  (void)state;
  static float want[ROWS * K + 1], got[ROWS * K + 1];
  emily__cpu_kernels plain, kernels;
  data d;
  assert_true(emily__cpu_kernels_at("plain", &plain));
  for (int f = 0; f < FORMS; f++) {
    make(&d, &forms[f]);
    for (int l = 0; l < LEVELS; l++)
      for (int with = 0; with < 2; with++)
        for (int64_t n = 8; n <= ROWS * K; n += n < 4 * 128 ? 8 : 128 * 3) {
          if (!emily__cpu_kernels_at(levels[l], &kernels)) continue;
          want[n] = got[n] = 77;
          plain.quant_unpack(want, d.packed, &forms[f], d.scales, with ? d.biases : NULL, n);
          kernels.quant_unpack(got, d.packed, &forms[f], d.scales, with ? d.biases : NULL, n);
          assert_memory_equal(want, got, (size_t)(n + 1) * sizeof *want);
        }
    free(d.packed);
  }
}

static void scales_of_eight_bits(void **state) {
  (void)state;
  uint8_t codes[256];
  float want[256], got[256];
  emily__cpu_kernels kernels;
  for (int i = 0; i < 256; i++) codes[i] = (uint8_t)i;
  for (int l = 0; l < LEVELS; l++) {
    if (!emily__cpu_kernels_at(levels[l], &kernels)) continue;
    for (int n = 1; n <= 256; n += 5) {
      for (int i = 0; i < n; i++) want[i] = emily__e8m0_to_f32(codes[i]);
      kernels.e8m0_to_f32(got, codes, n);
      assert_memory_equal(want, got, (size_t)n * sizeof *want);
      kernels.e4m3_to_f32(got, codes, n);
      for (int i = 0; i < n; i++) {
        const float one = emily__e4m3_to_f32(codes[i]);
        assert_true(one != one ? got[i] != got[i] : emily__f32_to_bits(got[i]) == emily__f32_to_bits(one));
      }
    }
  }
}

/* NaN, infinities and steps between codes among them. */
static void making_codes_is_plain_c(void **state) {
  (void)state;
  float x[128], low[3], high[3];
  uint8_t codes[3][128];
  emily__cpu_kernels kernels;
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < 128; i++) x[i] = (float)(rand() % 64) / 8 - 4;
    if (round % 4 == 0) x[rand() % 128] = NAN;
    if (round % 8 == 0) x[rand() % 128] = INFINITY;
    const char *const all[] = {"plain", "avx2", "avx512"};
    for (int l = 0; l < 3; l++) {
      assert_true(emily__cpu_kernels_at("plain", &kernels));
      emily__cpu_kernels_at(all[l], &kernels);
      kernels.quant_codes(codes[l], x, -3.5f, round % 2 ? 0.5f : -0.25f, 15, 128);
      kernels.quant_range(x, 128, &low[l], &high[l]);
    }
    for (int l = 1; l < 3; l++) {
      assert_memory_equal(codes[0], codes[l], 128);
      assert_true(low[0] == low[l] && high[0] == high[l]);
    }
  }
}

typedef struct kernel {
  emily__quant_rows *run;
  emily__quant_form form;
} kernel;

/* x as the kernels take it. */
static void pack(float *to, const float *x, int64_t m, bool nibbles) {
  for (int64_t first = 0; first < m; first += EMILY__SKINNY_GROUP) {
    const int64_t rows = m - first < EMILY__SKINNY_GROUP ? m - first : EMILY__SKINNY_GROUP;
    for (int64_t piece = 0; piece < K / 16; piece++)
      for (int64_t i = 0; i < rows; i++)
        for (int e = 0; e < 16; e++) *to++ = x[(first + i) * K + piece * 16 + (nibbles ? e % 2 * 8 + e / 2 : e)];
  }
}

/* Every number of rows of x, and of the matrix around the rows of a tile, beside float64; a row's bits do not depend on the others. */
static void rows_meet_packed_matrices(void **state) {
  (void)state;
  static float x[M * K], packed[M * K], elements[ROWS * K], y[M * ROWS], first[ROWS];
  emily__cpu_kernels plain, k;
  data d;
  assert_true(emily__cpu_kernels_at("plain", &plain));
  for (int i = 0; i < M * K; i++) x[i] = (float)(rand() % 2001 - 1000) / 1000;
  for (int l = 0; l < LEVELS; l++) {
    if (!emily__cpu_kernels_at(levels[l], &k)) continue;
    const kernel kernels[] = {{k.quant_rows_int[4], {EMILY__QUANT_INTEGER, 4, 64}}, {k.quant_rows_int[4], {EMILY__QUANT_INTEGER, 4, 128}},
                              {k.quant_rows_int[8], {EMILY__QUANT_INTEGER, 8, 32}}, {k.quant_rows_e2m1, {EMILY__QUANT_E2M1, 4, 16}},
                              {k.quant_rows_int[2], {EMILY__QUANT_INTEGER, 2, 64}}, {k.quant_rows_int[3], {EMILY__QUANT_INTEGER, 3, 32}},
                              {k.quant_rows_int[5], {EMILY__QUANT_INTEGER, 5, 128}}, {k.quant_rows_int[6], {EMILY__QUANT_INTEGER, 6, 64}},
                              {k.quant_rows_e2m1, {EMILY__QUANT_E2M1, 4, 32}},    {k.quant_rows_e4m3, {EMILY__QUANT_E4M3, 8, 32}}};
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
      const emily__quant_form *form = &kernels[i].form;
      const int64_t groups = K / form->group;
      make(&d, form);
      const float *biases = form->element == EMILY__QUANT_INTEGER ? d.biases : NULL;
      plain.quant_unpack(elements, d.packed, form, d.scales, biases, ROWS * K);
      for (int64_t m = 1; m <= M; m++)
        for (int64_t rows = 1; rows <= ROWS; rows++) {
          pack(packed, x, m, form->bits == 4);
          kernels[i].run(y, rows, packed, m, d.packed, K / 8 * form->bits, d.scales, biases, groups, rows, K, form->group);
          if (m == 1) memcpy(first, y, sizeof first);
          assert_memory_equal(first, y, (size_t)rows * sizeof *first);
          for (int64_t r = 0; r < m * rows; r++) {
            double want = 0, size = 0;
            for (int64_t p = 0; p < K; p++) {
              const double term = (double)x[r / rows * K + p] * (double)elements[r % rows * K + p];
              want += term;
              size += fabs(term);
            }
            assert_true(fabs(want - (double)y[r]) <= size * 0x1p-19);
          }
        }
      free(d.packed);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unpacking_is_plain_c_to_the_bit),
      cmocka_unit_test(scales_of_eight_bits),
      cmocka_unit_test(making_codes_is_plain_c),
      cmocka_unit_test(rows_meet_packed_matrices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
