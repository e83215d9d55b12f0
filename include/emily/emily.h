/* emily/emily.h: the tensor library: arrays, ops, evaluation. Models and tokenizers have headers of their own. */
#ifndef EMILY_EMILY_H
#define EMILY_EMILY_H

#include "emily/array.h"
#include "emily/array_map.h"
#include "emily/base.h"
#include "emily/call.h"
#include "emily/checkpoint.h"
#include "emily/dtype.h"
#include "emily/files.h"
#include "emily/ops.h"
#include "emily/runtime.h"

#endif
