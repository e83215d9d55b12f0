/* cmd_transcribe.c: `emily transcribe`: speech to text, subtitles or JSON, segment by segment as it comes. */
#include "base/status.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"

#include "emily/transcribe.h"

#include <math.h>
#include <string.h>

enum { MOST_TEMPERATURES = 16 };

typedef struct settings {
  bool json, srt, vtt, timestamps, no_timestamps, condition;
  const char *language, *task, *prompt;
  cli_texts temperatures;
  cli_real compression_ratio, logprob, no_speech;
  cli_int max_new_tokens, seed;
} settings;

static const cli_option options[] = {
    {"language", 'l', CLI_TEXT, "LANGUAGE", NULL,
     "what is spoken: de or german (default: what the first window sounds like)", .offset = offsetof(settings, language)},
    {"task", 0, CLI_TEXT, "TASK", NULL, "transcribe, or translate to English", .offset = offsetof(settings, task)},
    {"prompt", 'p', CLI_TEXT, "TEXT", NULL, "put this text before each window: names, spelling, style",
     .offset = offsetof(settings, prompt)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print a JSON line with text, tokens and segments for each sound",
     .offset = offsetof(settings, json)},
    {"srt", 0, CLI_FLAG, NULL, NULL, "print subtitles as SubRip", .offset = offsetof(settings, srt)},
    {"vtt", 0, CLI_FLAG, NULL, NULL, "print subtitles as WebVTT", .offset = offsetof(settings, vtt)},
    {"timestamps", 0, CLI_FLAG, NULL, NULL, "print when each segment begins and ends, before its text",
     .offset = offsetof(settings, timestamps)},
    {"no-timestamps", 0, CLI_FLAG, NULL, NULL, "let the model write without times: a segment is a window of the model",
     .offset = offsetof(settings, no_timestamps)},
    {"condition-on-previous", 0, CLI_FLAG, NULL, NULL, "let each window see the text before it",
     .offset = offsetof(settings, condition)},
    {"temperature", 0, CLI_TEXTS, "T", NULL,
     "0 takes the likeliest token always (default); may be repeated: tried in turn while a threshold is missed",
     .offset = offsetof(settings, temperatures)},
    {"compression-ratio-threshold", 0, CLI_REAL, "R", NULL, "text that zlib packs better than this repeats itself", 0, INFINITY,
     offsetof(settings, compression_ratio)},
    {"logprob-threshold", 0, CLI_REAL, "L", NULL, "text of a lower mean log probability is poor", -INFINITY, 0,
     offsetof(settings, logprob)},
    {"no-speech-threshold", 0, CLI_REAL, "P", NULL,
     "pass over poor windows that are without speech with more than this probability", 0, 1, offsetof(settings, no_speech)},
    {"max-new-tokens", 'n', CLI_INT, "N", NULL, "at most N tokens a window", 0, 1e9, offsetof(settings, max_new_tokens)},
    {"seed", 's', CLI_INT, "S", NULL, "begin the random choice of temperatures above 0 here", 0, 9.2e18,
     offsetof(settings, seed)},
};

typedef struct task {
  const settings *settings;
  emily_transcriber *transcriber;
  emily_transcribe_options options;
  double temperatures[MOST_TEMPERATURES];
  cli_progress progress;
  size_t count;   /* segments of this sound so far */
  bool many;      /* sounds */
} task;

/* ---- what is printed ---- */

/* "01:02:03.456"; SubRip has a comma there, and people are spared the hours. */
static void print_time(double seconds, char mark, bool hours) {
  uint64_t ms = (uint64_t)llround(seconds * 1000);
  if (hours || ms >= 3600000) cli_outf("%02llu:", (unsigned long long)(ms / 3600000));
  cli_outf("%02llu:%02llu%c%03llu", (unsigned long long)(ms / 60000 % 60), (unsigned long long)(ms / 1000 % 60), mark,
           (unsigned long long)(ms % 1000));
}

/* The text without the space that tokens begin with; in subtitles an empty line would end the cue. */
static void print_text(const emily_transcription_segment *s) {
  const char *text = s->text, *end = s->text + s->text_length;
  while (text < end && *text == ' ') text++;
  while (end > text && (end[-1] == ' ' || end[-1] == '\n')) end--;
  cli_out_visible(text, (size_t)(end - text));
  cli_out("\n");
}

static void print_cue(const task *t, const emily_transcription_segment *s) {
  char mark = t->settings->srt ? ',' : '.';
  if (t->settings->srt) cli_outf("%zu\n", t->count);
  print_time(s->start, mark, true);
  cli_out(" --> ");
  print_time(s->end, mark, true);
  cli_out("\n");
  print_text(s);
  cli_out("\n");
}

static void print_line(const task *t, const emily_transcription_segment *s) {
  if (t->settings->timestamps) {
    cli_out("[");
    print_time(s->start, '.', false);
    cli_out(" --> ");
    print_time(s->end, '.', false);
    cli_out("] ");
  }
  print_text(s);
}

static int32_t on_segment(const emily_transcription_segment *s, void *context) {
  task *t = context;
  t->count++;
  cli_progress_end(&t->progress);
  if (t->settings->srt || t->settings->vtt) print_cue(t, s);
  else if (!t->settings->json) print_line(t, s);
  cli_out_flush();
  return 0;
}

static int32_t on_progress(double done, double total, void *context) {
  task *t = context;
  t->progress.total = (uint64_t)(total * 1000);
  cli_progress_set(&t->progress, (uint64_t)(done * 1000));
  return 0;
}

static void print_segment_json(cli_json *json, const emily_transcription_segment *s) {
  cli_json_begin(json, '{');
  cli_json_put_real(json, "start", s->start);
  cli_json_put_real(json, "end", s->end);
  cli_json_key(json, "text");
  cli_json_bytes(json, s->text, s->text_length);
  cli_json_end(json, '}');
}

static void print_json(const task *t, const char *file, const emily_transcription *r) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  if (t->many) cli_json_put_text(&json, "file", file);
  cli_json_key(&json, "text");
  cli_json_bytes(&json, r->text, r->text_length);
  cli_json_key(&json, "tokens");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < r->token_count; i++) cli_json_int(&json, r->tokens[i]);
  cli_json_end(&json, ']');
  cli_json_key(&json, "segments");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < r->segment_count; i++) print_segment_json(&json, &r->segments[i]);
  cli_json_end(&json, ']');
  cli_json_put_text(&json, "language", r->language);
  cli_json_put_real(&json, "duration", r->duration);
  cli_json_end(&json, '}');
}

/* What stands in the place of an answer: {"file": …, "error": …}. */
static void print_error(const task *t, const char *file) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  if (t->many) cli_json_put_text(&json, "file", file);
  cli_json_put_text(&json, "error", emily_last_error()->message);
  cli_json_end(&json, '}');
}

/* ---- sounds ---- */

static emily_status transcribe_input(task *t, emily_transcription **out) {
  cli_input input;
  char *bytes;
  size_t size;
  emily_status status = cli_input_open(&input, "-");
  if (!status) status = cli_input_rest(&input, &bytes, &size);
  if (!status) status = emily_transcribe_memory(t->transcriber, bytes, size, "standard input", &t->options, out);
  cli_input_close(&input);
  return status;
}

/* A sound that fails is said, and the next one has its turn. */
static int transcribe(task *t, const char *file) {
  emily_transcription *result = NULL;
  t->count = 0;
  cli_progress_begin(&t->progress, file, 0);
  if (t->many && !t->settings->json) cli_outf("==> %s <==\n", file);
  emily_status status = strcmp(file, "-") ? emily_transcribe_file(t->transcriber, file, &t->options, &result)
                                          : transcribe_input(t, &result);
  cli_progress_end(&t->progress);
  if (status && t->settings->json && t->many) print_error(t, file);
  if (status) return cli_library_error();
  int code = result->finish_reason == EMILY_FINISH_CANCELLED ? CLI_INTERRUPTED : CLI_OK;
  if (t->settings->json && code == CLI_OK) print_json(t, file, result);
  emily_transcription_free(result);
  return code;
}

static int transcribe_all(task *t, const cli_call *call) {
  int code = CLI_OK;
  if (t->settings->vtt) cli_out("WEBVTT\n\n");
  for (size_t i = 1; i < call->operand_count && code != CLI_INTERRUPTED; i++) {
    int one = transcribe(t, call->operands[i]);
    if (one != CLI_OK) code = t->many && one != CLI_INTERRUPTED ? CLI_FAILED : one;
  }
  return code;
}

/* ---- settings ---- */

static int take_temperatures(task *t) {
  const cli_texts *texts = &t->settings->temperatures;
  if (texts->count > MOST_TEMPERATURES)
    return cli_error(CLI_USAGE, "--temperature may be given %d times at most", MOST_TEMPERATURES);
  for (size_t i = 0; i < texts->count; i++)
    if (!cli_parse_real(texts->items[i], &t->temperatures[i]) || !(t->temperatures[i] >= 0))
      return cli_error(CLI_USAGE, "--temperature must be a number that is not below 0, and is \"%s\"", texts->items[i]);
  t->options.temperatures = t->temperatures;
  t->options.temperature_count = texts->count;
  return CLI_OK;
}

static int check(const settings *s, size_t sounds) {
  if (s->json + s->srt + s->vtt > 1) return cli_error(CLI_USAGE, "only one of --json, --srt and --vtt may be given");
  if (s->timestamps && s->no_timestamps) return cli_error(CLI_USAGE, "--timestamps and --no-timestamps exclude each other");
  if ((s->srt || s->vtt) && sounds > 1) return cli_error(CLI_USAGE, "--srt and --vtt take one sound at a time");
  if (s->task && strcmp(s->task, "transcribe") && strcmp(s->task, "translate"))
    return cli_error(CLI_USAGE, "--task must be transcribe or translate, and is \"%s\"", s->task);
  return CLI_OK;
}

static int take_settings(task *t) {
  const settings *s = t->settings;
  t->options = (emily_transcribe_options)EMILY_TRANSCRIBE_OPTIONS_INIT;
  emily_transcribe_options *o = &t->options;
  o->language = s->language, o->task = s->task, o->prompt = s->prompt;
  if (s->timestamps || s->no_timestamps) o->timestamps = s->timestamps;
  if (s->condition) o->condition_on_previous = 1;
  if (s->compression_ratio.given) o->compression_ratio_threshold = s->compression_ratio.value;
  if (s->logprob.given) o->logprob_threshold = s->logprob.value;
  if (s->no_speech.given) o->no_speech_threshold = s->no_speech.value;
  if (s->max_new_tokens.given) o->max_new_tokens = s->max_new_tokens.value;
  if (s->seed.given) o->seed = s->seed.value;
  o->callback = on_segment, o->progress = on_progress, o->context = t;
  o->cancel = cli_interrupt_catch();
  return take_temperatures(t);
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings, .many = call->operand_count > 2};
  emily_model_options model_options = EMILY_MODEL_OPTIONS_INIT;
  int code = check(t.settings, call->operand_count - 1);
  if (code == CLI_OK) code = take_settings(&t);
  if (code != CLI_OK) return code;
  model_options.device = call->common.device;
  if (emily_transcriber_load(call->operands[0], &model_options, &t.transcriber)) return cli_library_error();
  code = transcribe_all(&t, call);
  emily_transcriber_release(t.transcriber);
  return code;
}

static const char *const examples[] = {
    "emily transcribe whisper-tiny speech.flac",
    "emily transcribe whisper-tiny --language de --task translate interview.mp3",
    "emily transcribe whisper-tiny film.ogg --srt >film.srt",
    "emily transcribe whisper-tiny *.wav --json",
    NULL,
};

const cli_command cli_transcribe_command = {
    .name = "transcribe",
    .synopsis = "MODEL AUDIO...",
    .summary = "Turn speech into text",
    .details =
        "AUDIO is any sound that libsndfile reads (WAV, FLAC, Ogg, MP3 and more), - one on\n"
        "standard input. Text comes line by line, a line a segment, as soon as it is there;\n"
        "sound longer than the model's window of 30 seconds is taken window by window. The\n"
        "language is heard from the first one unless --language says it.\n"
        "\n"
        "--json prints {\"text\": \"...\", \"tokens\": [...], \"segments\": [{\"start\": s, \"end\": s,\n"
        "\"text\": \"...\"}], \"language\": \"...\", \"duration\": s} for each sound, and where there\n"
        "are several \"file\" before it. Of several sounds, one that cannot be read is said\n"
        "(with --json also as {\"file\": \"...\", \"error\": \"...\"}), and the others are\n"
        "transcribed; the exit code is then 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 2,
    .most_operands = SIZE_MAX,
    .computes = true,
    .run = run,
};
