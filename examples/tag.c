/* tag.c: names, places and other labelled parts of a text.
 *
 *     tag MODEL TEXT
 */
#include <emily/tag.h>

#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: tag MODEL TEXT\n"), 2;
  emily_tagger *tagger = NULL;
  emily_tags *tags = NULL;
  emily_status status = emily_tagger_load(argv[1], NULL, &tagger);
  if (!status) status = emily_tag(tagger, (const char *const *)&argv[2], NULL, 1, NULL, &tags);
  if (status) fprintf(stderr, "%s\n", emily_last_error()->message);
  for (size_t i = 0; !status && i < emily_tags_count(tags, 0); i++) {
    const emily_tag_span *span = emily_tags_at(tags, 0, i);
    printf("%s %.3f %s (characters %lld to %lld)\n", span->label, span->score, span->text, (long long)span->start, (long long)span->end);
  }
  emily_tags_free(tags);
  emily_tagger_release(tagger);
  return status != 0;
}
