/* fill_mask.c: the words that fit a gap.
 *
 *     fill_mask MODEL TEXT        TEXT has the model's mask token in it, [MASK] or <mask>: prints what fits, the best first
 */
#include <emily/fill_mask.h>

#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: fill_mask MODEL TEXT\n"), 2;
  emily_filler *filler = NULL;
  emily_fills *fills = NULL;
  emily_status status = emily_filler_load(argv[1], NULL, &filler);
  if (!status) status = emily_fill_mask(filler, (const char *const *)&argv[2], NULL, 1, NULL, &fills);
  if (status) fprintf(stderr, "%s\n", emily_last_error()->message);
  for (size_t mask = 0; !status && mask < emily_fills_masks(fills, 0); mask++)
    for (size_t i = 0; i < emily_fills_top_k(fills); i++) {
      const emily_fill *fill = emily_fills_at(fills, 0, mask) + i;
      printf("%zu %.3f %s\n", mask + 1, fill->score, fill->text);
    }
  emily_fills_free(fills);
  emily_filler_release(filler);
  return status != 0;
}
