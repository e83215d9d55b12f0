/* tensors.c: what a checkpoint holds.
 *
 *     tensors FOLDER         prints a line for each tensor: name, dtype, shape, bytes
 *
 * Opening maps the files; no weight is read.
 */
#include <emily/checkpoint.h>

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: tensors FOLDER\n"), 2;
  emily_checkpoint *checkpoint = NULL;
  if (emily_checkpoint_open(argv[1], &checkpoint)) return fprintf(stderr, "%s\n", emily_last_error()->message), 1;

  for (size_t i = 0; i < emily_checkpoint_count(checkpoint); i++) {
    printf("%s %s [", emily_checkpoint_name(checkpoint, i), emily_checkpoint_dtype_name(checkpoint, i));
    const int64_t *shape = emily_checkpoint_shape(checkpoint, i);
    for (int32_t axis = 0; axis < emily_checkpoint_ndim(checkpoint, i); axis++)
      printf("%s%" PRId64, axis ? ", " : "", shape[axis]);
    printf("] %" PRIu64 "\n", emily_checkpoint_nbytes(checkpoint, i));
  }
  emily_checkpoint_release(checkpoint);
  return 0;
}
