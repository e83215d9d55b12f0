/* encode.c: from text to ids.
 *
 * A text is repaired, cut at the added tokens, its pieces normalized and cut at those added tokens that are looked for
 * in normalized text, cut further by the pre-tokenizer, and each piece given to the model; then the sequences are
 * truncated, put into the template and padded.
 */
#include "text/encoding.h"

#include <string.h>

/* The room of one call. */
typedef struct work {
  emily__text text, segment, spare;
  emily__cut_text cut, cut_spare;
  emily__model_room room;
  emily__model_tokens tokens;
  emily__parts parts, window;
  emily__windows windows;
  emily__char_counts counts;
} work;

static void free_work(work *w) {
  emily__text_free(&w->text);
  emily__text_free(&w->segment);
  emily__text_free(&w->spare);
  emily__cut_text_free(&w->cut);
  emily__cut_text_free(&w->cut_spare);
  emily__model_room_free(&w->room);
  emily__vec_free(&w->tokens.list);
  emily__parts_free(&w->parts);
  emily__parts_free(&w->window);
  emily__vec_free(&w->windows.list);
  emily__char_counts_free(&w->counts);
}

/* Normalizes a piece of w->cut_spare and cuts it into w->cut. */
static emily_status normalize_piece(const emily_tokenizer *t, emily__piece piece, work *w) {
  if (piece.token >= 0) return emily__vec_push(&w->cut.pieces, piece) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  const emily__text *source = &w->cut_spare.text;
  if (!t->normalizer.steps.count)
    return emily__added_cut(&t->added, &t->added.normalized, source, piece.start, piece.end, &w->cut);
  emily__text_clear(&w->segment);
  EMILY__TRY(emily__text_copy(&w->segment, source, piece.start, piece.end));
  EMILY__TRY(emily__normalizer_run(&t->normalizer, &w->segment, &w->spare));
  return emily__added_cut(&t->added, &t->added.normalized, &w->segment, 0, w->segment.bytes.count, &w->cut);
}

/* The text into w->cut: normalized, and cut at added tokens. */
static emily_status cut_at_added(const emily_tokenizer *t, const char *text, size_t length, work *w) {
  emily__text_clear(&w->cut.text);
  emily__text_clear(&w->cut_spare.text);
  w->cut.pieces.count = w->cut_spare.pieces.count = 0;
  EMILY__TRY(emily__text_begin(&w->text, text, length));
  EMILY__TRY(emily__added_cut(&t->added, &t->added.raw, &w->text, 0, w->text.bytes.count, &w->cut_spare));
  for (size_t i = 0; i < w->cut_spare.pieces.count; i++)
    EMILY__TRY(normalize_piece(t, w->cut_spare.pieces.data[i], w));
  return EMILY_OK;
}

static emily_status push_piece(const emily_tokenizer *t, emily__piece piece, int32_t sequence, int32_t word, work *w,
                               emily__part *part) {
  emily__out_token out = {piece.token, sequence, piece.span, sequence, word, false, 0, 0};
  if (piece.token >= 0) return emily__vec_push(&part->tokens, out) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  w->tokens.list.count = 0;
  EMILY__TRY(t->model->ops->encode(t->model, w->cut.text.bytes.data + piece.start, piece.end - piece.start, &w->room,
                                   &w->tokens));
  if (!emily__vec_reserve(&part->tokens, w->tokens.list.count)) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < w->tokens.list.count; i++) {
    const emily__model_token *token = &w->tokens.list.data[i];
    out.id = token->id;
    out.span = emily__text_origin(&w->cut.text, piece.start + token->start, piece.start + token->end);
    part->tokens.data[part->tokens.count++] = out;
  }
  return EMILY_OK;
}

/* For spans without their spaces. An added token may have stripped the spaces beside it: its string is the text. */
static void note_spaces(const emily_tokenizer *t, const emily__cut_text *cut, const char *text, emily__part *part) {
  for (size_t i = 0; i < part->tokens.count; i++) {
    emily__out_token *token = &part->tokens.data[i];
    size_t length = token->span.end - token->span.start;
    const char *string = text + token->span.start;
    if (cut->pieces.data[token->word].token < 0) string = emily__tokenizer_token(t, token->id, &length);
    if (string) emily__token_spaces(string, length, token);
  }
}

static emily_status encode_sequence(const emily_tokenizer *t, const char *text, size_t length, int32_t sequence,
                                    bool trim, work *w) {
  if (!emily__vec_push(&w->parts.list, (emily__part){0})) return EMILY_OUT_OF_MEMORY;
  emily__part *part = &w->parts.list.data[w->parts.list.count - 1];
  EMILY__TRY(cut_at_added(t, text, length, w));
  EMILY__TRY(emily__pretokenizer_run(&t->pretokenizer, &w->cut, &w->cut_spare));
  for (size_t i = 0; i < w->cut.pieces.count; i++)
    EMILY__TRY(push_piece(t, w->cut.pieces.data[i], sequence, (int32_t)i, w, part));
  if (trim) note_spaces(t, &w->cut, text, part);
  return EMILY_OK;
}

static emily_status copy_part(const emily__part *from, emily__span range, emily__parts *out) {
  if (!emily__vec_push(&out->list, (emily__part){0})) return EMILY_OUT_OF_MEMORY;
  emily__part *part = &out->list.data[out->list.count - 1];
  size_t count = range.end - range.start;
  if (!emily__vec_reserve(&part->tokens, count)) return EMILY_OUT_OF_MEMORY;
  if (count) memcpy(part->tokens.data, from->tokens.data + range.start, count * sizeof *part->tokens.data);
  part->tokens.count = count;
  return EMILY_OK;
}

/* The parts with that of the windows cut to one of them, in w->window. */
static emily_status copy_window(work *w, emily__span range) {
  emily__parts_free(&w->window);
  for (size_t i = 0; i < w->parts.list.count; i++) {
    const emily__part *part = &w->parts.list.data[i];
    emily__span all = {0, (uint32_t)part->tokens.count};
    EMILY__TRY(copy_part(part, i == w->windows.which ? range : all, &w->window));
  }
  return EMILY_OK;
}

/* Puts the template around `parts`, and makes an encoding of them. */
static emily_status finish(const emily_tokenizer *t, const emily_encode_options *options, emily__parts *parts,
                           const emily__char_counts *counts, emily_encoding **out) {
  EMILY__TRY(emily__postprocessor_run(&t->post, options->add_special_tokens, parts));
  return emily__encoding_make(t, options, counts, parts, out);
}

static emily_status push_window(emily_encoding *window, emily_encoding **first) {
  if (!*first) return *first = window, EMILY_OK;
  if (emily__vec_push(&(*first)->more, window)) return EMILY_OK;
  emily_encoding_free(window);
  return EMILY_OUT_OF_MEMORY;
}

static emily_status finish_windows(const emily_tokenizer *t, const emily_encode_options *options, work *w,
                                   emily_encoding **out) {
  emily_encoding *first = NULL, *window;
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < w->windows.list.count && status == EMILY_OK; i++) {
    status = copy_window(w, w->windows.list.data[i]);
    if (status == EMILY_OK) status = finish(t, options, &w->window, &w->counts, &window);
    if (status == EMILY_OK) status = push_window(window, &first);
  }
  if (status != EMILY_OK) return emily_encoding_free(first), status;
  *out = first;
  return EMILY_OK;
}

static emily_status encode(const emily_tokenizer *t, const char *const texts[2], const size_t lengths[2],
                           const emily_encode_options *options, work *w, emily_encoding **out) {
  bool trim = options->want_offsets && emily__postprocessor_trims(&t->post);
  for (int32_t i = 0; i < 2 && texts[i]; i++) EMILY__TRY(encode_sequence(t, texts[i], lengths[i], i, trim, w));
  EMILY__TRY(emily__truncate(t, options, &w->parts, &w->windows));
  if (options->want_offsets == EMILY_OFFSETS_CHARACTERS) EMILY__TRY(emily__char_counts_make(texts, lengths, &w->counts));
  if (w->windows.list.count) return finish_windows(t, options, w, out);
  return finish(t, options, &w->parts, &w->counts, out);
}

/* The caller's options, with defaults for the fields that an older caller's struct lacks. */
static emily_status read_options(const emily_encode_options *given, emily_encode_options *out) {
  *out = (emily_encode_options)EMILY_ENCODE_OPTIONS_INIT;
  if (given && given->struct_size >= sizeof given->struct_size)
    memcpy(out, given, given->struct_size < sizeof *out ? given->struct_size : sizeof *out);
  else if (given)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "the options have no struct_size: begin them with EMILY_ENCODE_OPTIONS_INIT");
  if (out->max_length < -1 || out->pad_length < -1 || out->pad_length > INT32_MAX)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "max_length is %lld and pad_length %lld; lengths are -1, 0 or more", (long long)out->max_length,
                       (long long)out->pad_length);
  if (out->want_offsets < EMILY_OFFSETS_NONE || out->want_offsets > EMILY_OFFSETS_CHARACTERS ||
      out->truncation < EMILY_TRUNCATE_AS_FILE || out->truncation > EMILY_TRUNCATE_ONLY_SECOND)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "want_offsets is %d and truncation %d: take EMILY_OFFSETS_… and EMILY_TRUNCATE_…",
                       (int)out->want_offsets, (int)out->truncation);
  return EMILY_OK;
}

emily_status emily_tokenizer_encode(const emily_tokenizer *tokenizer, const char *text, size_t length,
                                    const char *pair, size_t pair_length, const emily_encode_options *options,
                                    emily_encoding **out) {
  if (!tokenizer || !text || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode", "an argument is NULL");
  emily_encode_options given;
  EMILY__TRY(read_options(options, &given));
  work w = {0};
  const char *const texts[2] = {text, pair};
  const size_t lengths[2] = {length, pair_length};
  emily_status status = encode(tokenizer, texts, lengths, &given, &w, out);
  free_work(&w);
  return status;
}
