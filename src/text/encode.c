/* encode.c: from text to ids.
 *
 * A text is repaired, cut at the added tokens, its pieces normalized and cut at those added tokens that are looked for
 * in normalized text, cut further by the pre-tokenizer, and each piece given to the model; then the sequences are
 * truncated, put into the template and padded.
 */
#include "text/tokenizer.h"

#include <string.h>

struct emily_encoding {
  size_t count;
  int32_t *ids, *type_ids;
  uint8_t *special_mask, *attention_mask;
  uint32_t *offsets;
};

/* The room of one call. */
typedef struct work {
  emily__text text, segment, spare;
  emily__cut_text cut, cut_spare;
  emily__model_room room;
  emily__model_tokens tokens;
  emily__parts parts;
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

static emily_status push_piece(const emily_tokenizer *t, emily__piece piece, int32_t type_id, work *w,
                               emily__part *part) {
  if (piece.token >= 0) {
    emily__out_token token = {piece.token, type_id, piece.span, false};
    return emily__vec_push(&part->tokens, token) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  }
  w->tokens.list.count = 0;
  EMILY__TRY(t->model->ops->encode(t->model, w->cut.text.bytes.data + piece.start, piece.end - piece.start, &w->room,
                                   &w->tokens));
  if (!emily__vec_reserve(&part->tokens, w->tokens.list.count)) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < w->tokens.list.count; i++) {
    const emily__model_token *token = &w->tokens.list.data[i];
    emily__span span = emily__text_origin(&w->cut.text, piece.start + token->start, piece.start + token->end);
    part->tokens.data[part->tokens.count++] = (emily__out_token){token->id, type_id, span, false};
  }
  return EMILY_OK;
}

static emily_status encode_sequence(const emily_tokenizer *t, const char *text, size_t length, int32_t type_id,
                                    work *w) {
  if (!emily__vec_push(&w->parts.list, (emily__part){0})) return EMILY_OUT_OF_MEMORY;
  emily__part *part = &w->parts.list.data[w->parts.list.count - 1];
  EMILY__TRY(cut_at_added(t, text, length, w));
  EMILY__TRY(emily__pretokenizer_run(&t->pretokenizer, &w->cut, &w->cut_spare));
  for (size_t i = 0; i < w->cut.pieces.count; i++)
    EMILY__TRY(push_piece(t, w->cut.pieces.data[i], type_id, w, part));
  return EMILY_OK;
}

static void shorten(emily__part *part, size_t most, bool left) {
  size_t count = part->tokens.count;
  if (count <= most) return;
  if (left && most)
    memmove(part->tokens.data, part->tokens.data + (count - most), most * sizeof *part->tokens.data);
  part->tokens.count = most;
}

/* The longer gives way until both are of one length, then they share (the second gets the odd one). */
static void shorten_pair(emily__parts *parts, size_t most, bool left) {
  size_t first = parts->list.data[0].tokens.count, second = parts->list.data[1].tokens.count;
  size_t low = first < second ? first : second, high = first < second ? second : first;
  high = low > most ? low : low > most - low ? low : most - low;
  if (low + high > most) {
    low = most / 2;
    high = low + most % 2;
  }
  bool first_is_longer = first > second;
  shorten(&parts->list.data[0], first_is_longer ? high : low, left);
  shorten(&parts->list.data[1], first_is_longer ? low : high, left);
}

static emily_status shorten_one(emily__parts *parts, size_t which, size_t excess, bool left) {
  size_t count = which < parts->list.count ? parts->list.data[which].tokens.count : 0;
  if (count <= excess)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "the tokenizer shortens only the %s text, which has %zu tokens where %zu are too many",
                       which ? "second" : "first", count, excess);
  shorten(&parts->list.data[which], count - excess, left);
  return EMILY_OK;
}

static emily_status truncate(const emily_tokenizer *t, const emily_encode_options *options, emily__parts *parts) {
  int64_t limit = options->max_length < 0 ? t->settings.max_length : options->max_length;
  if (!limit) return EMILY_OK;
  bool pair = parts->list.count == 2, left = t->settings.truncate_left;
  size_t most = (size_t)limit, added = emily__postprocessor_added(&t->post, pair), total = 0;
  if (options->add_special_tokens && most < added)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "max_length is %zu, and the special tokens alone are %zu", most, added);
  if (options->add_special_tokens) most -= added;
  for (size_t i = 0; i < parts->list.count; i++) total += parts->list.data[i].tokens.count;
  if (total <= most) return EMILY_OK;
  if (!most)
    for (size_t i = 0; i < parts->list.count; i++) shorten(&parts->list.data[i], 0, left);
  else if (t->truncation != EMILY__LONGEST_FIRST)
    return shorten_one(parts, t->truncation == EMILY__ONLY_SECOND, total - most, left);
  else if (pair) shorten_pair(parts, most, left);
  else shorten(&parts->list.data[0], most, left);
  return EMILY_OK;
}

static size_t padded_length(const emily_tokenizer *t, const emily_encode_options *options, size_t count) {
  if (options->pad_length >= 0) return (size_t)options->pad_length > count ? (size_t)options->pad_length : count;
  size_t length = t->settings.pad_length ? (size_t)t->settings.pad_length : count;
  size_t multiple = (size_t)t->settings.pad_multiple;
  if (multiple && length % multiple) length += multiple - length % multiple;
  return length > count ? length : count;
}

static emily_status allocate(size_t count, bool offsets, emily_encoding *e) {
  e->count = count;
  e->ids = emily__alloc_array(count, sizeof *e->ids);
  e->type_ids = emily__alloc_array(count, sizeof *e->type_ids);
  e->special_mask = emily__alloc_array(count, 1);
  e->attention_mask = emily__alloc_array(count, 1);
  if (!e->ids || !e->type_ids || !e->special_mask || !e->attention_mask) return EMILY_OUT_OF_MEMORY;
  if (offsets && !(e->offsets = emily__alloc_array(count, 2 * sizeof *e->offsets))) return EMILY_OUT_OF_MEMORY;
  return EMILY_OK;
}

static void set_token(emily_encoding *e, size_t at, const emily__out_token *token, bool padding) {
  e->ids[at] = token->id;
  e->type_ids[at] = token->type_id;
  e->special_mask[at] = token->special;
  e->attention_mask[at] = !padding;
  if (!e->offsets) return;
  e->offsets[2 * at] = token->span.start;
  e->offsets[2 * at + 1] = token->span.end;
}

static void fill(const emily_tokenizer *t, const emily__parts *parts, size_t filled, emily_encoding *e) {
  emily__out_token pad = {t->settings.pad_id, t->settings.pad_type_id, {0, 0}, true};
  size_t at = 0, padding = e->count - filled;
  for (size_t i = 0; t->settings.pad_left && i < padding; i++) set_token(e, at++, &pad, true);
  for (size_t i = 0; i < parts->list.count; i++) {
    const emily__part *part = &parts->list.data[i];
    for (size_t j = 0; j < part->tokens.count; j++) set_token(e, at++, &part->tokens.data[j], false);
  }
  while (at < e->count) set_token(e, at++, &pad, true);
}

static emily_status make_encoding(const emily_tokenizer *t, const emily_encode_options *options,
                                  const emily__parts *parts, emily_encoding **out) {
  size_t count = 0;
  for (size_t i = 0; i < parts->list.count; i++) count += parts->list.data[i].tokens.count;
  emily_encoding *encoding = emily__calloc(1, sizeof *encoding);
  if (!encoding) return EMILY_OUT_OF_MEMORY;
  emily_status status = allocate(padded_length(t, options, count), options->want_offsets, encoding);
  if (status != EMILY_OK) return emily_encoding_free(encoding), status;
  fill(t, parts, count, encoding);
  *out = encoding;
  return EMILY_OK;
}

static emily_status encode(const emily_tokenizer *t, const char *const texts[2], const size_t lengths[2],
                           const emily_encode_options *options, work *w, emily_encoding **out) {
  for (int32_t i = 0; i < 2 && texts[i]; i++) EMILY__TRY(encode_sequence(t, texts[i], lengths[i], i, w));
  EMILY__TRY(truncate(t, options, &w->parts));
  EMILY__TRY(emily__postprocessor_run(&t->post, options->add_special_tokens, texts, &w->parts));
  return make_encoding(t, options, &w->parts, out);
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

size_t emily_encoding_count(const emily_encoding *encoding) { return encoding ? encoding->count : 0; }
const int32_t *emily_encoding_ids(const emily_encoding *encoding) { return encoding ? encoding->ids : NULL; }
const int32_t *emily_encoding_type_ids(const emily_encoding *encoding) { return encoding ? encoding->type_ids : NULL; }
const uint8_t *emily_encoding_special_mask(const emily_encoding *encoding) {
  return encoding ? encoding->special_mask : NULL;
}
const uint8_t *emily_encoding_attention_mask(const emily_encoding *encoding) {
  return encoding ? encoding->attention_mask : NULL;
}
const uint32_t *emily_encoding_offsets(const emily_encoding *encoding) { return encoding ? encoding->offsets : NULL; }

void emily_encoding_free(emily_encoding *encoding) {
  if (!encoding) return;
  emily__free(encoding->ids);
  emily__free(encoding->type_ids);
  emily__free(encoding->special_mask);
  emily__free(encoding->attention_mask);
  emily__free(encoding->offsets);
  emily__free(encoding);
}
