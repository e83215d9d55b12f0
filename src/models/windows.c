/* windows.c: which layers of a decoder attend through a sliding window. Declared in decoder.h. */
#include "models/decoder.h"

#include <string.h>

static int64_t window_of_type(emily__config *c, int64_t layer, const char *type, int64_t window) {
  if (type && strcmp(type, "full_attention") == 0) return 0;
  if (!type || strcmp(type, "sliding_attention") != 0)
    emily__config_fail(c, EMILY_UNSUPPORTED,
                       "\"layer_types\"[%lld] is %s%s%s; full_attention and sliding_attention are supported",
                       (long long)layer, type ? "\"" : "", type ? type : "no string", type ? "\"" : "");
  else if (!window)
    emily__config_fail(c, EMILY_BAD_FORMAT,
                       "\"layer_types\"[%lld] is sliding_attention, but use_sliding_window and sliding_window set no window",
                       (long long)layer);
  return window;
}

int64_t emily__decoder_window(emily__config *c, int64_t window) {
  if (emily__config_null(c, "sliding_window")) window = 0;
  emily__config_int(c, "sliding_window", 1, INT32_MAX, &window);
  return window;
}

int64_t emily__decoder_optional_window(emily__config *c, int64_t window) {
  bool used = false;
  window = emily__decoder_window(c, window);
  emily__config_bool(c, "use_sliding_window", &used);
  return used ? window : 0;
}

void emily__decoder_layer_types(emily__config *c, int64_t layer_count, int64_t window, int64_t *window_of) {
  json_t *types = NULL;
  emily__config_array(c, "layer_types", &types);
  if (types && json_array_size(types) != (size_t)layer_count)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"layer_types\" has %zu entries; num_hidden_layers is %lld",
                       json_array_size(types), (long long)layer_count);
  for (int64_t i = 0; types && i < layer_count && c->status == EMILY_OK; i++)
    window_of[i] = window_of_type(c, i, json_string_value(json_array_get(types, (size_t)i)), window);
}

void emily__decoder_windows(emily__config *c, int64_t layer_count, int64_t *window_of) {
  int64_t window = emily__decoder_optional_window(c, 4096), first = 28;
  emily__config_int(c, "max_window_layers", 0, INT32_MAX, &first);
  for (int64_t i = 0; i < layer_count; i++) window_of[i] = i >= first ? window : 0;
  emily__decoder_layer_types(c, layer_count, window, window_of);
}
