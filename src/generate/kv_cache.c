/* kv_cache.c: see kv_cache.h. */
#include "generate/kv_cache.h"

#include "base/alloc.h"
#include "base/status.h"

static const int64_t DEFAULT_STEP = 256;

/* Buffers [B, Hk, capacity, D], of which [0, used) are tokens; the first of them stands at `start`. */
typedef struct content {
  emily_array *k, *v;
  int64_t start, used, capacity;
} content;

typedef struct layer {
  int64_t window;
  content now, next; /* next: appended and not yet committed; its k is NULL where there is none */
} layer;

struct emily__kv_cache {
  int64_t length, step, layer_count;
  layer layers[];
};

emily_status emily__kv_cache_new(int64_t layers, const int64_t *windows, int64_t step, emily__kv_cache **out) {
  size_t bytes;
  if (!emily__mul_size((size_t)layers, sizeof(layer), &bytes) || bytes > SIZE_MAX / 2)
    return emily__fail_memory("kv_cache", SIZE_MAX, 0);
  emily__kv_cache *cache = emily__calloc(1, sizeof *cache + bytes);
  if (!cache) return EMILY_OUT_OF_MEMORY;
  cache->step = step > 0 ? step : DEFAULT_STEP;
  cache->layer_count = layers;
  for (int64_t i = 0; i < layers; i++) cache->layers[i].window = windows[i];
  *out = cache;
  return EMILY_OK;
}

static void drop(content *c) {
  emily_array_release(c->k);
  emily_array_release(c->v);
  *c = (content){0};
}

void emily__kv_cache_free(emily__kv_cache *cache) {
  if (!cache) return;
  for (int64_t i = 0; i < cache->layer_count; i++) drop(&cache->layers[i].now), drop(&cache->layers[i].next);
  emily__free(cache);
}

int64_t emily__kv_cache_length(const emily__kv_cache *cache) { return cache->length; }

static int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

/* How many old tokens go on being kept when `count` new ones come: all that fit, or that a query may still see. */
static int64_t kept(const layer *l, int64_t count) {
  bool fits = l->now.used + count <= l->now.capacity;
  if (fits || !l->window || l->now.used < l->window) return l->now.used;
  return l->window - 1;
}

void emily__kv_cache_span(const emily__kv_cache *cache, int64_t layer_index, int64_t count, int64_t *start,
                          int64_t *keys) {
  const layer *l = &cache->layers[layer_index];
  int64_t keep = kept(l, count);
  *start = l->now.start + l->now.used - keep;
  *keys = keep + count;
}

/* x [B, Hk, n, D]: the tokens [from, to) of it. */
static emily_array *tokens(emily_scope *s, emily_array *x, int64_t from, int64_t to) {
  if (!x) return NULL;
  int64_t start[] = {0, 0, from, 0};
  int64_t stop[] = {emily_array_dim(x, 0), emily_array_dim(x, 1), to, emily_array_dim(x, 3)};
  return emily_slice(s, x, start, stop, NULL);
}

/* x [B, Hk, n, D] with room to `capacity` behind it, in a buffer of its own. */
static emily_array *with_room(emily_scope *s, emily_array *x, int64_t capacity) {
  if (!x) return NULL;
  int64_t low[] = {0, 0, 0, 0}, high[] = {0, 0, capacity - emily_array_dim(x, 2), 0};
  return emily_pad(s, x, low, high, NULL, NULL, "constant");
}

/* The buffer `old` (NULL: none yet) as `next` lays it out, with x [B, Hk, T, D] as its last tokens. */
static emily_array *extended(emily_scope *s, const layer *l, const content *next, emily_array *old, emily_array *x) {
  int64_t keep = next->used - emily_array_dim(x, 2), moved = next->start - l->now.start;
  if (keep == 0) return with_room(s, x, next->capacity);
  if (moved || next->capacity != l->now.capacity)
    old = with_room(s, tokens(s, old, moved, moved + keep), next->capacity);
  if (!old) return NULL;
  int64_t start[] = {0, 0, keep, 0};
  int64_t stop[] = {emily_array_dim(old, 0), emily_array_dim(old, 1), next->used, emily_array_dim(old, 3)};
  return emily_slice_update(s, old, x, start, stop, NULL);
}

/* Room for what is there and half as much again; a sliding layer needs no more than a step beyond its window. */
static int64_t new_capacity(const emily__kv_cache *cache, const layer *l, int64_t used) {
  if (used <= l->now.capacity) return l->now.capacity;
  return round_up(l->window ? used + 1 : used + used / 2, cache->step);
}

void emily__kv_cache_append(emily__kv_cache *cache, emily_scope *scope, int64_t layer_index, emily_array **k,
                            emily_array **v) {
  if (!*k || !*v) return;
  layer *l = &cache->layers[layer_index];
  content next = {0};
  emily__kv_cache_span(cache, layer_index, emily_array_dim(*k, 2), &next.start, &next.used);
  bool moved = next.start != l->now.start;
  next.capacity = moved ? round_up(next.used + 1, cache->step) : new_capacity(cache, l, next.used);
  emily_array *keys = extended(scope, l, &next, l->now.k, *k), *values = extended(scope, l, &next, l->now.v, *v);
  next.k = emily_scope_keep(scope, keys);
  next.v = emily_scope_keep(scope, values);
  drop(&l->next);
  l->next = next;
  *k = tokens(scope, keys, 0, next.used);
  *v = tokens(scope, values, 0, next.used);
}

emily_status emily__kv_cache_commit(emily__kv_cache *cache) {
  int64_t length = -1;
  for (int64_t i = 0; i < cache->layer_count; i++) {
    const content *next = &cache->layers[i].next;
    int64_t end = next->start + next->used;
    if (!next->k || !next->v || end <= cache->length || (length >= 0 && end != length)) {
      emily__kv_cache_rollback(cache);
      return emily__fail(EMILY_INTERNAL, "kv_cache", "layer %lld appended other tokens than the rest", (long long)i);
    }
    length = end;
  }
  for (int64_t i = 0; i < cache->layer_count; i++) {
    layer *l = &cache->layers[i];
    drop(&l->now);
    l->now = l->next;
    l->next = (content){0};
  }
  cache->length = length;
  return EMILY_OK;
}

void emily__kv_cache_rollback(emily__kv_cache *cache) {
  for (int64_t i = 0; i < cache->layer_count; i++) drop(&cache->layers[i].next);
}
