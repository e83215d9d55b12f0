/* version.c: which emily this is. */
#include "emily/base.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *emily_version(void) {
  return TEXT(EMILY_VERSION_MAJOR) "." TEXT(EMILY_VERSION_MINOR) "." TEXT(EMILY_VERSION_PATCH);
}

int32_t emily_version_number(void) { return EMILY_VERSION_NUMBER; }
