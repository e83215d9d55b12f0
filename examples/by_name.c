/* by_name.c: an op called by its name, and the table of ops: what a binding to another language is made of.
 *
 *     by_name                prints the square roots of 1, 4, 9
 *     by_name OP             prints what OP takes
 */
#include <emily/emily.h>

#include <stdio.h>

static int describe(const char *name) {
  const emily_op_info *op = emily_op_find(name);
  if (!op) return fprintf(stderr, "there is no op %s\n", name), 1;
  printf("%s (%s): %s\n", op->name, op->group, op->summary);
  for (int32_t i = 0; i < op->arg_count; i++) {
    const emily_arg_info *arg = &op->args[i];
    printf("  %s%s%s\n", arg->name, arg->required ? "" : " = ", arg->required ? "" : arg->default_text);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1) return describe(argv[1]);

  float squares[] = {1, 4, 9}, roots[3];
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_scope_adopt(s, emily_array_from_data(squares, (int64_t[]){3}, 1, EMILY_FLOAT32));
  emily_array *y = NULL;
  emily_call(s, "sqrt", &x, 1, NULL, 0, &y, 1, NULL); /* a failure stays in the scope */
  emily_scope_keep(s, y);
  emily_status status = emily_scope_close(s);
  if (!status) status = emily_array_read(y, roots, sizeof roots);
  emily_array_release(y);
  if (status) return fprintf(stderr, "%s\n", emily_last_error()->message), 1;
  printf("sqrt: %g %g %g\n", roots[0], roots[1], roots[2]);
  return 0;
}
