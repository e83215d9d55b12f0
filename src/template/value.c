/* value.c: see value.h. */
#include "template/value.h"

#include "base/utf8.h"

#include <string.h>

enum { BUFFER_LEAST = 256 }; /* shorter sums get no room to grow */

bool emily__ttext_equal(emily__ttext a, emily__ttext b) {
  return a.count == b.count && (!a.count || !memcmp(a.data, b.data, a.count));
}

bool emily__ttext_is(emily__ttext text, const char *word) {
  return emily__ttext_equal(text, (emily__ttext){word, strlen(word)});
}

emily__tval emily__t_none(void) { return (emily__tval){.kind = EMILY__T_NONE}; }
emily__tval emily__t_bool(bool truth) { return (emily__tval){.kind = EMILY__T_BOOL, .truth = truth}; }
emily__tval emily__t_int(int64_t integer) { return (emily__tval){.kind = EMILY__T_INT, .integer = integer}; }
emily__tval emily__t_real(double real) { return (emily__tval){.kind = EMILY__T_FLOAT, .real = real}; }

size_t emily__t_count_chars(const char *data, size_t count) {
  size_t chars = 0;
  for (size_t i = 0; i < count; i++) chars += ((unsigned char)data[i] & 0xC0) != 0x80;
  return chars;
}

static bool text_value(emily__arena *arena, emily__ttext text, size_t chars, emily__tbuffer *buffer,
                       emily__tval *out) {
  emily__tstring *string = emily__arena_alloc(arena, sizeof *string);
  if (!string) return false;
  *string = (emily__tstring){text, chars, buffer};
  *out = (emily__tval){.kind = EMILY__T_TEXT, .string = string};
  return true;
}

bool emily__t_borrow(emily__arena *arena, const char *data, size_t count, emily__tval *out) {
  return text_value(arena, (emily__ttext){data, count}, emily__t_count_chars(data, count), NULL, out);
}

bool emily__t_text(emily__arena *arena, const char *data, size_t count, emily__tval *out) {
  char *copy = emily__arena_alloc(arena, count);
  if (!copy) return false;
  if (count) memcpy(copy, data, count);
  return emily__t_borrow(arena, copy, count, out);
}

static emily__tbuffer *new_buffer(emily__arena *arena, size_t count) {
  emily__tbuffer *buffer = emily__arena_alloc(arena, sizeof *buffer);
  size_t room = count < BUFFER_LEAST ? count : count + count / 2;
  char *data = buffer ? emily__arena_alloc(arena, room) : NULL;
  if (!data) return NULL;
  *buffer = (emily__tbuffer){data, 0, room};
  return buffer;
}

bool emily__t_join(emily__arena *arena, const emily__tstring *a, const emily__tstring *b, emily__tval *out) {
  size_t count = a->text.count + b->text.count;
  emily__tbuffer *buffer = a->buffer;
  bool last = buffer && a->text.data + a->text.count == buffer->data + buffer->used;
  if (!last || buffer->room - buffer->used < b->text.count) {
    buffer = new_buffer(arena, count);
    if (!buffer) return false;
    if (a->text.count) memcpy(buffer->data, a->text.data, a->text.count);
    buffer->used = a->text.count;
  }
  char *end = buffer->data + buffer->used;
  if (b->text.count) memcpy(end, b->text.data, b->text.count);
  buffer->used += b->text.count;
  return text_value(arena, (emily__ttext){end - a->text.count, count}, a->chars + b->chars, buffer, out);
}

bool emily__t_list(emily__arena *arena, emily__tkind kind, size_t room, emily__tval *out) {
  emily__tlist *list = emily__arena_alloc(arena, sizeof *list);
  emily__tval *items = list ? emily__arena_array(arena, room, sizeof *items) : NULL;
  if (!items) return false;
  *list = (emily__tlist){.items = items, .room = room};
  *out = (emily__tval){.kind = (uint8_t)kind, .list = list};
  return true;
}

bool emily__t_list_push(emily__arena *arena, emily__tlist *list, emily__tval item) {
  if (list->count == list->room) {
    size_t room = list->room * 2 + 4;
    emily__tval *items = emily__arena_array(arena, room, sizeof *items);
    if (!items) return false;
    if (list->count) memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->room = room;
  }
  list->items[list->count++] = item;
  return true;
}

bool emily__t_dict(emily__arena *arena, size_t room, emily__tval *out) {
  emily__tdict *dict = emily__arena_alloc(arena, sizeof *dict);
  emily__tentry *entries = dict ? emily__arena_array(arena, room, sizeof *entries) : NULL;
  if (!entries) return false;
  *dict = (emily__tdict){entries, 0, room};
  *out = (emily__tval){.kind = EMILY__T_DICT, .dict = dict};
  return true;
}

uint32_t emily__t_hash(emily__ttext text) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < text.count; i++) hash = (hash ^ (unsigned char)text.data[i]) * 16777619u;
  return hash;
}

emily__tentry *emily__t_dict_find(const emily__tdict *dict, emily__ttext key) {
  uint32_t hash = emily__t_hash(key);
  for (size_t i = 0; i < dict->count; i++) {
    emily__tentry *entry = &dict->entries[i];
    if (entry->hash == hash && entry->key.kind == EMILY__T_TEXT && emily__ttext_equal(entry->key.string->text, key))
      return entry;
  }
  return NULL;
}

bool emily__t_dict_add(emily__arena *arena, emily__tdict *dict, emily__tval key, emily__tval value, uint32_t hash) {
  if (dict->count == dict->room) {
    size_t room = dict->room * 2 + 4;
    emily__tentry *entries = emily__arena_array(arena, room, sizeof *entries);
    if (!entries) return false;
    if (dict->count) memcpy(entries, dict->entries, dict->count * sizeof *entries);
    dict->entries = entries;
    dict->room = room;
  }
  dict->entries[dict->count++] = (emily__tentry){key, value, hash};
  return true;
}

bool emily__t_dict_put(emily__arena *arena, emily__tdict *dict, emily__tval key, emily__tval value) {
  emily__tentry *entry = emily__t_dict_find(dict, key.string->text);
  if (entry) return entry->value = value, true;
  return emily__t_dict_add(arena, dict, key, value, emily__t_hash(key.string->text));
}

/* ---- JSON: jansson bounds the nesting ---- */

static bool from_array(emily__arena *arena, const json_t *json, emily__tval *out) {
  size_t count = json_array_size(json);
  if (!emily__t_list(arena, EMILY__T_LIST, count, out)) return false;
  for (size_t i = 0; i < count; i++)
    if (!emily__t_from_json(arena, json_array_get(json, i), &out->list->items[i])) return false;
  out->list->count = count;
  return true;
}

static bool from_object(emily__arena *arena, const json_t *json, emily__tval *out) {
  json_t *object = (json_t *)json; /* jansson's iterators take no const */
  if (!emily__t_dict(arena, json_object_size(json), out)) return false;
  for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
    emily__tval key, value;
    const char *name = json_object_iter_key(at);
    if (!emily__t_text(arena, name, json_object_iter_key_len(at), &key)) return false;
    if (!emily__t_from_json(arena, json_object_iter_value(at), &value)) return false;
    if (!emily__t_dict_add(arena, out->dict, key, value, emily__t_hash(key.string->text))) return false;
  }
  return true;
}

bool emily__t_from_json(emily__arena *arena, const json_t *json, emily__tval *out) {
  switch (json ? json_typeof(json) : JSON_NULL) {
    case JSON_OBJECT: return from_object(arena, json, out);
    case JSON_ARRAY: return from_array(arena, json, out);
    case JSON_STRING: return emily__t_text(arena, json_string_value(json), json_string_length(json), out);
    case JSON_INTEGER: return *out = emily__t_int(json_integer_value(json)), true;
    case JSON_REAL: return *out = emily__t_real(json_real_value(json)), true;
    case JSON_TRUE: return *out = emily__t_bool(true), true;
    case JSON_FALSE: return *out = emily__t_bool(false), true;
    default: return *out = emily__t_none(), true;
  }
}
