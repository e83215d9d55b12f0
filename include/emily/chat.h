/* emily/chat.h: conversations with a language model: its chat template, and a chat that remembers.
 *
 *     emily_chat_template *template;
 *     emily_chat *chat;
 *     emily_chat_template_load("SmolLM3-3B", &template);
 *     emily_chat_new(model, tokenizer, template, &chat);
 *     emily_chat_set_system(chat, "Answer in one sentence.");
 *     emily_chat_say(chat, "What is the tallest mountain?", &options, &generation);      // options.callback streams
 *     … generation->text …
 *     emily_generation_free(generation);
 *
 * A chat template is a program in Jinja that comes with a checkpoint and writes a list of messages as the text that the
 * model was trained on. It is rendered as Transformers renders it (jinja2's sandbox with trim_blocks and lstrip_blocks,
 * loop controls, generation blocks, and tojson, raise_exception and strftime_now of its own), and the text is equal
 * character by character. Messages are handed over as they are. A template is untrusted: its steps, memory and output
 * are bounded.
 */
#ifndef EMILY_CHAT_H
#define EMILY_CHAT_H

#include "emily/generate.h"
#include "emily/model.h"
#include "emily/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- templates ---- */

typedef struct emily_chat_template emily_chat_template;

/* path: a checkpoint's folder, or a GGUF file. Read are chat_template.jinja and additional_chat_templates/NAME.jinja,
 * or, where there are none, "chat_template" of tokenizer_config.json: a template, or a list of templates with names.
 * The folder's special tokens (bos_token, eos_token …) become variables. EMILY_NOT_FOUND: there is no template.
 * EMILY_BAD_FORMAT names file and line. EMILY_UNSUPPORTED: a template that uses what emily lacks (inheritance,
 * imports, recursive loops). */
EMILY_API emily_status emily_chat_template_load(const char *path, emily_chat_template **out);

/* One from its text, without special tokens; `name` stands for the file in messages. */
EMILY_API emily_status emily_chat_template_parse(const char *text, size_t length, const char *name,
                                                 emily_chat_template **out);
EMILY_API emily_chat_template *emily_chat_template_retain(emily_chat_template *chat_template); /* returns its argument */
EMILY_API void emily_chat_template_release(emily_chat_template *chat_template); /* NULL does nothing */

typedef struct emily_render_options {
  size_t struct_size;   /* set by EMILY_RENDER_OPTIONS_INIT */
  const char *template_name; /* which of several; NULL: "tool_use" where there are tools and such a template, else
                                "default", or the only one */
  const char *now;      /* the date that templates see, "2026-07-04" or "2026-07-04T18:30:00"; NULL: the local time */
} emily_render_options;
#define EMILY_RENDER_OPTIONS_INIT {sizeof(emily_render_options), NULL, NULL}

/* json: an object whose keys are the template's variables: "messages" (a list of objects with "role" and "content"),
 * "tools", "add_generation_prompt", and any other ("enable_thinking", "documents"). Without them, tools and documents
 * are None and add_generation_prompt is False. *text ends with NUL, and is freed by emily_string_free; text_length
 * may be NULL. EMILY_INVALID_ARGUMENT: the template raises (the message is its own, behind its name and line), or
 * options are wrong; EMILY_BAD_FORMAT: json is not an object; EMILY_UNSUPPORTED: a bound is reached. Any number of
 * threads may render. */
EMILY_API emily_status emily_chat_template_render(const emily_chat_template *chat_template, const char *json, size_t length,
                                                  const emily_render_options *options, char **text, size_t *text_length);

/* A rendered text to ids. No special tokens are added, as templates write them themselves, and nothing is cut or
 * padded. *out is freed by emily_encoding_free. */
EMILY_API emily_status emily_chat_encode(const emily_tokenizer *tokenizer, const char *text, size_t length,
                                         emily_encoding **out);

/* ---- chats ---- */

/* Messages, and the keys and values of the model for what was said: a turn reads only what is new. One thread uses a
 * chat at a time; chats share their model's weights. */
typedef struct emily_chat emily_chat;

/* Holds references to the three. EMILY_UNSUPPORTED: the model does not generate. */
EMILY_API emily_status emily_chat_new(emily_model *model, emily_tokenizer *tokenizer, emily_chat_template *chat_template,
                                      emily_chat **out);
EMILY_API void emily_chat_free(emily_chat *chat); /* NULL does nothing */

/* What stands before the first message, as the message of role "system"; NULL: none. UTF-8. */
EMILY_API emily_status emily_chat_set_system(emily_chat *chat, const char *text);

/* A variable of the template, as JSON ("true", "[…]"); NULL takes it away. */
EMILY_API emily_status emily_chat_set_variable(emily_chat *chat, const char *name, const char *json);

/* As of emily_render_options; copied. */
EMILY_API emily_status emily_chat_set_options(emily_chat *chat, const emily_render_options *options);

/* Adds a message without an answer to it: an earlier turn, a tool's result. */
EMILY_API emily_status emily_chat_add(emily_chat *chat, const char *role, const char *content);

/* The same of any message, as JSON: an object ({"role": "assistant", "tool_calls": [...]}). */
EMILY_API emily_status emily_chat_add_json(emily_chat *chat, const char *json);

/* Adds the user's message, and the model's answer to it (text NULL: an answer to what stands there, such as a tool's
 * result); what options leave open is as for emily_generate. An answer that was cancelled is kept as far as it came;
 * one of which nothing came, and a failure, leave the chat as it was. */
EMILY_API emily_status emily_chat_say(emily_chat *chat, const char *text, const emily_generate_options *options,
                                      emily_generation **out);

/* Forget all messages but the system's; variables and options stay. */
EMILY_API void emily_chat_clear(emily_chat *chat);

/* How many messages there are, without the system's. */
EMILY_API size_t emily_chat_message_count(const emily_chat *chat);

/* The tokens that the model remembers. */
EMILY_API size_t emily_chat_token_count(const emily_chat *chat);

/* The messages as JSON, the system's first: freed by emily_string_free. */
EMILY_API emily_status emily_chat_messages(const emily_chat *chat, char **json);

#ifdef __cplusplus
}
#endif
#endif
