/* golden.h: checkpoints with reference outputs (tests/data/models/<case>), and how close is close. Every function asserts that it worked. */
#ifndef EMILY_TESTS_GOLDEN_H
#define EMILY_TESTS_GOLDEN_H

#include "emily/generate.h"
#include "emily/model.h"

typedef struct golden {
  char *folder;          /* a temporary one, with the case's files */
  emily_model *model;
  emily_array_map *ref;  /* the references */
  emily_array_map *out;  /* what the latest golden_forward gave */
} golden;

/* "tests/data/models/<name>", or an absolute path itself, in one of eight rotating buffers. */
const char *golden_data(const char *name);

/* A temporary folder with the case's files, linked, `config` among them as its config.json, or as its model.gguf. For folder_remove. */
char *golden_folder(const char *name, const char *config);

golden golden_open(const char *name, const char *config, const char *ref); /* files of the case */
void golden_close(golden *g);

/* Run one pass on the inputs of a prefix: "a" takes a.input_ids, a.attention_mask … where they are there. */
void golden_forward(golden *g, const char *prefix);

/* out[name] against ref[reference], where mask (NULL: everywhere; [B, T]) is not 0: relative L2 at most 1e-5 and largest
 * absolute difference at most 2e-4, the distance that float32 arithmetic may have from the float64 oracle. */
void golden_expect(golden *g, const char *name, const char *reference, const char *mask);

/* The same for values that are at hand, [B, T, D] as the reference. */
void golden_compare(const char *what, const float *got, emily_array *want, emily_array *mask);

/* The cases a (one row), b (padded at the right) and c (at the left) of a decoder's golden: every output. */
void golden_decoder(const char *name, const char *config);

/* One output of a case's variant: config_<which>.json and ref_<which>.safetensors, the inputs of a prefix. */
void golden_variant(const char *name, const char *which, const char *prefix, const char *output, bool masked);

/* Every output that ref_<which>.safetensors has for the inputs "a", by a model of that task. */
void golden_case(const char *name, const char *which, const char *task);

/* Loads a case with each allocation failing once: one error, and nothing is left behind. */
void golden_failing_loads(const char *name, const char *config);

/* All elements, converted; to be freed. */
float *golden_floats(emily_array *array);
int32_t *golden_ints(emily_array *array);

#endif
