/* weights_packed.c: a weight from a checkpoint's tensors (weights.h): dense, or packed where the checkpoint has scales beside it.
 *
 *     "<name>.scales"                                  MLX's layout, as the config's "quantization" says
 *     "<name>.weight_scale_inv", "<name>.weight_scale" 8-bit floats (e4m3) times scales: one a matrix, one a row, or one a block
 *
 * Packed words and 8-bit floats stay in the mapped file. The blocks of GGUF files are weights_blocks.c's.
 */
#include "base/status.h"
#include "models/weights.h"

#include <stdio.h>
#include <string.h>

enum { TAIL_MAX = sizeof ".weight_scale_inv", MOST_AXES = 3 };

static const char FLOATS[] = "F32, F16 or BF16";
static const uint32_t FLOAT_SET = 1u << EMILY_FLOAT32 | 1u << EMILY_FLOAT16 | 1u << EMILY_BFLOAT16;

/* ---- MLX's layout ---- */

/* "<name>.<part>" with the last extent replaced */
static emily_array *part(emily__weights *w, const char *name, const char *part, uint32_t dtypes, const char *wanted, const int64_t *shape,
                         int32_t ndim, int64_t last) {
  char full[EMILY__WEIGHT_NAME_MAX + TAIL_MAX];
  int64_t own[MOST_AXES];
  snprintf(full, sizeof full, "%s.%s", name, part);
  memcpy(own, shape, (size_t)ndim * sizeof *own);
  own[ndim - 1] = last;
  return emily__weights_take(w, dtypes, wanted, own, ndim, full);
}

/* "<name>.weight" of packed words, "<name>.scales" and, in mode affine, "<name>.biases". */
static emily__weight grouped(emily__weights *w, const int64_t *shape, int32_t ndim, const char *name, const emily__pack_settings *p) {
  const int64_t k = shape[ndim - 1], groups = k / p->group_size;
  const bool affine = strcmp(p->mode, "affine") == 0;
  if (k % p->group_size) {
    emily__weights_problem(w, "\"%s.weight\" has %lld columns, which are no groups of %lld", emily__weights_stored(w, name), (long long)k,
                           (long long)p->group_size);
    return (emily__weight){0};
  }
  emily__weight out = {.packing = &emily__packing_groups, .group_size = p->group_size, .bits = p->bits, .mode = p->mode};
  out.data = part(w, name, "weight", 1u << EMILY_UINT32, "U32", shape, ndim, k * p->bits / 32);
  out.scales = affine ? part(w, name, "scales", FLOAT_SET, FLOATS, shape, ndim, groups)
                      : part(w, name, "scales", 1u << EMILY_UINT8, "U8", shape, ndim, groups);
  if (affine) out.biases = part(w, name, "biases", FLOAT_SET, FLOATS, shape, ndim, groups);
  return out;
}

/* ---- 8-bit floats ---- */

/* scales [R, C], each for `block` elements along an axis, as one for `every` of the n: [R, n / every] or [n / every, C]. */
static emily_array *spread(emily_scope *s, emily_array *scales, int32_t axis, int64_t block, int64_t every, int64_t n) {
  emily_array *at = emily_arange(s, 0, (double)n, (double)every, EMILY_INT64);
  emily_array *by = emily_array_from_int(block, EMILY_INT64);
  if (!by) return emily_scope_fail(s);
  return emily_take(s, scales, emily_floor_divide(s, at, emily_scope_adopt(s, by)), axis);
}

/* Rows and columns that share a scale, from the scales' shape; false where that does not fit. */
static bool block_of(const emily__weights *w, const int64_t *shape, const emily_array *scales, int64_t block[2]) {
  const int32_t ndim = emily_array_ndim(scales);
  const int64_t rows = ndim > 0 ? emily_array_dim(scales, 0) : 1, columns = ndim > 1 ? emily_array_dim(scales, 1) : 1;
  block[0] = w->quantization->block_rows ? w->quantization->block_rows : shape[0];
  block[1] = w->quantization->block_columns ? w->quantization->block_columns : shape[1];
  if (ndim > 2) return false;
  if (rows == 1 && columns == 1) block[0] = shape[0], block[1] = shape[1];
  else if (rows == shape[0] && columns == 1) block[0] = 1, block[1] = shape[1];
  return rows == (shape[0] + block[0] - 1) / block[0] && columns == (shape[1] + block[1] - 1) / block[1];
}

/* The largest group that the product's kernels have and that no block's edge cuts; 0: none. */
static int64_t group_of(int64_t columns, int64_t block) {
  for (int64_t group = 128; group >= 32; group /= 2)
    if (columns % group == 0 && (block % group == 0 || block >= columns)) return group;
  return 0;
}

/* Bytes as words; a file may have them where no word can stand, and then they are copied. */
static emily_array *as_words(emily_scope *s, emily_array *data) {
  const void *bytes;
  if (emily_array_data(data, true, &bytes) != EMILY_OK) return emily_scope_fail(s);
  if ((uintptr_t)bytes % sizeof(uint32_t) == 0) return emily_view(s, data, EMILY_UINT32);
  emily_array *copy = emily_array_from_data(bytes, emily_array_shape(data), emily_array_ndim(data), emily_array_dtype(data));
  return copy ? emily_view(s, emily_scope_adopt(s, copy), EMILY_UINT32) : emily_scope_fail(s);
}

/* e4m3 [N, K] as words for products, and a scale for each group of a row. */
static emily__weight packed_float8(emily__weights *w, const int64_t *shape, emily_array *data, emily_array *scales, const int64_t block[2],
                                   int64_t group) {
  emily__weight out = {.packing = &emily__packing_groups, .group_size = group, .bits = 8, .mode = "float8"};
  emily_scope *s = emily_scope_open(NULL);
  out.data = emily__weights_settle(w, s, as_words(s, data));
  s = emily_scope_open(NULL);
  scales = emily_reshape(s, emily_astype(s, scales, EMILY_FLOAT32), (const int64_t[]){-1, (shape[1] + block[1] - 1) / block[1]}, 2);
  out.scales = emily__weights_settle(w, s, spread(s, spread(s, scales, 1, block[1], group, shape[1]), 0, block[0], 1, shape[0]));
  return out;
}

/* A matrix that has no groups of 32 is widened, in memory: these are small. */
static emily__weight widened_float8(emily__weights *w, const int64_t *shape, emily_array *data, emily_array *scales, const int64_t block[2]) {
  emily_scope *s = emily_scope_open(NULL);
  scales = emily_reshape(s, emily_astype(s, scales, EMILY_FLOAT32), (const int64_t[]){-1, (shape[1] + block[1] - 1) / block[1]}, 2);
  scales = spread(s, spread(s, scales, 1, block[1], 1, shape[1]), 0, block[0], 1, shape[0]);
  return (emily__weight){.data = emily__weights_settle(w, s, emily_multiply(s, emily_astype(s, data, EMILY_FLOAT32), scales))};
}

/* tail: of the scales' name. */
static emily__weight float8(emily__weights *w, const int64_t *shape, const char *name, const char *tail) {
  char full[EMILY__WEIGHT_NAME_MAX + TAIL_MAX];
  int64_t block[2];
  snprintf(full, sizeof full, "%s.weight", name);
  emily_array *data = emily__weights_take(w, 1u << EMILY_FLOAT8_E4M3FN, "F8_E4M3 beside its scales", shape, 2, full);
  snprintf(full, sizeof full, "%s.%s", name, tail);
  emily_array *scales = emily__weights_take(w, FLOAT_SET, FLOATS, NULL, -1, full);
  if (!data || !scales) return (emily__weight){0};
  if (!block_of(w, shape, scales, block)) {
    emily__weights_problem(w, "\"%s\" has a shape that fits neither \"weight_block_size\" nor a scale a row or a matrix",
                           emily__weights_stored(w, full));
    return (emily__weight){0};
  }
  /* How the activations were to be rounded: they are not. */
  if (emily__weights_has(w, "%s.input_scale", name)) {
    snprintf(full, sizeof full, "%s.input_scale", name);
    emily__weights_take(w, FLOAT_SET, FLOATS, NULL, -1, full);
  }
  const int64_t group = group_of(shape[1], block[1]);
  return group ? packed_float8(w, shape, data, scales, block, group) : widened_float8(w, shape, data, scales, block);
}

/* ---- either ---- */

/* Words and scales in a checkpoint whose config has no word on them. */
static bool unexplained(emily__weights *w, const char *name) {
  if ((w->quantization && w->quantization->groups) || !emily__weights_has(w, "%s.scales", name)) return false;
  emily__weights_problem(w, "\"%s.scales\" says that the layer is packed, and config.json has no \"quantization\" that says how",
                         emily__weights_stored(w, name));
  return true;
}

emily__weight emily__weights_find(emily__weights *w, const int64_t *shape, int32_t ndim, const char *name) {
  emily__pack_settings settings;
  emily__weight blocks;
  if (emily__weights_blocks(w, shape, ndim, name, &blocks)) return blocks;
  const char *stored = emily__weights_stored(w, name); /* MLX's names of layers are those of their tensors */
  if (unexplained(w, name)) return (emily__weight){0};
  if (w->quantization && emily__weights_has(w, "%s.scales", name) && emily__quantization_of(w->quantization, stored, &settings))
    return grouped(w, shape, ndim, name, &settings);
  if (w->quantization && w->quantization->float8 && ndim == 2) {
    if (emily__weights_has(w, "%s.weight_scale_inv", name)) return float8(w, shape, name, "weight_scale_inv");
    if (emily__weights_has(w, "%s.weight_scale", name)) return float8(w, shape, name, "weight_scale");
  }
  return (emily__weight){.data = emily__weights_get(w, shape, ndim, "%s.weight", name)};
}

emily__weight emily__weights_weight(emily__weights *w, const int64_t *shape, int32_t ndim, const char *name) {
  const emily__weight weight = emily__weights_find(w, shape, ndim, name);
  emily__weights_record(w, name, &weight, shape, ndim, EMILY__ALONG, NULL, NULL);
  return weight;
}
