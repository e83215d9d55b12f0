/* rewrite.h: a checkpoint written anew: which tensors come out, and how each is made from what the model has.
 *
 *     emily__rewrite rewrite;
 *     EMILY__TRY(emily__rewrite_open(&rewrite, path));         the model's matrices, and what else lies in the checkpoint
 *     decide about each of rewrite.items
 *     emily__rewrite_run(&rewrite, out)                         rewrite_folder.c: safetensors files, config.json, the rest
 *     emily__rewrite_close(&rewrite);
 *
 * An item is read and written in pieces of some rows (rewrite_item.c). A target in another format needs a file beside rewrite_folder.c.
 */
#ifndef EMILY_MODELS_REWRITE_H
#define EMILY_MODELS_REWRITE_H

#include "emily/convert.h"
#include "models/model.h"

enum { EMILY__REWRITE_AXES = 8, EMILY__REWRITE_PARTS = 3 };

/* One matrix or a stack of them, or a tensor of any kind. */
typedef struct emily__rewrite_item {
  char *name;                 /* without ".weight" where it is a layer's */
  bool layer;
  emily__weight *sources;     /* one; of a stack, one each */
  int64_t source_count;
  emily__across across;       /* how the source stands (weights.h) */
  bool turn;                  /* the item stands the other way round than its source: emily__rewrite_settle */
  int64_t heads;              /* rows (of one axis: elements) stand as in a GGUF file that rotates neighbours; 0: they do not */
  bool minus_one;             /* so much is taken away */
  const char *tensor;         /* no layer: the checkpoint's name, from which the source is got */
  int32_t ndim;
  int64_t shape[EMILY__REWRITE_AXES];
  emily_dtype from, dtype;    /* dtype: of what is written, or packed */
  emily__pack_settings pack;  /* mode NULL: it is not packed */
  const char *kept;
  uint64_t bytes_before;
} emily__rewrite_item;

/* A tensor that an item gives: "<name><tail>". */
typedef struct emily__rewrite_part {
  const char *tail;
  emily_dtype dtype;
  int64_t shape[EMILY__REWRITE_AXES];
  uint64_t bytes;
} emily__rewrite_part;

typedef struct emily__rewrite {
  emily_model *model;
  emily_checkpoint *checkpoint;
  json_t *config; /* to be changed */
  EMILY__VEC(emily__rewrite_item) items; /* in the order of the file */
  bool dry_run, measure;
  uint64_t shard_bytes;
  emily_rewrite_each *each;
  void *context;
  emily_rewrite_totals totals;
} emily__rewrite;

/* mlx_layout: experts that lie one by one become one item, and a tied head that is there a second time none. To be closed even on failure; zeroed before. */
emily_status emily__rewrite_open(emily__rewrite *rewrite, const char *path, bool mlx_layout);
void emily__rewrite_close(emily__rewrite *rewrite);

/* rewrite_gguf.c: what the items of a GGUF file must undo; the config, too. */
emily_status emily__rewrite_from_gguf(emily__rewrite *rewrite);
/* Rows from … to of `rows`, as indices of the rows of the file. */
emily_array *emily__rewrite_order(emily_scope *scope, int64_t heads, int64_t rows, int64_t from, int64_t to);

/* After the decision about an item: which way round it stands. Packed it is [out, in], whatever a dense file has. */
void emily__rewrite_settle(emily__rewrite_item *item);

/* The parts of an item; their number. */
int emily__rewrite_parts(const emily__rewrite_item *item, emily__rewrite_part parts[EMILY__REWRITE_PARTS]);
uint64_t emily__rewrite_bytes(const emily__rewrite_item *item); /* of all parts */

/* Where an item's bytes go, part after part; NULL: nowhere. */
typedef emily_status emily__rewrite_put(void *to, const void *bytes, size_t count);

/* Make an item. *error (NULL: not wanted): as emily_rewrite_tensor has it. */
emily_status emily__rewrite_item_make(const emily__rewrite *rewrite, const emily__rewrite_item *item, emily__rewrite_put *put, void *to,
                                      double *error);

/* Whether floats can be written as this dtype, and the config's word for it. */
bool emily__rewrite_takes(emily_dtype dtype);
bool emily__rewrite_set_dtype(json_t *config, emily_dtype dtype); /* false: memory */

/* The caller's struct (NULL: none) can take the totals; and it gets them. */
emily_status emily__rewrite_check_totals(const emily_rewrite_totals *totals);
void emily__rewrite_tell_totals(const emily__rewrite *rewrite, emily_rewrite_totals *totals);

/* Make every item, into a folder unless it is a dry run, and tell of each. */
emily_status emily__rewrite_run(emily__rewrite *rewrite, const char *out);

#endif
