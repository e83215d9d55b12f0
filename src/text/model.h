/* model.h: the "model" of tokenizer.json: from a piece of text to ids.
 *
 * A design is one file with an emily__model_ops: bpe.c, unigram.c, wordlevel.c, wordpiece.c. model.c has their list; a new design adds its row.
 */
#ifndef EMILY_TEXT_MODEL_H
#define EMILY_TEXT_MODEL_H

#include "text/vocab.h"

/* A token of a piece: its id, and the bytes [start, end) of the piece that it covers. */
typedef struct emily__model_token {
  int32_t id;
  uint32_t start, end;
} emily__model_token;

typedef struct emily__model_tokens {
  EMILY__VEC(emily__model_token) list;
} emily__model_tokens;

typedef struct emily__model emily__model;

/* One part of a word while it is merged: a doubly linked list in an array. */
typedef struct emily__symbol {
  int32_t id, previous, next; /* previous, next: -1 at the ends */
  uint32_t length;            /* bytes; 0 once merged into the part before */
  bool apart;                 /* no rule ever joins it, or what it becomes, to what stands before it */
} emily__symbol;

/* A merge that may be made: parts at `at` and after it, into new_id. */
typedef struct emily__merge {
  uint32_t rank, at;
  int32_t new_id;
} emily__merge;

/* The best way to a place of a piece: what it is worth, and its last token: its id and where it begins. */
typedef struct emily__path_node {
  double score;
  uint32_t start; /* EMILY__NO_PATH: nothing ends here */
  int32_t id;
} emily__path_node;

#define EMILY__NO_PATH UINT32_MAX

/* Room that one thread's calls of `encode` share; zero-initialise, and emily__model_room_free at the end. */
typedef struct emily__model_room {
  emily__str word;
  EMILY__VEC(emily__symbol) symbols;
  int32_t last_code; /* the character of the last symbol */
  EMILY__VEC(emily__merge) queue;
  EMILY__VEC(emily__path_node) path;
} emily__model_room;

typedef struct emily__model_ops {
  const char *type;
  emily_status (*load)(const json_t *json, const char *name, emily__model **out);
  /* Appends the tokens of one piece (length >= 1, valid UTF-8). */
  emily_status (*encode)(const emily__model *model, const char *piece, size_t length, emily__model_room *room,
                         emily__model_tokens *out);
  void (*free)(emily__model *model);
} emily__model_ops;

/* Every design's struct begins with this. */
struct emily__model {
  const emily__model_ops *ops;
  emily__vocab vocab;
};

extern const emily__model_ops emily__bpe, emily__unigram, emily__wordlevel, emily__wordpiece;

/* Whether tokens that go on with a word begin with a prefix ("##") of their own. */
bool emily__model_continues(const emily__model *model);
bool emily__wordpiece_continues(const emily__model *model);

emily_status emily__model_load(const json_t *json, const char *name, emily__model **out);
void emily__model_free(emily__model *model);
void emily__model_room_free(emily__model_room *room);

#endif
