/* quantize.c: a model with weights of 4 bits, and what packing costs in accuracy.
 *
 *     quantize MODEL OUT
 */
#include <emily/convert.h>
#include <stdio.h>

/* Called after each layer; false would stop the work. */
static bool show(void *context, const emily_rewrite_tensor *tensor) {
  double *worst = context;
  if (tensor->error > *worst) *worst = tensor->error;
  fprintf(stderr, "\r%3.0f%%", 100.0 * (double)tensor->done / (double)tensor->total);
  return true;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: quantize MODEL OUT\n"), 2;
  double worst = 0;
  emily_rewrite_totals totals = EMILY_REWRITE_TOTALS_INIT;
  emily_quantize_options options = EMILY_QUANTIZE_OPTIONS_INIT;
  options.bits = 4;
  options.measure = 1;
  options.each = show;
  options.context = &worst;
  if (emily_model_quantize(argv[1], argv[2], &options, &totals)) return fprintf(stderr, "%s\n", emily_last_error()->message), 1;
  printf("\r%.1f MB from %.1f MB; the layer that lost most is off by %.1f%%\n", (double)totals.bytes_after / 1e6,
         (double)totals.bytes_before / 1e6, 100 * worst);
  return 0;
}
