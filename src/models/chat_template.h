/* chat_template.h: what chats ask of a chat template beside the public calls. */
#ifndef EMILY_MODELS_CHAT_TEMPLATE_H
#define EMILY_MODELS_CHAT_TEMPLATE_H

#include "base/json.h"
#include "emily/chat.h"

#include <time.h>

/* As emily_chat_template_render, of an object. */
emily_status emily__chat_render(const emily_chat_template *chat_template, const json_t *variables,
                                const emily_render_options *options, char **text, size_t *text_length);

/* "2026-07-04" or "2026-07-04T18:30:00"; false where it is no date. */
bool emily__chat_date(const char *text, struct tm *out);

#endif
