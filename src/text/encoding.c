/* encoding.c: see encoding.h; truncate.c has the cutting. */
#include "text/encoding.h"

static emily_status count_characters(const char *text, size_t length, uint32_t **out) {
  uint32_t *counts = emily__alloc_array(length, sizeof *counts), count = 0;
  if (!counts) return EMILY_OUT_OF_MEMORY;
  for (size_t at = 0, used; at < length; at += used) {
    emily__utf8_decode(text + at, length - at, &used);
    count++;
    for (size_t i = at; i < at + used; i++) counts[i] = count;
  }
  *out = counts;
  return EMILY_OK;
}

emily_status emily__char_counts_make(const char *const texts[2], const size_t lengths[2], emily__char_counts *out) {
  for (int i = 0; i < 2 && texts[i]; i++) EMILY__TRY(count_characters(texts[i], lengths[i], &out->counts[i]));
  return EMILY_OK;
}

void emily__char_counts_free(emily__char_counts *counts) {
  emily__free(counts->counts[0]);
  emily__free(counts->counts[1]);
}

/* A span that begins or ends within a character covers the whole of it. */
static emily__span in_characters(const uint32_t *counts, emily__span span) {
  uint32_t end = span.end ? counts[span.end - 1] : 0;
  if (span.start == span.end) return (emily__span){end, end};
  return (emily__span){counts[span.start] - 1, end};
}

static emily_status allocate(size_t count, bool offsets, emily_encoding *e) {
  e->count = count;
  int32_t **const lists[] = {&e->ids, &e->type_ids, &e->sequence_ids, &e->word_ids};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    if (!(*lists[i] = emily__alloc_array(count, sizeof(int32_t)))) return EMILY_OUT_OF_MEMORY;
  e->special_mask = emily__alloc_array(count, 1);
  e->attention_mask = emily__alloc_array(count, 1);
  if (!e->special_mask || !e->attention_mask) return EMILY_OUT_OF_MEMORY;
  if (offsets && !(e->offsets = emily__alloc_array(count, 2 * sizeof *e->offsets))) return EMILY_OUT_OF_MEMORY;
  return EMILY_OK;
}

static void set_token(emily_encoding *e, size_t at, const emily__out_token *token, const emily__char_counts *counts,
                      bool padding) {
  e->ids[at] = token->id;
  e->type_ids[at] = token->type_id;
  e->sequence_ids[at] = token->sequence;
  e->word_ids[at] = token->word;
  e->special_mask[at] = token->special;
  e->attention_mask[at] = !padding;
  if (!e->offsets) return;
  const uint32_t *table = token->sequence < 0 ? NULL : counts->counts[token->sequence];
  emily__span span = table ? in_characters(table, token->span) : token->span;
  e->offsets[2 * at] = span.start;
  e->offsets[2 * at + 1] = span.end;
}

static void fill(const emily_tokenizer *t, const emily__char_counts *counts, const emily__parts *parts, size_t filled,
                 emily_encoding *e) {
  emily__out_token pad = {t->settings.pad_id, t->settings.pad_type_id, {0, 0}, -1, -1, true, 0, 0};
  size_t at = 0, padding = e->count - filled;
  for (size_t i = 0; t->settings.pad_left && i < padding; i++) set_token(e, at++, &pad, counts, true);
  for (size_t i = 0; i < parts->list.count; i++) {
    const emily__part *part = &parts->list.data[i];
    for (size_t j = 0; j < part->tokens.count; j++) set_token(e, at++, &part->tokens.data[j], counts, false);
  }
  while (at < e->count) set_token(e, at++, &pad, counts, true);
}

static size_t padded_length(const emily_tokenizer *t, const emily_encode_options *options, size_t count) {
  if (options->pad_length >= 0) return (size_t)options->pad_length > count ? (size_t)options->pad_length : count;
  size_t length = t->settings.pad_length ? (size_t)t->settings.pad_length : count;
  size_t multiple = (size_t)t->settings.pad_multiple;
  if (multiple && length % multiple) length += multiple - length % multiple;
  return length > count ? length : count;
}

emily_status emily__encoding_make(const emily_tokenizer *t, const emily_encode_options *options,
                                  const emily__char_counts *counts, const emily__parts *parts, emily_encoding **out) {
  size_t count = 0;
  for (size_t i = 0; i < parts->list.count; i++) count += parts->list.data[i].tokens.count;
  emily_encoding *encoding = emily__calloc(1, sizeof *encoding);
  if (!encoding) return EMILY_OUT_OF_MEMORY;
  emily_status status = allocate(padded_length(t, options, count), options->want_offsets != 0, encoding);
  if (status != EMILY_OK) return emily_encoding_free(encoding), status;
  fill(t, counts, parts, count, encoding);
  *out = encoding;
  return EMILY_OK;
}

size_t emily_encoding_count(const emily_encoding *encoding) { return encoding ? encoding->count : 0; }

#define ARRAY(type, name)                                                            \
  const type *emily_encoding_##name(const emily_encoding *encoding) {                \
    return encoding ? encoding->name : NULL;                                         \
  }

ARRAY(int32_t, ids)
ARRAY(int32_t, type_ids)
ARRAY(int32_t, sequence_ids)
ARRAY(int32_t, word_ids)
ARRAY(uint8_t, special_mask)
ARRAY(uint8_t, attention_mask)
ARRAY(uint32_t, offsets)

size_t emily_encoding_window_count(const emily_encoding *encoding) { return encoding ? 1 + encoding->more.count : 0; }

const emily_encoding *emily_encoding_window(const emily_encoding *encoding, size_t index) {
  if (!encoding || index > encoding->more.count) return NULL;
  return index ? encoding->more.data[index - 1] : encoding;
}

void emily_encoding_free(emily_encoding *encoding) {
  if (!encoding) return;
  for (size_t i = 0; i < encoding->more.count; i++) emily_encoding_free(encoding->more.data[i]);
  emily__vec_free(&encoding->more);
  emily__free(encoding->ids);
  emily__free(encoding->type_ids);
  emily__free(encoding->sequence_ids);
  emily__free(encoding->word_ids);
  emily__free(encoding->special_mask);
  emily__free(encoding->attention_mask);
  emily__free(encoding->offsets);
  emily__free(encoding);
}
