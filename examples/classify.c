/* classify.c: labels for texts.
 *
 *     classify MODEL TEXT...        prints the best label of each text with its score
 */
#include <emily/classify.h>

#include <stdio.h>

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: classify MODEL TEXT...\n"), 2;
  const char *const *texts = (const char *const *)argv + 2;
  size_t count = (size_t)argc - 2;
  emily_classifier *classifier = NULL;
  emily_labels *labels = NULL;
  emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
  options.top_k = 1;
  emily_status status = emily_classifier_load(argv[1], NULL, &classifier);
  if (!status) status = emily_classify(classifier, texts, NULL, count, &options, &labels);
  if (status) fprintf(stderr, "%s\n", emily_last_error()->message);
  for (size_t i = 0; !status && i < count; i++)
    printf("%s %.3f  %s\n", emily_labels_at(labels, i)->name, emily_labels_at(labels, i)->score, texts[i]);
  emily_labels_free(labels);
  emily_classifier_release(classifier);
  return status != 0;
}
