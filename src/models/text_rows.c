/* text_rows.c: see text_rows.h. */
#include "models/text_rows.h"

#include "base/status.h"
#include "models/model.h"

#include <stdlib.h>
#include <string.h>

void emily__text_rows_free(emily__text_rows *rows) {
  for (size_t i = 0; i < rows->encodings.count; i++) emily_encoding_free(rows->encodings.data[i]);
  emily__vec_free(&rows->encodings);
  emily__vec_free(&rows->list);
}

emily_status emily__text_rows_add(emily__text_rows *rows, emily_encoding *encoding, size_t text) {
  size_t windows = emily_encoding_window_count(encoding);
  if (!emily__vec_reserve(&rows->list, windows) || !emily__vec_push(&rows->encodings, encoding)) {
    emily_encoding_free(encoding);
    return EMILY_OUT_OF_MEMORY;
  }
  for (size_t i = 0; i < windows; i++) {
    const emily_encoding *window = emily_encoding_window(encoding, i);
    size_t tokens = emily_encoding_count(window);
    emily__vec_push(&rows->list, (emily__text_row){window, text, i, tokens ? (int64_t)tokens : 1});
  }
  return EMILY_OK;
}

static int by_length(const void *a, const void *b) {
  const emily__text_row *x = a, *y = b;
  if (x->tokens != y->tokens) return x->tokens > y->tokens ? -1 : 1;
  if (x->text != y->text) return x->text < y->text ? -1 : 1;
  return x->window < y->window ? -1 : x->window > y->window;
}

/* ---- a batch ---- */

/* Put `values` [count, length] under a name. */
static emily_status set_input(emily_array_map *map, const char *name, const int32_t *values, const emily__text_batch *batch) {
  const int64_t shape[] = {(int64_t)batch->count, batch->length};
  emily_array *array = emily_array_from_data(values, shape, 2, EMILY_INT32);
  if (!array) return emily_last_error()->status;
  emily_status status = emily_array_map_set(map, name, array);
  emily_array_release(array);
  return status;
}

/* ids, mask and types, [count, length] each; ids padded with `pad`, the others with 0. */
static void fill(const emily__text_batch *batch, int32_t pad, int32_t *ids, int32_t *mask, int32_t *types) {
  for (size_t r = 0; r < batch->count; r++) {
    const emily_encoding *encoding = batch->rows[r].encoding;
    size_t count = emily_encoding_count(encoding), length = (size_t)batch->length, at = r * length;
    if (count) memcpy(ids + at, emily_encoding_ids(encoding), count * sizeof *ids);
    if (count) memcpy(types + at, emily_encoding_type_ids(encoding), count * sizeof *types);
    for (size_t t = 0; t < count; t++) mask[at + t] = 1;
    for (size_t t = count; t < length; t++) ids[at + t] = pad;
  }
}

static emily_status make_inputs(const emily__text_work *work, const emily__text_batch *batch, emily_array_map *map) {
  size_t cells = batch->count * (size_t)batch->length;
  int64_t pad = emily__model_labels(work->model)->pad_token;
  int32_t *values = emily__calloc(cells, 3 * sizeof *values);
  if (!values) return EMILY_OUT_OF_MEMORY;
  fill(batch, pad >= 0 && pad < emily_model_vocab_size(work->model) ? (int32_t)pad : 0, values, values + cells, values + 2 * cells);
  emily_status status = set_input(map, "input_ids", values, batch);
  if (status == EMILY_OK) status = set_input(map, "attention_mask", values + cells, batch);
  if (status == EMILY_OK && (emily__model_inputs(work->model) & EMILY__INPUT_TYPES))
    status = set_input(map, "token_type_ids", values + 2 * cells, batch);
  emily__free(values);
  return status;
}

static emily_status build(const emily__text_work *work, const emily__text_batch *batch, emily_array_map *inputs,
                          emily_array_map *outputs, emily_array **out) {
  emily_scope *s = emily_scope_open(work->run && work->run->stream ? work->run->stream : emily_model_stream(work->model));
  emily_status status = emily_model_forward(work->model, s, inputs, work->outputs, work->output_count, outputs);
  if (status == EMILY_OK) *out = emily_scope_keep(s, work->reduce(work->context, s, batch, inputs, outputs));
  emily_status closed = emily_scope_close(s);
  return status != EMILY_OK ? status : closed;
}

static emily_status take(const emily__text_work *work, const emily__text_batch *batch, emily_array *y) {
  size_t bytes = emily_array_nbytes(y), count = (size_t)emily_array_size(y);
  float *values = emily__malloc(bytes ? bytes : 1);
  if (!values) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily_array_read(y, values, bytes);
  if (status == EMILY_OK) status = work->take(work->context, batch, values, count / batch->count);
  emily__free(values);
  return status;
}

static emily_status run_batch(const emily__text_work *work, const emily__text_batch *batch) {
  emily_array_map *inputs = emily_array_map_new(), *outputs = emily_array_map_new();
  emily_array *y = NULL;
  emily_status status = inputs && outputs ? make_inputs(work, batch, inputs) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = build(work, batch, inputs, outputs, &y);
  emily_array_map_release(inputs);
  emily_array_map_release(outputs); /* before the evaluation, so that the hidden state's memory can be reused */
  if (status == EMILY_OK) status = take(work, batch, y);
  emily_array_release(y);
  return status;
}

/* ---- all ---- */

static bool cancelled(const emily_task_run *run, size_t done, size_t total) {
  if (done && run->progress && run->progress(done, total, run->context) != 0) return true;
  return run->cancel && __atomic_load_n(run->cancel, __ATOMIC_RELAXED) != 0;
}

emily_status emily__task_run_step(const emily_task_run *run, const char *where, const char *items, size_t done, size_t total) {
  if (!run) return EMILY_OK;
  if (run->struct_size < sizeof *run) return emily__fail(EMILY_INVALID_ARGUMENT, where, "run must begin as EMILY_TASK_RUN_INIT");
  if (!cancelled(run, done, total)) return EMILY_OK;
  return emily__fail(EMILY_CANCELLED, where, "stopped on request after %zu of %zu %s", done, total, items);
}

emily_status emily__text_rows_run(const emily__text_work *work, emily__text_rows *rows) {
  int64_t most = work->run && work->run->batch_tokens > 0 ? work->run->batch_tokens : work->batch_tokens;
  size_t total = rows->list.count;
  if (total) qsort(rows->list.data, total, sizeof *rows->list.data, by_length);
  for (size_t at = 0;;) {
    EMILY__TRY(emily__task_run_step(work->run, work->where, "texts", at, total));
    if (at == total) return EMILY_OK;
    emily__text_batch batch = {.rows = rows->list.data + at, .count = total - at, .length = rows->list.data[at].tokens};
    size_t fits = emily__model_pads(work->model) ? (size_t)(most / batch.length) : 1;
    if (batch.count > fits) batch.count = fits ? fits : 1;
    EMILY__TRY(run_batch(work, &batch));
    at += batch.count;
  }
}
