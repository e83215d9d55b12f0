/* pretokenizer.c: running the steps; pretokenizer_load.c reads them. */
#include "text/pretokenizer.h"

#include "text/normalizer.h"

#include <string.h>

/* A stretch of a piece: a match of the pattern, or what lies between two. */
typedef struct stretch {
  size_t start, end;
  bool match;
} stretch;

typedef struct splitter {
  emily__pattern_state state;
  EMILY__VEC(stretch) stretches, joined;
} splitter;

static emily_status push_stretch(splitter *s, size_t start, size_t end, bool match) {
  return emily__vec_push(&s->stretches, (stretch){start, end, match}) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* The piece as alternating stretches; `match` is turned round when the step inverts. */
static emily_status find_stretches(const emily__cut_step *step, const char *bytes, size_t length, splitter *s) {
  size_t done = 0, start, end;
  bool found;
  s->stretches.count = 0;
  emily__pattern_start(&s->state, step->pattern, bytes, length);
  for (;;) {
    EMILY__TRY(emily__pattern_next(&s->state, &found, &start, &end));
    if (!found) break;
    if (done != start) EMILY__TRY(push_stretch(s, done, start, step->invert));
    EMILY__TRY(push_stretch(s, start, end, !step->invert));
    done = end;
  }
  return done == length ? EMILY_OK : push_stretch(s, done, length, step->invert);
}

/* Whether a stretch goes into the one before it (after it, for MERGED_WITH_NEXT, which walks backwards). */
static bool joins(emily__behavior behavior, bool match, bool previous) {
  return behavior == EMILY__CONTIGUOUS ? match == previous : match && !previous;
}

static emily_status join_stretches(emily__behavior behavior, splitter *s) {
  size_t count = s->stretches.count;
  bool backwards = behavior == EMILY__MERGED_WITH_NEXT, previous = false;
  s->joined.count = 0;
  for (size_t i = 0; i < count; i++) {
    stretch one = s->stretches.data[backwards ? count - 1 - i : i];
    if (s->joined.count && joins(behavior, one.match, previous)) {
      stretch *last = &s->joined.data[s->joined.count - 1];
      if (backwards) last->start = one.start;
      else last->end = one.end;
    } else if (!emily__vec_push(&s->joined, one)) return EMILY_OUT_OF_MEMORY;
    previous = one.match;
  }
  for (size_t i = 0; backwards && i < s->joined.count / 2; i++) {
    stretch held = s->joined.data[i], *other = &s->joined.data[s->joined.count - 1 - i];
    s->joined.data[i] = *other;
    *other = held;
  }
  return EMILY_OK;
}

static emily_status split_piece(const emily__cut_step *step, const emily__text *text, emily__piece piece, splitter *s,
                                emily__cut_text *out) {
  EMILY__TRY(find_stretches(step, text->bytes.data + piece.start, piece.end - piece.start, s));
  bool plain = step->behavior == EMILY__REMOVED || step->behavior == EMILY__ISOLATED;
  if (!plain) EMILY__TRY(join_stretches(step->behavior, s));
  const stretch *list = plain ? s->stretches.data : s->joined.data;
  size_t count = plain ? s->stretches.count : s->joined.count;
  for (size_t i = 0; i < count; i++) {
    if (list[i].start == list[i].end || (step->behavior == EMILY__REMOVED && list[i].match)) continue;
    emily__piece part = {piece.start + list[i].start, piece.start + list[i].end, -1, {0, 0}};
    if (!emily__vec_push(&out->pieces, part)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

/* Only the cuts change: the text stays where it is. */
static emily_status run_split(const emily__cut_step *step, emily__cut_text *text, emily__cut_text *spare) {
  splitter s = {0};
  emily_status status = EMILY_OK;
  spare->pieces.count = 0;
  for (size_t i = 0; i < text->pieces.count && status == EMILY_OK; i++) {
    emily__piece piece = text->pieces.data[i];
    if (piece.token < 0) status = split_piece(step, &text->text, piece, &s, spare);
    else if (!emily__vec_push(&spare->pieces, piece)) status = EMILY_OUT_OF_MEMORY;
  }
  emily__pattern_finish(&s.state);
  emily__vec_free(&s.stretches);
  emily__vec_free(&s.joined);
  if (status != EMILY_OK) return status;
  emily__cut_text held = *text;
  text->pieces.data = spare->pieces.data;
  text->pieces.count = spare->pieces.count;
  text->pieces.capacity = spare->pieces.capacity;
  spare->pieces.data = held.pieces.data;
  spare->pieces.count = held.pieces.count;
  spare->pieces.capacity = held.pieces.capacity;
  return EMILY_OK;
}

static bool begins_with(const emily__text *text, emily__piece piece, const char *content) {
  size_t length = strlen(content);
  return piece.end - piece.start >= length && !memcmp(text->bytes.data + piece.start, content, length);
}

static emily_status put_prefixed(const emily__cut_step *step, const emily__text *in, emily__piece piece,
                                 emily__text *out) {
  bool wanted = !step->first_only || in->origins.data[piece.start].start == 0;
  if (wanted && !begins_with(in, piece, step->content))
    EMILY__TRY(emily__text_puts(out, step->content, strlen(step->content),
                                emily__text_origin(in, piece.start, piece.start + 1)));
  return emily__text_copy(out, in, piece.start, piece.end);
}

static emily_status put_replaced(const emily__cut_step *step, const emily__text *in, emily__piece piece,
                                 emily__text *out) {
  emily__text part = {0};
  emily_status status = emily__text_copy(&part, in, piece.start, piece.end);
  if (status == EMILY_OK)
    status = emily__text_replace(step->pattern, step->content, strlen(step->content), &part, out);
  emily__text_free(&part);
  return status;
}

/* The steps that write the text anew, piece by piece. */
static emily_status run_rewrite(const emily__cut_step *step, emily__cut_text *text, emily__cut_text *spare) {
  emily__text_clear(&spare->text);
  for (size_t i = 0; i < text->pieces.count; i++) {
    emily__piece *piece = &text->pieces.data[i];
    if (piece->token >= 0) continue;
    size_t start = spare->text.bytes.count;
    if (step->kind == EMILY__CUT_PREFIX) EMILY__TRY(put_prefixed(step, &text->text, *piece, &spare->text));
    else if (step->kind == EMILY__CUT_REPLACE) EMILY__TRY(put_replaced(step, &text->text, *piece, &spare->text));
    else EMILY__TRY(emily__text_put_byte_chars(&text->text, piece->start, piece->end, &spare->text));
    piece->start = start;
    piece->end = spare->text.bytes.count;
  }
  emily__text_swap(&text->text, &spare->text);
  return EMILY_OK;
}

emily_status emily__pretokenizer_run(const emily__pretokenizer *pretokenizer, emily__cut_text *text,
                                     emily__cut_text *spare) {
  for (size_t i = 0; i < pretokenizer->steps.count; i++) {
    const emily__cut_step *step = &pretokenizer->steps.data[i];
    if (step->kind == EMILY__CUT_SPLIT) EMILY__TRY(run_split(step, text, spare));
    else EMILY__TRY(run_rewrite(step, text, spare));
  }
  return EMILY_OK;
}

void emily__cut_text_free(emily__cut_text *text) {
  emily__text_free(&text->text);
  emily__vec_free(&text->pieces);
}
