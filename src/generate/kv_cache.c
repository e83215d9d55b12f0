/* kv_cache.c: see kv_cache.h. Attention over what is here is kv_attend.c's. */
#include "generate/kv_cache.h"

#include "base/alloc.h"
#include "base/status.h"

#include <string.h>

static const int64_t DEFAULT_STEP = 32;

enum { PARTS = EMILY__KV_PARTS };

typedef struct content {
  emily_array *part[PARTS]; /* buffers, as emily__kv_view has them */
  int64_t length;           /* tokens seen; kept are the last `window` of them, or all */
  int64_t capacity;
} content;

typedef struct layer {
  int64_t window;
  content now, next; /* next: appended and not yet committed; its first part is NULL where there is none */
} layer;

struct emily__kv_cache {
  int64_t length, step, least, most, layer_count;
  emily__kv_form form;
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

emily_status emily__kv_cache_set_form(emily__kv_cache *cache, emily__kv_form form) {
  if (form.bits != 0 && form.bits != 8 && form.bits != 4)
    return emily__fail(EMILY_INVALID_ARGUMENT, "kv_cache", "keys and values of %d bits: 8, 4 or 0 (as they come) are possible", form.bits);
  if (form.group != 0 && form.group != 32 && form.group != 64 && form.group != 128)
    return emily__fail(EMILY_INVALID_ARGUMENT, "kv_cache", "groups of %d: 32, 64, 128 or 0 (by the head's size) are possible", form.group);
  cache->form = form;
  return EMILY_OK;
}

static void drop(content *c) {
  for (int i = 0; i < PARTS; i++) emily_array_release(c->part[i]);
  *c = (content){0};
}

void emily__kv_cache_free(emily__kv_cache *cache) {
  if (!cache) return;
  for (int64_t i = 0; i < cache->layer_count; i++) drop(&cache->layers[i].now), drop(&cache->layers[i].next);
  emily__free(cache);
}

void emily__kv_cache_expect(emily__kv_cache *cache, int64_t least, int64_t most) {
  cache->least = least;
  cache->most = most;
}

int64_t emily__kv_cache_length(const emily__kv_cache *cache) { return cache->length; }
int64_t emily__kv_cache_window(const emily__kv_cache *cache, int64_t layer_index) { return cache->layers[layer_index].window; }

uint64_t emily__kv_cache_bytes(const emily__kv_cache *cache) {
  uint64_t bytes = 0;
  for (int64_t i = 0; i < cache->layer_count; i++)
    for (int p = 0; p < PARTS; p++)
      if (cache->layers[i].now.part[p]) bytes += emily_array_nbytes(cache->layers[i].now.part[p]);
  return bytes;
}

/* A ring that has turned over holds the window before its end: of that, one token may go. */
static bool can_cut(const layer *l, int64_t length) {
  const int64_t seen = l->now.length;
  return length == 0 || !l->window || seen <= l->window || length >= seen - 1;
}

bool emily__kv_cache_cut(emily__kv_cache *cache, int64_t length) {
  if (length >= cache->length) return length == cache->length;
  for (int64_t i = 0; i < cache->layer_count; i++)
    if (!can_cut(&cache->layers[i], length)) return false;
  for (int64_t i = 0; i < cache->layer_count; i++) cache->layers[i].now.length = length;
  cache->length = length;
  return true;
}

/* ---- buffers: all of them [B, Hk, n, …] ---- */

/* The slots [from, to) of x. */
static emily_array *slots(emily_scope *s, emily_array *x, int64_t from, int64_t to) {
  if (!x) return NULL;
  int64_t start[] = {0, 0, from, 0};
  int64_t stop[] = {emily_array_dim(x, 0), emily_array_dim(x, 1), to, emily_array_dim(x, 3)};
  return emily_slice(s, x, start, stop, NULL);
}

/* x with room to `capacity` behind it, in a buffer of its own. */
static emily_array *with_room(emily_scope *s, emily_array *x, int64_t capacity) {
  if (!x) return NULL;
  int64_t low[] = {0, 0, 0, 0}, high[] = {0, 0, capacity - emily_array_dim(x, 2), 0};
  return emily_pad(s, x, low, high, NULL, NULL, "constant");
}

/* `old` with x from slot `at` on, in place where it can be. */
static emily_array *written(emily_scope *s, emily_array *old, emily_array *x, int64_t at) {
  if (!old || !x) return NULL;
  int64_t start[] = {0, 0, at, 0};
  int64_t stop[] = {emily_array_dim(old, 0), emily_array_dim(old, 1), at + emily_array_dim(x, 2), emily_array_dim(old, 3)};
  return emily_slice_update(s, old, x, start, stop, NULL);
}

/* a and then b along the slots; an empty one (NULL) adds nothing. */
static emily_array *joined(emily_scope *s, emily_array *a, emily_array *b) {
  if (!a || !b) return a ? a : b;
  return emily_concatenate(s, (emily_array *const[]){a, b}, 2, 2);
}

/* ---- appending ---- */

/* How one pass extends a layer. */
typedef struct plan {
  int64_t before, count, total; /* tokens: seen before, new, and both together */
  int64_t window, capacity;
  bool relaid; /* the new tokens run over the ring's end */
} plan;

static int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

/* Room for what is there and half as much again; never more than the window, or than is expected. */
static int64_t new_capacity(const emily__kv_cache *cache, const layer *l, int64_t total) {
  if (l->window && total > l->window) total = l->window;
  if (total <= l->now.capacity) return l->now.capacity;
  const int64_t wanted = total > cache->least ? total : cache->least;
  int64_t capacity = round_up(wanted + wanted / 2, cache->step);
  if (cache->most >= total && capacity > cache->most) capacity = cache->most;
  return l->window && capacity > l->window ? l->window : capacity;
}

static plan plan_pass(const emily__kv_cache *cache, const layer *l, int64_t count) {
  plan p = {.before = l->now.length, .count = count, .total = l->now.length + count, .window = l->window};
  p.capacity = new_capacity(cache, l, p.total);
  p.relaid = l->window && count > 1 && p.total > l->window;
  return p;
}

/* The buffer with room for the pass: the old one where it is large enough. */
static emily_array *roomy(emily_scope *s, const plan *p, int64_t capacity, emily_array *old) {
  if (!old || p->capacity == capacity) return old;
  return with_room(s, slots(s, old, 0, p->before), p->capacity); /* a ring has not turned over while it grows */
}

/* In place: the new tokens at their slots. A ring that is full is seen whole. */
static emily_array *placed(emily_scope *s, const plan *p, int64_t capacity, emily_array *old, emily_array *x) {
  const int64_t at = p->window ? p->before % p->window : p->before;
  if (!old) return with_room(s, x, p->capacity);
  return written(s, roomy(s, p, capacity, old), x, at);
}

/* The last `keep` tokens of a ring, in order. NULL where keep is 0. */
static emily_array *in_order(emily_scope *s, const plan *p, emily_array *ring, int64_t keep) {
  if (!keep) return NULL;
  const int64_t from = (p->before - keep) % p->window, to = from + keep;
  if (to <= p->window) return slots(s, ring, from, to);
  return joined(s, slots(s, ring, from, p->window), slots(s, ring, 0, to - p->window));
}

/* x's last `window` tokens as a ring in a buffer of its own. */
static emily_array *as_ring(emily_scope *s, const plan *p, emily_array *x) {
  if (!x) return NULL;
  const int64_t end = emily_array_dim(x, 2), begin = end - p->window, turn = (p->total - p->window) % p->window;
  if (!turn) return emily_copy(s, slots(s, x, begin, end));
  return joined(s, slots(s, x, end - turn, end), slots(s, x, begin, end - turn));
}

/* Tokens before the pass that its first query may see, where the ring is relaid. */
static int64_t kept(const plan *p) { return p->before < p->window - 1 ? p->before : p->window - 1; }

/* One part: the buffer that will be, kept for the cache, and what attention sees of it. */
static emily_array *extend(emily_scope *s, const plan *p, const content *now, emily_array *old, emily_array *x, emily_array **seen) {
  if (p->relaid) {
    *seen = joined(s, in_order(s, p, old, kept(p)), x);
    return emily_scope_keep(s, as_ring(s, p, *seen));
  }
  emily_array *buffer = placed(s, p, now->capacity, old, x);
  *seen = slots(s, buffer, 0, p->window && p->total > p->window ? p->window : p->total);
  return emily_scope_keep(s, buffer);
}

static void set_span(const plan *p, emily__kv_view *view) {
  const bool full = p->window && p->total > p->window;
  view->first = p->relaid ? p->before - kept(p) : full ? p->total - p->window : 0;
  view->keys = p->total - view->first;
  view->turned = full && !p->relaid ? view->first % p->window : 0;
}

/* ---- forms ---- */

/* x [B, Hk, T, D] with whole groups along D: its last elements again behind it, which leave the last group's range as it is. */
static emily_array *whole_groups(emily_scope *s, emily_array *x, int64_t group) {
  const int64_t rest = emily_array_dim(x, 3) % group, low[] = {0, 0, 0, 0}, high[] = {0, 0, 0, group - rest};
  return rest ? emily_pad(s, x, low, high, NULL, NULL, "edge") : x;
}

static bool quantized(emily_scope *s, const emily__kv_form *form, emily_array *x, emily_array **parts) {
  size_t count;
  x = whole_groups(s, x, form->group);
  return x && emily_quantize(s, x, NULL, form->group, form->bits, "affine", parts, 3, &count) == EMILY_OK;
}

/* k and v as the parts that are kept; how many, or 0 on failure. */
static int split(emily_scope *s, const emily__kv_form *form, emily_array *k, emily_array *v, emily_array **parts) {
  if (form->bits) return quantized(s, form, k, parts) && quantized(s, form, v, parts + 3) ? PARTS : 0;
  parts[0] = k, parts[1] = v;
  return 2;
}

bool emily__kv_cache_extend(emily__kv_cache *cache, emily_scope *scope, int64_t layer_index, emily_array *k, emily_array *v,
                            emily__kv_view *view) {
  emily_array *fresh[PARTS] = {NULL};
  if (!k || !v) return false;
  layer *l = &cache->layers[layer_index];
  const plan p = plan_pass(cache, l, emily_array_dim(k, 2));
  *view = (emily__kv_view){.form = cache->form};
  if (!view->form.group) view->form.group = emily_array_dim(k, 3) % 64 == 0 && emily_array_dim(v, 3) % 64 == 0 ? 64 : 32;
  const int count = split(scope, &view->form, k, v, fresh);
  content next = {.length = p.total, .capacity = p.capacity};
  bool whole = count > 0;
  for (int i = 0; i < count; i++) {
    next.part[i] = extend(scope, &p, &l->now, l->now.part[i], fresh[i], &view->part[i]);
    whole = whole && next.part[i] && view->part[i];
  }
  set_span(&p, view);
  drop(&l->next);
  if (whole) l->next = next;
  else drop(&next);
  return whole;
}

void emily__kv_cache_append(emily__kv_cache *cache, emily_scope *scope, int64_t layer_index, emily_array **k, emily_array **v) {
  emily__kv_view view;
  const bool whole = emily__kv_cache_extend(cache, scope, layer_index, *k, *v, &view);
  *k = whole ? view.part[0] : NULL;
  *v = whole ? view.part[1] : NULL;
}

emily_status emily__kv_cache_commit(emily__kv_cache *cache) {
  int64_t length = -1;
  for (int64_t i = 0; i < cache->layer_count; i++) {
    const content *next = &cache->layers[i].next;
    if (!next->part[0] || next->length <= cache->length || (length >= 0 && next->length != length)) {
      emily__kv_cache_rollback(cache);
      return emily__fail(EMILY_INTERNAL, "kv_cache", "layer %lld appended other tokens than the rest", (long long)i);
    }
    length = next->length;
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
