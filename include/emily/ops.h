/* emily/ops.h: the ops.
 *
 * Every op takes a scope first, checks its operands, infers shape and dtype and returns a lazy array that the scope owns; NULL, and the
 * scope in failure, where a check fails (array.h). dtypes promote as emily_promote_types says and shapes broadcast as NumPy's.
 * Semantics are MLX's. Negative axes count from the end. A list of axes that is NULL means all of them (count is then
 * ignored). An operand that may be NULL says so.
 * Ops that give two or three arrays write them to out[], untouched on failure. Ops that give a list write up to `capacity` arrays to
 * out[] and their number to *count (which may be NULL); EMILY_INVALID_ARGUMENT where there is no room for all.
 * Families have headers of their own, which this one includes.
 */
#ifndef EMILY_OPS_H
#define EMILY_OPS_H

#include "emily/array.h"
#include "emily/conv.h"
#include "emily/fast.h"
#include "emily/linalg.h"
#include "emily/fft.h"
#include "emily/matmul.h"
#include "emily/quantize.h"
#include "emily/random.h"
#include "emily/window.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- creation ---- */

/* Numbers from start, below stop, step apart. Float elements are start + i * step in float64, rounded once. length:
 * ceil((stop - start) / step), 0 where that is negative. bool is refused. */
EMILY_API emily_array *emily_arange(emily_scope *scope, double start, double stop, double step, emily_dtype dtype);
/* Num evenly spaced numbers from start to stop. [num]; computed in float32 (float64 for that dtype), as MLX. */
EMILY_API emily_array *emily_linspace(emily_scope *scope, double start, double stop, int64_t num, bool endpoint,
                                      emily_dtype dtype);
/* An array of a shape filled with a value broadcast to it. Dtype of value. */
EMILY_API emily_array *emily_full(emily_scope *scope, const int64_t *shape, int32_t shape_count, emily_array *value);
/* An array of another's shape filled with a value of its dtype. */
EMILY_API emily_array *emily_full_like(emily_scope *scope, emily_array *x, emily_array *value);
/* Zeros of a shape. */
EMILY_API emily_array *emily_zeros(emily_scope *scope, const int64_t *shape, int32_t shape_count, emily_dtype dtype);
/* Zeros of another array's shape and dtype. */
EMILY_API emily_array *emily_zeros_like(emily_scope *scope, emily_array *x);
/* Ones of a shape. */
EMILY_API emily_array *emily_ones(emily_scope *scope, const int64_t *shape, int32_t shape_count, emily_dtype dtype);
/* Ones of another array's shape and dtype. */
EMILY_API emily_array *emily_ones_like(emily_scope *scope, emily_array *x);
/* Ones on the k-th diagonal of an n by m matrix. m < 0: m = n. */
EMILY_API emily_array *emily_eye(emily_scope *scope, int64_t n, int64_t m, int64_t k, emily_dtype dtype);
/* Ones at and below the k-th diagonal of an n by m matrix. m < 0: m = n. */
EMILY_API emily_array *emily_tri(emily_scope *scope, int64_t n, int64_t m, int64_t k, emily_dtype dtype);
/* The lower triangle of the last two axes, zeros above the k-th diagonal. At least two axes. */
EMILY_API emily_array *emily_tril(emily_scope *scope, emily_array *x, int64_t k);
/* The upper triangle of the last two axes, zeros below the k-th diagonal. At least two axes. */
EMILY_API emily_array *emily_triu(emily_scope *scope, emily_array *x, int64_t k);

/* Ones on the diagonal of an n by n matrix. */
EMILY_API emily_array *emily_identity(emily_scope *scope, int64_t n, emily_dtype dtype);
/* A vector x on the k-th diagonal of a square matrix of zeros, or the k-th diagonal of a matrix x, as a view. */
EMILY_API emily_array *emily_diag(emily_scope *scope, emily_array *x, int64_t k);
/* The place of each element along an axis, exact in 64-bit integers; EMILY_NO_AXIS: in row-major order. */
EMILY_API emily_array *emily_iota(emily_scope *scope, const int64_t *shape, int32_t shape_count, int64_t axis, emily_dtype
                                  dtype);
/* Zeros of another array's shape and dtype. */
EMILY_API emily_array *emily_empty_like(emily_scope *scope, emily_array *x);
/* The coordinates of a grid whose axes are the flattened xs: one result an operand. indexing "ij": result i varies along axis i;
 * "xy": the first two axes are exchanged. sparse: extents of 1 in place of repetition. */
EMILY_API emily_status emily_meshgrid(emily_scope *scope, emily_array *const *xs, int32_t xs_count, bool sparse, const char
                                      *indexing, emily_array **out, size_t capacity, size_t *count);
/* Windows of M points, float32, n from 0 to M - 1; M = 1 gives 1, less nothing.
 * The Hann window: 0.5 - 0.5 cos(2 pi n / (M - 1)). */
EMILY_API emily_array *emily_hanning(emily_scope *scope, int64_t M);
/* The Hamming window: 0.54 - 0.46 cos(2 pi n / (M - 1)). */
EMILY_API emily_array *emily_hamming(emily_scope *scope, int64_t M);
/* The Blackman window: 0.42 - 0.5 cos(2 pi n / (M - 1)) + 0.08 cos(4 pi n / (M - 1)). */
EMILY_API emily_array *emily_blackman(emily_scope *scope, int64_t M);
/* The Bartlett window: 1 - |2 n / (M - 1) - 1|. */
EMILY_API emily_array *emily_bartlett(emily_scope *scope, int64_t M);

/* ---- cast ---- */

/* The elements converted to a dtype. Floats are cut towards zero; integers wrap, and so does a float whose integer part an int32
 * holds (an int64 for the 64-bit dtypes); any other goes to the nearest end of the range, NaN to 0. To bool: x != 0. */
EMILY_API emily_array *emily_astype(emily_scope *scope, emily_array *x, emily_dtype dtype);
/* The same bytes read as another dtype. The last axis grows or shrinks by the ratio of sizes; a 0-d array needs equal
 * sizes. */
EMILY_API emily_array *emily_view(emily_scope *scope, emily_array *x, emily_dtype dtype);
/* int2, int4, uint2, uint4 to uint8: along the last axis elements fill bytes from the low bits up, and bytes are filled whole. */
EMILY_API emily_array *emily_pack(emily_scope *scope, emily_array *x);
/* The reverse of emily_pack: uint8 to one of these dtypes, a last axis 8 / bits times as long. */
EMILY_API emily_array *emily_unpack(emily_scope *scope, emily_array *x, emily_dtype dtype);
/* Floats as the bits of float8_e4m3fn in uint8, rounded to nearest even; what is too large, infinite or NaN becomes 448 with its
 * sign, where emily_astype to float8_e4m3fn gives NaN. */
EMILY_API emily_array *emily_to_fp8(emily_scope *scope, emily_array *x);
/* uint8 read as float8_e4m3fn, in a float dtype. */
EMILY_API emily_array *emily_from_fp8(emily_scope *scope, emily_array *x, emily_dtype dtype);
/* A row-contiguous array of the same value: x itself where it is that already. allow_col_major: a column-contiguous one stays too. */
EMILY_API emily_array *emily_contiguous(emily_scope *scope, emily_array *x, bool allow_col_major);
/* a copy with a buffer of its own. */
EMILY_API emily_array *emily_copy(emily_scope *scope, emily_array *x);

/* ---- unary ---- */

/* Magnitude. */
EMILY_API emily_array *emily_abs(emily_scope *scope, emily_array *x);
/* -x. */
EMILY_API emily_array *emily_negative(emily_scope *scope, emily_array *x);
/* -1, 0 or 1; z / |z| for complex z. */
EMILY_API emily_array *emily_sign(emily_scope *scope, emily_array *x);
/* The largest integer not above. */
EMILY_API emily_array *emily_floor(emily_scope *scope, emily_array *x);
/* The smallest integer not below. */
EMILY_API emily_array *emily_ceil(emily_scope *scope, emily_array *x);
/* The integer part. */
EMILY_API emily_array *emily_trunc(emily_scope *scope, emily_array *x);
/* Rounded to decimals, halves to even. decimals other than 0 scale, round and scale back. */
EMILY_API emily_array *emily_round(emily_scope *scope, emily_array *x, int64_t decimals);
/* The nearest integer, halves away from zero, as C's round and Nx's. */
EMILY_API emily_array *emily_round_half_away(emily_scope *scope, emily_array *x);
/* x itself. */
EMILY_API emily_array *emily_positive(emily_scope *scope, emily_array *x);
/* x itself, through which no gradient passes. */
EMILY_API emily_array *emily_stop_gradient(emily_scope *scope, emily_array *x);
/* x * x. */
EMILY_API emily_array *emily_square(emily_scope *scope, emily_array *x);
/* e^x. */
EMILY_API emily_array *emily_exp(emily_scope *scope, emily_array *x);
/* e^x - 1, exact near 0. */
EMILY_API emily_array *emily_expm1(emily_scope *scope, emily_array *x);
/* Natural logarithm. */
EMILY_API emily_array *emily_log(emily_scope *scope, emily_array *x);
/* Logarithm to base 2. */
EMILY_API emily_array *emily_log2(emily_scope *scope, emily_array *x);
/* Logarithm to base 10. */
EMILY_API emily_array *emily_log10(emily_scope *scope, emily_array *x);
/* log(1 + x), exact near 0. */
EMILY_API emily_array *emily_log1p(emily_scope *scope, emily_array *x);
/* Square root. */
EMILY_API emily_array *emily_sqrt(emily_scope *scope, emily_array *x);
/* 1 / square root. */
EMILY_API emily_array *emily_rsqrt(emily_scope *scope, emily_array *x);
/* 1 / x. */
EMILY_API emily_array *emily_reciprocal(emily_scope *scope, emily_array *x);
/* Sine. */
EMILY_API emily_array *emily_sin(emily_scope *scope, emily_array *x);
/* Cosine. */
EMILY_API emily_array *emily_cos(emily_scope *scope, emily_array *x);
/* Tangent. */
EMILY_API emily_array *emily_tan(emily_scope *scope, emily_array *x);
/* Inverse sine. */
EMILY_API emily_array *emily_arcsin(emily_scope *scope, emily_array *x);
/* Inverse cosine. */
EMILY_API emily_array *emily_arccos(emily_scope *scope, emily_array *x);
/* Inverse tangent. */
EMILY_API emily_array *emily_arctan(emily_scope *scope, emily_array *x);
/* Hyperbolic sine. */
EMILY_API emily_array *emily_sinh(emily_scope *scope, emily_array *x);
/* Hyperbolic cosine. */
EMILY_API emily_array *emily_cosh(emily_scope *scope, emily_array *x);
/* Hyperbolic tangent. */
EMILY_API emily_array *emily_tanh(emily_scope *scope, emily_array *x);
/* Inverse hyperbolic sine. */
EMILY_API emily_array *emily_arcsinh(emily_scope *scope, emily_array *x);
/* Inverse hyperbolic cosine. */
EMILY_API emily_array *emily_arccosh(emily_scope *scope, emily_array *x);
/* Inverse hyperbolic tangent. */
EMILY_API emily_array *emily_arctanh(emily_scope *scope, emily_array *x);
/* 1 / (1 + e^-x). */
EMILY_API emily_array *emily_sigmoid(emily_scope *scope, emily_array *x);
/* The error function. */
EMILY_API emily_array *emily_erf(emily_scope *scope, emily_array *x);
/* Inverse of the error function. */
EMILY_API emily_array *emily_erfinv(emily_scope *scope, emily_array *x);
/* 1 - erf(x), with all digits where erf is near 1. */
EMILY_API emily_array *emily_erfc(emily_scope *scope, emily_array *x);
/* Cube root, of negative numbers too. */
EMILY_API emily_array *emily_cbrt(emily_scope *scope, emily_array *x);
/* x * sigmoid(x). */
EMILY_API emily_array *emily_silu(emily_scope *scope, emily_array *x);
/* x times the normal distribution function of x; approximate: by tanh. Hendrycks and Gimpel 2016. */
EMILY_API emily_array *emily_gelu(emily_scope *scope, emily_array *x, bool approximate);
/* Max(x, 0). */
EMILY_API emily_array *emily_relu(emily_scope *scope, emily_array *x);
/* Radians to degrees. */
EMILY_API emily_array *emily_degrees(emily_scope *scope, emily_array *x);
/* Degrees to radians. */
EMILY_API emily_array *emily_radians(emily_scope *scope, emily_array *x);
/* True where x is zero. */
EMILY_API emily_array *emily_logical_not(emily_scope *scope, emily_array *x);
/* all bits flipped; logical not of bools. */
EMILY_API emily_array *emily_bitwise_invert(emily_scope *scope, emily_array *x);
/* Zero bits above the highest bit set, in x's dtype; the width for 0. */
EMILY_API emily_array *emily_count_leading_zeros(emily_scope *scope, emily_array *x);
/* Bits set, in x's dtype; negative numbers in two's complement. */
EMILY_API emily_array *emily_population_count(emily_scope *scope, emily_array *x);
/* True where the sign is negative, of -0 and NaN too. */
EMILY_API emily_array *emily_signbit(emily_scope *scope, emily_array *x);
/* True where x is positive infinity; of complex numbers, where it is that real number. */
EMILY_API emily_array *emily_isposinf(emily_scope *scope, emily_array *x);
/* True where x is negative infinity; of complex numbers, where it is that real number. */
EMILY_API emily_array *emily_isneginf(emily_scope *scope, emily_array *x);
/* NaN becomes `nan`, the infinities `posinf` and `neginf`, or the largest finite numbers where those are infinite themselves.
 * Integers and bools stay as they are. */
EMILY_API emily_array *emily_nan_to_num(emily_scope *scope, emily_array *x, double nan, double posinf, double neginf);
/* True where x is NaN. */
EMILY_API emily_array *emily_isnan(emily_scope *scope, emily_array *x);
/* True where x is infinite. */
EMILY_API emily_array *emily_isinf(emily_scope *scope, emily_array *x);
/* True where x is neither infinite nor NaN. */
EMILY_API emily_array *emily_isfinite(emily_scope *scope, emily_array *x);
/* Complex conjugate. */
EMILY_API emily_array *emily_conjugate(emily_scope *scope, emily_array *x);
/* Real part. */
EMILY_API emily_array *emily_real(emily_scope *scope, emily_array *x);
/* Imaginary part; zeros for real x. */
EMILY_API emily_array *emily_imag(emily_scope *scope, emily_array *x);

/* ---- binary ---- */

/* a + b. */
EMILY_API emily_array *emily_add(emily_scope *scope, emily_array *a, emily_array *b);
/* a - b. */
EMILY_API emily_array *emily_subtract(emily_scope *scope, emily_array *a, emily_array *b);
/* a * b. */
EMILY_API emily_array *emily_multiply(emily_scope *scope, emily_array *a, emily_array *b);
/* a / b; integers become float32. */
EMILY_API emily_array *emily_divide(emily_scope *scope, emily_array *a, emily_array *b);
/* Floor(a / b); integers divided by 0 give 0. */
EMILY_API emily_array *emily_floor_divide(emily_scope *scope, emily_array *a, emily_array *b);
/* a modulo b, with the sign of b. */
EMILY_API emily_array *emily_remainder(emily_scope *scope, emily_array *a, emily_array *b);
/* The floored quotient and the remainder with the sign of b: floor_divide and remainder. */
EMILY_API emily_status emily_divmod(emily_scope *scope, emily_array *a, emily_array *b, emily_array *out[2]);
/* a / b cut toward zero, as C's and Nx's; integers divided by 0 give 0. */
EMILY_API emily_array *emily_quotient(emily_scope *scope, emily_array *a, emily_array *b);
/* a - b * quotient(a, b): the remainder with the sign of a, as C's and Nx's. */
EMILY_API emily_array *emily_fmod(emily_scope *scope, emily_array *a, emily_array *b);
/* The magnitude of a with the sign of b; integers become float32. */
EMILY_API emily_array *emily_copysign(emily_scope *scope, emily_array *a, emily_array *b);
/* a to the power b. */
EMILY_API emily_array *emily_power(emily_scope *scope, emily_array *a, emily_array *b);
/* The larger; NaN where one is NaN. */
EMILY_API emily_array *emily_maximum(emily_scope *scope, emily_array *a, emily_array *b);
/* The smaller; NaN where one is NaN. */
EMILY_API emily_array *emily_minimum(emily_scope *scope, emily_array *a, emily_array *b);
/* The angle of the point (b, a). */
EMILY_API emily_array *emily_arctan2(emily_scope *scope, emily_array *a, emily_array *b);
/* log(e^a + e^b). */
EMILY_API emily_array *emily_logaddexp(emily_scope *scope, emily_array *a, emily_array *b);
/* Bits set in both. */
EMILY_API emily_array *emily_bitwise_and(emily_scope *scope, emily_array *a, emily_array *b);
/* Bits set in either. */
EMILY_API emily_array *emily_bitwise_or(emily_scope *scope, emily_array *a, emily_array *b);
/* Bits set in one. */
EMILY_API emily_array *emily_bitwise_xor(emily_scope *scope, emily_array *a, emily_array *b);
/* a shifted left by b bits. */
EMILY_API emily_array *emily_left_shift(emily_scope *scope, emily_array *a, emily_array *b);
/* a shifted right by b bits, keeping the sign. */
EMILY_API emily_array *emily_right_shift(emily_scope *scope, emily_array *a, emily_array *b);

/* ---- comparison ---- */

/* a == b. */
EMILY_API emily_array *emily_equal(emily_scope *scope, emily_array *a, emily_array *b);
/* a != b. */
EMILY_API emily_array *emily_not_equal(emily_scope *scope, emily_array *a, emily_array *b);
/* a < b. */
EMILY_API emily_array *emily_less(emily_scope *scope, emily_array *a, emily_array *b);
/* a <= b. */
EMILY_API emily_array *emily_less_equal(emily_scope *scope, emily_array *a, emily_array *b);
/* a > b. */
EMILY_API emily_array *emily_greater(emily_scope *scope, emily_array *a, emily_array *b);
/* a >= b. */
EMILY_API emily_array *emily_greater_equal(emily_scope *scope, emily_array *a, emily_array *b);
/* Both are not zero. */
EMILY_API emily_array *emily_logical_and(emily_scope *scope, emily_array *a, emily_array *b);
/* One is not zero. */
EMILY_API emily_array *emily_logical_or(emily_scope *scope, emily_array *a, emily_array *b);
/* Exactly one is not zero. */
EMILY_API emily_array *emily_logical_xor(emily_scope *scope, emily_array *a, emily_array *b);
/* abs(a - b) <= atol + rtol * abs(b). */
EMILY_API emily_array *emily_isclose(emily_scope *scope, emily_array *a, emily_array *b, double rtol, double atol,
                                     bool equal_nan);
/* Whether all elements are close. */
EMILY_API emily_array *emily_allclose(emily_scope *scope, emily_array *a, emily_array *b, double rtol, double atol,
                                      bool equal_nan);
/* Whether shapes and elements are equal. */
EMILY_API emily_array *emily_array_equal(emily_scope *scope, emily_array *a, emily_array *b, bool equal_nan);
/* x where the condition holds, y elsewhere. */
EMILY_API emily_array *emily_where(emily_scope *scope, emily_array *condition, emily_array *x, emily_array *y);
/* x held between two bounds, of which one may be absent. At least one bound. */
EMILY_API emily_array *emily_clip(emily_scope *scope, emily_array *x, emily_array *low, emily_array *high);

/* ---- reduction ---- */

/* Sum along axes. Bool and integers below 32 bits give int32 or uint32. An empty list of axes gives x. float16 and
 * bfloat16 accumulate in float32. */
EMILY_API emily_array *emily_sum(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                 keepdims);
/* Product along axes. Dtypes as sum. */
EMILY_API emily_array *emily_prod(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                  keepdims);
/* Mean along axes. Integers give float32. */
EMILY_API emily_array *emily_mean(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                  keepdims);
/* Variance along axes, divided by count - ddof. Integers give float32. */
EMILY_API emily_array *emily_var(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                 keepdims, int64_t ddof);
/* Standard deviation along axes. Integers give float32. */
EMILY_API emily_array *emily_std(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                 keepdims, int64_t ddof);
/* Largest element along axes; NaN where there is one. An empty axis is refused. */
EMILY_API emily_array *emily_max(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                 keepdims);
/* Smallest element along axes; NaN where there is one. An empty axis is refused. */
EMILY_API emily_array *emily_min(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                 keepdims);
/* Whether all elements along axes are not zero. Bool. */
EMILY_API emily_array *emily_all(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                 keepdims);
/* Whether an element along axes is not zero. Bool. */
EMILY_API emily_array *emily_any(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                 keepdims);
/* Smallest and largest element along axes. min and max at once: out[0], out[1]. */
EMILY_API emily_status emily_minmax(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                    keepdims, emily_array *out[2]);
/* Middle of the sorted elements along axes, or the mean of both; NaN where there is one. Bool and integers give
 * float32. An empty axis is refused. */
EMILY_API emily_array *emily_median(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                    keepdims);
/* Number of elements along axes that are not zero. int32. NaN is not zero. */
EMILY_API emily_array *emily_count_nonzero(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count,
                                           bool keepdims);
/* Index of the first (or last) largest element. uint32. EMILY_NO_AXIS: of the flattened array. tie "low": of equals
 * the first; "high": the last. A NaN counts as larger than any number. */
EMILY_API emily_array *emily_argmax(emily_scope *scope, emily_array *x, int64_t axis, bool keepdims, const char *tie);
/* Index of the first (or last) smallest element. As argmax; a NaN counts as smaller than any number. */
EMILY_API emily_array *emily_argmin(emily_scope *scope, emily_array *x, int64_t axis, bool keepdims, const char *tie);
/* log of the sum of exponentials along axes. Integers give float32. */
EMILY_API emily_array *emily_logsumexp(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count,
                                       bool keepdims);
/* e^x / sum(e^x) along axes. Integers give float32. 16-bit floats always accumulate in float32, so precise changes
 * nothing. */
EMILY_API emily_array *emily_softmax(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool
                                     precise);

/* ---- scan ---- */

/* Running sum along an axis. out[i] = x[0] + ... + x[i]; reverse: x[i] + ... + x[n-1]; not inclusive: without x[i]
 * itself, so that the first is 0. EMILY_NO_AXIS: of the flattened array. dtype: what x is cast to first; -1: its own.
 * Bool gives int32, other dtypes stay (integers wrap); floats accumulate in float64. */
EMILY_API emily_array *emily_cumsum(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive,
                                    emily_dtype dtype);
/* Running product along an axis. As cumsum; not inclusive: the first is 1. Bool stays bool. */
EMILY_API emily_array *emily_cumprod(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive,
                                     emily_dtype dtype);
/* Running maximum along an axis; NaN once there is one. As cumsum; not inclusive: the first is the lowest value of the
 * dtype. Complex numbers: by real, then imaginary part. */
EMILY_API emily_array *emily_cummax(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive);
/* Running minimum along an axis; NaN once there is one. As cummax; not inclusive: the first is the highest value. */
EMILY_API emily_array *emily_cummin(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive);
/* Running log of the sum of exponentials along an axis. As cumsum; not inclusive: the first is -inf. Bool and integers
 * give float32. */
EMILY_API emily_array *emily_logcumsumexp(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool
                                          inclusive);
/* Differences of neighbours along an axis, n times. y[i] = x[i + 1] - x[i]; each time the axis loses an element. */
EMILY_API emily_array *emily_diff(emily_scope *scope, emily_array *x, int64_t n, int64_t axis);

/* ---- shape ---- */

/* The same elements in another shape; one extent may be -1. No copy where the strides allow. */
EMILY_API emily_array *emily_reshape(emily_scope *scope, emily_array *x, const int64_t *shape, int32_t shape_count);
/* Axes start to end made one. */
EMILY_API emily_array *emily_flatten(emily_scope *scope, emily_array *x, int64_t start_axis, int64_t end_axis);
/* One axis made several. */
EMILY_API emily_array *emily_unflatten(emily_scope *scope, emily_array *x, int64_t axis, const int64_t *shape, int32_t
                                       shape_count);
/* Axes of extent 1 dropped. */
EMILY_API emily_array *emily_squeeze(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count);
/* Axes of extent 1 put in. Axes refer to the result. */
EMILY_API emily_array *emily_expand_dims(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count);
/* Axes in another order; by default reversed. */
EMILY_API emily_array *emily_transpose(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count);
/* Two axes exchanged. */
EMILY_API emily_array *emily_swapaxes(emily_scope *scope, emily_array *x, int64_t axis1, int64_t axis2);
/* One axis moved. */
EMILY_API emily_array *emily_moveaxis(emily_scope *scope, emily_array *x, int64_t source, int64_t destination);
/* Repeated without a copy to a larger shape. */
EMILY_API emily_array *emily_broadcast_to(emily_scope *scope, emily_array *x, const int64_t *shape, int32_t
                                          shape_count);
/* Each broadcast to the shape of all. One result an operand. */
EMILY_API emily_status emily_broadcast_arrays(emily_scope *scope, emily_array *const *xs, int32_t xs_count,
                                              emily_array **out, size_t capacity, size_t *count);
/* Joined along an axis. */
EMILY_API emily_array *emily_concatenate(emily_scope *scope, emily_array *const *xs, int32_t xs_count, int64_t axis);
/* Joined along a new axis. */
EMILY_API emily_array *emily_stack(emily_scope *scope, emily_array *const *xs, int32_t xs_count, int64_t axis);
/* Cut in equal parts, or at indices where there are several. Parts of count 1: so many equal parts; more: the indices
 * to cut at (a single index i is the pair i, i). */
EMILY_API emily_status emily_split(emily_scope *scope, emily_array *x, const int64_t *parts, int32_t parts_count,
                                   int64_t axis, emily_array **out, size_t capacity, size_t *count);
/* The slices along an axis. One result a slice. */
EMILY_API emily_status emily_unstack(emily_scope *scope, emily_array *x, int64_t axis, emily_array **out, size_t
                                     capacity, size_t *count);
/* Each element repeated along an axis. EMILY_NO_AXIS: of the flattened array. */
EMILY_API emily_array *emily_repeat(emily_scope *scope, emily_array *x, int64_t repeats, int64_t axis);
/* The whole repeated along each axis. */
EMILY_API emily_array *emily_tile(emily_scope *scope, emily_array *x, const int64_t *reps, int32_t reps_count);
/* Elements put around, and between. Low, high and interior (NULL: 0) hold one count an axis: interior elements go between each two
 * of x; low and high go before and after, and crop where they are negative. mode "constant": they are `value` (0-d, cast to x's
 * dtype, NULL: 0); "edge": the nearest element; "reflect", "symmetric": x mirrored, without and with the element at the border.
 * Negative counts and interior padding are for constants alone. */
EMILY_API emily_array *emily_pad(emily_scope *scope, emily_array *x, const int64_t *low, const int64_t *high,
                                 emily_array *value, const int64_t *interior, const char *mode);
/* The order along axes reversed. */
EMILY_API emily_array *emily_flip(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count);
/* Elements shifted along axes, those that fall off come back. ALL axes: of the flattened array, by the sum of the
 * shifts. */
EMILY_API emily_array *emily_roll(emily_scope *scope, emily_array *x, const int64_t *shift, int32_t shift_count, const
                                  int64_t *axes, int32_t axes_count);
/* a view by explicit strides. strides and offset in elements of the row-contiguous x; bounds are checked. */
EMILY_API emily_array *emily_as_strided(emily_scope *scope, emily_array *x, const int64_t *shape, int32_t shape_count,
                                        const int64_t *strides, int32_t strides_count, int64_t offset);

/* The last two axes exchanged. */
EMILY_API emily_array *emily_matrix_transpose(emily_scope *scope, emily_array *x);
/* At least one, two or three axes: extents of 1 are put before those of x; three axes of a vector or matrix have the last one after. */
EMILY_API emily_array *emily_atleast_1d(emily_scope *scope, emily_array *x);
/* At least two axes: a vector becomes a row. */
EMILY_API emily_array *emily_atleast_2d(emily_scope *scope, emily_array *x);
/* At least three axes: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]. */
EMILY_API emily_array *emily_atleast_3d(emily_scope *scope, emily_array *x);
/* The product of the extents of axes (NULL: all), or its reciprocal, as a 0-d array. */
EMILY_API emily_array *emily_number_of_elements(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count,
                                                bool inverted, emily_dtype dtype);
/* scale * H x along the last axis, which has m 2^k elements, m in 1, 12, 20, 28: H is the product of N. Sloane's Hadamard matrix of
 * order m and Sylvester's of order 2^k. scale NaN: 1 / sqrt(m 2^k). Integers become float32; 16-bit floats are computed in float32. */
EMILY_API emily_array *emily_hadamard_transform(emily_scope *scope, emily_array *x, double scale);

/* ---- indexing ---- */

/* Elements at indices along an axis. x.shape[:axis] + indices.shape + x.shape[axis+1:]; EMILY_NO_AXIS: of the
 * flattened array. Negative indices count from the end; an index out of bounds gives 0, or an error with
 * EMILY_DEBUG_INDICES. */
EMILY_API emily_array *emily_take(emily_scope *scope, emily_array *x, emily_array *indices, int64_t axis);
/* Elements at indices of the same rank along an axis. Indices of x's rank, other axes broadcast; out of bounds as
 * take. EMILY_NO_AXIS: of the flattened arrays. */
EMILY_API emily_array *emily_take_along_axis(emily_scope *scope, emily_array *x, emily_array *indices, int64_t axis);
/* Elements from start to stop by stride on each axis. NumPy's rules for negative and out-of-range starts and stops;
 * strides NULL: ones; negative strides walk backwards. A view. */
EMILY_API emily_array *emily_slice(emily_scope *scope, emily_array *x, const int64_t *start, const int64_t *stop,
                                   const int64_t *strides);
/* x with a slice replaced. update is cast to x's dtype and broadcast to the slice. In place where x's buffer has no
 * other owner. */
EMILY_API emily_array *emily_slice_update(emily_scope *scope, emily_array *x, emily_array *update, const int64_t
                                          *start, const int64_t *stop, const int64_t *strides);

/* Windows of x that begin where index arrays say. indices: integer arrays that broadcast to one shape, one for each of `axes`;
 * a window has the extents slice_sizes (one an axis of x) and begins at 0 on the other axes. [indices.shape..., slice_sizes...].
 * Negative indices count from the end; a window that leaves x gives zeros, or an error with EMILY_DEBUG_INDICES. The index arrays
 * are the last operands. */
EMILY_API emily_array *emily_gather(emily_scope *scope, emily_array *x, emily_array *const *indices, int32_t indices_count,
                                    const int64_t *axes, int32_t axes_count, const int64_t *slice_sizes);
/* Windows put into x where index arrays say. updates: [indices.shape..., window...] with a window of x's rank; cast to x's dtype, and
 * broadcast over the axes of the indices. Indices as gather's; a window that leaves x is dropped, or an error with
 * EMILY_DEBUG_INDICES. Windows are written in row-major order of the indices: the last of several at one place stays. In place
 * where x's buffer has no other owner. The index arrays are the last operands. */
EMILY_API emily_array *emily_scatter(emily_scope *scope, emily_array *x, emily_array *updates, emily_array *const *indices,
                                     int32_t indices_count, const int64_t *axes, int32_t axes_count);
/* Windows added to x where index arrays say. As scatter; all of several at one place are added, in one order. */
EMILY_API emily_array *emily_scatter_add(emily_scope *scope, emily_array *x, emily_array *updates, emily_array *const *indices,
                                         int32_t indices_count, const int64_t *axes, int32_t axes_count);
/* Windows multiplied into x where index arrays say. As scatter_add. */
EMILY_API emily_array *emily_scatter_prod(emily_scope *scope, emily_array *x, emily_array *updates, emily_array *const *indices,
                                         int32_t indices_count, const int64_t *axes, int32_t axes_count);
/* Windows become the larger of x and updates where index arrays say. As scatter_add; a NaN of either side stays. */
EMILY_API emily_array *emily_scatter_max(emily_scope *scope, emily_array *x, emily_array *updates, emily_array *const *indices,
                                         int32_t indices_count, const int64_t *axes, int32_t axes_count);
/* Windows become the smaller of x and updates where index arrays say. As scatter_max. */
EMILY_API emily_array *emily_scatter_min(emily_scope *scope, emily_array *x, emily_array *updates, emily_array *const *indices,
                                         int32_t indices_count, const int64_t *axes, int32_t axes_count);
/* x with an update added to a slice. As slice_update. */
EMILY_API emily_array *emily_slice_update_add(emily_scope *scope, emily_array *x, emily_array *update, const int64_t
                                              *start, const int64_t *stop, const int64_t *strides);
/* x with a slice multiplied by an update. As slice_update. */
EMILY_API emily_array *emily_slice_update_prod(emily_scope *scope, emily_array *x, emily_array *update, const int64_t
                                               *start, const int64_t *stop, const int64_t *strides);
/* x with the larger of a slice and an update there; NaN where one is NaN. As slice_update. */
EMILY_API emily_array *emily_slice_update_max(emily_scope *scope, emily_array *x, emily_array *update, const int64_t
                                              *start, const int64_t *stop, const int64_t *strides);
/* x with the smaller of a slice and an update there; NaN where one is NaN. As slice_update. */
EMILY_API emily_array *emily_slice_update_min(emily_scope *scope, emily_array *x, emily_array *update, const int64_t
                                              *start, const int64_t *stop, const int64_t *strides);
/* A slice of the extents slice_size (one an axis of x) that begins where an array says. start: integers, one for each of `axes`, in
 * one axis or, for one axis, none; 0 on the other axes. A start that lets the slice leave x is moved to the nearest that does
 * not: below 0 to 0, as XLA's and Nx's (MLX reads other memory). */
EMILY_API emily_array *emily_dynamic_slice(emily_scope *scope, emily_array *x, emily_array *start, const int64_t *axes,
                                           int32_t axes_count, const int64_t *slice_size);
/* x with a slice replaced that begins where an array says. start as dynamic_slice's; the slice has the update's extents, on leading axes
 * that the update lacks those of x, or 1 on the axes of start. In place where x's buffer has no other owner. */
EMILY_API emily_array *emily_dynamic_slice_update(emily_scope *scope, emily_array *x, emily_array *update, emily_array *start,
                                                  const int64_t *axes, int32_t axes_count);
/* The diagonal of two axes, as the last axis: x[..., i, ..., i + offset, ...]. A view. The other axes keep their order. */
EMILY_API emily_array *emily_diagonal(emily_scope *scope, emily_array *x, int64_t offset, int64_t axis1, int64_t axis2);
/* The sum of the diagonal of two axes, cast to dtype first (-1: x's). Narrow integers widen as in sum. */
EMILY_API emily_array *emily_trace(emily_scope *scope, emily_array *x, int64_t offset, int64_t axis1, int64_t axis2,
                                   emily_dtype dtype);
/* Values put at indices of the same rank along an axis. Values are cast to x's dtype and broadcast with the indices; x, indices and
 * values broadcast off the axis. EMILY_NO_AXIS: into the flattened x, whose shape comes back. Indices out of bounds and several
 * at one place as scatter. */
EMILY_API emily_array *emily_put_along_axis(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *values,
                                            int64_t axis);
/* Values added at indices of the same rank along an axis. As put_along_axis; all of several at one place are added. */
EMILY_API emily_array *emily_scatter_add_axis(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *values,
                                              int64_t axis);

/* What tuples of indices in the last axis point at. indices: integers [..., n], one for each of `axes` (NULL: the first n).
 * [indices.shape[:-1]..., the other axes of x...]. Out of bounds as gather. */
EMILY_API emily_array *emily_gather_nd(emily_scope *scope, emily_array *x, emily_array *indices, const int64_t *axes,
                                       int32_t axes_count);
/* Updates put where tuples of indices in the last axis point. Indices as gather_nd's; updates broadcast to the shape that gather_nd would
 * give, and are cast to x's dtype. Out of bounds and several at one place as scatter. */
EMILY_API emily_array *emily_indexed_put(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *updates,
                                         const int64_t *axes, int32_t axes_count);
/* Updates added where tuples of indices in the last axis point. As indexed_put; all of several at one place are added. */
EMILY_API emily_array *emily_indexed_add(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *updates,
                                         const int64_t *axes, int32_t axes_count);
/* Where elements are not zero, an array of indices for each axis: int64 [n], in row-major order. x is evaluated when the op is
 * built, for n; its failure is the scope's. A 0-d x is refused. */
EMILY_API emily_status emily_nonzero(emily_scope *scope, emily_array *x, emily_array **out, size_t capacity, size_t *count);
/* Where elements of the flattened array are not zero: int64 [n]. Evaluates x as nonzero does. */
EMILY_API emily_array *emily_flatnonzero(emily_scope *scope, emily_array *x);
/* Where elements are not zero, a row of indices for each: int64 [n, axes]. Evaluates x as nonzero does. */
EMILY_API emily_array *emily_argwhere(emily_scope *scope, emily_array *x);
/* Elements where a mask is true, in row-major order. mask: bool, of the shape of x's leading axes. [n, the other axes of x...]. The mask is
 * evaluated when the op is built, for n; its failure is the scope's. */
EMILY_API emily_array *emily_masked_select(emily_scope *scope, emily_array *x, emily_array *mask);
/* Elements where a mask is true replaced by values in their order. mask: bool, of the shape of x's leading axes; src: [m, the other axes
 * of x...], cast to x's dtype, or without the first axis, the same for each. Fewer than the mask wants is an error of the evaluation. */
EMILY_API emily_array *emily_masked_scatter(emily_scope *scope, emily_array *x, emily_array *mask, emily_array *src);
/* The sorted different elements, and on request where they are and how many. x is flattened; results: values [size], then those that are
 * wanted of index (uint32 [size], the first place of each), inverse (uint32, x's shape: the value of each element) and counts (int32
 * [size]). size -1: as many as there are, for which x is evaluated when the op is built. Of fewer the smallest are given, and
 * inverse then ends at the last; past the last value stands fill_value (one element, or NULL: the first value) with the count 0.
 * NaN differs from NaN. */
EMILY_API emily_status emily_unique(emily_scope *scope, emily_array *x, emily_array *fill_value, int64_t size, bool return_index,
                                    bool return_inverse, bool return_counts, emily_array **out, size_t capacity, size_t *count);

/* ---- sort ---- */

/* Sorted along an axis, stable; NaN above all numbers. EMILY_NO_AXIS: of the flattened array. Ascending: NaN last;
 * descending: NaN first. Equal elements keep their order either way. */
EMILY_API emily_array *emily_sort(emily_scope *scope, emily_array *x, int64_t axis, bool descending);
/* Indices that sort along an axis, stable. uint32. As sort. */
EMILY_API emily_array *emily_argsort(emily_scope *scope, emily_array *x, int64_t axis, bool descending);
/* The element that sorting would put at kth is there, smaller ones before. On either side in no order to rely on. */
EMILY_API emily_array *emily_partition(emily_scope *scope, emily_array *x, int64_t kth, int64_t axis);
/* Indices that partition along an axis. uint32. As partition. */
EMILY_API emily_array *emily_argpartition(emily_scope *scope, emily_array *x, int64_t kth, int64_t axis);
/* The k largest along an axis, ascending. NaN is the largest. */
EMILY_API emily_array *emily_topk(emily_scope *scope, emily_array *x, int64_t k, int64_t axis);
/* Indices that keep a sorted sequence sorted when values are put there. uint32, the shape of values. sorted_sequence
 * [N], ascending, NaN last; side "left": how many elements are less than a value; "right": how many are not greater.
 * Both are promoted to one dtype. */
EMILY_API emily_array *emily_searchsorted(emily_scope *scope, emily_array *sorted_sequence, emily_array *values, const
                                          char *side);
/* Counts of elements between edges, and the edges. out[0] [bins]: int32, or sums of weights (as x in shape; their
 * dtype, narrow integers widened); out[1] [bins + 1]. As np.histogram: bin i holds edges[i] <= x < edges[i + 1], the
 * last also x = edges[bins]; others and NaN are not counted. edges [bins + 1] ascend; without them, `bins` of equal
 * width from min to max (half of 1 around, where these are equal), in float64 for float64 and integers of 32 bits or
 * more, else float32. */
EMILY_API emily_status emily_histogram(emily_scope *scope, emily_array *x, emily_array *edges, emily_array *weights,
                                       int64_t bins, emily_array *out[2]);
/* How often each of 0 ... length - 1 occurs. int32 [length], or sums of weights (as x in shape; their dtype, narrow
 * integers widened). x is of integers; others than these are not counted. */
EMILY_API emily_array *emily_bincount(emily_scope *scope, emily_array *x, emily_array *weights, int64_t length);

#ifdef __cplusplus
}
#endif
#endif
