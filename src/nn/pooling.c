/* pooling.c: see pooling.h. */
#include "nn/pooling.h"

#include "nn/layers.h"

#include <string.h>

static const int64_t TIME = 1, LAST = -1;

/* bool [B, T] as float32 [B, T, 1] */
static emily_array *weights_of(emily_scope *s, emily_array *mask) {
  return emily_expand_dims(s, emily_astype(s, mask, EMILY_FLOAT32), &LAST, 1);
}

/* weights [B, T, 1]: the sum over T of h * weights, and of the weights (at least 1e-9), [B, D] and [B, 1]. Padding may
 * hold anything finite. */
static emily_array *weighted_sum(emily_scope *s, emily_array *h, emily_array *weights, emily_array **total) {
  *total = emily_maximum(s, emily_sum(s, weights, &TIME, 1, false), emily__constant(s, 1e-9));
  return emily_sum(s, emily_multiply(s, h, weights), &TIME, 1, false);
}

emily_array *emily__pool_mean(emily_scope *s, emily_array *h, emily_array *mask) {
  emily_array *count, *sum = weighted_sum(s, h, weights_of(s, mask), &count);
  return emily_divide(s, sum, count);
}

emily_array *emily__pool_mean_sqrt(emily_scope *s, emily_array *h, emily_array *mask) {
  emily_array *count, *sum = weighted_sum(s, h, weights_of(s, mask), &count);
  return emily_divide(s, sum, emily_sqrt(s, count));
}

emily_array *emily__pool_weighted_mean(emily_scope *s, emily_array *h, emily_array *mask) {
  if (!h) return NULL;
  emily_array *ramp = emily_arange(s, 1, (double)emily_array_dim(h, 1) + 1, 1, EMILY_FLOAT32); /* [T] */
  emily_array *weights = emily_multiply(s, weights_of(s, mask), emily_expand_dims(s, ramp, &LAST, 1));
  emily_array *count, *sum = weighted_sum(s, h, weights, &count);
  return emily_divide(s, sum, count);
}

emily_array *emily__pool_max(emily_scope *s, emily_array *h, emily_array *mask) {
  emily_array *real = emily_expand_dims(s, mask, &LAST, 1); /* [B, T, 1] */
  return emily_max(s, emily_where(s, real, h, emily__constant(s, -1e9)), &TIME, 1, false);
}

/* position int32 [B]: row b of h at its position, [B, D] */
static emily_array *at_position(emily_scope *s, emily_array *h, emily_array *position) {
  emily_array *index = emily_expand_dims(s, position, (const int64_t[]){1, 2}, 2); /* [B, 1, 1] */
  return emily_squeeze(s, emily_take_along_axis(s, h, index, 1), &TIME, 1);
}

emily_array *emily__pool_cls(emily_scope *s, emily_array *h, emily_array *mask) {
  (void)mask;
  if (!h) return NULL;
  int64_t start[] = {0, 0, 0}, stop[] = {emily_array_dim(h, 0), 1, emily_array_dim(h, 2)};
  return emily_squeeze(s, emily_slice(s, h, start, stop, NULL), &TIME, 1);
}

emily_array *emily__pool_last(emily_scope *s, emily_array *h, emily_array *mask) {
  if (!h) return NULL;
  emily_array *ramp = emily_arange(s, 0, (double)emily_array_dim(h, 1), 1, EMILY_INT32); /* [T] */
  emily_array *real = emily_multiply(s, emily_astype(s, mask, EMILY_INT32), ramp);       /* [B, T] */
  return at_position(s, h, emily_max(s, real, &TIME, 1, false));
}

static const struct {
  const char *flag, *name;
  emily__pooling *apply;
} table[] = {
    {"cls_token", "cls", emily__pool_cls},
    {"max_tokens", "max", emily__pool_max},
    {"mean_tokens", "mean", emily__pool_mean},
    {"mean_sqrt_len_tokens", "mean_sqrt_len_tokens", emily__pool_mean_sqrt},
    {"weightedmean_tokens", "weightedmean", emily__pool_weighted_mean},
    {"lasttoken", "lasttoken", emily__pool_last},
};

emily__pooling *emily__pooling_find(const char *name) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].flag, name) == 0 || strcmp(table[i].name, name) == 0) return table[i].apply;
  return NULL;
}

emily_array *emily__l2_normalize(emily_scope *s, emily_array *x) {
  emily_array *length = emily_sqrt(s, emily_sum(s, emily_square(s, x), &LAST, 1, true));
  return emily_divide(s, x, emily_maximum(s, length, emily__constant(s, 1e-12)));
}
