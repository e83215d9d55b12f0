/* operate.h: Python's operations on values: truth, text, comparison, arithmetic, items, attributes, iteration. */
#ifndef EMILY_TEMPLATE_OPERATE_H
#define EMILY_TEMPLATE_OPERATE_H

#include "template/run.h"

/* Python's name of the type: "str", "dict". */
const char *emily__t_type_name(emily__tval value);
bool emily__t_truth(emily__tval value);
bool emily__t_is_number(emily__tval value); /* a bool too */
double emily__t_number_of(emily__tval number);
bool emily__t_is_integer(emily__tval value); /* a bool too */
int64_t emily__t_integer_of(emily__tval integer);

/* ---- text (repr.c) ---- */

emily_status emily__t_put_str(emily__trun *run, emily__str *sink, emily__tval value);  /* str(value) */
emily_status emily__t_put_repr(emily__trun *run, emily__str *sink, emily__tval value); /* repr(value) */
emily_status emily__t_str(emily__trun *run, emily__tval value, emily__tval *out); /* a text as it is, markup too */
size_t emily__t_format_real(double real, char text[32]);                          /* repr of a float; its length */

/* ---- comparison (compare.c) ---- */

emily_status emily__t_equal(emily__trun *run, emily__tval a, emily__tval b, bool *out);
emily_status emily__t_less(emily__trun *run, emily__tval a, emily__tval b, bool *out);
emily_status emily__t_compare(emily__trun *run, uint8_t op, emily__tval a, emily__tval b,
                              bool *out); /* a token's kind */
emily_status emily__t_contains(emily__trun *run, emily__tval container, emily__tval item, bool *out);
bool emily__t_hashable(emily__tval value);

/* The entry of any hashable key; *out is NULL where there is none. */
emily_status emily__t_find_key(emily__trun *run, const emily__tdict *dict, emily__tval key, emily__tentry **out);
emily_status emily__t_set_key(emily__trun *run, emily__tdict *dict, emily__tval key, emily__tval value);

/* Sorts items by their keys, stably. */
emily_status emily__t_sort(emily__trun *run, emily__tval *items, emily__tval *keys, size_t count, bool reverse);

/* ---- arithmetic (arithmetic.c) ---- */

emily_status emily__t_binary(emily__trun *run, uint8_t op, emily__tval a, emily__tval b, emily__tval *out);
emily_status emily__t_negate(emily__trun *run, emily__tval value, bool negative, emily__tval *out);
emily_status emily__t_add(emily__trun *run, emily__tval a, emily__tval b, emily__tval *out);

/* ---- attributes and items (access.c) ---- */

emily_status emily__t_getattr(emily__trun *run, emily__tval object, emily__tval name, emily__tval *out);
emily_status emily__t_getitem(emily__trun *run, emily__tval object, emily__tval key, emily__tval *out);
emily_status emily__t_slice(emily__trun *run, emily__tval object, const emily__tval bounds[3], emily__tval *out);

/* len(value); false where it has none. */
bool emily__t_length(emily__tval value, int64_t *out);

/* Where the index-th character begins (index ≤ chars). */
size_t emily__t_char_offset(const emily__tstring *string, size_t index);

/* ---- iteration (iterate.c) ---- */

typedef emily_status emily__tnext(emily__trun *run, emily__titer *it, emily__tval *out, bool *done);

struct emily__titer {
  emily__tnext *next;
  emily__tval source; /* what it goes through */
  size_t at;
  bool ended, reversed;
  emily__titer *inner; /* of the filters that make one walk of another */
  void *state;
};

bool emily__t_iterable(emily__tval value);
emily_status emily__t_iterate(emily__trun *run, emily__tval value, emily__titer **out);
emily_status emily__t_iterate_reversed(emily__trun *run, emily__tval value,
                                       emily__titer **out); /* NULL: it can't be */
emily_status emily__t_next(emily__trun *run, emily__titer *it, emily__tval *out, bool *done);
emily_status emily__t_to_list(emily__trun *run, emily__tval value,
                              emily__tval *out); /* list(value), always a new one */
emily_status emily__t_new_iterator(emily__trun *run, emily__tnext *next, emily__titer *inner, void *state,
                                   emily__tval *out);

/* The n-th value that a range holds. */
int64_t emily__t_range_at(const emily__trange *range, int64_t index);

/* ---- formats ---- */

emily_status emily__t_percent(emily__trun *run, emily__ttext format, emily__tval values,
                              emily__tval *out); /* format % values */

/* text + text, HTML's special characters replaced. */
emily_status emily__t_escape(emily__trun *run, emily__tval value, emily__tval *out);

#endif
