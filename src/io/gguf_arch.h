/* gguf_arch.h: the architectures of GGUF files that emily knows as families: what their metadata and tensors are called in a
 * Hugging Face checkpoint. One table serves both ways, reading and converting.
 */
#ifndef EMILY_IO_GGUF_ARCH_H
#define EMILY_IO_GGUF_ARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Names of one thing on either side. In names of tensors a star stands for the number of a layer, and ".weight" or ".bias" follows. */
typedef struct emily__gguf_names2 {
  const char *gguf, *hf;
} emily__gguf_names2;

typedef struct emily__gguf_arch {
  const char *name;                   /* general.architecture */
  const char *model_type, *class_name; /* config.json's */
  const emily__gguf_names2 *keys;     /* metadata without "<name>.", beside emily__gguf_keys, which they win over; ended by NULL */
  const emily__gguf_names2 *tensors;  /* ended by NULL */
  bool interleaved;                   /* rows of q and k stand so that rope pairs neighbours */
  bool plus_one;                      /* weights of norms have 1 added */
  bool turned;                        /* matrices of layers are [out, in], and [in, out] in Hugging Face's files */
  struct {
    bool tie, attention_bias, mlp_bias, types; /* keys of config.json that the tensors answer, where the family has them */
  } says;
} emily__gguf_arch;

/* NULL where there is none. */
const emily__gguf_arch *emily__gguf_arch_named(const char *name);
const emily__gguf_arch *emily__gguf_arch_of_type(const char *model_type);
const emily__gguf_arch *emily__gguf_arch_at(size_t index);

/* What most architectures share of the metadata. */
extern const emily__gguf_names2 emily__gguf_keys[];

/* The Hugging Face name of a key of metadata (without "<name>."); NULL where there is none. */
const char *emily__gguf_key_hf(const emily__gguf_arch *arch, const char *key);

/* The name of a tensor on the other side, written to out[room]; false where the table has none. */
bool emily__gguf_tensor_to_hf(const emily__gguf_arch *arch, const char *name, char *out, size_t room);
bool emily__gguf_tensor_from_hf(const emily__gguf_arch *arch, const char *name, char *out, size_t room);

#endif
