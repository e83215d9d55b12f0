/* emily/tokenizer.h: text to token ids and back, from a checkpoint's tokenizer.json.
 *
 *     emily_tokenizer *tokenizer;
 *     emily_encoding *encoding;
 *     emily_tokenizer_load("path/to/model", &tokenizer);
 *     emily_tokenizer_encode(tokenizer, text, strlen(text), NULL, 0, NULL, &encoding);
 *     const int32_t *ids = emily_encoding_ids(encoding);        emily_encoding_count(encoding) of them
 *
 * The format is that of Hugging Face tokenizers, and ids and decoded text are equal to what it gives. BPE, Unigram,
 * WordLevel and WordPiece models are supported; what a file asks for and emily does not do is refused by name (EMILY_UNSUPPORTED).
 *
 * Text is UTF-8. Bytes that are not are taken as if each malformed part (a maximal subpart, as the Unicode Standard
 * recommends and Python's errors="replace" does) were U+FFFD.
 *
 * A tokenizer is immutable: any number of threads may use one at the same time.
 */
#ifndef EMILY_TOKENIZER_H
#define EMILY_TOKENIZER_H

#include "emily/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct emily_tokenizer emily_tokenizer;
typedef struct emily_encoding emily_encoding;
typedef struct emily_detokenizer emily_detokenizer;

/* path: a tokenizer.json, a folder that holds one, or a GGUF file, which has its tokenizer inside. A tokenizer.json is taken
 * as it is: "add_bos_token", "add_eos_token" and the like of a tokenizer_config.json beside it change no id (Transformers 5
 * drops them, too). Files of SentencePiece are refused. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT,
 * EMILY_UNSUPPORTED. */
EMILY_API emily_status emily_tokenizer_load(const char *path, emily_tokenizer **out);

/* The same from memory; `name` stands for the file in messages. */
EMILY_API emily_status emily_tokenizer_load_json(const char *json, size_t length, const char *name,
                                                 emily_tokenizer **out);
EMILY_API emily_tokenizer *emily_tokenizer_retain(emily_tokenizer *tokenizer); /* returns its argument */
EMILY_API void emily_tokenizer_release(emily_tokenizer *tokenizer);

/* How many tokens there are, added ones included. */
EMILY_API int32_t emily_tokenizer_vocab_size(const emily_tokenizer *tokenizer);

/* EMILY_NOT_FOUND when there is no such token. */
EMILY_API emily_status emily_tokenizer_token_to_id(const emily_tokenizer *tokenizer, const char *token, size_t length,
                                                   int32_t *id);

/* The token as the file writes it (byte-level ones in GPT-2's alphabet). It belongs to the tokenizer and need not end
 * with NUL. EMILY_NOT_FOUND when there is no such id. */
EMILY_API emily_status emily_tokenizer_id_to_token(const emily_tokenizer *tokenizer, int32_t id, const char **token,
                                                   size_t *length);

/* Whether the id is that of a special token (which decoding can leave out). */
EMILY_API bool emily_tokenizer_is_special(const emily_tokenizer *tokenizer, int32_t id);

/* The ids of the special tokens, in the file's order; they belong to the tokenizer. */
EMILY_API const int32_t *emily_tokenizer_special_ids(const emily_tokenizer *tokenizer, size_t *count);

/* What the file says of truncation and padding. */
typedef struct emily_tokenizer_settings {
  size_t struct_size;
  int64_t max_length;      /* 0: no truncation */
  int64_t pad_length;      /* 0: no padding, or to the longest of a batch */
  int64_t pad_multiple;    /* 0: none */
  int32_t pad_id, pad_type_id;
  int32_t has_padding;     /* 0 or 1 */
  int32_t truncate_left, pad_left; /* 0 or 1 */
} emily_tokenizer_settings;

#define EMILY_TOKENIZER_SETTINGS_INIT {sizeof(emily_tokenizer_settings), 0, 0, 0, 0, 0, 0, 0, 0}

/* What the file says of truncation and padding; out->struct_size must be set. */
EMILY_API emily_status emily_tokenizer_get_settings(const emily_tokenizer *tokenizer, emily_tokenizer_settings *out);

/* How a text that has more than max_length tokens is shortened. */
enum {
  EMILY_TRUNCATE_AS_FILE = 0,       /* as the file says; from the longer text where it says nothing */
  EMILY_TRUNCATE_LONGEST_FIRST = 1, /* from the longer text until both are of one length, then from both */
  EMILY_TRUNCATE_ONLY_FIRST = 2,
  EMILY_TRUNCATE_ONLY_SECOND = 3
};

/* What emily_encoding_offsets counts. */
enum { EMILY_OFFSETS_NONE = 0, EMILY_OFFSETS_BYTES = 1, EMILY_OFFSETS_CHARACTERS = 2 };

typedef struct emily_encode_options {
  size_t struct_size;
  int64_t max_length;         /* most tokens, special ones included; 0: no limit; -1: as the file says */
  int64_t pad_length;         /* fill up to this many; 0: no padding; -1: as the file says */
  int32_t add_special_tokens; /* 0 or 1 */
  int32_t want_offsets;       /* EMILY_OFFSETS_… */
  int32_t truncation;         /* EMILY_TRUNCATE_… */
  int32_t want_windows;       /* 0 or 1: what truncation cuts off comes in further windows; emily_encoding_window */
  int64_t stride;             /* how many tokens of the shortened text a window has in common with the one before */
} emily_encode_options;

/* As the file says, except that nothing is padded. */
#define EMILY_ENCODE_OPTIONS_INIT {sizeof(emily_encode_options), -1, 0, 1, 0, 0, 0, 0}

/* pair: a second text (a question's passage, a premise's hypothesis), or NULL. options: NULL for the defaults. Each
 * text is at most 256 MiB long. *out is freed by emily_encoding_free. */
EMILY_API emily_status emily_tokenizer_encode(const emily_tokenizer *tokenizer, const char *text, size_t length,
                                              const char *pair, size_t pair_length,
                                              const emily_encode_options *options, emily_encoding **out);

/* How many tokens. */
EMILY_API size_t emily_encoding_count(const emily_encoding *encoding);

/* Arrays of emily_encoding_count elements that belong to the encoding. */
EMILY_API const int32_t *emily_encoding_ids(const emily_encoding *encoding);
EMILY_API const int32_t *emily_encoding_type_ids(const emily_encoding *encoding);       /* 0: first text, 1: second */
EMILY_API const uint8_t *emily_encoding_special_mask(const emily_encoding *encoding);   /* 1: put in by the template */
EMILY_API const uint8_t *emily_encoding_attention_mask(const emily_encoding *encoding); /* 0: padding */

/* Which text a token came from, whatever its type id says: 0 the first, 1 the pair, -1 neither (special, padding). */
EMILY_API const int32_t *emily_encoding_sequence_ids(const emily_encoding *encoding);

/* Which word of its text a token is of, counted as the pre-tokenizer cuts them; -1 where the token came from neither
 * text. Where the tokenizer cuts no words, a text between added tokens is one. */
EMILY_API const int32_t *emily_encoding_word_ids(const emily_encoding *encoding);

/* Two a token: where it begins and ends, in bytes or characters (as want_offsets says) of the text that it came from
 * (of the pair for its tokens); 0, 0 for tokens that came from neither. NULL unless want_offsets was given. A token
 * whose character was made of several covers them all; tokens that share a character each cover the whole of it, or its
 * part where it was cut in bytes. */
EMILY_API const uint32_t *emily_encoding_offsets(const emily_encoding *encoding);

/* With want_windows, a text that is too long comes in several windows of at most max_length tokens: from the front (or,
 * where the file truncates on the left, from the back), each with `stride` tokens of the one before, and each with the
 * special tokens and the whole of the other text. Of a pair, one text must be the one to shorten
 * (EMILY_TRUNCATE_ONLY_FIRST, _ONLY_SECOND). Window 0 is the encoding itself; the others belong to it. */
EMILY_API size_t emily_encoding_window_count(const emily_encoding *encoding); /* at least 1 */
EMILY_API const emily_encoding *emily_encoding_window(const emily_encoding *encoding, size_t index); /* or NULL */
EMILY_API void emily_encoding_free(emily_encoding *encoding);

/* The text of `count` ids. Ids that no token has are left out, special tokens too where skip_special says so. *text
 * ends with NUL, and is freed by emily_string_free; *text_length (which may be NULL) is its length. */
EMILY_API emily_status emily_tokenizer_decode(const emily_tokenizer *tokenizer, const int32_t *ids, size_t count,
                                              bool skip_special, char **text, size_t *text_length);
EMILY_API void emily_string_free(char *text);

/* Decoding one id at a time, for generation: the texts of all pushes and of the flush, put together, are what
 * emily_tokenizer_decode gives for all ids. No text ends within a character: what may still be completed waits for the
 * next push. It holds a reference to the tokenizer, and is used by one thread at a time. */
EMILY_API emily_status emily_detokenizer_new(emily_tokenizer *tokenizer, bool skip_special, emily_detokenizer **out);

/* *text (valid until the next call) is the newly completed text, often empty; it ends with NUL. length may be NULL. */
EMILY_API emily_status emily_detokenizer_push(emily_detokenizer *detokenizer, int32_t id, const char **text,
                                              size_t *length);

/* What still waits; afterwards the detokenizer is as new. */
EMILY_API emily_status emily_detokenizer_flush(emily_detokenizer *detokenizer, const char **text, size_t *length);
EMILY_API void emily_detokenizer_free(emily_detokenizer *detokenizer);

#ifdef __cplusplus
}
#endif

#endif
