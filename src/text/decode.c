/* decode.c: from ids to text, all at once or one by one.
 *
 * One by one, a byte-level tokenizer's text is the bytes so far, less a character's beginning at the end. With other
 * decoders a token's text hangs on its neighbours (a space before it, or not), so a window of ids is decoded: the ids
 * of the last text handed out, then with the new ones; what is new at the end is the new text. Tokens that stand for bytes
 * wait for one that does not: a run of them that turns out not to be UTF-8 is U+FFFD from its beginning.
 */
#include "text/tokenizer.h"

#include "text/byte_tokens.h"

#include <string.h>

const char *emily__tokenizer_token(const emily_tokenizer *tokenizer, int32_t id, size_t *length) {
  const emily__added_token *added = emily__added_by_id(&tokenizer->added, id);
  if (!added) return emily__vocab_token(&tokenizer->model->vocab, id, length);
  *length = added->normalized_length;
  return added->normalized;
}

const char *emily__tokenizer_kept_token(const emily_tokenizer *tokenizer, int32_t id, bool skip_special,
                                        size_t *length) {
  const char *token = emily__tokenizer_token(tokenizer, id, length);
  if (!token || (skip_special && emily__added_is_special(&tokenizer->added, token, *length))) return NULL;
  return token;
}

emily_status emily__tokenizer_decode(const emily_tokenizer *tokenizer, const int32_t *ids, size_t count,
                                     bool skip_special, emily__str *out) {
  emily__strings strings = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < count && status == EMILY_OK; i++) {
    size_t length;
    const char *token = emily__tokenizer_kept_token(tokenizer, ids[i], skip_special, &length);
    if (token) status = emily__strings_push(&strings, token, length);
  }
  if (status == EMILY_OK) status = emily__decoder_run(&tokenizer->decoder, &strings, out);
  emily__strings_free(&strings);
  return status;
}

emily_status emily_tokenizer_decode(const emily_tokenizer *tokenizer, const int32_t *ids, size_t count,
                                    bool skip_special, char **text, size_t *text_length) {
  if (!tokenizer || (!ids && count) || !text)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_decode", "an argument is NULL");
  emily__str out = {0};
  emily_status status = emily__tokenizer_decode(tokenizer, ids, count, skip_special, &out);
  if (status == EMILY_OK && !emily__str_puts(&out, "")) status = EMILY_OUT_OF_MEMORY;
  if (status != EMILY_OK) return emily__str_free(&out), status;
  *text = out.data;
  if (text_length) *text_length = out.count;
  return EMILY_OK;
}

void emily_string_free(char *text) { emily__free(text); }

struct emily_detokenizer {
  emily_tokenizer *tokenizer;
  bool skip_special, byte_level, falls_back;
  emily__str out;     /* what the last call handed out */
  emily__str pending; /* byte-level: bytes of a character that is not complete */
  EMILY__VEC(int32_t) window;
  size_t handed; /* of the window: ids whose text was handed out */
};

emily_status emily_detokenizer_new(emily_tokenizer *tokenizer, bool skip_special, emily_detokenizer **out) {
  if (!tokenizer || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_detokenizer_new", "an argument is NULL");
  emily_detokenizer *d = emily__calloc(1, sizeof *d);
  if (!d) return EMILY_OUT_OF_MEMORY;
  d->tokenizer = emily_tokenizer_retain(tokenizer);
  d->skip_special = skip_special;
  d->byte_level = emily__decoder_is_byte_level(&tokenizer->decoder);
  d->falls_back = emily__decoder_falls_back(&tokenizer->decoder);
  *out = d;
  return EMILY_OK;
}

void emily_detokenizer_free(emily_detokenizer *d) {
  if (!d) return;
  emily_tokenizer_release(d->tokenizer);
  emily__str_free(&d->out);
  emily__str_free(&d->pending);
  emily__vec_free(&d->window);
  emily__free(d);
}

/* Moves all of `pending` but `keep` bytes at its end to `out`, repaired. */
static emily_status hand_out_bytes(emily_detokenizer *d, size_t keep) {
  size_t count = d->pending.count - keep;
  if (!emily__utf8_append_repaired(&d->out, d->pending.data, count)) return EMILY_OUT_OF_MEMORY;
  memmove(d->pending.data, d->pending.data + count, keep);
  d->pending.count = keep;
  return EMILY_OK;
}

static bool ends_with_replacement(const emily__str *text) {
  return text->count >= 3 && !memcmp(text->data + text->count - 3, "\xEF\xBF\xBD", 3);
}

/* Appends to `out` what the window's new ids add to the text of those handed out; a text that ends with U+FFFD may
 * still become another, and waits, unless this is the end. */
static emily_status hand_out_window(emily_detokenizer *d, bool at_end) {
  emily__str before = {0}, after = {0};
  emily_status status = emily__tokenizer_decode(d->tokenizer, d->window.data, d->handed, false, &before);
  if (status == EMILY_OK)
    status = emily__tokenizer_decode(d->tokenizer, d->window.data, d->window.count, false, &after);
  bool ready = status == EMILY_OK && after.count > before.count && (at_end || !ends_with_replacement(&after));
  if (ready && !emily__str_append(&d->out, after.data + before.count, after.count - before.count))
    status = EMILY_OUT_OF_MEMORY;
  if (ready && status == EMILY_OK) {
    size_t kept = d->window.count - d->handed;
    memmove(d->window.data, d->window.data + d->handed, kept * sizeof *d->window.data);
    d->window.count = d->handed = kept;
  }
  emily__str_free(&before);
  emily__str_free(&after);
  return status;
}

static emily_status push(emily_detokenizer *d, int32_t id) {
  size_t token_length;
  const char *token = emily__tokenizer_kept_token(d->tokenizer, id, d->skip_special, &token_length);
  if (!token) return EMILY_OK;
  if (d->byte_level) {
    EMILY__TRY(emily__decode_byte_chars(token, token_length, &d->pending));
    return hand_out_bytes(d, emily__utf8_incomplete_tail(d->pending.data, d->pending.count));
  }
  if (!emily__vec_push(&d->window, id)) return EMILY_OUT_OF_MEMORY;
  if (d->falls_back && emily__byte_of_token(token, token_length) >= 0) return EMILY_OK;
  emily_status status = hand_out_window(d, false);
  if (status != EMILY_OK) d->window.count--;
  return status;
}

/* *out empty, ready for a call's text. */
static emily_status begin(emily_detokenizer *d, const char *where, const char **text) {
  if (!d || !text) return emily__fail(EMILY_INVALID_ARGUMENT, where, "an argument is NULL");
  emily__str_clear(&d->out);
  return emily__str_puts(&d->out, "") && emily__str_puts(&d->pending, "") ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

emily_status emily_detokenizer_push(emily_detokenizer *d, int32_t id, const char **text, size_t *length) {
  EMILY__TRY(begin(d, "emily_detokenizer_push", text));
  EMILY__TRY(push(d, id));
  *text = d->out.data;
  if (length) *length = d->out.count;
  return EMILY_OK;
}

emily_status emily_detokenizer_flush(emily_detokenizer *d, const char **text, size_t *length) {
  EMILY__TRY(begin(d, "emily_detokenizer_flush", text));
  EMILY__TRY(d->byte_level ? hand_out_bytes(d, 0) : hand_out_window(d, true));
  d->window.count = d->handed = 0;
  *text = d->out.data;
  if (length) *length = d->out.count;
  return EMILY_OK;
}
