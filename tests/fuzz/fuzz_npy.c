/* fuzz_npy.c: any bytes as an .npy file: an error with a message, or an array of as many bytes as its header says. */
#include "io/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily__npy npy;
  emily_array *array = NULL;
  if (emily__npy_parse(data, size, size, "fuzz", &npy) != EMILY_OK) {
    check(emily_last_error()->message[0] != '\0');
    return 0;
  }
  check(npy.offset <= size && npy.bytes <= size - npy.offset);
  if (emily__npy_array(&npy, data, NULL, "fuzz", &array) != EMILY_OK) return 0;
  check(emily_array_nbytes(array) == npy.bytes && emily_eval(&array, 1) == EMILY_OK);
  emily_array_release(array);
  return 0;
}
