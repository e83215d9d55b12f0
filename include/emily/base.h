/* emily/base.h: status codes, error details, version.
 *
 * Conventions of every public header
 * ----------------------------------
 * - A function that can fail returns an emily_status, or a pointer that is NULL on failure. The details of the
 *   latest failure on the calling thread are then in emily_last_error(). Nothing aborts, exits or prints.
 * - An output parameter is written on success only.
 * - `emily_x_new`, `_open`, `_load` and `_from_…` hand the caller one reference, given back by `emily_x_release`
 *   (or `_close`, `_free` where there is no sharing). Releasing NULL does nothing.
 * - Strings are UTF-8 and end with NUL unless a length is passed beside them. Sizes are in bytes and counts in
 *   elements unless said otherwise.
 * - Structs that callers fill begin with `size_t struct_size`, set by their INIT macro, so that fields can be added.
 */
#ifndef EMILY_BASE_H
#define EMILY_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(EMILY_BUILD) && defined(__GNUC__)
#define EMILY_API __attribute__((visibility("default")))
#else
#define EMILY_API
#endif

#if defined(__GNUC__)
#define EMILY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define EMILY_PRINTF(fmt, args)
#endif

/* What a call answers. Values never change; new ones are added at the end. */
typedef int32_t emily_status;
enum {
  EMILY_OK = 0,
  EMILY_INVALID_ARGUMENT = 1, /* a shape, dtype, axis, option or pointer that the call does not take */
  EMILY_OUT_OF_MEMORY = 2,    /* error.bytes_asked says how much was asked for */
  EMILY_IO_ERROR = 3,         /* a file could not be opened, read, mapped or written */
  EMILY_BAD_FORMAT = 4,       /* a file's content breaks its format */
  EMILY_UNSUPPORTED = 5,      /* well-formed, and emily does not do it */
  EMILY_NOT_FOUND = 6,        /* a name (op, tensor, device, token) that is not there */
  EMILY_CANCELLED = 7,        /* stopped on the caller's request */
  EMILY_DEBUG_CHECK = 8,      /* a debug flag found an index out of bounds, or NaN or Inf */
  EMILY_INTERNAL = 9          /* a broken invariant: please report it */
};

/* The name of a status, e.g. "out of memory". Static; never NULL. */
EMILY_API const char *emily_status_name(emily_status status);

/* The latest failure on the calling thread. Valid until that thread's next failing call. */
typedef struct emily_error {
  emily_status status;
  const char *where;     /* the op or function that failed, "" when unknown */
  const char *message;   /* one sentence or two: what is wrong, and what to do; no newline at the end */
  uint64_t bytes_asked;  /* EMILY_OUT_OF_MEMORY: bytes asked for, else 0 */
  uint64_t bytes_free;   /* EMILY_OUT_OF_MEMORY: bytes free under the limit that was hit, 0 when unknown */
} emily_error;

/* Never NULL: status is EMILY_OK and the strings empty where nothing failed yet on this thread. */
EMILY_API const emily_error *emily_last_error(void);

/* Version of the library that runs, "MAJOR.MINOR.PATCH". Static. */
EMILY_API const char *emily_version(void);

/* The same as one number, MAJOR * 10000 + MINOR * 100 + PATCH, to compare with EMILY_VERSION_NUMBER. */
EMILY_API int32_t emily_version_number(void);

#define EMILY_VERSION_MAJOR 0
#define EMILY_VERSION_MINOR 1
#define EMILY_VERSION_PATCH 0
#define EMILY_VERSION_NUMBER (EMILY_VERSION_MAJOR * 10000 + EMILY_VERSION_MINOR * 100 + EMILY_VERSION_PATCH)

#ifdef __cplusplus
}
#endif
#endif
