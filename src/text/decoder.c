/* decoder.c: the steps and how they run; decoder_load.c reads them. */
#include "text/decoder_steps.h"

#include "base/utf8.h"
#include "text/byte_tokens.h"
#include "text/bytelevel.h"

#include <string.h>

emily_status emily__strings_push(emily__strings *strings, const char *bytes, size_t length) {
  if (!emily__str_append(&strings->bytes, bytes, length)) return EMILY_OUT_OF_MEMORY;
  return emily__vec_push(&strings->ends, strings->bytes.count) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

void emily__strings_clear(emily__strings *strings) {
  emily__str_clear(&strings->bytes);
  strings->ends.count = 0;
}

void emily__strings_free(emily__strings *strings) {
  emily__str_free(&strings->bytes);
  emily__vec_free(&strings->ends);
}

typedef struct slice {
  const char *data;
  size_t length;
} slice;

static slice string_at(const emily__strings *strings, size_t i) {
  size_t start = i ? strings->ends.data[i - 1] : 0;
  return (slice){strings->bytes.data + start, strings->ends.data[i] - start};
}

static emily_status append(emily__str *out, const char *bytes, size_t length) {
  return emily__str_append(out, bytes, length) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* Ends the string whose bytes were appended. */
static emily_status end_string(emily__strings *out) {
  return emily__vec_push(&out->ends, out->bytes.count) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

emily_status emily__decode_byte_chars(const char *token, size_t length, emily__str *out) {
  size_t before = out->count;
  for (size_t at = 0, used; at < length; at += used) {
    int byte = emily__char_to_byte(emily__utf8_next(token + at, &used));
    if (byte < 0) { /* not of the alphabet: the token is text as it stands */
      out->count = before;
      return append(out, token, length);
    }
    char c = (char)byte;
    EMILY__TRY(append(out, &c, 1));
  }
  return EMILY_OK;
}

emily_status emily__decode_byte_level(const emily__decode_step *step, const emily__strings *in, emily__strings *out) {
  (void)step;
  emily__str bytes = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < in->ends.count && status == EMILY_OK; i++) {
    slice token = string_at(in, i);
    status = emily__decode_byte_chars(token.data, token.length, &bytes);
  }
  if (status == EMILY_OK && !emily__utf8_append_repaired(&out->bytes, bytes.data, bytes.count))
    status = EMILY_OUT_OF_MEMORY;
  emily__str_free(&bytes);
  return status == EMILY_OK ? end_string(out) : status;
}

/* Appends `in` with each `from` replaced; from is not empty. */
static emily_status replace_all(slice in, slice from, slice to, emily__str *out) {
  for (;;) {
    const char *hit = memmem(in.data, in.length, from.data, from.length);
    if (!hit) return append(out, in.data, in.length);
    size_t before = (size_t)(hit - in.data);
    EMILY__TRY(append(out, in.data, before));
    EMILY__TRY(append(out, to.data, to.length));
    in.data += before + from.length;
    in.length -= before + from.length;
  }
}

/* English spacing as BERT's tokenizer undoes it: each replacement over the whole string, in this order. */
static emily_status clean_up(emily__str *text, size_t start) {
  static const char *const pairs[][2] = {{" .", "."},     {" ?", "?"},     {" !", "!"},
                                         {" ,", ","},     {" ' ", "'"},    {" n't", "n't"},
                                         {" 'm", "'m"},   {" do not", " don't"}, {" 's", "'s"},
                                         {" 've", "'ve"}, {" 're", "'re"}};
  emily__str work = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0] && status == EMILY_OK; i++) {
    slice text_now = {text->data + start, text->count - start};
    slice from = {pairs[i][0], strlen(pairs[i][0])}, to = {pairs[i][1], strlen(pairs[i][1])};
    if (!memmem(text_now.data, text_now.length, from.data, from.length)) continue;
    emily__str_clear(&work);
    status = replace_all(text_now, from, to, &work);
    if (status != EMILY_OK) break;
    text->count = start;
    status = append(text, work.data, work.count);
  }
  emily__str_free(&work);
  return status;
}

emily_status emily__decode_wordpiece(const emily__decode_step *step, const emily__strings *in, emily__strings *out) {
  for (size_t i = 0; i < in->ends.count; i++) {
    slice token = string_at(in, i);
    size_t start = out->bytes.count;
    bool continues = token.length >= step->content_length && !memcmp(token.data, step->content, step->content_length);
    if (i && continues) {
      token.data += step->content_length;
      token.length -= step->content_length;
    } else if (i) EMILY__TRY(append(&out->bytes, " ", 1));
    EMILY__TRY(append(&out->bytes, token.data, token.length));
    if (step->flag) EMILY__TRY(clean_up(&out->bytes, start));
    EMILY__TRY(end_string(out));
  }
  return EMILY_OK;
}

emily_status emily__decode_bpe(const emily__decode_step *step, const emily__strings *in, emily__strings *out) {
  slice suffix = {step->content, step->content_length};
  for (size_t i = 0; i < in->ends.count; i++) {
    slice token = string_at(in, i), space = {" ", i + 1 < in->ends.count ? 1 : 0};
    if (suffix.length) EMILY__TRY(replace_all(token, suffix, space, &out->bytes));
    else EMILY__TRY(append(&out->bytes, token.data, token.length));
    EMILY__TRY(end_string(out));
  }
  return EMILY_OK;
}

static emily_status replace_matches(const emily__decode_step *step, slice token, emily__pattern_state *state,
                                    emily__str *out) {
  size_t done = 0, start, end;
  bool found;
  if (!token.length) return EMILY_OK;
  emily__pattern_start(state, step->pattern, token.data, token.length);
  for (;;) {
    EMILY__TRY(emily__pattern_next(state, &found, &start, &end));
    if (!found) return append(out, token.data + done, token.length - done);
    EMILY__TRY(append(out, token.data + done, start - done));
    EMILY__TRY(append(out, step->content, step->content_length));
    done = end;
  }
}

emily_status emily__decode_replace(const emily__decode_step *step, const emily__strings *in, emily__strings *out) {
  emily__pattern_state state = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < in->ends.count && status == EMILY_OK; i++) {
    status = replace_matches(step, string_at(in, i), &state, &out->bytes);
    if (status == EMILY_OK) status = end_string(out);
  }
  emily__pattern_finish(&state);
  return status;
}

emily_status emily__decode_fuse(const emily__decode_step *step, const emily__strings *in, emily__strings *out) {
  (void)step;
  return emily__strings_push(out, in->bytes.data, in->bytes.count);
}

emily_status emily__decode_strip(const emily__decode_step *step, const emily__strings *in, emily__strings *out) {
  size_t width = step->content_length;
  for (size_t i = 0; i < in->ends.count; i++) {
    slice token = string_at(in, i);
    for (size_t n = 0; n < step->start && token.length >= width && !memcmp(token.data, step->content, width); n++) {
      token.data += width;
      token.length -= width;
    }
    for (size_t n = 0; n < step->stop && token.length >= width &&
                       !memcmp(token.data + token.length - width, step->content, width); n++)
      token.length -= width;
    EMILY__TRY(emily__strings_push(out, token.data, token.length));
  }
  return EMILY_OK;
}

/* A run of byte tokens is one string where the bytes are UTF-8, else one U+FFFD a byte. */
static emily_status put_byte_run(emily__str *run, emily__strings *out) {
  bool valid = emily__utf8_valid(run->data, run->count);
  size_t count = run->count;
  if (valid && count) EMILY__TRY(emily__strings_push(out, run->data, count));
  for (size_t i = 0; i < count && !valid; i++) EMILY__TRY(emily__strings_push(out, "\xEF\xBF\xBD", 3));
  emily__str_clear(run);
  return EMILY_OK;
}

static emily_status fall_back(const emily__strings *in, emily__str *run, emily__strings *out) {
  for (size_t i = 0; i < in->ends.count; i++) {
    slice token = string_at(in, i);
    int byte = emily__byte_of_token(token.data, token.length);
    char c = (char)byte;
    if (byte >= 0) EMILY__TRY(append(run, &c, 1));
    else {
      EMILY__TRY(put_byte_run(run, out));
      EMILY__TRY(emily__strings_push(out, token.data, token.length));
    }
  }
  return put_byte_run(run, out);
}

emily_status emily__decode_byte_fallback(const emily__decode_step *step, const emily__strings *in,
                                         emily__strings *out) {
  (void)step;
  emily__str run = {0};
  emily_status status = fall_back(in, &run, out);
  emily__str_free(&run);
  return status;
}

emily_status emily__decode_metaspace(const emily__decode_step *step, const emily__strings *in, emily__strings *out) {
  slice mark = {step->content, step->content_length};
  for (size_t i = 0; i < in->ends.count; i++) {
    slice space = {" ", i == 0 && step->flag ? 0 : 1};
    EMILY__TRY(replace_all(string_at(in, i), mark, space, &out->bytes));
    EMILY__TRY(end_string(out));
  }
  return EMILY_OK;
}

bool emily__decoder_is_byte_level(const emily__decoder *decoder) {
  return decoder->steps.count == 1 && decoder->steps.data[0].run == emily__decode_byte_level;
}

bool emily__decoder_falls_back(const emily__decoder *decoder) {
  for (size_t i = 0; i < decoder->steps.count; i++)
    if (decoder->steps.data[i].run == emily__decode_byte_fallback) return true;
  return false;
}

/* Without a decoder: the tokens, with spaces between them. */
static emily_status join(const emily__strings *strings, emily__str *out) {
  for (size_t i = 0; i < strings->ends.count; i++) {
    slice token = string_at(strings, i);
    if (i) EMILY__TRY(append(out, " ", 1));
    EMILY__TRY(append(out, token.data, token.length));
  }
  return EMILY_OK;
}

emily_status emily__decoder_run(const emily__decoder *decoder, emily__strings *strings, emily__str *out) {
  if (!decoder->present) return join(strings, out);
  emily__strings spare = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < decoder->steps.count && status == EMILY_OK; i++) {
    const emily__decode_step *step = &decoder->steps.data[i];
    emily__strings_clear(&spare);
    /* An empty buffer still has a pointer, so that strings may be compared and copied. */
    if (!emily__str_puts(&strings->bytes, "")) status = EMILY_OUT_OF_MEMORY;
    else status = step->run(step, strings, &spare);
    emily__strings held = *strings;
    *strings = spare;
    spare = held;
  }
  emily__strings_free(&spare);
  return status == EMILY_OK ? append(out, strings->bytes.data, strings->bytes.count) : status;
}
