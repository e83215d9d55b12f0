/* tests.c: what may stand behind `is`. */
#include "base/utf8.h"
#include "template/builtin.h"
#include "template/letters.h"
#include "template/operate.h"

#include <math.h>

#define TEST(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

static emily_status answer(bool holds, emily__tval *out) { return *out = emily__t_bool(holds), EMILY_OK; }

#define KIND(name, condition)          \
  TEST(name) {                         \
    (void)run;                         \
    const emily__tval v = call->in[0]; \
    return answer(condition, out);     \
  }
KIND(defined, v.kind != EMILY__T_UNDEFINED)
KIND(undefined, v.kind == EMILY__T_UNDEFINED)
KIND(none, v.kind == EMILY__T_NONE)
KIND(boolean, v.kind == EMILY__T_BOOL)
KIND(true_, v.kind == EMILY__T_BOOL && v.truth)
KIND(false_, v.kind == EMILY__T_BOOL && !v.truth)
KIND(integer, v.kind == EMILY__T_INT)
KIND(float_, v.kind == EMILY__T_FLOAT)
KIND(number, emily__t_is_number(v))
KIND(string, v.kind == EMILY__T_TEXT)
KIND(mapping, v.kind == EMILY__T_DICT)
KIND(iterable, emily__t_iterable(v) || v.kind == EMILY__T_LOOP)
KIND(callable, v.kind == EMILY__T_UNDEFINED || v.kind == EMILY__T_LOOP || v.kind == EMILY__T_MACRO ||
                   v.kind == EMILY__T_FUNCTION)
KIND(escaped, v.kind == EMILY__T_TEXT && v.markup)
KIND(sequence, v.kind == EMILY__T_UNDEFINED || v.kind == EMILY__T_TEXT || v.kind == EMILY__T_LIST ||
                   v.kind == EMILY__T_TUPLE || v.kind == EMILY__T_DICT || v.kind == EMILY__T_RANGE)

static emily_status is_known(emily__trun *run, emily__tval name, const emily__tbuiltin *(*find)(emily__ttext),
                             emily__tval *out) {
  if (!emily__t_hashable(name)) return emily__t_fail(run, "unhashable type: '%s'", emily__t_type_name(name));
  return answer(name.kind == EMILY__T_TEXT && find(name.string->text), out);
}

TEST(filter) { return is_known(run, call->in[0], emily__t_find_filter, out); }
TEST(test) { return is_known(run, call->in[0], emily__t_find_test, out); }

static emily_status remainder_is(emily__trun *run, emily__tval value, emily__tval by, int64_t wanted,
                                 emily__tval *out) {
  emily__tval rest;
  bool same;
  EMILY__TRY(emily__t_binary(run, EMILY__TK_MOD, value, by, &rest));
  EMILY__TRY(emily__t_equal(run, rest, emily__t_int(wanted), &same));
  return answer(same, out);
}

TEST(odd) { return remainder_is(run, call->in[0], emily__t_int(2), 1, out); }
TEST(even) { return remainder_is(run, call->in[0], emily__t_int(2), 0, out); }
TEST(divisibleby) { return remainder_is(run, call->in[0], call->in[1], 0, out); }

/* The same object: for what has no identity of its own here, an equal one of the same type. */
TEST(sameas) {
  emily__tval a = call->in[0], b = call->in[1];
  bool same;
  if (a.kind != b.kind) return answer(false, out);
  if (a.kind == EMILY__T_FLOAT || a.kind == EMILY__T_INT || a.kind == EMILY__T_BOOL || a.kind == EMILY__T_NONE) {
    EMILY__TRY(emily__t_equal(run, a, b, &same));
    return answer(same, out);
  }
  return answer(a.list == b.list, out);
}

static emily_status text_method(emily__trun *run, const emily__tcall *call, const char *name, emily__tval *out) {
  emily__tval text;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  const emily__tbuiltin *method = emily__t_find_method(text, (emily__ttext){name, 7});
  return emily__t_invoke(run, method, text, NULL, out);
}

TEST(lower) { return text_method(run, call, "islower", out); }
TEST(upper) { return text_method(run, call, "isupper", out); }

TEST(in) {
  bool found;
  EMILY__TRY(emily__t_contains(run, call->in[1], call->in[0], &found));
  return answer(found, out);
}

static emily_status compared(emily__trun *run, const emily__tcall *call, uint8_t op, emily__tval *out) {
  bool holds;
  EMILY__TRY(emily__t_compare(run, op, call->in[0], call->in[1], &holds));
  return answer(holds, out);
}

TEST(eq) { return compared(run, call, EMILY__TK_EQ, out); }
TEST(ne) { return compared(run, call, EMILY__TK_NE, out); }
TEST(gt) { return compared(run, call, EMILY__TK_GT, out); }
TEST(ge) { return compared(run, call, EMILY__TK_GE, out); }
TEST(lt) { return compared(run, call, EMILY__TK_LT, out); }
TEST(le) { return compared(run, call, EMILY__TK_LE, out); }

const emily__tbuiltin emily__t_tests[] = {
    {"defined", "value", defined},
    {"undefined", "value", undefined},
    {"none", "value", none},
    {"string", "value", string},
    {"mapping", "value", mapping},
    {"sequence", "value", sequence},
    {"iterable", "value", iterable},
    {"boolean", "value", boolean},
    {"true", "value", true_},
    {"false", "value", false_},
    {"integer", "value", integer},
    {"float", "value", float_},
    {"number", "value", number},
    {"callable", "value", callable},
    {"escaped", "value", escaped},
    {"filter", "value", filter},
    {"test", "value", test},
    {"odd", "value", odd},
    {"even", "value", even},
    {"divisibleby", "value num", divisibleby},
    {"sameas", "value other", sameas},
    {"lower", "value", lower},
    {"upper", "value", upper},
    {"in", "value seq", in},
    {"==", "a b", eq},
    {"eq", "a b", eq},
    {"equalto", "a b", eq},
    {"!=", "a b", ne},
    {"ne", "a b", ne},
    {">", "a b", gt},
    {"gt", "a b", gt},
    {"greaterthan", "a b", gt},
    {">=", "a b", ge},
    {"ge", "a b", ge},
    {"<", "a b", lt},
    {"lt", "a b", lt},
    {"lessthan", "a b", lt},
    {"<=", "a b", le},
    {"le", "a b", le},
    {0},
};
