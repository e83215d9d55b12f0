/* prims.c: prims.def as a table. */
#include "graph/infer.h"
#include "graph/node.h"

const emily__prim_info emily__prims[EMILY__PRIM_COUNT] = {
#define PRIM(name, attrs, infer, outputs, flags) [EMILY__PRIM_##name] = {#name, emily__infer_##infer, outputs, flags},
#include "graph/prims.def"
#undef PRIM
};

/* Each row's attribute struct exists and is flat enough to be copied by bytes. */
#define PRIM(name, attrs, infer, outputs, flags) \
  _Static_assert(_Alignof(emily__attrs_##attrs) <= 8, #name ": attributes want more alignment than a node gives");
#include "graph/prims.def"
#undef PRIM

const char *emily__prim_name(emily__prim prim) { return prim < EMILY__PRIM_COUNT ? emily__prims[prim].name : "?"; }
