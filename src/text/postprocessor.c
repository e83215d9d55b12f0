/* postprocessor.c: see postprocessor.h; postprocessor_load.c reads the file. */
#include "text/postprocessor.h"

#include "text/bytelevel.h"
#include "text/unicode.h"

size_t emily__postprocessor_added(const emily__postprocessor *post, bool pair) {
  size_t count = 0;
  for (size_t i = 0; i < post->steps.count; i++) {
    const emily__template *template = pair ? &post->steps.data[i].pair : &post->steps.data[i].single;
    for (size_t j = 0; j < template->pieces.count; j++) count += template->pieces.data[j].id_count;
  }
  return count;
}

bool emily__postprocessor_trims(const emily__postprocessor *post) {
  for (size_t i = 0; i < post->steps.count; i++)
    if (post->steps.data[i].trim_offsets) return true;
  return false;
}

/* GPT-2's letter for a space stands for one byte of the text. */
void emily__token_spaces(const char *token, size_t length, emily__out_token *out) {
  bool leading = true;
  out->leading = out->trailing = 0;
  for (size_t at = 0, used; at < length; at += used) {
    int32_t code = emily__utf8_decode(token + at, length - at, &used);
    uint32_t bytes = code == emily__byte_to_char(' ') ? 1 : code >= 0 && emily__is_space(code) ? (uint32_t)used : 0;
    leading &= bytes != 0;
    if (leading) out->leading += bytes;
    out->trailing = bytes ? out->trailing + bytes : 0;
  }
}

/* A byte-level token carries the space before its word; its span is the word's alone. As in tokenizers, the token's
 * string is asked and not the text: a line feed stays. */
static void trim_span(const emily__post_step *step, bool first, emily__out_token *token) {
  uint32_t start = token->span.start, end = token->span.end, leading = token->leading;
  if (leading == 1 && step->prefix_space && (first || start == 0)) leading = 0;
  start = leading < end - start ? start + leading : end;
  if (token->trailing <= end) end = end - token->trailing > start ? end - token->trailing : start;
  token->span = (emily__span){start, end};
}

/* Called before any template, while each part is a sequence. */
static void trim_spans(const emily__post_step *step, emily__parts *parts) {
  for (size_t i = 0; i < parts->list.count; i++) {
    emily__part *part = &parts->list.data[i];
    for (size_t j = 0; j < part->tokens.count; j++) trim_span(step, j == 0, &part->tokens.data[j]);
  }
}

static void set_type_ids(emily__part *part, int32_t type_id) {
  for (size_t i = 0; i < part->tokens.count; i++) part->tokens.data[i].type_id = type_id;
}

static emily_status put_special(const emily__postprocessor *post, const emily__template_piece *piece,
                                emily__part *part) {
  for (size_t i = 0; i < piece->id_count; i++) {
    emily__out_token token = {post->ids.data[piece->first_id + i], piece->type_id, {0, 0}, -1, -1, true, 0, 0};
    if (!emily__vec_push(&part->tokens, token)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static emily_status put_sequence(const emily__template_piece *piece, emily__parts *from, emily__part *part) {
  emily__part *source = &from->list.data[piece->sequence];
  set_type_ids(source, piece->type_id);
  if (!emily__vec_reserve(&part->tokens, source->tokens.count)) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < source->tokens.count; i++)
    part->tokens.data[part->tokens.count++] = source->tokens.data[i];
  return EMILY_OK;
}

static emily_status apply_template(const emily__postprocessor *post, const emily__template *template, bool add_special,
                                   emily__parts *from, emily__parts *to) {
  for (size_t i = 0; i < template->pieces.count; i++) {
    const emily__template_piece *piece = &template->pieces.data[i];
    if (piece->sequence < 0 && !add_special) continue;
    if (piece->sequence >= (int32_t)from->list.count)
      return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "the post-processor's template for one text uses a second");
    if (!emily__vec_push(&to->list, (emily__part){0})) return EMILY_OUT_OF_MEMORY;
    emily__part *part = &to->list.data[to->list.count - 1];
    if (piece->sequence < 0) EMILY__TRY(put_special(post, piece, part));
    else EMILY__TRY(put_sequence(piece, from, part));
  }
  return EMILY_OK;
}

static emily_status run_template(const emily__postprocessor *post, const emily__post_step *step, bool add_special,
                                 emily__parts *parts) {
  if (parts->list.count > 2)
    return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "a post-processor's template after another is not supported");
  emily__parts made = {0};
  const emily__template *template = parts->list.count == 2 ? &step->pair : &step->single;
  emily_status status = apply_template(post, template, add_special, parts, &made);
  if (status != EMILY_OK) return emily__parts_free(&made), status;
  emily__parts_free(parts);
  *parts = made;
  return EMILY_OK;
}

emily_status emily__postprocessor_run(const emily__postprocessor *post, bool add_special, emily__parts *parts) {
  bool original = true;
  for (size_t i = 0; i < post->steps.count; i++) {
    const emily__post_step *step = &post->steps.data[i];
    if (step->trim_offsets && original) trim_spans(step, parts);
    for (size_t j = 0; step->type_ids_zero && j < parts->list.count; j++) set_type_ids(&parts->list.data[j], 0);
    if (!step->has_template || (step->keep_without_special && !add_special)) continue;
    EMILY__TRY(run_template(post, step, add_special, parts));
    original = false;
  }
  return EMILY_OK;
}

void emily__parts_free(emily__parts *parts) {
  for (size_t i = 0; i < parts->list.count; i++) emily__vec_free(&parts->list.data[i].tokens);
  emily__vec_free(&parts->list);
}

void emily__postprocessor_free(emily__postprocessor *post) {
  for (size_t i = 0; i < post->steps.count; i++) {
    emily__vec_free(&post->steps.data[i].single.pieces);
    emily__vec_free(&post->steps.data[i].pair.pieces);
  }
  emily__vec_free(&post->steps);
  emily__vec_free(&post->ids);
}
