/* cmd_info.c: `emily info`: what a checkpoint holds, and whether emily runs it. */
#include "cli/commands.h"
#include "cli/info_read.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/sizes.h"

#include <string.h>

typedef struct settings {
  bool json, tensors;
} settings;

static const cli_option options[] = {
    {"tensors", 0, CLI_FLAG, NULL, NULL, "list every tensor: name, dtype, shape, bytes",
     .offset = offsetof(settings, tensors)},
    {"json", 0, CLI_FLAG, NULL, NULL, "as a JSON line", .offset = offsetof(settings, json)},
};

/* ---- for people ---- */

static void print_label(const char *label) { cli_outf("%-11s ", label); }

static void print_visible(const char *text) { cli_out_visible(text, strlen(text)); }

static void print_failure(const char *label, const cli_info_failure *failure) {
  print_label(label);
  print_visible(failure->message);
  cli_out("\n");
}

static void print_scalar(const json_t *value) {
  if (json_is_string(value)) cli_out_visible(json_string_value(value), json_string_length(value));
  else if (json_is_integer(value)) cli_outf("%lld", (long long)json_integer_value(value));
  else if (json_is_real(value)) cli_outf("%.15g", json_real_value(value));
  else cli_out(json_is_null(value) ? "null" : json_is_true(value) ? "true" : "false");
}

/* Key and value of what is one value; of lists and objects, how many. */
static void print_config(json_t *config) {
  const char *key;
  json_t *value;
  json_object_foreach(config, key, value) {
    cli_out("  ");
    print_visible(key);
    cli_out(" = ");
    if (json_is_array(value) && json_array_size(value) == 1 && !json_is_object(json_array_get(value, 0)) &&
        !json_is_array(json_array_get(value, 0)))
      print_scalar(json_array_get(value, 0));
    else if (json_is_array(value)) cli_outf("[%zu values]", json_array_size(value));
    else if (json_is_object(value)) cli_outf("{%zu keys}", json_object_size(value));
    else print_scalar(value);
    cli_out("\n");
  }
}

static void print_model(const cli_info *info) {
  if (info->model) {
    print_label("model");
    cli_outf("%s %s: emily runs it%s\n", emily_model_family(info->model), emily_model_task(info->model),
             emily_model_generates(info->model) ? ", and generates with it" : "");
  } else if (info->model_failure.status) {
    print_failure(info->model_failure.status == EMILY_UNSUPPORTED ? "unsupported" : "unusable", &info->model_failure);
  }
  if (info->config_failure.status) print_failure("config", &info->config_failure);
  else if (!info->config) print_label("config"), cli_out("none\n");
  else print_label("config"), cli_out(info->gguf ? "in the file\n" : "config.json\n"), print_config(info->config);
}

static void print_tokenizer(const cli_info *info) {
  emily_tokenizer_settings file = EMILY_TOKENIZER_SETTINGS_INIT;
  size_t specials;
  if (info->tokenizer_failure.status) {
    print_failure("tokenizer", &info->tokenizer_failure);
    return;
  }
  print_label("tokenizer");
  if (!info->tokenizer) {
    cli_out("none\n");
    return;
  }
  emily_tokenizer_special_ids(info->tokenizer, &specials);
  cli_outf("%d tokens, %zu of them special", emily_tokenizer_vocab_size(info->tokenizer), specials);
  if (!emily_tokenizer_get_settings(info->tokenizer, &file) && file.max_length)
    cli_outf(", cuts at %lld", (long long)file.max_length);
  cli_out("\n");
}

static void print_weights(const cli_info *info) {
  uint64_t values = 0, bytes = 0;
  if (info->checkpoint_failure.status) {
    print_failure("weights", &info->checkpoint_failure);
    return;
  }
  print_label("weights");
  if (!info->checkpoint) {
    cli_out("none\n");
    return;
  }
  for (size_t i = 0; i < info->totals.count; i++)
    values += info->totals.data[i].values, bytes += info->totals.data[i].bytes;
  cli_outf("%zu tensors, %llu values, %s\n", emily_checkpoint_count(info->checkpoint), (unsigned long long)values,
           cli_bytes_text(bytes));
  for (size_t i = 0; i < info->totals.count; i++) {
    const cli_info_total *total = &info->totals.data[i];
    cli_outf("  %-9s %llu tensors, %llu values, %s\n", total->dtype, (unsigned long long)total->tensors,
             (unsigned long long)total->values, cli_bytes_text(total->bytes));
  }
}

static void print_shape(const emily_checkpoint *checkpoint, size_t index) {
  cli_out("[");
  for (int32_t d = 0; d < emily_checkpoint_ndim(checkpoint, index); d++)
    cli_outf("%s%lld", d ? ", " : "", (long long)emily_checkpoint_shape(checkpoint, index)[d]);
  cli_out("]");
}

static void print_tensors(const cli_info *info) {
  if (!info->checkpoint) return;
  print_label("tensors");
  cli_out("name, dtype, shape, bytes\n");
  for (size_t i = 0; i < emily_checkpoint_count(info->checkpoint); i++) {
    cli_out("  ");
    print_visible(emily_checkpoint_name(info->checkpoint, i));
    cli_outf("  %s  ", emily_checkpoint_dtype_name(info->checkpoint, i));
    print_shape(info->checkpoint, i);
    cli_outf("  %llu\n", (unsigned long long)emily_checkpoint_nbytes(info->checkpoint, i));
  }
}

static void print_files(const cli_info *info) {
  if (!info->folder) return;
  print_label("files");
  cli_outf("%zu\n", info->files.count);
  for (size_t i = 0; i < info->files.count; i++) {
    cli_outf("  %10s  ", cli_bytes_text(info->files.data[i].bytes));
    print_visible(info->files.data[i].name);
    cli_out("\n");
  }
}

static void print(const cli_info *info, bool tensors) {
  print_label("path");
  print_visible(info->path);
  cli_out("\n");
  if (info->folder || info->gguf) print_model(info), print_tokenizer(info);
  print_weights(info);
  if (tensors) print_tensors(info);
  print_files(info);
}

/* ---- as JSON ---- */

static void put_failure(cli_json *json, const char *key, const cli_info_failure *failure) {
  cli_json_put_text(json, key, failure->status ? failure->message : NULL);
}

static void put_value(cli_json *json, const json_t *value) {
  if (json_is_string(value)) cli_json_bytes(json, json_string_value(value), json_string_length(value));
  else if (json_is_integer(value)) cli_json_int(json, json_integer_value(value));
  else if (json_is_real(value)) cli_json_real(json, json_real_value(value));
  else if (json_is_boolean(value)) cli_json_bool(json, json_is_true(value));
  else cli_json_null(json);
}

/* The config's own nesting is the file's: two levels are told, and what lies deeper is null. */
static void put_config(cli_json *json, json_t *value, int levels) {
  const char *key;
  json_t *inner;
  size_t index;
  if (json_is_object(value) && levels) {
    cli_json_begin(json, '{');
    json_object_foreach(value, key, inner) cli_json_key(json, key), put_config(json, inner, levels - 1);
    cli_json_end(json, '}');
  } else if (json_is_array(value) && levels) {
    cli_json_begin(json, '[');
    json_array_foreach(value, index, inner) put_config(json, inner, levels - 1);
    cli_json_end(json, ']');
  } else {
    put_value(json, value);
  }
}

static void put_model(cli_json *json, const cli_info *info) {
  cli_json_put_bool(json, "supported", info->model != NULL);
  put_failure(json, "reason", &info->model_failure);
  cli_json_put_text(json, "family", info->model ? emily_model_family(info->model) : NULL);
  cli_json_put_text(json, "task", info->model ? emily_model_task(info->model) : NULL);
  cli_json_put_bool(json, "generates", info->model && emily_model_generates(info->model));
  cli_json_key(json, "config");
  if (info->config) put_config(json, info->config, 3);
  else cli_json_null(json);
  put_failure(json, "config_error", &info->config_failure);
}

static void put_tokenizer(cli_json *json, const cli_info *info) {
  emily_tokenizer_settings file = EMILY_TOKENIZER_SETTINGS_INIT;
  size_t specials;
  cli_json_key(json, "tokenizer");
  if (!info->tokenizer) {
    cli_json_null(json);
  } else {
    emily_tokenizer_special_ids(info->tokenizer, &specials);
    if (emily_tokenizer_get_settings(info->tokenizer, &file)) file.max_length = 0;
    cli_json_begin(json, '{');
    cli_json_put_int(json, "vocab_size", emily_tokenizer_vocab_size(info->tokenizer));
    cli_json_put_unsigned(json, "special_tokens", specials);
    cli_json_key(json, "max_length");
    if (file.max_length) cli_json_int(json, file.max_length);
    else cli_json_null(json);
    cli_json_end(json, '}');
  }
  put_failure(json, "tokenizer_error", &info->tokenizer_failure);
}

static void put_totals(cli_json *json, const cli_info *info) {
  cli_json_key(json, "totals");
  cli_json_begin(json, '[');
  for (size_t i = 0; i < info->totals.count; i++) {
    cli_json_begin(json, '{');
    cli_json_put_text(json, "dtype", info->totals.data[i].dtype);
    cli_json_put_unsigned(json, "tensors", info->totals.data[i].tensors);
    cli_json_put_unsigned(json, "values", info->totals.data[i].values);
    cli_json_put_unsigned(json, "bytes", info->totals.data[i].bytes);
    cli_json_end(json, '}');
  }
  cli_json_end(json, ']');
  put_failure(json, "weights_error", &info->checkpoint_failure);
}

static void put_tensors(cli_json *json, const emily_checkpoint *checkpoint) {
  cli_json_key(json, "tensors");
  cli_json_begin(json, '[');
  for (size_t i = 0; checkpoint && i < emily_checkpoint_count(checkpoint); i++) {
    cli_json_begin(json, '{');
    cli_json_put_text(json, "name", emily_checkpoint_name(checkpoint, i));
    cli_json_put_text(json, "dtype", emily_checkpoint_dtype_name(checkpoint, i));
    cli_json_key(json, "shape");
    cli_json_begin(json, '[');
    for (int32_t d = 0; d < emily_checkpoint_ndim(checkpoint, i); d++)
      cli_json_int(json, emily_checkpoint_shape(checkpoint, i)[d]);
    cli_json_end(json, ']');
    cli_json_put_unsigned(json, "bytes", emily_checkpoint_nbytes(checkpoint, i));
    cli_json_put_text(json, "file", emily_checkpoint_file(checkpoint, i));
    cli_json_end(json, '}');
  }
  cli_json_end(json, ']');
}

static void put_files(cli_json *json, const cli_info *info) {
  cli_json_key(json, "files");
  cli_json_begin(json, '[');
  for (size_t i = 0; i < info->files.count; i++) {
    cli_json_begin(json, '{');
    cli_json_put_text(json, "name", info->files.data[i].name);
    cli_json_put_unsigned(json, "bytes", info->files.data[i].bytes);
    cli_json_end(json, '}');
  }
  cli_json_end(json, ']');
}

static void print_json(const cli_info *info, bool tensors) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  cli_json_put_text(&json, "path", info->path);
  put_model(&json, info);
  put_tokenizer(&json, info);
  put_totals(&json, info);
  if (tensors) put_tensors(&json, info->checkpoint);
  put_files(&json, info);
  cli_json_end(&json, '}');
}

static int run(const cli_call *call) {
  const settings *wanted = call->settings;
  cli_info info;
  int code = cli_info_read(call->operands[0], &info) ? cli_library_error() : CLI_OK;
  if (!code) {
    const cli_info_failure *damage = cli_info_damage(&info);
    if (wanted->json) print_json(&info, wanted->tensors);
    else print(&info, wanted->tensors);
    if (damage) code = cli_error(cli_code(damage->status), "%s", damage->message);
  }
  cli_info_free(&info);
  return code;
}

static const char *const examples[] = {
    "emily info MiniLM",
    "emily info --tensors Qwen3-0.6B/model.safetensors",
    "emily info --json MiniLM",
    NULL,
};

const cli_command cli_info_command = {
    .name = "info",
    .synopsis = "PATH",
    .summary = "Tell what a checkpoint holds, and whether emily runs it",
    .details =
        "PATH is a folder, a .safetensors file or a GGUF file. Told are the family and\n"
        "whether emily supports it (or why not), the config, the tokenizer, tensors and\n"
        "bytes by dtype, and the files. What is damaged is an error; what is only not\n"
        "supported is not.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
