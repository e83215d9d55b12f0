/* runs.c: runs of equal elements of a sorted row: where each begins, how long it is, and the run of each element. NaN is equal to
 * nothing. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "dtype/half.h"

typedef struct runs_job {
  int64_t size, found, begin; /* runs wanted and met; where the present one begins */
  uint32_t *starts, *each;    /* each: or NULL */
  int32_t *lengths;
} runs_job;

static void end_run(runs_job *job, int64_t at) {
  if (job->found > 0 && job->found <= job->size) job->lengths[job->found - 1] = (int32_t)(at - job->begin);
}

/* n elements from the first-th; `differs[i]`: element i is not equal to the one before. */
static void mark(runs_job *job, const uint8_t *differs, int64_t first, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (differs[i]) {
      end_run(job, first + i);
      job->begin = first + i;
      if (job->found < job->size) job->starts[job->found] = (uint32_t)(first + i);
      job->found++;
    }
    if (job->each) job->each[first + i] = (uint32_t)(job->found < job->size ? job->found : job->size) - (job->size > 0);
  }
}

#define DIFFERS(T, LOAD)                                                       \
  do {                                                                         \
    const T *p = x;                                                            \
    for (int64_t i = 1; i <= n; i++) differs[i - 1] = LOAD(p[i]) != LOAD(p[i - 1]); \
  } while (0)
#define SAME(x) (x)

/* x: n + 1 elements; whether each but the first differs from the one before. */
static void compare(uint8_t *differs, const void *x, emily_dtype dtype, int64_t n) {
  switch (dtype) {
    case EMILY_FLOAT16: DIFFERS(emily__f16, emily__f16_to_f32); break;
    case EMILY_BFLOAT16: DIFFERS(emily__bf16, emily__bf16_to_f32); break;
    case EMILY_FLOAT32: DIFFERS(float, SAME); break;
    case EMILY_FLOAT64: DIFFERS(double, SAME); break;
    case EMILY_COMPLEX64: DIFFERS(emily__complex, SAME); break;
    default:
      switch (emily_dtype_size(dtype)) {
        case 1: DIFFERS(uint8_t, SAME); break;
        case 2: DIFFERS(uint16_t, SAME); break;
        case 4: DIFFERS(uint32_t, SAME); break;
        default: DIFFERS(uint64_t, SAME); break;
      }
  }
}

emily_status emily__cpu_runs(const emily__node_view *node) {
  const emily__attrs_runs *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0];
  const int32_t itemsize = (int32_t)emily_dtype_size(x->dtype);
  runs_job job = {.size = attrs->size, .starts = node->outputs[0].data, .each = attrs->each ? node->outputs[1].data : NULL,
                  .lengths = node->outputs[2].data};
  uint64_t room[EMILY__BLOCK + 1];
  uint8_t differs[EMILY__BLOCK];
  for (int64_t at = 0; at < x->size; at += EMILY__BLOCK) {
    int64_t n = x->size - at < EMILY__BLOCK ? x->size - at : EMILY__BLOCK, stride = x->strides[0] * itemsize, back = at > 0;
    emily__copy_strided((char *)room + (1 - back) * itemsize, itemsize, (char *)x->data + (at - back) * stride, stride, n + back, itemsize);
    if (!back) emily__copy_strided(room, itemsize, x->data, stride, 1, itemsize);
    compare(differs, room, x->dtype, n);
    if (!back) differs[0] = 1;
    mark(&job, differs, at, n);
  }
  end_run(&job, x->size);
  for (int64_t i = job.found; i < job.size; i++) {
    job.starts[i] = 0;
    job.lengths[i] = 0;
  }
  *(int64_t *)node->outputs[3].data = job.found;
  return EMILY_OK;
}
