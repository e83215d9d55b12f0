/* pieces.h: what a pre-tokenizer, written out in a test, makes of a text. */
#ifndef EMILY_TESTS_PIECES_H
#define EMILY_TESTS_PIECES_H

#include "text/parts.h"
#include "text/pretokenizer.h"

/* The text as pieces, as the cut at added tokens leaves it: each '#' is a token of id 7. */
__attribute__((unused)) static emily__cut_text cut_at_hashes(const char *bytes) {
  emily__cut_text cut = {0};
  emily__text text = {0};
  assert_int_equal(emily__text_begin(&text, bytes, strlen(bytes)), EMILY_OK);
  for (size_t start = 0, end; start < text.bytes.count; start = end) {
    size_t at = cut.text.bytes.count, length = strcspn(text.bytes.data + start, "#");
    end = start + (length ? length : 1);
    if (length) assert_int_equal(emily__text_copy(&cut.text, &text, start, end), EMILY_OK);
    emily__piece piece = {at, cut.text.bytes.count, length ? -1 : 7, emily__text_origin(&text, start, end)};
    assert_true(emily__vec_push(&cut.pieces, piece));
  }
  emily__text_free(&text);
  return cut;
}

/* emily__cut_text_free gives it back. */
__attribute__((unused)) static emily__cut_text pre_tokenized(const char *json, const char *bytes) {
  json_t *document = quoted(json);
  emily__pretokenizer pretokenizer = {0};
  emily__cut_text cut = cut_at_hashes(bytes), spare = {0};
  assert_int_equal(emily__pretokenizer_load(document, "test.json", &pretokenizer), EMILY_OK);
  assert_int_equal(emily__pretokenizer_run(&pretokenizer, &cut, &spare), EMILY_OK);
  emily__cut_text_free(&spare);
  emily__pretokenizer_free(&pretokenizer);
  json_decref(document);
  return cut;
}

/* The pieces with "|" between them, a token as '#'. */
__attribute__((unused)) static void check_pieces(const char *json, const char *text, const char *wanted) {
  emily__cut_text cut = pre_tokenized(json, text);
  char out[512] = "";
  size_t at = 0;
  for (size_t i = 0; i < cut.pieces.count; i++) {
    emily__piece piece = cut.pieces.data[i];
    const char *bytes = piece.token < 0 ? cut.text.bytes.data + piece.start : "#";
    int length = piece.token < 0 ? (int)(piece.end - piece.start) : 1;
    at += (size_t)snprintf(out + at, sizeof out - at, "%s%.*s", i ? "|" : "", length, bytes);
  }
  assert_string_equal(out, wanted);
  emily__cut_text_free(&cut);
}

#endif
