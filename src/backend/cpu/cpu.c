/* cpu.c: the CPU backend as the waist sees it: dispatch from table.def. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"

/* Sets of dtypes, a bit each. */
enum {
#define X(NAME, name, short_name, type, size, kind) BIT_##NAME = 1 << EMILY_##NAME,
#include "dtype/dtypes.def"
#undef X
  UNSIGNED = BIT_UINT8 | BIT_UINT16 | BIT_UINT32 | BIT_UINT64,
  INTEGER = UNSIGNED | BIT_INT8 | BIT_INT16 | BIT_INT32 | BIT_INT64,
  INTEGRAL = INTEGER | BIT_BOOL,
  FLOAT = BIT_FLOAT16 | BIT_BFLOAT16 | BIT_FLOAT32 | BIT_FLOAT64,
  FACTORED = BIT_FLOAT32 | BIT_FLOAT64 | BIT_COMPLEX64, /* what LAPACK knows */
  SHORT = BIT_FLOAT16 | BIT_BFLOAT16 | BIT_FLOAT32,
  INEXACT = FLOAT | BIT_COMPLEX64,
  SPECTRAL = BIT_FLOAT32 | BIT_COMPLEX64, /* what has a spectrum */
  REAL = INTEGRAL | FLOAT,
  NUMBER = INTEGER | INEXACT,
  ANY = INTEGRAL | INEXACT, /* that is computed with */
  MOVED = (1 << EMILY_DTYPE_COUNT) - 1 /* storage dtypes as well */
};

typedef struct row {
  emily_status (*run)(const emily__node_view *node);
  uint32_t dtypes;
} row;

static const row rows[EMILY__PRIM_COUNT] = {
#define KERNEL(name, dtypes) [EMILY__PRIM_##name] = {emily__cpu_##name, dtypes},
#define VIEW(name) [EMILY__PRIM_##name] = {NULL, 0},
#define ABSENT VIEW
#include "backend/cpu/table.def"
#undef KERNEL
#undef VIEW
#undef ABSENT
};

/* Every primitive has a row: HAS_<name> comes from table.def, and is asked for by prims.def. */
enum {
#define KERNEL(name, dtypes) HAS_##name,
#define VIEW(name) HAS_##name,
#define ABSENT VIEW
#include "backend/cpu/table.def"
#undef KERNEL
#undef VIEW
#undef ABSENT
};
#define PRIM(name, attrs, infer, outputs, flags) _Static_assert(HAS_##name >= 0, #name " has no row in table.def");
#include "graph/prims.def"
#undef PRIM

static bool supports(emily__prim prim, emily_dtype dtype) {
  return emily__dtype_valid(dtype) && (rows[prim].dtypes >> dtype & 1);
}

/* The dtype that table.def speaks of. */
static emily_dtype dtype_of(const emily__node_view *node) {
  return node->n_inputs > 0 ? node->inputs[0].dtype : node->outputs[0].dtype;
}

static emily_status run(const emily__node_view *node) {
  emily_dtype dtype = dtype_of(node);
  if (!supports(node->prim, dtype))
    return emily__fail(EMILY_UNSUPPORTED, "cpu", "the CPU backend has no %s for %s%s", emily__prim_name(node->prim),
                       emily_dtype_name(dtype), emily_dtype_is_storage(dtype) ? ", which is for storage: cast it first" : "");
  return rows[node->prim].run(node);
}

static int32_t device_count(void) { return 1; }

const emily__backend emily__cpu_backend = {
    .name = "cpu",
    .host = true,
    .device_count = device_count,
    .threads = emily__pool_threads,
    .set_threads = emily__pool_set_threads,
    .run = run,
    .supports = supports,
    .allocate = emily__cpu_allocate,
    .release = emily__cpu_release,
    .memory_stats = emily__cpu_memory_stats,
    .memory_reset_peak = emily__cpu_memory_reset_peak,
    .memory_set_limit = emily__cpu_memory_set_limit,
    .memory_set_cache_limit = emily__cpu_memory_set_cache_limit,
    .memory_clear_cache = emily__cpu_memory_clear_cache,
    .all_finite = emily__cpu_all_finite,
};
