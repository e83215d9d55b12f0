/* embed.c: how close two texts are in meaning.
 *
 *     embed MODEL TEXT TEXT        prints the cosine of the two vectors: 1 for the same meaning, about 0 for none in common
 */
#include <emily/embed.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double cosine(const float *a, const float *b, int64_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (int64_t i = 0; i < n; i++) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return ab / sqrt(aa * bb);
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: embed MODEL TEXT TEXT\n"), 2;
  emily_embedder *embedder = NULL;
  emily_status status = emily_embedder_load(argv[1], NULL, &embedder);
  int64_t size = status ? 0 : emily_embedder_size(embedder);
  float *vectors = malloc(2 * (size_t)size * sizeof *vectors);
  if (!status && vectors) status = emily_embed(embedder, (const char *[]){argv[2], argv[3]}, NULL, 2, NULL, vectors);
  if (status) fprintf(stderr, "%s\n", emily_last_error()->message);
  else if (vectors) printf("%.3f\n", cosine(vectors, vectors + size, size));
  free(vectors);
  emily_embedder_release(embedder);
  return status || !vectors;
}
