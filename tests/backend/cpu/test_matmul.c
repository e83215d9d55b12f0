/* test_matmul.c: the primitive matmul against float64, over shapes, layouts, dtypes, batches and thread counts. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <complex.h>
#include <string.h>
#include <cmocka.h>

/* One operand [batch, rows, cols] in memory of its own. */
typedef struct operand {
  char *memory;
  size_t bytes;
  int64_t shape[3], strides[3];
  emily__tensor tensor;
} operand;

enum layout { ROWS, COLUMNS, PADDED, BACKWARDS, ONE_BATCH, ONE_ROW, LAYOUTS };

static uint64_t state;
static uint32_t next(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33);
}
static double uniform(void) { return next() / (double)(1u << 30) - 1; }

static void put(emily_dtype dtype, char *to, double re, double im) {
  if (dtype == EMILY_FLOAT32) *(float *)to = (float)re;
  if (dtype == EMILY_FLOAT64) *(double *)to = re;
  if (dtype == EMILY_FLOAT16) *(emily__f16 *)to = emily__f32_to_f16((float)re);
  if (dtype == EMILY_BFLOAT16) *(emily__bf16 *)to = emily__f32_to_bf16((float)re);
  if (dtype == EMILY_COMPLEX64) *(emily__c64 *)to = (emily__c64){(float)re, (float)im};
}

static double complex get(const operand *x, int64_t t, int64_t i, int64_t j) {
  const int64_t at = t * x->strides[0] + i * x->strides[1] + j * x->strides[2];
  const char *p = (const char *)x->tensor.data + at * (int64_t)emily_dtype_size(x->tensor.dtype);
  if (x->tensor.dtype == EMILY_FLOAT32) return *(const float *)p;
  if (x->tensor.dtype == EMILY_FLOAT64) return *(const double *)p;
  if (x->tensor.dtype == EMILY_FLOAT16) return emily__f16_to_f32(*(const emily__f16 *)p);
  if (x->tensor.dtype == EMILY_BFLOAT16) return emily__bf16_to_f32(*(const emily__bf16 *)p);
  return (double)((const emily__c64 *)p)->re + I * (double)((const emily__c64 *)p)->im;
}

static void lay_out(operand *x, enum layout layout) {
  const int64_t rows = x->shape[1], cols = x->shape[2];
  const int64_t strides[LAYOUTS][3] = {
      {rows * cols, cols, 1},           {rows * cols, 1, rows}, {rows * (2 * cols + 3) + 5, 2 * cols + 3, 2},
      {rows * (cols + 1), cols + 1, 1}, {0, cols, 1},           {0, 0, 1}};
  for (int i = 0; i < 3; i++) x->strides[i] = strides[layout][i];
}

static void make(operand *x, emily_dtype dtype, enum layout layout, int64_t batch, int64_t rows, int64_t cols) {
  const int64_t itemsize = (int64_t)emily_dtype_size(dtype);
  x->shape[0] = batch, x->shape[1] = rows, x->shape[2] = cols;
  lay_out(x, layout);
  int64_t extent = 1;
  for (int i = 0; i < 3; i++) extent += (x->shape[i] > 0 ? x->shape[i] - 1 : 0) * x->strides[i];
  x->bytes = (size_t)(extent * itemsize);
  x->memory = malloc(x->bytes);
  for (int64_t i = 0; i < extent; i++) put(dtype, x->memory + i * itemsize, uniform(), uniform());
  x->tensor = (emily__tensor){x->memory, x->shape, x->strides, batch * rows * cols, 3, dtype, layout == ROWS};
  if (layout == BACKWARDS && rows > 0) { /* rows from the last to the first */
    x->tensor.data = x->memory + (rows - 1) * x->strides[1] * itemsize;
    x->strides[1] = -x->strides[1];
  }
}

typedef struct product {
  operand a, b, c, out;
  bool has_c;
  emily__attrs_matmul attrs;
} product;

typedef struct shape {
  int64_t batch, m, n, k;
} shape;

static void make_product(product *p, emily_dtype of[3], enum layout layouts[3], shape s, bool has_c) {
  make(&p->a, of[0], layouts[0], s.batch, s.m, s.k);
  make(&p->b, of[1], layouts[1], s.batch, s.k, s.n);
  make(&p->c, of[2], layouts[2], s.batch, s.m, s.n);
  make(&p->out, of[2], ROWS, s.batch, s.m, s.n);
  p->has_c = has_c;
  p->attrs = has_c ? (emily__attrs_matmul){0.75f, -1.5f} : (emily__attrs_matmul){next() % 2 ? 1 : 2.5f, 0};
}

static void free_product(product *p) {
  free(p->a.memory);
  free(p->b.memory);
  free(p->c.memory);
  free(p->out.memory);
}

static emily_status run(product *p) {
  const emily__tensor inputs[3] = {p->a.tensor, p->b.tensor, p->c.tensor};
  const emily__node_view node = {.prim = EMILY__PRIM_matmul,
                                 .attrs = &p->attrs,
                                 .n_inputs = p->has_c ? 3 : 2,
                                 .n_outputs = 1,
                                 .inputs = inputs,
                                 .outputs = &p->out.tensor,
                                 .donated = -1};
  return emily__cpu_matmul(&node);
}

/* Sums in float32 err by at most k · 2^-24 of Σ|a b| (float64: 2^-53) whatever their order; the final rounding adds
 * half a unit of the result's dtype: 2^-24, 2^-11 (float16), 2^-8 (bfloat16). Denormal results of float16 add 2^-25.
 */
static double tolerance(emily_dtype dtype, int64_t k, double sum_of_absolutes, double result) {
  const double each = dtype == EMILY_FLOAT64 ? 0x1p-53 : 0x1p-24;
  const double last = dtype == EMILY_FLOAT16 ? 0x1p-11 : dtype == EMILY_BFLOAT16 ? 0x1p-8 : each;
  return (double)(k + 4) * each * sum_of_absolutes * (dtype == EMILY_COMPLEX64 ? 2 : 1) + last * result +
         0x1p-25 * last;
}

static void check_element(const product *p, int64_t t, int64_t i, int64_t j) {
  double complex sum = 0;
  double absolutes = 0;
  const int64_t k = p->a.shape[2];
  for (int64_t l = 0; l < k; l++) {
    const double complex term = get(&p->a, t, i, l) * get(&p->b, t, l, j);
    sum += term;
    absolutes += cabs(term);
  }
  sum *= (double)p->attrs.alpha;
  absolutes *= fabs((double)p->attrs.alpha);
  if (p->has_c) {
    const double complex added = (double)p->attrs.beta * get(&p->c, t, i, j);
    sum += added;
    absolutes += cabs(added);
  }
  const double complex result = get(&p->out, t, i, j);
  const double allowed = tolerance(p->out.tensor.dtype, k, absolutes, cabs(sum));
  if (!(cabs(result - sum) <= allowed))
    fail_msg("[%d, %d, %d] is %.9g, not %.9g (± %.3g); m %d n %d k %d", (int)t, (int)i, (int)j, creal(result),
             creal(sum), allowed, (int)p->a.shape[1], (int)p->b.shape[2], (int)k);
}

static void check(const product *p) {
  for (int64_t t = 0; t < p->out.shape[0]; t++)
    for (int64_t i = 0; i < p->out.shape[1]; i++)
      for (int64_t j = 0; j < p->out.shape[2]; j++) check_element(p, t, i, j);
}

static void run_and_check(emily_dtype of[3], enum layout layouts[3], shape s, bool has_c) {
  product p;
  make_product(&p, of, layouts, s, has_c);
  assert_int_equal(run(&p), EMILY_OK);
  check(&p);
  free_product(&p);
}

static emily_dtype dtypes[][3] = {
    {EMILY_FLOAT32, EMILY_FLOAT32, EMILY_FLOAT32},    {EMILY_FLOAT16, EMILY_FLOAT16, EMILY_FLOAT16},
    {EMILY_BFLOAT16, EMILY_BFLOAT16, EMILY_BFLOAT16}, {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_FLOAT32},
    {EMILY_FLOAT32, EMILY_BFLOAT16, EMILY_FLOAT32},   {EMILY_BFLOAT16, EMILY_FLOAT32, EMILY_FLOAT32},
    {EMILY_FLOAT64, EMILY_FLOAT64, EMILY_FLOAT64},    {EMILY_COMPLEX64, EMILY_COMPLEX64, EMILY_COMPLEX64}};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static const shape shapes[] = {{1, 1, 1, 1},   {1, 1, 17, 33},  {1, 2, 3, 5},    {1, 3, 70, 64},  {1, 8, 9, 31},
                               {1, 9, 33, 47}, {1, 13, 65, 16}, {1, 40, 5, 20},  {1, 33, 1, 40},  {3, 4, 5, 6},
                               {2, 17, 19, 9}, {5, 1, 12, 7},   {1, 29, 129, 3}, {4, 13, 13, 32}, {1, 5, 40, 1}};

static void every_dtype_layout_and_shape(void **unused) {
  (void)unused;
  for (int d = 0; d < DTYPES; d++)
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
      for (int la = 0; la <= BACKWARDS; la++)
        for (int lb = 0; lb <= ONE_BATCH; lb++) {
          enum layout layouts[3] = {(enum layout)la, (enum layout)lb, (enum layout)(next() % LAYOUTS)};
          run_and_check(dtypes[d], layouts, shapes[s], next() % 2);
        }
}

static uint64_t bits_of(const operand *x, int64_t t, int64_t i, int64_t j) {
  uint64_t bits = 0;
  const int64_t at = t * x->strides[0] + i * x->strides[1] + j * x->strides[2], size = (int64_t)emily_dtype_size(x->tensor.dtype);
  memcpy(&bits, (const char *)x->tensor.data + at * size, (size_t)size);
  return bits;
}

/* Integers of every width are sums modulo 2^64, cut to their width; bools are or of ands. */
static void integers_wrap(void **unused) {
  (void)unused;
  for (int round = 0; round < 400; round++) {
    const emily_dtype dtype = (emily_dtype)(EMILY_BOOL + next() % 9);
    const shape s = {1 + next() % 3, 1 + next() % 40, 1 + next() % 140, next() % 70 + (round % 50 ? 0 : 900)};
    enum layout layouts[3] = {(enum layout)(next() % ONE_ROW), (enum layout)(next() % ONE_ROW), ROWS};
    const int64_t size = (int64_t)emily_dtype_size(dtype);
    product p;
    make_product(&p, (emily_dtype[3]){dtype, dtype, dtype}, layouts, s, next() % 2);
    p.attrs = (emily__attrs_matmul){dtype == EMILY_BOOL ? 1 : -3, dtype == EMILY_BOOL ? 1 : 2};
    operand *all[] = {&p.a, &p.b, &p.c};
    for (int x = 0; x < 3; x++)
      for (size_t i = 0; i < all[x]->bytes; i++) all[x]->memory[i] = (char)(dtype == EMILY_BOOL ? next() % 8 == 0 : next());
    assert_int_equal(run(&p), EMILY_OK);
    for (int64_t at = 0; at < s.batch * s.m * s.n; at++) {
      const int64_t t = at / (s.m * s.n), i = at / s.n % s.m, j = at % s.n;
      uint64_t sum = 0, added = p.has_c ? bits_of(&p.c, t, i, j) : 0;
      for (int64_t l = 0; l < s.k; l++) {
        const uint64_t x = bits_of(&p.a, t, i, l), y = bits_of(&p.b, t, l, j);
        sum = dtype == EMILY_BOOL ? sum | (x & y) : sum + x * y;
      }
      const uint64_t want = dtype == EMILY_BOOL ? sum | added : (uint64_t)-3 * sum + 2 * added, got = bits_of(&p.out, t, i, j);
      assert_memory_equal(&want, &got, (size_t)size);
    }
    free_product(&p);
  }
}

/* Past every border of the blocking: several blocks of k, of rows and of columns, and tails of each. */
static void large_enough_for_every_block(void **unused) {
  (void)unused;
  const shape large[] = {
      {1, 401, 300, 70}, {1, 30, 40, 1100}, {1, 1, 700, 513}, {1, 8, 520, 1030}, {1, 70, 600, 600}};
  for (int d = 0; d < DTYPES; d++)
    for (size_t s = 0; s < sizeof large / sizeof *large; s++)
      for (int lb = ROWS; lb <= COLUMNS; lb++) {
        enum layout layouts[3] = {ROWS, (enum layout)lb, ONE_ROW};
        product p;
        make_product(&p, dtypes[d], layouts, large[s], true);
        assert_int_equal(run(&p), EMILY_OK);
        for (int i = 0; i < 2000; i++) check_element(&p, 0, next() % large[s].m, next() % large[s].n);
        check_element(&p, 0, large[s].m - 1, large[s].n - 1);
        free_product(&p);
      }
}

static void random_products(void **unused) {
  (void)unused;
  for (int round = 0; round < 300; round++) {
    const shape s = {1 + next() % 3, 1 + next() % 40, 1 + next() % 80, next() % 70};
    enum layout layouts[3] = {(enum layout)(next() % ONE_ROW), (enum layout)(next() % ONE_ROW),
                              (enum layout)(next() % LAYOUTS)};
    run_and_check(dtypes[next() % DTYPES], layouts, s, next() % 2);
  }
}

static void nothing_to_sum_gives_beta_c(void **unused) {
  (void)unused;
  enum layout layouts[3] = {ROWS, ROWS, ROWS};
  for (int d = 0; d < DTYPES; d++)
    for (int m = 1; m < 30; m += 14) run_and_check(dtypes[d], layouts, (shape){2, m, 11, 0}, true);
}

static void nothing_to_write_is_no_error(void **unused) {
  (void)unused;
  enum layout layouts[3] = {ROWS, ROWS, ROWS};
  const shape empty[] = {{0, 3, 4, 5}, {2, 0, 4, 5}, {2, 3, 0, 5}};
  for (int i = 0; i < 3; i++) run_and_check(dtypes[0], layouts, empty[i], false);
}

static void any_number_of_threads_gives_the_same_bits(void **unused) {
  (void)unused;
  const shape many[] = {{1, 1, 900, 700}, {1, 6, 900, 700}, {1, 150, 310, 700}, {40, 13, 13, 64}, {1, 700, 2, 300}};
  for (int d = 0; d < DTYPES; d++)
    for (size_t s = 0; s < sizeof many / sizeof *many; s++) {
      enum layout layouts[3] = {ROWS, COLUMNS, ONE_ROW};
      product p;
      make_product(&p, dtypes[d], layouts, many[s], true);
      char *first = malloc(p.out.bytes);
      for (int threads = 1; threads <= 5; threads += 2) {
        emily__pool_set_threads(threads);
        memset(p.out.memory, 0xFF, p.out.bytes);
        assert_int_equal(run(&p), EMILY_OK);
        if (threads == 1) memcpy(first, p.out.memory, p.out.bytes);
        assert_memory_equal(first, p.out.memory, p.out.bytes);
      }
      emily__pool_set_threads(0);
      free(first);
      free_product(&p);
    }
}

/* Row i alone decides row i of the result. */
static void other_rows_do_not_matter(void **unused) {
  (void)unused;
  for (int m = 2; m <= 50; m += 16) {
    enum layout layouts[3] = {ROWS, COLUMNS, ROWS};
    product p;
    make_product(&p, dtypes[0], layouts, (shape){1, m, 70, 600}, false);
    assert_int_equal(run(&p), EMILY_OK);
    const size_t row = 70 * sizeof(float);
    char *before = malloc(row);
    memcpy(before, p.out.memory + row, row);
    for (int64_t i = 0; i < m * 600; i++)
      if (i / 600 != 1) ((float *)p.a.memory)[i] = i % 7 ? NAN : INFINITY;
    assert_int_equal(run(&p), EMILY_OK);
    assert_memory_equal(before, p.out.memory + row, row);
    free(before);
    free_product(&p);
  }
}

static void no_memory_is_reported_and_out_untouched(void **unused) {
  (void)unused;
  const shape needs[] = {{1, 40, 50, 60}, {1, 2, 50, 60}};
  for (int i = 0; i < 2; i++) {
    enum layout layouts[3] = {PADDED, COLUMNS, ROWS};
    product p;
    make_product(&p, dtypes[0], layouts, needs[i], false);
    char *before = malloc(p.out.bytes);
    memcpy(before, p.out.memory, p.out.bytes);
    emily__alloc_fail_after(1);
    assert_int_equal(run(&p), EMILY_OUT_OF_MEMORY);
    emily__alloc_fail_after(0);
    assert_memory_equal(before, p.out.memory, p.out.bytes);
    assert_int_equal(run(&p), EMILY_OK);
    check(&p);
    free(before);
    free_product(&p);
  }
}

static void scratch_goes_back(void **unused) {
  (void)unused;
  enum layout layouts[3] = {ROWS, COLUMNS, ROWS};
  emily__memory_stats stats;
  for (int d = 0; d < 5; d++) run_and_check(dtypes[d], layouts, (shape){2, 50, 40, 30}, true);
  emily__cpu_memory_stats(&stats);
  assert_int_equal(stats.active, 0);
  emily__cpu_memory_clear_cache();
  emily__cpu_memory_stats(&stats);
  assert_int_equal(stats.cache, 0);
}

int main(void) {
  const char *given = getenv("EMILY_TEST_SEED");
  state = given ? strtoull(given, NULL, 10) : 20261121;
  printf("seed %llu, kernels %s\n", (unsigned long long)state, emily__cpu_kernels_get()->level);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_dtype_layout_and_shape),
      cmocka_unit_test(large_enough_for_every_block),
      cmocka_unit_test(integers_wrap),
      cmocka_unit_test(random_products),
      cmocka_unit_test(nothing_to_sum_gives_beta_c),
      cmocka_unit_test(nothing_to_write_is_no_error),
      cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
      cmocka_unit_test(other_rows_do_not_matter),
      cmocka_unit_test(no_memory_is_reported_and_out_untouched),
      cmocka_unit_test(scratch_goes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
