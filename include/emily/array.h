/* emily/array.h: arrays, streams, scopes, evaluation.
 *
 * An array is an immutable n-dimensional value: a shape, a dtype, and either data or the recipe (a node of the graph) that makes
 * it. Building is lazy: ops return at once, emily_eval does the work. References are counted atomically, so arrays may be shared
 * between threads; a scope is used by one thread at a time.
 *
 *     emily_scope *s = emily_scope_open(NULL);
 *     emily_array *y = emily_scope_keep(s, emily_multiply(s, emily_exp(s, x), w));
 *     emily_status status = emily_scope_close(s);   // the first error of the scope, or EMILY_OK
 *     if (!status) status = emily_eval(&y, 1);
 *     …
 *     emily_array_release(y);
 *
 * Close the scope before evaluating where memory matters: an intermediate that only the graph refers to gives its buffer to the
 * op that consumes it; one that a scope still holds cannot.
 */
#ifndef EMILY_ARRAY_H
#define EMILY_ARRAY_H

#include "emily/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct emily_array emily_array;
typedef struct emily_stream emily_stream;
typedef struct emily_scope emily_scope;

enum { EMILY_MAX_NDIM = 64 }; /* as NumPy */

/* For arguments of ops named axis: take the array as flattened. */
#define EMILY_NO_AXIS INT64_MIN

/* ---- arrays from and to host memory ---- */

/* A copy of row-major host data; `data` holds the product of shape[0 … ndim) elements. NULL on failure. The caller owns it. */
EMILY_API emily_array *emily_array_from_data(const void *data, const int64_t *shape, int32_t ndim, emily_dtype dtype);

/* No copy: the array reads `data` (aligned to its element) until its last reference goes, then calls release(context) once, on
 * whichever thread that is; release may be NULL. On failure NULL, and release is not called. */
EMILY_API emily_array *emily_array_wrap(const void *data, const int64_t *shape, int32_t ndim, emily_dtype dtype,
                                        void (*release)(void *context), void *context);

/* 0-d arrays. */
EMILY_API emily_array *emily_array_from_float(double value, emily_dtype dtype);
EMILY_API emily_array *emily_array_from_int(int64_t value, emily_dtype dtype);

EMILY_API emily_array *emily_array_retain(emily_array *array); /* returns its argument; NULL stays NULL */
EMILY_API void emily_array_release(emily_array *array);

EMILY_API emily_dtype emily_array_dtype(const emily_array *array); /* -1 for NULL */
EMILY_API int32_t emily_array_ndim(const emily_array *array);
EMILY_API const int64_t *emily_array_shape(const emily_array *array); /* ndim extents, valid as long as the array */
EMILY_API int64_t emily_array_dim(const emily_array *array, int32_t axis); /* negative axes from the end; -1 out of range */
EMILY_API int64_t emily_array_size(const emily_array *array); /* elements */
EMILY_API size_t emily_array_nbytes(const emily_array *array); /* size × bytes an element */

/* True once the value has been computed: reading it needs no work. */
EMILY_API bool emily_array_is_evaluated(const emily_array *array);

/* Element strides; they mean something once the array is evaluated. NULL before. */
EMILY_API const int64_t *emily_array_strides(const emily_array *array);

/* Evaluate where needed and give the address of element [0, …]. With contiguous = true the array must be row-contiguous:
 * EMILY_INVALID_ARGUMENT where it is a strided view (use emily_contiguous first, or emily_array_read). */
EMILY_API emily_status emily_array_data(emily_array *array, bool contiguous, const void **out);

/* Evaluate where needed and copy all elements, row-major, to `out`, which has room for `bytes` = emily_array_nbytes. */
EMILY_API emily_status emily_array_read(emily_array *array, void *out, size_t bytes);

/* The only element of an array of size 1, converted. EMILY_INVALID_ARGUMENT for other sizes and for complex values. */
EMILY_API emily_status emily_array_item_float(emily_array *array, double *out);
EMILY_API emily_status emily_array_item_int(emily_array *array, int64_t *out);

/* ---- streams ---- */

/* A queue of work on a device ("cpu", "cuda", "cuda:1"; NULL: the default). A CPU stream's worker starts when asynchronous work first
 * needs it. NULL on failure. The caller owns one reference. */
EMILY_API emily_stream *emily_stream_new(const char *device);
EMILY_API emily_stream *emily_stream_retain(emily_stream *stream);
EMILY_API void emily_stream_release(emily_stream *stream); /* queued work still runs */
EMILY_API const char *emily_stream_device(const emily_stream *stream);

/* The process-wide default stream, borrowed. NULL on failure. */
EMILY_API emily_stream *emily_stream_default(void);

/* Wait until everything queued on the stream has run. The failure of that work is reported by emily_eval of its arrays. */
EMILY_API emily_status emily_stream_synchronize(emily_stream *stream);

/* ---- scopes ---- */

/* A scope owns what ops return in it, and keeps their first error. NULL stream: the default. NULL when memory is out; every call that
 * takes a scope treats a NULL scope as a failed one. */
EMILY_API emily_scope *emily_scope_open(emily_stream *stream);

/* Take one reference that outlives the scope; the caller releases it. NULL for NULL or a failed scope. */
EMILY_API emily_array *emily_scope_keep(emily_scope *scope, emily_array *array);

/* Hand a reference of the caller's to the scope, which releases it on close; returns the array. */
EMILY_API emily_array *emily_scope_adopt(emily_scope *scope, emily_array *array);

EMILY_API emily_status emily_scope_status(const emily_scope *scope); /* the first error's code */
EMILY_API const char *emily_scope_message(const emily_scope *scope); /* its text, "" where there is none; valid until the close */
EMILY_API emily_stream *emily_scope_stream(const emily_scope *scope);

/* Put the scope into failure with the calling thread's latest error, as a failing op does; the first error stays. For clients
 * whose own helpers fail in the middle of an expression. Returns NULL, so that a helper can return it. */
EMILY_API emily_array *emily_scope_fail(emily_scope *scope);

/* Release what the scope owns. The first error, also left in emily_last_error. EMILY_OUT_OF_MEMORY for a NULL scope. */
EMILY_API emily_status emily_scope_close(emily_scope *scope);

/* ---- evaluation ---- */

/* Compute the arrays and wait. On an idle CPU stream the work runs on the calling thread. On failure the arrays that were not reached stay
 * lazy and may be evaluated again. NULL entries: EMILY_INVALID_ARGUMENT. */
EMILY_API emily_status emily_eval(emily_array *const *arrays, size_t count);

/* Queue the same work and return. A failure shows when an array is evaluated or read. Blocks while a stream's queue is full. */
EMILY_API emily_status emily_async_eval(emily_array *const *arrays, size_t count);

#ifdef __cplusplus
}
#endif
#endif
