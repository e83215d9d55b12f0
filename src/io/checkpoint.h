/* checkpoint.h: the inside of a checkpoint that other rooms need. */
#ifndef EMILY_IO_CHECKPOINT_H
#define EMILY_IO_CHECKPOINT_H

#include "emily/checkpoint.h"
#include "emily/gguf.h"

/* The GGUF file (of several parts the first, which has the metadata) that the tensors lie in; NULL where they lie in safetensors.
 * Borrowed. */
const emily_gguf *emily__checkpoint_gguf(const emily_checkpoint *checkpoint);

#endif
