/* cmd_features.c: `emily features`: a file as the input that a model takes. */
#include "cli/commands.h"
#include "cli/message.h"

#include "emily/files.h"
#include "emily/preprocess.h"

static emily_status save(const char *path, const char *name, emily_array *array) {
  emily_array_map *map = emily_array_map_new();
  emily_status status = map ? emily_array_map_set(map, name, array) : EMILY_OUT_OF_MEMORY;
  if (!status) status = emily_safetensors_save(path, map, NULL);
  emily_array_map_release(map);
  return status;
}

static emily_status run_files(const emily_preprocessor *preprocessor, const char *in, const char *out) {
  emily_array *array;
  emily_status status = emily_preprocess_file(preprocessor, in, &array);
  if (status) return status;
  status = save(out, emily_preprocessor_input(preprocessor), array);
  emily_array_release(array);
  return status;
}

static int run(const cli_call *call) {
  emily_preprocessor *preprocessor;
  if (emily_preprocessor_load(call->operands[0], &preprocessor)) return cli_library_error();
  int code = run_files(preprocessor, call->operands[1], call->operands[2]) ? cli_library_error() : CLI_OK;
  emily_preprocessor_release(preprocessor);
  return code;
}

static const char *const examples[] = {
    "emily features whisper-tiny speech.flac features.safetensors",
    "emily features vit-base-patch16-224 cat.jpg pixels.safetensors",
    NULL,
};

const cli_command cli_features_command = {
    .name = "features",
    .synopsis = "MODEL FILE OUT.safetensors",
    .summary = "Turn a picture or a sound into the input that a model takes",
    .details =
        "What is made of FILE is what the model's preprocessor_config.json says. Of a\n"
        "sound, in any format that libsndfile reads, it is input_features [1, mels,\n"
        "frames]: one channel, resampled, cut or filled up to the model's window, as\n"
        "log-mel spectra. Of a picture (JPEG, PNG) it is pixel_values [1, 3, height,\n"
        "width]: resized, cropped and normalised. OUT can be an input of emily forward;\n"
        "it appears whole or not at all.\n",
    .examples = examples,
    .least_operands = 3,
    .most_operands = 3,
    .run = run,
};
