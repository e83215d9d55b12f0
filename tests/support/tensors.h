/* tensors.h: strided tensors for the backend's tests: made, filled, laid out in awkward ways, and run through a
 * primitive.
 *
 * Everything made here lives until tensors_free, which a test calls at its end (or a teardown for it). Elements are
 * reached by their row-major index, as double, int64 or a complex pair. */
#ifndef EMILY_TESTS_SUPPORT_TENSORS_H
#define EMILY_TESTS_SUPPORT_TENSORS_H

#include "backend/backend.h"

#define DIMS(...) \
  (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]) { __VA_ARGS__ }
#define NO_DIMS 0, NULL

emily__tensor *tensor_new(emily_dtype dtype, int ndim, const int64_t *shape); /* dense, every byte 0xA5 */
emily__tensor *tensor_of(emily_dtype dtype, int ndim, const int64_t *shape, const double *values);
/* Uniform in [low, high], rounded to the dtype; bool: either. */
emily__tensor *tensor_random(emily_dtype dtype, int ndim, const int64_t *shape, double low, double high);
emily__tensor *tensor_view(const emily__tensor *t, int64_t offset, int ndim, const int64_t *shape,
                           const int64_t *strides);
void tensors_free(void);

/* The same values in another layout of memory. */
enum {
  LAYOUT_DENSE,
  LAYOUT_PERMUTED, /* axes stored in reverse order */
  LAYOUT_NEGATIVE, /* all strides negative */
  LAYOUT_PADDED,   /* every second element of rows that are one longer */
  LAYOUT_MIXED,    /* the first axis backwards, the others permuted and padded */
  LAYOUT_COUNT
};
emily__tensor *tensor_laid_out(const emily__tensor *t, int layout);

void *tensor_at(const emily__tensor *t, int64_t index);
double tensor_get(const emily__tensor *t, int64_t index); /* complex: the real part */
double tensor_get_imag(const emily__tensor *t, int64_t index);
int64_t tensor_get_int(const emily__tensor *t, int64_t index);
void tensor_set(emily__tensor *t, int64_t index, double value); /* in the dtype's range */
void tensor_set_complex(emily__tensor *t, int64_t index, double re, double im);
void tensor_set_int(emily__tensor *t, int64_t index, int64_t value);

/* Run through the CPU backend; `donated` and `debug` as in the view. */
emily_status tensor_run(emily__prim prim, const void *attrs, emily__tensor *out, int n_inputs,
                        const emily__tensor *const *inputs);
emily_status tensor_run_donated(emily__prim prim, const void *attrs, emily__tensor *out, int n_inputs,
                                const emily__tensor *const *inputs, int donated, uint32_t debug);
#define INPUTS(...) \
  (int)(sizeof((const emily__tensor *[]){__VA_ARGS__}) / sizeof(void *)), (const emily__tensor *[]) { __VA_ARGS__ }

/* Bits equal, element by element; says which is not. */
bool tensors_same(const emily__tensor *a, const emily__tensor *b);

/* From one generator, seeded by test_seed (arrays.h). */
uint64_t tensor_bits(void);
double tensor_uniform(double low, double high);

#endif
