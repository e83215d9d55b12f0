/* decoder_steps.h: what decoder_load.c makes a decoder of. */
#ifndef EMILY_TEXT_DECODER_STEPS_H
#define EMILY_TEXT_DECODER_STEPS_H

#include "text/decoder.h"

#define EMILY__DECODE_STEP(name) \
  emily_status name(const emily__decode_step *step, const emily__strings *in, emily__strings *out)

EMILY__DECODE_STEP(emily__decode_byte_level);
EMILY__DECODE_STEP(emily__decode_wordpiece);
EMILY__DECODE_STEP(emily__decode_bpe);
EMILY__DECODE_STEP(emily__decode_replace);
EMILY__DECODE_STEP(emily__decode_fuse);
EMILY__DECODE_STEP(emily__decode_strip);
EMILY__DECODE_STEP(emily__decode_byte_fallback);
EMILY__DECODE_STEP(emily__decode_metaspace);

#endif
