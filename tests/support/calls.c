/* calls.c: see calls.h. */
#include "support/calls.h"

#include <stdio.h>

emily_status test_call_run(emily_scope *s, test_call *c, emily_array **out, size_t *count) {
  return emily_call_op(s, c->info, c->operands, c->operand_count, c->attrs, c->attr_count, out, TEST_CALL_RESULTS, count);
}

void test_call_look(emily_scope *s, test_call *c) {
  emily_array *out[TEST_CALL_RESULTS];
  size_t count = 0;
  emily_status status = test_call_run(s, c, out, &count);
  assert_int_equal(status, emily_scope_status(s));
  if (status != EMILY_OK) {
    assert_true(strlen(emily_scope_message(s)) > 10);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    assert_true(emily_array_size(out[i]) >= 0);
    if (emily_array_nbytes(out[i]) > 1 << 20) continue;
    status = emily_eval(&out[i], 1);
    bool of_values = strcmp(c->info->group, "linalg") == 0; /* whether a matrix is singular, say, only the evaluation sees */
    if (of_values && (status == EMILY_INVALID_ARGUMENT || status == EMILY_UNSUPPORTED)) continue;
    if (status != EMILY_OK && status != EMILY_OUT_OF_MEMORY) fail_msg("%s: %s", c->info->name, emily_last_error()->message);
  }
}

/* An attribute that suits an operand of a few elements. */
static void usual_attribute(test_call *c, const emily_arg_info *arg, int32_t ndim) {
  emily_attr *a = &c->attrs[c->attr_count];
  int64_t *ints = c->ints[c->attr_count++];
  *a = (emily_attr){.name = arg->name, .kind = arg->kind, .i = 1, .f = 1, .count = 1, .ints = ints};
  ints[0] = 1;
  if (arg->kind == EMILY_ARG_DTYPE) a->i = EMILY_FLOAT32;
  if (arg->kind == EMILY_ARG_PER_AXIS) {
    a->count = ndim;
    for (int32_t i = 0; i < ndim; i++) ints[i] = 1;
  }
  if (strcmp(arg->name, "axis") == 0 || strstr(arg->name, "axis1")) a->i = 0;
}

void test_call_usual(emily_scope *s, test_call *c, const int64_t *shape, int32_t ndim, emily_dtype dtype) {
  for (int32_t k = 0; k < c->info->arg_count; k++) {
    const emily_arg_info *arg = &c->info->args[k];
    if (arg->kind == EMILY_ARG_ARRAY) c->operands[c->operand_count++] = emily_zeros(s, shape, ndim, dtype);
    if (arg->kind == EMILY_ARG_OPTIONAL) c->operands[c->operand_count++] = NULL;
    if (arg->kind == EMILY_ARG_ARRAYS)
      for (int i = 0; i < 2; i++) c->operands[c->operand_count++] = emily_zeros(s, shape, ndim, dtype);
    if (arg->kind >= EMILY_ARG_INT && arg->required) usual_attribute(c, arg, ndim);
  }
}

/* ---- sound calls ---- */

/* What an op takes that does not take n by n for every operand. Operands: f, i, y (uint8), w (uint32), b, c (complex64) and extents; attributes:
 * name=numbers or name=word. Optional operands are left out. */
static const struct { const char *op, *takes; } sound[] = {
    {"full", "f shape=40,5"}, {"clip", "f40x50 f f"}, {"arange", "start=0 stop=90 step=1"}, {"linspace", "start=0 stop=1"}, {"iota", "shape=5,40"},
    {"zeros", "shape=5,40"}, {"ones", "shape=5,40"}, {"unflatten", "f6x40 axis=0 shape=2,3"}, {"broadcast_to", "f1x6 shape=5,6"},
    {"as_strided", "f40 shape=3,5 strides=7,1"}, {"hadamard_transform", "f20x64"}, {"reshape", "f6x6 shape=4,-1"}, {"pad", "f5x7 low=1,2 high=0,3"},
    {"take", "f8x80 i5 axis=0"}, {"take_along_axis", "f8x80 i8x7 axis=1"}, {"gather", "f8x80 i5 axes=0 slice_sizes=1,80"},
    {"scatter", "f8x80 f5x1x80 i5 axes=0"}, {"scatter_add", "f8x80 f5x1x80 i5 axes=0"}, {"scatter_prod", "f8x80 f5x1x80 i5 axes=0"},
    {"scatter_max", "f8x80 f5x1x80 i5 axes=0"}, {"scatter_min", "f8x80 f5x1x80 i5 axes=0"}, {"put_along_axis", "f8x80 i8x3 f8x3 axis=1"},
    {"scatter_add_axis", "f8x80 i8x3 f8x3 axis=1"}, {"slice", "f8x80 start=1,0 stop=7,50"}, {"slice_update", "f8x80 f6x50 start=1,0 stop=7,50"},
    {"slice_update_add", "f8x80 f6x50 start=1,0 stop=7,50"}, {"slice_update_prod", "f8x80 f6x50 start=1,0 stop=7,50"},
    {"slice_update_max", "f8x80 f6x50 start=1,0 stop=7,50"}, {"slice_update_min", "f8x80 f6x50 start=1,0 stop=7,50"},
    {"dynamic_slice", "f8x8 i2 axes=0,1 slice_size=3,4"}, {"dynamic_slice_update", "f8x8 f3x4 i2 axes=0,1"}, {"gather_nd", "f8x8 i5x2"},
    {"indexed_put", "f8x8 i5x2 f5"}, {"indexed_add", "f8x8 i5x2 f5"}, {"masked_select", "f8x8 b8x8"}, {"masked_scatter", "f8x8 b8x8 f64"},
    {"outer", "f300 f200"}, {"kron", "f8x8 f30x20"}, {"einsum", "f40x50 f50x30 subscripts=ij,jk->ki"}, {"dot_general", "f40x50 f50x30 contract_a=1 contract_b=0"},
    {"gather_mm", "f2x3x4 f2x4x5"}, {"segmented_mm", "f6x8 f8x5 w3x2"}, {"block_masked_mm", "f64x64 f64x64"}, {"quantize", "f40x64"},
    {"dequantize", "w4x8 f4x1 f4x1"}, {"quantized_matmul", "f5x64 w7x8 f7x1 f7x1"}, {"gather_qmm", "f2x5x64 w2x7x8 f2x7x1 f2x7x1"},
    {"block_dequantize", "y7x36 format=Q4_0"}, {"block_matmul", "f5x64 y7x36 format=Q4_0"}, {"gather_block_mm", "f2x5x64 y2x7x36 format=Q4_0"},
    {"qqmm", "f5x64 f7x64"}, {"gather_qqmm", "f2x5x64 f2x7x64"}, {"bincount", "i40 length=8"}, {"cross_entropy", "f8x30 i8"},
    {"from_fp8", "y5x40"}, {"searchsorted", "f40 f9"}, {"random_laplace", "w2 shape=40000"}, {"random_truncated_normal", "w2 f f shape=40"},
    {"random_multivariate_normal", "w2 f4 f4x4"}, {"random_permutation", "w2 f40x5"}, {"random_permutation_indices", "w2 n=40"}, {"random_split", "w2"}, {"random_bits", "w2 shape=40000"}, {"random_uniform", "w2 f f shape=40"},
    {"random_normal", "w2 shape=40000"}, {"random_randint", "w2 i i shape=40000"}, {"random_bernoulli", "w2 f shape=40"},
    {"random_gumbel", "w2 shape=40000"}, {"random_categorical", "w2 f8x80"}, {"conv1d", "f2x99x4 f3x3x4"}, {"conv2d", "f2x30x30x4 f8x3x3x4"},
    {"conv3d", "f1x9x9x9x2 f3x2x2x2x2"}, {"conv_transpose1d", "f2x99x4 f3x3x4"}, {"conv_transpose2d", "f2x30x30x4 f8x3x3x4"},
    {"conv_transpose3d", "f1x9x9x9x2 f3x2x2x2x2"}, {"conv_general", "f2x30x30x4 f8x3x3x4"}, {"convolve", "f900 f30"},
    {"rope", "f2x3x50x8 dims=8"}, {"scaled_dot_product_attention", "f2x4x70x8 f2x2x90x8 f2x2x90x8 scale=1"},
    {"gated_delta_update", "f2x5x2x32 f2x5x2x32 f2x5x4x16 f2x5x4 f2x5x4"}, {"window_sum", "f40x50 window=3,2"}, {"window_prod", "f40x50 window=3,2"},
    {"window_max", "f40x50 window=3,2"}, {"window_min", "f40x50 window=3,2"}, {"window_scatter_max", "f8x8 f6x7 f window=3,2"},
    {"window_scatter_min", "f8x8 f6x7 f window=3,2"}, {"fft_stft", "f3000 n_fft=64"}, {"fft_istft", "c33x20"}, {"linalg_cross", "f50x3 f50x3"},
};

/* Numbers whose matrices are well conditioned and positive definite in their triangles; indices and words that are small. */
static emily_array *sound_operand(emily_scope *s, char kind, const int64_t *shape, int32_t ndim) {
  int64_t n = 1;
  for (int32_t i = 0; i < ndim; i++) n *= shape[i];
  int64_t columns = ndim ? shape[ndim - 1] : 1, square = ndim >= 2 && shape[ndim - 2] == columns ? columns : 0;
  double *values = malloc((size_t)(n + 1) * sizeof *values);
  assert_non_null(values);
  for (int64_t i = 0; i < n; i++) {
    int64_t row = i / (columns ? columns : 1), column = i % (columns ? columns : 1);
    values[i] = kind == 'f' || kind == 'c' ? (double)((row * 7 + column * 13 + i / 31) % 17 - 7) / 8 : (double)((i * 5 + 2) % 3);
    if (square && kind == 'f' && row % square == column) values[i] += (double)square;
  }
  emily_dtype dtype = kind == 'i' ? EMILY_INT32 : kind == 'w' ? EMILY_UINT32 : kind == 'y' ? EMILY_UINT8 : kind == 'b' ? EMILY_BOOL : kind == 'c' ? EMILY_COMPLEX64 : EMILY_FLOAT32;
  emily_array *x = emily_scope_adopt(s, emily_array_from_data(values, shape, ndim, EMILY_FLOAT64));
  free(values);
  return emily_astype(s, x, dtype);
}

static const emily_arg_info *argument(const emily_op_info *info, const char *name, size_t length) {
  for (int32_t k = 0; k < info->arg_count; k++)
    if (strlen(info->args[k].name) == length && memcmp(info->args[k].name, name, length) == 0) return &info->args[k];
  fail_msg("%s has no argument %.*s", info->name, (int)length, name);
  return NULL;
}

static void sound_attribute(test_call *c, const char *word, char *text) {
  const char *at = strchr(word, '=');
  const emily_arg_info *arg = argument(c->info, word, (size_t)(at - word));
  emily_attr *a = &c->attrs[c->attr_count];
  int64_t *ints = c->ints[c->attr_count++];
  *a = (emily_attr){.name = arg->name, .kind = arg->kind, .ints = ints, .text = text};
  sscanf(at + 1, "%31[^ ]", text);
  a->i = strtoll(text, NULL, 10), a->f = strtod(text, NULL);
  for (char *p = text; *p && a->count < TEST_CALL_LIST && arg->kind != EMILY_ARG_TEXT; p += *p == ',') ints[a->count++] = strtoll(p, &p, 10);
}

static void sound_from_words(emily_scope *s, test_call *c, const char *takes) {
  static char texts[TEST_CALL_ARGS][32];
  for (const char *p = takes; *p; p += strcspn(p, " "), p += *p == ' ') {
    size_t length = strcspn(p, " ");
    if (memchr(p, '=', length)) {
      sound_attribute(c, p, texts[c->attr_count]);
      continue;
    }
    int64_t shape[8];
    int32_t ndim = 0;
    char *q = (char *)(uintptr_t)p + 1;
    while (q < p + length) shape[ndim++] = strtoll(q, &q, 10), q += *q == 'x';
    c->operands[c->operand_count++] = sound_operand(s, *p, shape, ndim);
  }
}

/* n by n of one dtype for every operand. */
static void sound_square(emily_scope *s, test_call *c, int64_t n, char kind) {
  test_call_usual(s, c, INTS(n, n), 2, EMILY_FLOAT32);
  for (size_t k = 0; k < c->operand_count; k++)
    if (c->operands[k]) c->operands[k] = sound_operand(s, kind, INTS(n, n), 2);
}

bool test_call_sound(emily_scope *s, test_call *c, int64_t n) {
  const emily_op_info *info = c->info;
  for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
    if (strcmp(sound[i].op, info->name) == 0) {
      sound_from_words(s, c, sound[i].takes);
      return true;
    }
  for (const char *kind = "fibc"; *kind; kind++) {
    emily_scope *trial = emily_scope_open(NULL);
    emily_array *out[TEST_CALL_RESULTS];
    test_call tried = {.info = info};
    sound_square(trial, &tried, n, *kind);
    bool taken = test_call_run(trial, &tried, out, &(size_t){0}) == EMILY_OK;
    if (!taken && !kind[1]) printf("%s: %s\n", info->name, emily_scope_message(trial));
    emily_scope_close(trial);
    if (!taken) continue;
    sound_square(s, c, n, *kind);
    return true;
  }
  return false;
}

void *test_call_bytes(emily_array **out, size_t count, size_t *size) {
  *size = 0;
  for (size_t i = 0; i < count; i++) *size += emily_array_nbytes(out[i]);
  char *bytes = malloc(*size + 1), *to = bytes;
  assert_non_null(bytes);
  for (size_t i = 0; i < count; to += emily_array_nbytes(out[i]), i++)
    if (emily_array_read(out[i], to, emily_array_nbytes(out[i])) != EMILY_OK) {
      free(bytes);
      return NULL;
    }
  return bytes;
}
