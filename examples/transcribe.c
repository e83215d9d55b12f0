/* transcribe.c: speech to text, a line a segment, as it comes.
 *
 *     cc transcribe.c $(pkg-config --cflags --libs emily) -o transcribe
 *     ./transcribe whisper-tiny speech.flac [LANGUAGE]
 */
#include <emily/transcribe.h>

#include <stdio.h>

static int32_t on_segment(const emily_transcription_segment *segment, void *context) {
  (void)context;
  printf("[%7.2f --> %7.2f]%s\n", segment->start, segment->end, segment->text);
  fflush(stdout);
  return 0; /* anything else stops */
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: transcribe MODEL AUDIO [LANGUAGE]\n");
    return 2;
  }
  emily_transcribe_options options = EMILY_TRANSCRIBE_OPTIONS_INIT;
  options.language = argc > 3 ? argv[3] : NULL; /* NULL: it is heard */
  options.callback = on_segment;

  emily_transcriber *transcriber = NULL;
  emily_transcription *result = NULL;
  emily_status status = emily_transcriber_load(argv[1], NULL, &transcriber);
  if (status == EMILY_OK) status = emily_transcribe_file(transcriber, argv[2], &options, &result);
  if (status == EMILY_OK) printf("%.1f seconds, language %s\n", result->duration, result->language ? result->language : "?");
  else fprintf(stderr, "%s\n", emily_last_error()->message);

  emily_transcription_free(result);
  emily_transcriber_release(transcriber);
  return status != EMILY_OK;
}
