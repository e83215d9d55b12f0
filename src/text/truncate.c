/* truncate.c: texts that have too many tokens: shortened, or cut into windows that overlap. */
#include "text/encoding.h"

#include <string.h>

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

/* Finds how many tokens of one text may stay where `excess` of them are too many. */
static emily_status room_of(const emily__parts *parts, size_t which, size_t excess, size_t *most) {
  size_t count = which < parts->list.count ? parts->list.data[which].tokens.count : 0;
  if (count <= excess)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "the tokenizer shortens only the %s text, which has %zu tokens where %zu are too many",
                       which ? "second" : "first", count, excess);
  *most = count - excess;
  return EMILY_OK;
}

static emily_status push_window(emily__windows *windows, size_t start, size_t end) {
  emily__span span = {(uint32_t)start, (uint32_t)end};
  return emily__vec_push(&windows->list, span) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* `count` tokens in windows of at most `most`, each `stride` into the one before; from the back where left. */
static emily_status cut_windows(size_t count, size_t most, int64_t stride, bool left, emily__windows *windows) {
  if (stride < 0 || (uint64_t)stride >= most)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "the stride is %lld; windows with room for %zu tokens of the text overlap by 0 to %zu",
                       (long long)stride, most, most ? most - 1 : 0);
  for (size_t done = 0;; done += most - (size_t)stride) {
    bool last = count - done <= most;
    size_t length = last ? count - done : most;
    size_t start = left ? count - done - length : done;
    EMILY__TRY(push_window(windows, start, start + length));
    if (last) return EMILY_OK;
  }
}

static emily_status make_windows(const emily__parts *parts, emily__truncation strategy, size_t excess, bool left,
                                 int64_t stride, emily__windows *windows) {
  bool pair = parts->list.count == 2;
  size_t most = 0;
  if (pair && strategy == EMILY__LONGEST_FIRST)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "a pair in windows needs to know which text they cut: set truncation to "
                       "EMILY_TRUNCATE_ONLY_FIRST or EMILY_TRUNCATE_ONLY_SECOND");
  windows->which = strategy == EMILY__ONLY_SECOND;
  EMILY__TRY(room_of(parts, windows->which, excess, &most));
  return cut_windows(parts->list.data[windows->which].tokens.count, most, stride, left, windows);
}

static emily_status shorten_to(emily__parts *parts, emily__truncation strategy, size_t most, size_t excess,
                               bool left) {
  size_t which = strategy == EMILY__ONLY_SECOND, room = 0;
  if (!most)
    for (size_t i = 0; i < parts->list.count; i++) shorten(&parts->list.data[i], 0, left);
  else if (strategy != EMILY__LONGEST_FIRST) {
    EMILY__TRY(room_of(parts, which, excess, &room));
    shorten(&parts->list.data[which], room, left);
  } else if (parts->list.count == 2) shorten_pair(parts, most, left);
  else shorten(&parts->list.data[0], most, left);
  return EMILY_OK;
}

static emily__truncation strategy_of(const emily_tokenizer *t, const emily_encode_options *options) {
  switch (options->truncation) {
    case EMILY_TRUNCATE_LONGEST_FIRST: return EMILY__LONGEST_FIRST;
    case EMILY_TRUNCATE_ONLY_FIRST: return EMILY__ONLY_FIRST;
    case EMILY_TRUNCATE_ONLY_SECOND: return EMILY__ONLY_SECOND;
    default: return t->truncation;
  }
}

emily_status emily__truncate(const emily_tokenizer *t, const emily_encode_options *options, emily__parts *parts,
                             emily__windows *windows) {
  int64_t limit = options->max_length < 0 ? t->settings.max_length : options->max_length;
  if (!limit) return EMILY_OK;
  size_t most = (size_t)limit, total = 0;
  size_t added = emily__postprocessor_added(&t->post, parts->list.count == 2);
  if (options->add_special_tokens && most < added)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "max_length is %zu, and the special tokens alone are %zu", most, added);
  if (options->add_special_tokens) most -= added;
  for (size_t i = 0; i < parts->list.count; i++) total += parts->list.data[i].tokens.count;
  if (total <= most) return EMILY_OK;
  emily__truncation strategy = strategy_of(t, options);
  bool left = t->settings.truncate_left;
  if (options->want_windows) return make_windows(parts, strategy, total - most, left, options->stride, windows);
  return shorten_to(parts, strategy, most, total - most, left);
}
