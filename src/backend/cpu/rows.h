/* rows.h: initialisers of the per-dtype function tables of the elementwise families: name_<dtype> for each dtype of a
 * set. 16-bit floats have no rows: emily__elementwise_run widens them to float32's. */
#ifndef EMILY_BACKEND_CPU_ROWS_H
#define EMILY_BACKEND_CPU_ROWS_H

#define OF_BOOL(name) [EMILY_BOOL] = name##_bool
#define OF_UNSIGNED(name)                                                                       \
  [EMILY_UINT8] = name##_uint8, [EMILY_UINT16] = name##_uint16, [EMILY_UINT32] = name##_uint32, \
  [EMILY_UINT64] = name##_uint64
#define OF_INTEGER(name)                                                                                     \
  OF_UNSIGNED(name), [EMILY_INT8] = name##_int8, [EMILY_INT16] = name##_int16, [EMILY_INT32] = name##_int32, \
                     [EMILY_INT64] = name##_int64
#define OF_FLOAT(name) [EMILY_FLOAT32] = name##_float32, [EMILY_FLOAT64] = name##_float64
#define OF_COMPLEX(name) [EMILY_COMPLEX64] = name##_complex64

#endif
