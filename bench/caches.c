/* caches.c: attention of one new token over a cache: as its keys and values come, in 8 bits and in 4, with a window and without.
 *
 * Usage: caches [threads [tokens bits]]. 16 heads over 8 of 128. Microseconds, the best and the median; GB/s of what the cache holds; bytes a token.
 */
#include "bench.h"
#include "emily/emily.h"
#include "generate/kv_cache.h"

enum { HEADS = 16, KV_HEADS = 8, DIM = 128 };

typedef struct run {
  emily__kv_cache *cache;
  emily_array *q, *k, *v; /* of one token */
  int64_t window;
} run;

static void fail(void) {
  fprintf(stderr, "%s\n", emily_last_error()->message);
  exit(1);
}

static emily_array *noise(int64_t heads, int64_t tokens) {
  const int64_t shape[] = {1, heads, tokens, DIM};
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_scope_keep(s, emily_random_normal(s, emily_random_key(s, (uint64_t)tokens), shape, 4, EMILY_FLOAT32, NULL, NULL));
  if (emily_scope_close(s) || emily_eval(&x, 1)) fail();
  return x;
}

static void attend(run *r, emily_array *q, emily_array *k, emily_array *v) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *out = emily_scope_keep(s, emily__kv_cache_attend(r->cache, s, 0, q, k, v, 0.088, NULL));
  if (emily__kv_cache_commit(r->cache) || emily_scope_close(s) || emily_eval(&out, 1)) fail();
  emily_array_release(out);
}

/* One more token; without a window it is forgotten again. */
static void step(void *context) {
  run *r = context;
  attend(r, r->q, r->k, r->v);
  if (!r->window && !emily__kv_cache_cut(r->cache, emily__kv_cache_length(r->cache) - 1)) exit(1);
}

static void measure(int64_t tokens, int64_t window, int32_t bits) {
  run r = {.q = noise(HEADS, 1), .k = noise(KV_HEADS, 1), .v = noise(KV_HEADS, 1), .window = window};
  if (emily__kv_cache_new(1, &window, 0, &r.cache) || emily__kv_cache_set_form(r.cache, (emily__kv_form){bits, 0})) fail();
  emily__kv_cache_expect(r.cache, tokens, tokens + 2);
  for (int64_t at = 0; at < tokens; at += 512) {
    emily_array *q = noise(HEADS, 512), *k = noise(KV_HEADS, 512), *v = noise(KV_HEADS, 512);
    attend(&r, q, k, v);
    emily_array_release(q), emily_array_release(k), emily_array_release(v);
  }
  const bench_time t = bench_measure(step, &r, 1);
  const double bytes = (double)emily__kv_cache_bytes(r.cache);
  const int64_t kept = window ? window : tokens;
  printf("%6d tokens%s, %s: %8.0f %8.0f us %7.1f GB/s %6.0f bytes a token\n", (int)tokens, window ? ", a ring of 1024" : "",
         bits == 8 ? " 8 bits" : bits == 4 ? " 4 bits" : "float32", t.best * 1e6, t.median * 1e6, bytes / t.best * 1e-9, bytes / (double)kept);
  emily__kv_cache_free(r.cache);
  emily_array_release(r.q), emily_array_release(r.k), emily_array_release(r.v);
}

int main(int argc, char **argv) {
  if (argc > 1) emily_set_threads(atoi(argv[1]));
  if (argc > 3) return measure(atoi(argv[2]), 0, atoi(argv[3])), 0;
  for (int64_t tokens = 512; tokens <= 16384; tokens *= 4)
    for (int32_t bits = 0; bits <= 8; bits += 4) measure(tokens, 0, bits);
  for (int32_t bits = 0; bits <= 8; bits += 4) measure(4096, 1024, bits);
  return 0;
}
