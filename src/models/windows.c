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

void emily__decoder_windows(emily__config *c, int64_t layer_count, int64_t *window_of) {
  int64_t window = emily__config_null(c, "sliding_window") ? 0 : 4096, first = 28;
  bool used = false;
  json_t *types = NULL;
  emily__config_bool(c, "use_sliding_window", &used);
  emily__config_int(c, "sliding_window", 1, INT32_MAX, &window);
  emily__config_int(c, "max_window_layers", 0, INT32_MAX, &first);
  emily__config_array(c, "layer_types", &types);
  if (!used) window = 0;
  if (types && json_array_size(types) != (size_t)layer_count)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"layer_types\" has %zu entries; num_hidden_layers is %lld",
                       json_array_size(types), (long long)layer_count);
  for (int64_t i = 0; i < layer_count && c->status == EMILY_OK; i++) {
    if (types) window_of[i] = window_of_type(c, i, json_string_value(json_array_get(types, (size_t)i)), window);
    else window_of[i] = i >= first ? window : 0;
  }
}
