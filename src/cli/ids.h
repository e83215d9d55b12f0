/* ids.h: lists of token ids, as users and scripts give them. */
#ifndef EMILY_CLI_IDS_H
#define EMILY_CLI_IDS_H

#include "base/json.h"
#include "base/vec.h"

typedef EMILY__VEC(int32_t) cli_ids; /* emily__vec_free, also after a failure */

/* Adds the numbers of "1,2,3" or "1 2 3". EMILY_INVALID_ARGUMENT names what is no id. */
emily_status cli_ids_from_text(cli_ids *ids, const char *text);

/* Adds those of the array under the key. */
emily_status cli_ids_from_json(cli_ids *ids, const json_t *object, const char *key);

#endif
