/* test_template.c: what templates print, which errors they give and where, and what bounds them. jinja2 itself judges
 * in tests/oracle/test_templates.py. */
#include "template/template.h"

#include "base/alloc.h"
#include "base/status.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char VARIABLES[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":\" Hi \"},{\"role\":\"assistant\",\"content\":\"Ja\\nund?\"}],"
    "\"s\":\"Zür\xF0\x9F\x99\x82\",\"n\":7,\"f\":2.5,\"d\":{\"a\":1,\"items\":2},\"l\":[3,1,2],\"none_\":null}";

static json_t *variables;

static int setup(void **state) {
  (void)state;
  return emily__json_parse(VARIABLES, strlen(VARIABLES), "variables", &variables) != EMILY_OK;
}

static int teardown(void **state) {
  (void)state;
  json_decref(variables);
  return 0;
}

static emily_status render(const char *source, const emily__template_options *options, char **text) {
  emily__template *template;
  const json_t *const all[] = {variables};
  size_t length;
  EMILY__TRY(emily__template_parse("t", source, strlen(source), &template));
  emily_status status = emily__template_render(template, all, 1, options, text, &length);
  emily__template_free(template);
  if (status == EMILY_OK) assert_int_equal(strlen(*text), length);
  return status;
}

typedef struct sample {
  const char *source, *wanted;
} sample;

static void check(const sample *samples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char *text = NULL;
    if (render(samples[i].source, NULL, &text)) fail_msg("%s: %s", samples[i].source, emily_last_error()->message);
    assert_string_equal(text, samples[i].wanted);
    emily__free(text);
  }
}
#define CHECK(samples) check(samples, sizeof(samples) / sizeof *(samples))

static void statements(void **state) {
  (void)state;
  const sample samples[] = {
      {"{% for m in messages %}{{ loop.index }}/{{ loop.length }}{{ m.role[0] }}{{ m.content|trim }};{% endfor %}",
       "1/2uHi;2/2aJa\nund?;"},
      {"{% for x in [] %}a{% else %}b{% endfor %}", "b"},
      {"{% for x in l if x > 1 %}{{ x }}{{ ',' if not loop.last }}{% endfor %}", "3,2"},
      {"{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %}", "a1items2"},
      {"{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% break %}{% endfor %}", "3"},
      {"{% set ns = namespace(c=0) %}{% for x in l %}{% set ns.c = ns.c + x %}{% set n = 0 %}{% endfor %}{{ ns.c "
       "}}{{ n }}",
       "67"},
      {"{% macro m(a, b='y') %}{{ a }}{{ b }}{{ kwargs }}{{ varargs }}{% endmacro %}{{ m(1) }}{{ m(1, 2, 3, z=4) }}",
       "1y{}()12{'z': 4}(3,)"},
      {"{% macro m() %}<{{ caller('x') }}>{% endmacro %}{% call(v) m() %}{{ v }}{{ n }}{% endcall %}", "<x7>"},
      {"{% set v %}a{{ n }}{% endset %}{{ v|length }}", "2"},
      {"{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "17"},
      {"{% filter upper %}ab{% endfilter %}", "AB"},
      {"{% generation %}x{% endgeneration %}", "x"},
      {"{% if n is odd and not none_ %}y{% elif x %}{% else %}n{% endif %}", "y"},
  };
  CHECK(samples);
}

static void white_space(void **state) {
  (void)state;
  const sample samples[] = {
      {"a\n  {% if true %}\nb\n  {% endif %}\nc\n", "a\nb\nc"},
      {"a  {%- if true -%}  b  {%- endif %} c", "ab c"},
      {"  {%+ if true %}x{% endif +%}\n y", "  x\n y"},
      {"{{ 1 -}}\n\n {{- 2 }}\n", "12"},
      {"{# note #}\nx {#- y -#} z", "xz"},
      {"{% raw %}{{ x }}{% endraw %}", "{{ x }}"},
      {"a\r\nb\rc", "a\nb\nc"},
  };
  CHECK(samples);
}

static void expressions(void **state) {
  (void)state;
  const sample samples[] = {
      {"{{ s[2] }}{{ s[-1] }}{{ s[::-1] }}{{ s|length }}", "r\xF0\x9F\x99\x82\xF0\x9F\x99\x82rüZ4"},
      {"{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 1e16 }} {{ 0.1 + 0.2 }}",
       "3 -4 2 3.5 1024 1e+16 0.30000000000000004"},
      {"{{ 1 < n < 9 }} {{ 'a' in 'cat' }} {{ 5 not in l }} {{ n ~ none ~ true }}", "True True True 7NoneTrue"},
      {"{{ [1, 'a', none, 2.0, {'k': (1,)}] }}", "[1, 'a', None, 2.0, {'k': (1,)}]"},
      {"{{ {'a': [1, {}], 'b': 'ü\\n'}|tojson }}", "{\"a\": [1, {}], \"b\": \"ü\\n\"}"},
      {"{{ d.items is callable }}{{ d['items'] }}{{ d.zz is defined }}{{ d.zz }}", "True2False"},
      {"{{ l|sort|join('-') }} {{ messages|map(attribute='role')|list }} {{ l|select('gt', 1)|sum }}",
       "1-2-3 ['user', 'assistant'] 5"},
      {"{{ x if false }}{{ x|default('d') }}{{ ''|default('e', true) }}", "de"},
      {"{{ 'straße'|upper }} {{ 'ΑΣ'.lower() }} {{ '%05.1f|%s' % (f, s) }} {{ '{:>4}|{}'.format(n, 'x') }}",
       "STRASSE ας 002.5|Zür\xF0\x9F\x99\x82    7|x"},
      {"{{ '<'|e }}{{ ('<'|e) + '>' }}{{ '<' }}", "&lt;&lt;&gt;<"},
  };
  CHECK(samples);
}

static void the_date_can_be_given(void **state) {
  (void)state;
  const struct tm now = {.tm_year = 124, .tm_mon = 1, .tm_mday = 29, .tm_hour = 7, .tm_wday = 4, .tm_yday = 59};
  const emily__template_options options = {.now = &now};
  char *text;
  assert_int_equal(render("{{ strftime_now('%d %b %Y %H%z %f') }}", &options, &text), EMILY_OK);
  assert_string_equal(text, "29 Feb 2024 07 000000");
  emily__free(text);
}

typedef struct slip {
  const char *source;
  emily_status status;
  const char *part;
} slip;

static void errors_name_the_line(void **state) {
  (void)state;
  const slip slips[] = {
      {"a\n{{ x.y }}", EMILY_INVALID_ARGUMENT, "t, line 2: 'x' is undefined"},
      {"\n\n{{ raise_exception('take turns') }}", EMILY_INVALID_ARGUMENT, "t, line 3: take turns"},
      {"{{ d.zz.y }}", EMILY_INVALID_ARGUMENT, "'dict object' has no attribute 'zz'"},
      {"{{ n + s }}", EMILY_INVALID_ARGUMENT, "'+' is not supported between 'int' and 'str'"},
      {"{{ l.append(1) }}", EMILY_INVALID_ARGUMENT, "has no attribute 'append'"},
      {"{{ 9223372036854775807 + 1 }}", EMILY_INVALID_ARGUMENT, "64 bits"},
      {"{{ s|nope }}", EMILY_INVALID_ARGUMENT, "there is no filter named 'nope'"},
      {"{{ 1 // 0 }}", EMILY_INVALID_ARGUMENT, "division by zero"},
      {"\n{% if x %}", EMILY_BAD_FORMAT, "line 2: the template ends"},
      {"{{ (1 }}", EMILY_BAD_FORMAT, "t, line 1"},
      {"{{ 'a }}", EMILY_BAD_FORMAT, "a string has no end"},
      {"{# x", EMILY_BAD_FORMAT, "a comment has no end"},
      {"{% endfor %}", EMILY_BAD_FORMAT, "there is no tag 'endfor' here"},
      {"{% break %}", EMILY_BAD_FORMAT, "outside a loop"},
      {"{% include 'x' %}", EMILY_UNSUPPORTED, "'include' is not supported"},
      {"{% for x in l recursive %}{% endfor %}", EMILY_UNSUPPORTED, "recursive"},
      {"{{ '\xFF' }}", EMILY_BAD_FORMAT, "not UTF-8"},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    char *text;
    assert_int_equal(render(slips[i].source, NULL, &text), slips[i].status);
    if (!strstr(emily_last_error()->message, slips[i].part))
      fail_msg("%s: %s", slips[i].source, emily_last_error()->message);
  }
}

static void hostile_templates_end(void **state) {
  (void)state;
  const slip slips[] = {
      {"{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", EMILY_UNSUPPORTED,
       "steps"},
      {"{{ 'a' * 99999999999 }}", EMILY_UNSUPPORTED, ""},
      {"{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
       EMILY_UNSUPPORTED, ""},
      {"{{ range(100001) }}", EMILY_INVALID_ARGUMENT, "range"},
      {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", EMILY_INVALID_ARGUMENT, "nested too deep"},
      {"{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
       EMILY_INVALID_ARGUMENT, "nested too deep"},
      {"{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = ns.x|map('abs') %}{% endfor %}{{ "
       "ns.x|list }}",
       EMILY_INVALID_ARGUMENT, "too deep"},
      {"{{ '%999999999d' % 1 }}", EMILY_INVALID_ARGUMENT, "too large"},
      {"{{ 'x'.center(9999999999) }}", EMILY_UNSUPPORTED, ""},
  };
  const emily__template_options bounds = {.steps = 2000000, .memory = 16 << 20, .output = 1 << 20};
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    char *text;
    emily_status status = render(slips[i].source, &bounds, &text);
    if (status != slips[i].status) fail_msg("%s: %d, %s", slips[i].source, status, emily_last_error()->message);
    if (!strstr(emily_last_error()->message, slips[i].part))
      fail_msg("%s: %s", slips[i].source, emily_last_error()->message);
  }
}

static void deep_sources_are_refused(void **state) {
  (void)state;
  char source[4096], *text;
  memset(source, '(', sizeof source);
  memcpy(source, "{{ ", 3);
  source[sizeof source - 1] = '\0';
  assert_int_equal(render(source, NULL, &text), EMILY_BAD_FORMAT);
  memset(source, '-', sizeof source - 1);
  memcpy(source, "{{ ", 3);
  assert_int_equal(render(source, NULL, &text), EMILY_BAD_FORMAT);
}

/* A text that grows bit by bit takes memory in proportion, not to the square. */
static void sums_grow_in_place(void **state) {
  (void)state;
  const emily__template_options bounds = {.memory = 24 << 20};
  char *text;
  const char *source =
      "{% set ns = namespace(x='') %}{% for i in range(20000) %}{% set ns.x = ns.x + 'sixteen letters!' %}{% endfor "
      "%}{{ ns.x|length }}";
  assert_int_equal(render(source, &bounds, &text), EMILY_OK);
  assert_string_equal(text, "320000");
  emily__free(text);
}

enum { THREADS = 4, ROUNDS = 50 };

static void *render_often(void *context) {
  const emily__template *template = context;
  const json_t *const all[] = {variables};
  for (int i = 0; i < ROUNDS; i++) {
    char *text = NULL;
    size_t length;
    if (emily__template_render(template, all, 1, NULL, &text, &length) != EMILY_OK) return NULL;
    bool same = !strcmp(text, "ZUER:123");
    emily__free(text);
    if (!same) return NULL;
  }
  return context;
}

/* A parsed template is shared; nothing of a rendering is. */
static void threads_share_a_template(void **state) {
  (void)state;
  const char *source =
      "{% macro m(x) %}{{ x|upper }}{% endmacro %}{{ m('zuer') }}:{% for x in l|sort %}{{ x }}{% endfor %}";
  emily__template *template;
  pthread_t threads[THREADS];
  assert_int_equal(emily__template_parse("t", source, strlen(source), &template), EMILY_OK);
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, render_often, template), 0);
  for (int i = 0; i < THREADS; i++) {
    void *good = NULL;
    assert_int_equal(pthread_join(threads[i], &good), 0);
    assert_non_null(good);
  }
  emily__template_free(template);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  const char *source =
      "{% macro m(a) %}{{ a|upper }}{{ caller() }}{% endmacro %}{% set b %}{{ d|tojson(indent=1) }}{% endset %}"
      "{% call m(s) %}{% for x in l|sort if x %}{{ x }}{{ loop.length }}{% endfor %}{% endcall %}{{ '%s{}'.format(n) "
      "% b }}{{ [1, 2][::-1] }}";
  for (int64_t n = 1;; n++) {
    char *text = NULL;
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    emily_status status = render(source, NULL, &text);
    bool failed = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    assert_int_equal(status, failed ? EMILY_OUT_OF_MEMORY : EMILY_OK);
    emily__free(text);
    assert_int_equal(emily__alloc_live(), live);
    if (!failed) break;
    assert_true(n < 5000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statements),
      cmocka_unit_test(white_space),
      cmocka_unit_test(expressions),
      cmocka_unit_test(the_date_can_be_given),
      cmocka_unit_test(errors_name_the_line),
      cmocka_unit_test(hostile_templates_end),
      cmocka_unit_test(deep_sources_are_refused),
      cmocka_unit_test(sums_grow_in_place),
      cmocka_unit_test(threads_share_a_template),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
