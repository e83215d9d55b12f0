/* limits.c: what this machine allows: reading memory, float32 multiply-adds, handing a job to the pool. The figures
 * that docs/PERFORMANCE.md divides by. Usage: limits [threads] */
#include "bench.h"

#include "backend/cpu/pool.h"
#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { STREAMS = 8, PART = 1 << 18, FMA_ROUNDS = 1 << 16 };
static const size_t memory_bytes = (size_t)640 << 20;
static volatile float sink;

typedef struct reader {
  const char *memory;
  size_t bytes, stream; /* of a block; distance between the streams it reads at once (0: one stream) */
  int prefetch;         /* bytes ahead; 0: none */
} reader;

#if defined(__x86_64__)
/* Adds up `streams` stretches of `bytes` each, `apart` bytes from one another, side by side. */
#define READ_LOOP(V, ZERO, ADD, LOAD, STEP)                                                             \
  V sum[STREAMS];                                                                                       \
  _Pragma("GCC unroll 8") for (int s = 0; s < STREAMS; s++) sum[s] = ZERO();                            \
  for (size_t at = 0; at < bytes; at += 64) _Pragma("GCC unroll 8") for (int s = 0; s < streams; s++) { \
      const char *from = p + (size_t)s * apart + at;                                                    \
      if (ahead) _mm_prefetch(from + ahead, _MM_HINT_T0);                                               \
      _Pragma("GCC unroll 2") for (int i = 0; i < 64; i += STEP) sum[s] =                               \
          ADD(sum[s], LOAD((const float *)(from + i)));                                                 \
    }                                                                                                   \
  _Pragma("GCC unroll 8") for (int s = 1; s < STREAMS; s++) sum[0] = ADD(sum[0], sum[s]);

__attribute__((target("avx512f"), always_inline)) static inline float add_up_avx512(const char *p, size_t bytes,
                                                                                    int streams, size_t apart,
                                                                                    int ahead) {
  READ_LOOP(__m512, _mm512_setzero_ps, _mm512_add_ps, _mm512_loadu_ps, 64)
  return _mm512_cvtss_f32(sum[0]);
}
__attribute__((target("avx512f"))) static float read_avx512(const char *p, size_t bytes, int streams, size_t apart,
                                                            int ahead) {
  return streams == 1 ? add_up_avx512(p, bytes, 1, 0, ahead) : add_up_avx512(p, bytes, STREAMS, apart, ahead);
}
__attribute__((target("avx2"), always_inline)) static inline float add_up_avx2(const char *p, size_t bytes,
                                                                               int streams, size_t apart, int ahead) {
  READ_LOOP(__m256, _mm256_setzero_ps, _mm256_add_ps, _mm256_loadu_ps, 32)
  return _mm256_cvtss_f32(sum[0]);
}
__attribute__((target("avx2"))) static float read_avx2(const char *p, size_t bytes, int streams, size_t apart,
                                                       int ahead) {
  return streams == 1 ? add_up_avx2(p, bytes, 1, 0, ahead) : add_up_avx2(p, bytes, STREAMS, apart, ahead);
}

#define FMA_LOOP(V, SET, FMA)                                                         \
  V acc[12];                                                                          \
  _Pragma("GCC unroll 12") for (int i = 0; i < 12; i++) acc[i] = SET((float)i);       \
  const V x = SET(0.999f), y = SET(1e-3f);                                            \
  for (int r = 0; r < FMA_ROUNDS; r++) {                                              \
    _Pragma("GCC unroll 12") for (int i = 0; i < 12; i++) acc[i] = FMA(acc[i], x, y); \
    __asm__ volatile("" ::: "memory");                                                \
  }                                                                                   \
  _Pragma("GCC unroll 12") for (int i = 1; i < 12; i++) acc[0] = FMA(acc[i], x, acc[0]);

__attribute__((target("avx512f"))) static void fma_avx512(void *context, int64_t block) {
  (void)context, (void)block;
  FMA_LOOP(__m512, _mm512_set1_ps, _mm512_fmadd_ps)
  sink = _mm512_cvtss_f32(acc[0]);
}
__attribute__((target("avx2,fma"))) static void fma_avx2(void *context, int64_t block) {
  (void)context, (void)block;
  FMA_LOOP(__m256, _mm256_set1_ps, _mm256_fmadd_ps)
  sink = _mm256_cvtss_f32(acc[0]);
}
#endif

static int has_avx512(void) { return emily__cpu_info()->best == EMILY__LEVEL_AVX512; }

static void read_block(void *context, int64_t block) {
  const reader *r = context;
  const char *p = r->memory + (size_t)block * r->bytes;
#if defined(__x86_64__)
  const int streams = r->stream ? STREAMS : 1;
  const size_t each = r->bytes / (size_t)streams;
  sink = has_avx512() ? read_avx512(p, each, streams, each, r->prefetch)
                      : read_avx2(p, each, streams, each, r->prefetch);
#else
  float sum = 0;
  for (size_t at = 0; at < r->bytes; at += 64) sum += *(const float *)(p + at);
  sink = sum;
#endif
}

static void read_all(void *context) {
  reader *r = context;
  emily__pool_run(read_block, r, (int64_t)(memory_bytes / r->bytes));
}

static void measure_read(const char *memory, const char *how, size_t bytes, size_t stream, int prefetch) {
  reader r = {memory, bytes, stream, prefetch};
  printf("  %-44s %6.1f GB/s\n", how, (double)memory_bytes / bench_measure(read_all, &r, 0.6).best * 1e-9);
}

static void nothing(void *context, int64_t block) { (void)context, (void)block; }
static void fork_join(void *context) {
  (void)context;
  for (int i = 0; i < 1000; i++) emily__pool_run(nothing, NULL, emily__pool_threads());
}

#if defined(__x86_64__)
static void multiply_add(void *context) {
  emily__pool_run(has_avx512() ? fma_avx512 : fma_avx2, context, emily__pool_threads());
}
static void measure_fma(void) {
  const double flops = 2.0 * (has_avx512() ? 16 : 8) * 12 * FMA_ROUNDS * emily__pool_threads();
  printf("  %-44s %6.1f GFLOP/s\n", "float32 multiply-add",
         flops / bench_measure(multiply_add, NULL, 0.3).best * 1e-9);
}
#else
static void measure_fma(void) {}
#endif

static void measure(const char *memory, int threads) {
  emily__pool_set_threads(threads);
  printf("%d thread%s\n", threads, threads > 1 ? "s" : "");
  measure_read(memory, "memory read, 256 KiB blocks", PART, 0, 0);
  measure_read(memory, "…, fetched 4 KiB ahead", PART, 0, 4096);
  measure_read(memory, "memory read, 40 MiB blocks", 40 << 20, 0, 0);
  measure_read(memory, "…, fetched 4 KiB ahead", 40 << 20, 0, 4096);
  measure_read(memory, "memory read, 8 streams in 256 KiB", PART, 1, 0);
  measure_read(memory, "memory read, 8 streams in 40 MiB", 40 << 20, 1, 0);
  measure_read(memory, "…, fetched 4 KiB ahead", 40 << 20, 1, 4096);
  measure_fma();
  if (threads > 1) printf("  %-44s %6.2f µs\n", "fork and join", bench_measure(fork_join, NULL, 0.2).median * 1e3);
}

int main(int argc, char **argv) {
  const int most = argc > 1 ? atoi(argv[1]) : emily__pool_threads();
  const char *memory = bench_memory(memory_bytes + 8192);
  printf("%s, kernels up to %s\n", emily__cpu_info()->brand, emily__level_name(emily__cpu_info()->best));
  measure(memory, 1);
  if (most > 1) measure(memory, most);
  return 0;
}
