/* post_ends.c: see post_ends.h. */
#include "text/post_ends.h"

/* The one step with a template, NULL for none; *fixed where a step or a special token is of another kind. */
static emily__post_step *find_template(emily__postprocessor *post, emily__post_ends ends, bool *fixed) {
  emily__post_step *found = NULL;
  for (size_t i = 0; i < post->steps.count; i++) {
    emily__post_step *step = &post->steps.data[i];
    if (!step->has_template) continue;
    *fixed |= found != NULL || step->keep_without_special;
    found = step;
  }
  for (size_t i = 0; i < post->ids.count; i++) *fixed |= post->ids.data[i] != ends.bos && post->ids.data[i] != ends.eos;
  return found;
}

/* Whether the template for one text has a special token before (or after) the text. */
static bool has_end(const emily__post_step *step, bool before) {
  if (!step || !step->single.pieces.count) return false;
  const emily__template *single = &step->single;
  return single->pieces.data[before ? 0 : single->pieces.count - 1].sequence < 0;
}

static emily_status put(emily__template *template, int32_t sequence, int32_t type_id, size_t first_id, bool wanted) {
  emily__template_piece piece = {sequence, type_id, first_id, sequence < 0};
  return !wanted || emily__vec_push(&template->pieces, piece) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* The text between its ends. */
static emily_status put_text(emily__template *template, int32_t sequence, size_t first_id, bool bos, bool eos) {
  EMILY__TRY(put(template, -1, sequence, first_id, bos));
  EMILY__TRY(put(template, sequence, sequence, 0, true));
  return put(template, -1, sequence, first_id + 1, eos);
}

static emily_status write_template(emily__postprocessor *post, emily__post_ends ends, emily__post_step *step, bool bos,
                                   bool eos) {
  size_t first = post->ids.count;
  if (!emily__vec_push(&post->ids, ends.bos) || !emily__vec_push(&post->ids, ends.eos)) return EMILY_OUT_OF_MEMORY;
  step->has_template = true;
  step->single.pieces.count = step->pair.pieces.count = 0;
  EMILY__TRY(put_text(&step->single, 0, first, bos, eos));
  EMILY__TRY(put_text(&step->pair, 0, first, bos, eos));
  return put_text(&step->pair, 1, first, bos, eos);
}

static bool wanted(emily__wish wish, bool now, int32_t id) { return wish == EMILY__AS_FILE ? now : wish == EMILY__WITH && id >= 0; }

emily_status emily__postprocessor_set_ends(emily__postprocessor *post, emily__post_ends ends) {
  bool fixed = false;
  emily__post_step *step = find_template(post, ends, &fixed);
  bool bos_now = has_end(step, true), eos_now = has_end(step, false);
  bool bos = wanted(ends.add_bos, bos_now, ends.bos), eos = wanted(ends.add_eos, eos_now, ends.eos);
  if (fixed || (bos == bos_now && eos == eos_now)) return EMILY_OK;
  if (!step) {
    if (!emily__vec_push(&post->steps, (emily__post_step){0})) return EMILY_OUT_OF_MEMORY;
    step = &post->steps.data[post->steps.count - 1];
  }
  return write_template(post, ends, step, bos, eos);
}
