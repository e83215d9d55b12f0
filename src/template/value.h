/* value.h: what a template computes with: Python's values, as far as templates meet them.
 *
 * A value is small and copied freely; what it points to lies in the arena of the rendering (or of the template, for
 * constants) and never changes once it is built, except namespaces, loops and iterators. Text is UTF-8, and knows how
 * many characters it has: as many as bytes means ASCII.
 */
#ifndef EMILY_TEMPLATE_VALUE_H
#define EMILY_TEMPLATE_VALUE_H

#include "base/json.h"
#include "base/vec.h"
#include "template/arena.h"

typedef enum emily__tkind {
  EMILY__T_MISSING, /* an argument that was not given; no template sees it */
  EMILY__T_UNDEFINED,
  EMILY__T_NONE,
  EMILY__T_BOOL,
  EMILY__T_INT,
  EMILY__T_FLOAT,
  EMILY__T_TEXT,
  EMILY__T_LIST,
  EMILY__T_TUPLE,
  EMILY__T_DICT,
  EMILY__T_VIEW, /* of a dict's keys, values or items */
  EMILY__T_RANGE,
  EMILY__T_NAMESPACE,
  EMILY__T_ITERATOR, /* what map, select and their like give: it can be walked through once */
  EMILY__T_LOOP,
  EMILY__T_MACRO,
  EMILY__T_FUNCTION /* of the environment, or a method with its object */
} emily__tkind;

typedef struct emily__ttext {
  const char *data; /* not NUL-terminated */
  size_t count;     /* bytes */
} emily__ttext;

typedef struct emily__tstring emily__tstring;
typedef struct emily__tlist emily__tlist;
typedef struct emily__tdict emily__tdict;
typedef struct emily__tview emily__tview;
typedef struct emily__trange emily__trange;
typedef struct emily__tundefined emily__tundefined;
typedef struct emily__tmacro emily__tmacro;
typedef struct emily__tfunction emily__tfunction;
typedef struct emily__titer emily__titer;
typedef struct emily__tloop emily__tloop;
typedef struct emily__tbuiltin emily__tbuiltin;

typedef struct emily__tval {
  uint8_t kind;
  bool markup; /* of a text: made by `safe` or `escape`; what it is added to is escaped */
  union {
    bool truth;
    int64_t integer;
    double real;
    const emily__tstring *string;
    emily__tlist *list; /* of a tuple too */
    emily__tdict *dict; /* of a namespace too */
    const emily__tview *view;
    const emily__trange *range;
    const emily__tundefined *undefined;
    const emily__tmacro *macro;
    const emily__tfunction *function;
    emily__titer *iterator;
    emily__tloop *loop;
  };
} emily__tval;

/* Texts that are added to again and again share a buffer with room behind them. */
typedef struct emily__tbuffer {
  char *data;
  size_t used, room;
} emily__tbuffer;

struct emily__tstring {
  emily__ttext text;
  size_t chars;
  emily__tbuffer *buffer; /* that text lies in; NULL: none */
};

struct emily__tlist {
  emily__tval *items;
  size_t count, room;
  bool group; /* a tuple of groupby: its two items have the names grouper and list */
};

typedef struct emily__tentry {
  emily__tval key, value;
  uint32_t hash;
} emily__tentry;

struct emily__tdict {
  emily__tentry *entries; /* in the order of insertion */
  size_t count, room;
};

struct emily__tview {
  const emily__tdict *dict;
  char part; /* 'k', 'v' or 'i' */
};

struct emily__trange {
  int64_t start, stop, step, count;
};

/* Why it is not there: a hint, or the object that lacks `name`, or (object MISSING) the name of a variable. */
struct emily__tundefined {
  const char *hint;
  emily__tval object, name;
};

struct emily__tfunction {
  const emily__tbuiltin *builtin;
  emily__tval self; /* MISSING: none */
};

#define EMILY__T_LITERAL(literal) ((emily__ttext){(literal), sizeof(literal) - 1})

bool emily__ttext_equal(emily__ttext a, emily__ttext b);
bool emily__ttext_is(emily__ttext text, const char *word);

emily__tval emily__t_none(void);
emily__tval emily__t_bool(bool truth);
emily__tval emily__t_int(int64_t integer);
emily__tval emily__t_real(double real);

/* False where the arena is out of memory or at its limit (arena->exceeded). emily__t_text copies; _borrow keeps the
 * bytes, which must outlive the value. Both take valid UTF-8. */
bool emily__t_text(emily__arena *arena, const char *data, size_t count, emily__tval *out);
bool emily__t_borrow(emily__arena *arena, const char *data, size_t count, emily__tval *out);
bool emily__t_list(emily__arena *arena, emily__tkind kind, size_t room, emily__tval *out);
bool emily__t_list_push(emily__arena *arena, emily__tlist *list, emily__tval item);
bool emily__t_dict(emily__arena *arena, size_t room, emily__tval *out);

/* a + b, for texts; amortised linear where a text grows bit by bit. */
bool emily__t_join(emily__arena *arena, const emily__tstring *a, const emily__tstring *b, emily__tval *out);

size_t emily__t_count_chars(const char *data, size_t count);
uint32_t emily__t_hash(emily__ttext text);

/* The entry of a key that is a text; NULL: none. */
emily__tentry *emily__t_dict_find(const emily__tdict *dict, emily__ttext key);

/* Sets a key that is a text; its value is replaced where it is there. */
bool emily__t_dict_put(emily__arena *arena, emily__tdict *dict, emily__tval key, emily__tval value);

/* Adds an entry for a key that is not there. */
bool emily__t_dict_add(emily__arena *arena, emily__tdict *dict, emily__tval key, emily__tval value, uint32_t hash);

/* What a JSON document holds; texts are copied. */
bool emily__t_from_json(emily__arena *arena, const json_t *json, emily__tval *out);

#endif
