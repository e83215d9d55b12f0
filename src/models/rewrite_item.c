/* rewrite_item.c: one item of a rewrite: its source read some rows at a time, cast, packed where that is asked for, and handed on. */
#include "base/status.h"
#include "models/rewrite.h"

#include <math.h>
#include <string.h>

enum { PIECE = 1 << 22 /* elements at a time: 16 MiB of float32 */ };

/* ---- what comes out ---- */

static uint64_t part_bytes(const emily__rewrite_part *part, int32_t ndim) {
  uint64_t bytes = emily_dtype_size(part->dtype);
  for (int32_t i = 0; i < ndim; i++) bytes *= (uint64_t)part->shape[i];
  return bytes;
}

static emily__rewrite_part part_of(const emily__rewrite_item *item, const char *tail, emily_dtype dtype, int64_t last) {
  emily__rewrite_part part = {.tail = tail, .dtype = dtype};
  memcpy(part.shape, item->shape, sizeof part.shape);
  if (item->ndim > 0) part.shape[item->ndim - 1] = last;
  part.bytes = part_bytes(&part, item->ndim);
  return part;
}

static bool is_affine(const emily__rewrite_item *item) { return strcmp(item->pack.mode, "affine") == 0; }

int emily__rewrite_parts(const emily__rewrite_item *item, emily__rewrite_part parts[EMILY__REWRITE_PARTS]) {
  const int64_t last = item->ndim ? item->shape[item->ndim - 1] : 1;
  if (!item->pack.mode) {
    parts[0] = part_of(item, item->layer ? ".weight" : "", item->dtype, last);
    return 1;
  }
  const int64_t groups = last / item->pack.group_size;
  const emily_dtype scales = is_affine(item) ? item->dtype : EMILY_UINT8;
  parts[0] = part_of(item, ".weight", EMILY_UINT32, last * item->pack.bits / 32);
  parts[1] = part_of(item, ".scales", scales, groups);
  parts[2] = part_of(item, ".biases", scales, groups);
  return is_affine(item) ? 3 : 2;
}

uint64_t emily__rewrite_bytes(const emily__rewrite_item *item) {
  emily__rewrite_part parts[EMILY__REWRITE_PARTS];
  const int count = emily__rewrite_parts(item, parts);
  uint64_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].bytes;
  return bytes;
}

/* ---- pieces of the source ---- */

/* [..., K] as [rows, K] */
static emily_array *flat(emily_scope *s, emily_array *x) {
  const int32_t ndim = emily_array_ndim(x);
  return ndim < 1 ? emily_reshape(s, x, (const int64_t[]){1, 1}, 2)
                  : emily_reshape(s, x, (const int64_t[]){emily_array_size(x) / (emily_array_dim(x, -1) > 0 ? emily_array_dim(x, -1) : 1),
                                                          emily_array_dim(x, -1)}, 2);
}

/* Rows from … to of a source in a GGUF file whose order is undone, [rows, K]; of one axis it is the only row that is ordered. */
static emily_array *ordered_piece(emily_scope *s, const emily__rewrite_item *item, const emily__weight *source, int64_t from, int64_t to) {
  if (!item->layer) {
    const int64_t size = emily_array_size(source->data);
    return flat(s, emily_take(s, source->data, emily__rewrite_order(s, item->heads, size, 0, size), 0));
  }
  emily_array *rows = emily__rewrite_order(s, item->heads, item->shape[0], from, to);
  return source->packing ? emily__weight_rows(s, source, rows) : emily_take(s, source->data, rows, 0);
}

/* Rows from … to of a source, [rows, K]. */
static emily_array *piece_as_stored(emily_scope *s, const emily__rewrite_item *item, const emily__weight *source, int64_t from, int64_t to) {
  if (!source->packing || item->turn) {
    emily_array *all = source->packing ? emily__weight_dense(s, source) : source->data;
    all = item->turn ? emily_swapaxes(s, all, 0, 1) : flat(s, all);
    return all ? emily_slice(s, all, (const int64_t[]){from, 0}, (const int64_t[]){to, emily_array_dim(all, 1)}, NULL) : NULL;
  }
  emily__weight list = *source; /* of a stack: one list of rows */
  list.data = flat(s, list.data);
  if (list.scales) list.scales = flat(s, list.scales);
  if (list.biases) list.biases = flat(s, list.biases);
  return emily__weight_rows(s, &list, emily_arange(s, (double)from, (double)to, 1, EMILY_INT64));
}

static emily_array *piece_of(emily_scope *s, const emily__rewrite_item *item, const emily__weight *source, int64_t from, int64_t to) {
  emily_array *x = item->heads ? ordered_piece(s, item, source, from, to) : piece_as_stored(s, item, source, from, to);
  return item->minus_one ? emily_subtract(s, emily_astype(s, x, EMILY_FLOAT32), emily__constant(s, 1)) : x;
}

/* ---- what is made of a piece ---- */

typedef struct maker {
  const emily__rewrite_item *item;
  emily__rewrite_put *put;
  void *to;
  emily__str later[2]; /* scales and biases, which stand behind all of the words */
  bool measure;
  double apart, whole; /* sums of squares: of differences, and of the matrix */
} maker;

static emily_status put_array(const maker *m, emily_scope *s, emily_array *x) {
  const void *bytes;
  x = emily_contiguous(s, x, false);
  EMILY__TRY(emily_scope_status(s));
  EMILY__TRY(emily_array_data(x, true, &bytes));
  return m->put ? m->put(m->to, bytes, emily_array_nbytes(x)) : EMILY_OK;
}

static emily_status keep_array(emily__str *later, emily_scope *s, emily_array *x) {
  const void *bytes;
  EMILY__TRY(emily_scope_status(s));
  EMILY__TRY(emily_array_data(x, true, &bytes));
  return emily__str_append(later, bytes, emily_array_nbytes(x)) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status sum_of_squares(emily_scope *s, emily_array *x, double *sum) {
  double value;
  emily_array *total = emily_sum(s, emily_square(s, x), NULL, 0, false);
  EMILY__TRY(emily_scope_status(s));
  EMILY__TRY(emily_array_item_float(total, &value));
  *sum += value;
  return EMILY_OK;
}

static emily_status measure(maker *m, emily_scope *s, emily_array *x, emily_array *const parts[3]) {
  const emily__pack_settings *p = &m->item->pack;
  const emily__weight packed = {.data = parts[0], .packing = &emily__packing_groups, .scales = parts[1], .biases = parts[2],
                                .group_size = p->group_size, .bits = p->bits, .mode = p->mode};
  x = emily_astype(s, x, EMILY_FLOAT32);
  EMILY__TRY(sum_of_squares(s, x, &m->whole));
  return sum_of_squares(s, emily_subtract(s, x, emily__weight_dense(s, &packed)), &m->apart);
}

static emily_status pack(maker *m, emily_scope *s, emily_array *x) {
  emily_array *parts[3] = {NULL};
  const emily__pack_settings *p = &m->item->pack;
  EMILY__TRY(emily_quantize(s, x, NULL, p->group_size, p->bits, p->mode, parts, 3, NULL));
  if (m->measure) EMILY__TRY(measure(m, s, x, parts));
  EMILY__TRY(put_array(m, s, parts[0]));
  for (int i = 1; i < 3; i++)
    if (parts[i]) EMILY__TRY(keep_array(&m->later[i - 1], s, parts[i]));
  return EMILY_OK;
}

/* Casts; a number that the dtype makes infinite is refused. */
static emily_status cast(const emily__rewrite_item *item, emily_scope *s, emily_array **x) {
  const emily_dtype from = emily_array_dtype(*x);
  if (!emily_dtype_is_float(item->dtype) || from == item->dtype || from < 0) return emily_scope_status(s);
  emily_array *narrow = emily_astype(s, *x, item->dtype);
  double lost = 0;
  if (emily_dtype_size(item->dtype) == 2) {
    emily_array *grown = emily_logical_and(s, emily_isinf(s, narrow), emily_isfinite(s, emily_astype(s, *x, EMILY_FLOAT32)));
    emily_array *any = emily_any(s, grown, NULL, 0, false);
    EMILY__TRY(emily_scope_status(s));
    EMILY__TRY(emily_array_item_float(any, &lost));
  }
  if (lost != 0)
    return emily__fail(EMILY_INVALID_ARGUMENT, "convert", "\"%s\" has a number that is too large for %s%s", item->name,
                       emily_dtype_name(item->dtype), item->dtype == EMILY_FLOAT16 ? "; bfloat16 holds it" : "");
  *x = narrow;
  return emily_scope_status(s);
}

static emily_status make_piece(maker *m, const emily__weight *source, int64_t from, int64_t to) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = piece_of(s, m->item, source, from, to);
  emily_status status = cast(m->item, s, &x);
  if (status == EMILY_OK) status = m->item->pack.mode ? pack(m, s, x) : put_array(m, s, x);
  const emily_status closed = emily_scope_close(s);
  return status == EMILY_OK ? closed : status;
}

static emily_status make_source(maker *m, const emily__weight *source) {
  const emily__rewrite_item *item = m->item;
  int64_t columns = item->ndim ? item->shape[item->ndim - 1] : 1, rows = 1;
  for (int32_t i = item->source_count > 1 ? 1 : 0; i < item->ndim - 1; i++) rows *= item->shape[i];
  const int64_t step = columns < PIECE ? PIECE / (columns > 0 ? columns : 1) : 1;
  if (columns == 0) return EMILY_OK;
  for (int64_t from = 0; from < rows; from += step)
    EMILY__TRY(make_piece(m, source, from, from + step < rows ? from + step : rows));
  return EMILY_OK;
}

static emily_status make_sources(maker *m, const emily__rewrite *rewrite) {
  const emily__rewrite_item *item = m->item;
  if (item->layer) {
    for (int64_t i = 0; i < item->source_count; i++) EMILY__TRY(make_source(m, &item->sources[i]));
    return EMILY_OK;
  }
  emily__weight source = {0};
  EMILY__TRY(emily_checkpoint_get(rewrite->checkpoint, item->tensor, &source.data));
  const emily_status status = make_source(m, &source);
  emily_array_release(source.data);
  return status;
}

emily_status emily__rewrite_item_make(const emily__rewrite *rewrite, const emily__rewrite_item *item, emily__rewrite_put *put, void *to,
                                      double *error) {
  maker m = {.item = item, .put = put, .to = to, .measure = error != NULL};
  emily_status status = make_sources(&m, rewrite);
  for (int i = 0; i < 2 && status == EMILY_OK && put; i++)
    if (m.later[i].count) status = put(to, m.later[i].data, m.later[i].count);
  for (int i = 0; i < 2; i++) emily__str_free(&m.later[i]);
  if (error) *error = item->pack.mode ? (m.whole > 0 ? sqrt(m.apart / m.whole) : 0) : -1;
  return status;
}
