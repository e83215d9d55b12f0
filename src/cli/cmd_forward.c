/* cmd_forward.c: `emily forward`: one pass on named inputs, every output to a file. */
#include "cli/commands.h"
#include "cli/message.h"

#include "emily/model.h"

typedef struct settings {
  cli_texts outputs;
} settings;

static const cli_option options[] = {
    {"output", 'o', CLI_TEXTS, "NAME", NULL, "write only this output; may be repeated",
     .offset = offsetof(settings, outputs)},
};

static emily_status forward(emily_model *model, const emily_array_map *inputs, const cli_texts *names,
                            emily_array_map *outputs) {
  emily_scope *scope = emily_scope_open(emily_model_stream(model));
  emily_status status = emily_model_forward(model, scope, inputs, names->items, names->count, outputs);
  emily_status closed = emily_scope_close(scope);
  return status ? status : closed;
}

static emily_status run_files(emily_model *model, const char *in, const char *out, const cli_texts *names) {
  emily_array_map *inputs, *outputs = emily_array_map_new();
  emily_status status = outputs ? emily_safetensors_load(in, &inputs) : EMILY_OUT_OF_MEMORY;
  if (status) return emily_array_map_release(outputs), status;
  status = forward(model, inputs, names, outputs);
  emily_array_map_release(inputs);
  if (!status) status = emily_safetensors_save(out, outputs, NULL);
  emily_array_map_release(outputs);
  return status;
}

static int run(const cli_call *call) {
  const settings *wanted = call->settings;
  emily_model_options model_options = EMILY_MODEL_OPTIONS_INIT;
  emily_model *model;
  model_options.device = call->common.device;
  if (emily_model_load(call->operands[0], &model_options, &model)) return cli_library_error();
  int code = run_files(model, call->operands[1], call->operands[2], &wanted->outputs) ? cli_library_error() : CLI_OK;
  emily_model_release(model);
  return code;
}

static const char *const examples[] = {
    "emily forward MiniLM in.safetensors out.safetensors",
    "emily forward Qwen3-0.6B in.safetensors out.safetensors --output logits",
    NULL,
};

const cli_command cli_forward_command = {
    .name = "forward",
    .synopsis = "MODEL IN.safetensors OUT.safetensors",
    .summary = "Run a model once on the tensors of a file",
    .details =
        "IN holds the inputs by name, int32 or int64, each [batch, tokens]: input_ids, and\n"
        "where wanted attention_mask, token_type_ids, position_ids; for whisper\n"
        "input_features [batch, mels, frames] and decoder_input_ids. OUT gets what the\n"
        "model gives, in float32: last_hidden_state [batch, tokens, width],\n"
        "hidden_states [layers + 1, batch, tokens, width], logits, pooler_output and so\n"
        "on. OUT appears whole or not at all.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 3,
    .most_operands = 3,
    .computes = true,
    .run = run,
};
