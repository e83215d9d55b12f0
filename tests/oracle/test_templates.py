#!/usr/bin/env python3
"""Compares chat templates rendered by emily with jinja2 (from PyPI) in the environment that Transformers sets up.

    python3 tests/oracle/test_templates.py [--seed N] [--conversations N] [--expressions N] [--build DIR]

The templates of chat_templates.py are rendered with conversations drawn from the seed, which is printed: system messages
or none, turns in and out of order, tools, calls and their results, thinking, contents that are missing, None, lists or
numbers, Unicode of every kind. Then come expressions and statements drawn at random over values of every type, tags among
white space, and every character's case and kind. Equal must be the text, or the fact that it is an error. What emily does not have by design is
left out: whole numbers of more than 64 bits, addresses of objects, lone surrogates.
"""
import argparse
import ctypes
import datetime
import json
import os
import random
import sys
import unicodedata
import warnings

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chat_templates import TEMPLATES

NOW = datetime.datetime(2024, 2, 29, 7, 5, 9)


class Generation(jinja2.ext.Extension):
    """{% generation %}: what it encloses, as Transformers' tracker passes it on."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_pass"), [], [], body).set_lineno(line)

    def _pass(self, caller):
        return caller()


class Names(jinja2.utils.Namespace):
    """A namespace without attributes that begin with an underscore."""

    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        names = dict(*args, **kwargs)
        for name in names:
            Names.check(name)
        jinja2.utils.Namespace.__init__(self, names)

    def __setitem__(self, name, value):
        Names.check(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def check(name):
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError(name)


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def to_json(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def make_environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                        extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = to_json
    env.globals.update(raise_exception=refuse, strftime_now=lambda text: NOW.strftime(text),
        namespace=Names, dict=lambda *a, **k: dict(*a, **k))
    return env


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("template_name", ctypes.c_char_p), ("now", ctypes.c_char_p)]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("where", ctypes.c_char_p), ("message", ctypes.c_char_p)]


class Emily:
    def __init__(self, build):
        self.lib = ctypes.CDLL(os.path.join(build, "libemily.so"))
        self.lib.emily_last_error.restype = ctypes.POINTER(Error)
        self.lib.emily_chat_template_release.restype = None

    def message(self):
        return self.lib.emily_last_error().contents.message.decode()

    def render(self, source, contexts):
        """A text or an Exception for each context."""
        template, data = ctypes.c_void_p(), source.encode()
        if self.lib.emily_chat_template_parse(data, ctypes.c_size_t(len(data)), b"t", ctypes.byref(template)):
            return [ValueError(self.message()) for _ in contexts]
        out = [self.render_one(template, context) for context in contexts]
        self.lib.emily_chat_template_release(template)
        return out

    def render_one(self, template, context):
        line, text, length = json.dumps(context).encode(), ctypes.c_void_p(), ctypes.c_size_t()
        options = Options(ctypes.sizeof(Options), None, NOW.isoformat().encode())
        if self.lib.emily_chat_template_render(template, line, ctypes.c_size_t(len(line)), ctypes.byref(options),
                                               ctypes.byref(text), ctypes.byref(length)):
            return ValueError(self.message())
        result = ctypes.string_at(text, length.value)
        self.lib.emily_string_free(text)
        return result.decode("utf-8", "backslashreplace")  # which nothing of jinja2's is equal to


def theirs(env, source, contexts):
    try:
        template = env.from_string(source)
    except Exception as e:
        return [e for _ in contexts]
    out = []
    for context in contexts:
        try:
            out.append(template.render(tools=None, documents=None, add_generation_prompt=False) if not context else
                       template.render(**{"tools": None, "documents": None, "add_generation_prompt": False, **context}))
        except Exception as e:  # whatever Python raises
            out.append(e)
    return out


SKIP_MINE = ("64 bits", "cannot be sliced", "too large", "complex", "takes too many steps", "is not JSON")
SKIP_THEIRS = (" object at 0x", "<function", "<built-in", "<bound method", "<Macro", "<method", "<LoopContext", "<jinja2",
               "<class", "<dict_", "<range_it", "<list_rev", "<reversed")


def shows_an_object(text):
    """Whether Python's text of an object is printed, which holds its address: as it is, or a character at a time by a loop."""
    letters = "".join(c for c in text if c.isalpha()).casefold()
    return any(part.casefold() in text.casefold() for part in SKIP_THEIRS) or "builtinmethod" in letters or "boundmethod" in letters


class Report:
    def __init__(self, shown=12):
        self.equal = self.bad = self.skipped = self.errors = 0
        self.shown = shown

    def compare(self, name, source, context, mine, other):
        failed = isinstance(other, Exception)
        if isinstance(mine, Exception) and any(part in str(mine) for part in SKIP_MINE) or \
                not failed and shows_an_object(other) or \
                not failed and any(0xD800 <= ord(c) < 0xE000 for c in other):
            self.skipped += 1
        elif failed and isinstance(mine, Exception) or not failed and mine == other:
            self.equal += 1
            self.errors += failed
        else:
            self.bad += 1
            if self.bad <= self.shown:
                print(f"  DIFFERS {name}: {source if len(source) < 300 else '…'}\n    context {json.dumps(context)[:600]}\n"
                      f"    emily  {mine!r:.1500}\n    jinja2 {other!r:.1500}")


# ---- conversations ----

WORDS = ["hello", "why", "stop", "Zürich", "日本語", "🙂👍🏽", "a\nb", "  spaced  ", "\t", "", "<think>\nhm\n</think>\n\nyes",
         "</think>", "/no_think",
         "/think now", "{\"a\": 1}", "<tool_response>x</tool_response>", "quote\"s 'and' \\back", "\u2028", "ß ﬁ İ",
         "\u0000", "\x7f", "\r\n", "&<>",
         "{{ not }} {% a %} {# tag #}", "%s {} %", "e\u0301", "long " * 20, "/system_override /no_think be brief"]


def words(rng):
    return rng.choice(["", " ", "\n"]).join(rng.choice(WORDS) for _ in range(rng.randrange(4)))


def schema(rng, depth=0):
    kind = rng.choice(["string", "integer", "number", "boolean", "array", "object", ["string", "null"], None])
    out = {"type": kind} if kind else {}
    if rng.random() < .5:
        out["description"] = words(rng)
    if rng.random() < .3:
        out["enum"] = [words(rng) for _ in range(rng.randrange(1, 4))]
    if kind == "array" and depth < 3 and rng.random() < .8:
        out["items"] = schema(rng, depth + 1)
    if kind == "object" and depth < 3:
        out["properties"] = {rng.choice("abcxyzé") + str(i): schema(rng, depth + 1) for i in range(rng.randrange(4))}
        out["required"] = list(out["properties"])[:1]
    return out


def tool(rng):
    function = {"name": rng.choice(["get_weather", "süche", "a.b"]), "description": words(rng), "parameters": schema(rng)}
    if rng.random() < .2:
        function["return"] = {"type": "string"}
    return rng.choice([{"type": "function", "function": function}, {"type": "function", "function": function}, function])


def value(rng, depth=0):
    kind = rng.randrange(9 if depth < 3 else 6)
    if kind == 6 or kind == 7:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 8:
        return {rng.choice(["a", "b", "items", "x y", "é"]): value(rng, depth + 1) for _ in range(rng.randrange(4))}
    return [None, rng.choice([True, False]), rng.choice([0, 1, -1, 7, 2**40, 3]), rng.choice([0.0, 1.5, -0.1, 1e16, 1e-7, 123456.789, 1e22, 5e-324, 0.1]),
            words(rng), rng.choice(WORDS)][kind]


def message(rng, role):
    out = {"role": role, "content": words(rng)}
    odd = rng.random()
    if odd < .05:
        out["content"] = rng.choice([None, 3, {"content": "inner"}, [{"type": "text",
            "text": words(rng)}, {"type": "image"}], []])
    elif odd < .08:
        del out[rng.choice(["role", "content"])]
    if role == "assistant" and rng.random() < .25:
        out["tool_calls"] = [{"type": "function", "id": rng.choice(["abcdefghi", "123456789", "short"]),
            "function": {"name": "get_weather",
                             "arguments": rng.choice([{"city": words(rng),
                             "n": value(rng)}, "{\"raw\": 1}"])}} for _ in range(rng.choice([1, 1, 1, 2, 0]))]
        if rng.random() < .3:
            out["content"] = None
    if role == "assistant" and rng.random() < .2:
        out["reasoning_content"] = words(rng)
    if role == "tool" and rng.random() < .8:
        out["tool_call_id"] = rng.choice(["abcdefghi", "short"])
    return out


def conversation(rng):
    messages = [message(rng, "system")] if rng.random() < .4 else []
    ordered = rng.random() < .7
    for i in range(rng.randrange(7)):
        messages.append(message(rng, ("user", "assistant")[i % 2] if ordered else rng.choice(["user", "assistant", "tool",
            "system", "ipython", "other"])))
        if ordered and "tool_calls" in messages[-1]:
            messages.append(message(rng, "tool"))
    out = {"messages": messages, "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    if rng.random() < .5:
        out["add_generation_prompt"] = rng.choice([True, False])
    if rng.random() < .35:
        out["tools"] = [tool(rng) for _ in range(rng.randrange(3))]
    if rng.random() < .3:
        out["enable_thinking"] = rng.choice([True, False])
    for name in ("builtin_tools", "python_tools", "xml_tools", "custom_tools"):
        if rng.random() < .1:
            out[name] = rng.choice([["interpreter", "get_weather"], ["code"], []])
    for name in ("tools_in_user_message", "date_string", "topic"):
        if rng.random() < .1:
            out[name] = rng.choice([False, "cats"])
    return out


# ---- expressions ----

CONTEXT = {"s": "Hello, World", "u": "Žluťoučký kůň 🙂 ß", "e": "", "w": "  a b\n c ", "i": 42, "z": 0, "n": -7, "f": 2.5,
           "g": -0.1, "t": True, "x": None,
           "l": [3, 1, 2], "m": ["b", "A", "c", "a"], "d": {"a": 1, "b": [1, 2], "items": "key", "é": None}, "o": [],
           "q": {},
           "p": [{"name": "Bo", "age": 3, "in": {"k": [5]}}, {"name": "al", "age": 1}, {"name": "Cy", "age": 2,
           "in": {"k": [6]}}], "mix": [1, "1", 1.0, None, True, [1], {"a": 1}]}
NAMES = [*CONTEXT, "missing"]
LITERALS = ["1", "0", "3", "10", "2.5", "1e3", "0.1", "'a'", "'Ab c'", "\"it's\"", "''", "true", "false", "none", "[]",
            "{}", "[1, 2, 3]", "('a', 1)", "(1,)", "{'k': 'v', 1: 2}",
            "'%s-%s'", "'{} {0}'", "'<b>'", "'a,b,,c'", "'\\n'", "'\\u00e9'", "'x' 'y'", "'aXbX'", "7", "'12'", "' 4.5 '",
            "range(3)", "range(5, 0, -2)", "1_000", "0x1F"]
FILTERS = ["upper", "lower", "title", "capitalize", "trim", "length", "list", "first", "last", "join", "join(', ')",
           "join('-', 'name')", "join(attribute='age')", "sort", "sort(reverse=true)",
           "sort(attribute='name')", "sort(attribute='age,name')", "sort(case_sensitive=true)", "unique | list",
           "reverse | list", "reverse | join", "int", "int(5)", "int(base=16)", "float", "float(1.5)", "abs", "round",
           "round(1)", "round(2, 'ceil')",
           "round(0, 'floor')", "round(-1)", "string", "tojson", "tojson(indent=2)", "tojson(ensure_ascii=true)",
           "tojson(sort_keys=true)", "tojson(separators=(',', ':'))", "default('D')", "default('D', true)", "d(1)",
           "replace('a', 'bb')",
           "replace('l', '', 1)", "select | list", "reject('none') | list", "select('string') | list",
           "select('number') | list", "select('gt', 1) | list", "map('upper') | list", "map('string') | join",
           "map(attribute='name') | list",
           "map(attribute='in.k.0', default='?') | list", "selectattr('in') | list", "selectattr('in', 'defined') | list",
           "selectattr('age', 'ge', 2) | map(attribute='name') | list", "rejectattr('age', 'odd') | list", "dictsort",
           "dictsort(by='value')", "dictsort(reverse=true)", "items | list", "indent", "indent(2, true)",
           "indent('> ', blank=true)", "safe", "e", "escape", "forceescape", "batch(2) | list", "batch(2, 'z') | list",
           "slice(2) | list",
           "slice(3, 'z') | list", "sum", "sum('age')", "sum(start=10)", "min", "max", "max(attribute='age')",
           "groupby('age')", "groupby('name') | map('first') | list", "wordcount", "truncate(5)",
           "truncate(8, true, '~', 0)", "center(12)", "format(1, 2)", "count",
           "attr('name')", "attr('upper') is callable", "map('default', 0) | list", "map('int') | list", "map('first') | list",
           "map('length') | list", "unique(attribute='name') | map(attribute='age') | list", "last | string",
           "map('tojson') | join('|')"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "mapping", "sequence", "iterable",
         "boolean", "true", "false", "odd", "even", "divisibleby(3)", "divisibleby 2", "eq 1", "equalto('a')", "ne none",
         "lt 3", "gt(1)", "ge 2", "le 2",
         "in [1, 2, 'a']", "in 'abc'", "in d", "sameas none", "sameas true", "lower", "upper", "callable", "escaped",
         "filter", "test", "not none", "not defined", "not string"]
METHODS = [".upper()", ".lower()", ".strip()", ".lstrip()", ".rstrip('d')", ".strip('aH')", ".split()", ".split(',')",
           ".split('l', 1)", ".rsplit(' ', 1)", ".rsplit()", ".split(maxsplit=1)", ".splitlines()", ".splitlines(true)",
           ".title()", ".capitalize()", ".swapcase()",
           ".startswith('H')", ".startswith(('a', 'H'))", ".endswith('d')", ".startswith('e', 1)", ".replace('l', 'L')",
           ".replace('', '-')", ".replace('l', '', 1)", ".find('o')", ".rfind('o')", ".find('o', 5)", ".index('o')",
           ".count('l')", ".count('')", ".join(['x', 'y'])", ".join(m)",
           ".isdigit()", ".isalpha()", ".isalnum()", ".isspace()", ".isupper()", ".islower()", ".istitle()",
           ".isnumeric()", ".isdecimal()", ".isascii()", ".zfill(8)", ".ljust(8, '.')", ".rjust(15)", ".center(20, '*')",
           ".partition(' ')", ".rpartition('o')", ".removeprefix('He')", ".removesuffix('ld')",
           ".casefold()", ".format(1, 'x')", ".format(*m)", ".items()", ".keys()", ".values()", ".get('a')", ".get('zz')",
           ".get('zz', 5)", ".copy()", ".index(1)", ".count(1)", ".append(1)", ".pop()", ".update({})", ".a", ".b",
           ".items is callable", ".name", ".zz", ".0", ".__class__", "._x", "['a']", "['items'] is defined", "['zz']", "[0]", "[-1]", "[1:]",
           "[:2]", "[::-1]", "[::2]", "[1:10:3]", "[-2:]", "[5:1:-1]", "[none:2]", "[0][0]", "['name']", "[0].name",
           "[0]['in'].k[0]", "['x', 1]"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]


class Expressions:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, items):
        return self.rng.choice(items)

    def atom(self):
        return self.pick(NAMES) if self.rng.random() < .6 else self.pick(LITERALS)

    def make(self, depth):
        kind = self.rng.randrange(14) if depth > 0 else 0
        if kind == 0:
            return self.atom()
        if kind < 4:
            return f"{self.make(depth - 1)} | {self.pick(FILTERS)}"
        if kind < 7:
            return f"({self.make(depth - 1)}){self.pick(METHODS)}" if self.rng.random() < .4 else f"{self.pick(NAMES)}{self.pick(METHODS)}"
        if kind < 9:
            return f"({self.make(depth - 1)}) {self.pick(BINARY)} ({self.make(depth - 1)})"
        if kind == 9:
            return f"({self.make(depth - 1)}) is {self.pick(TESTS)}"
        if kind == 10:
            return f"({self.make(depth - 1)} if {self.make(depth - 1)}{' else ' + self.make(depth - 1) if self.rng.random() < .7 else ''})"
        if kind == 11:
            return self.pick(["not (@)", "-(@)", "+(@)", "[@, 1]", "(@,)", "{'k': @}", "dict(a=@)", "(@) ** 2", "2 ** (@)",
                              "1 < (@) < 5", "'%s|%r' % ((@), 1)",
                              "'%5.2f' % (@)", "'%d' % (@)", "'%-6s|%03d' % ('a', @)", "'{:>8}|{!r}'.format(@, 1)",
                              "'{:08.3f}'.format(@)", "'{:,} {:+d}'.format(@, 3)",
                              "'{:*^9}{:x}'.format('é', @)", "'{0[k]} {a.name}'.format({'k': 1}, a=@)", "range(@)",
                              "range(1, @, 2) | list", "namespace(v=@).v", "(@)[:2]", "s[@:]",
                              "l[@]", "d[@]", "dict(@)", "'%(k)s' % {'k': @}"]).replace("@", self.make(depth - 1))
        if kind == 12:
            return f"{self.atom()} {self.pick(BINARY)} {self.atom()} {self.pick(BINARY)} {self.atom()}"
        return f"{self.atom()} {self.pick(['|', '|', 'is', '*', '-', '~'])} " .replace("| ",
            "| " + self.pick(FILTERS) + " ~ ").replace("is ", "is " + self.pick(TESTS) + " and ") + self.atom()

    def statement(self):
        e, r = self.make, self.rng.randrange(16)
        a, b = e(2), e(1)
        return ["{% if " + a + " %}yes{% elif " + b + " %}maybe{% else %}no{% endif %}",
                "{% for v in " + a + " %}{{ loop.index }}:{{ v }}{% if not loop.last %},{% endif %}{% else %}none{% endfor %}",
                "{% for k, v in " + self.pick(["d.items()", "p | map('items')",
                "[(1, 2), 'ab']", a]) + " %}[{{ k }}={{ v }}]{% endfor %}",
                "{% set v = " + a + " %}{% set ns = namespace(c=0) %}{% for y in [1, 2, 3] %}{% set v = y %}{% set ns.c = ns.c + y %}{% endfor %}{{ v }} {{ ns.c }}",
                "{% macro mac(a, b=" + b + ") %}<{{ a }}|{{ b }}|{{ varargs }}|{{ kwargs }}>{% endmacro %}{{ mac(" + a + ") }}{{ mac(b=1, a=2, c=3) }}{{ mac(1, 2, 3) }}",
                "{% set v %}{{ " + a + " }}{% endset %}{{ v | length }}{{ v }}",
                "{% with v = " + a + ", y = v %}{{ v }}{{ y }}{% endwith %}{{ v }}",
                "{% filter " + self.pick(["upper", "trim", "indent(3)", "replace('a', 'b')",
                "length"]) + " %} {{ " + a + " }} {% endfilter %}",
                "{% for v in " + a + " if " + self.pick(["v", "v is string", "v != 1",
                "loop is undefined or v"]) + " %}{{ loop.revindex }}{{ v }}{{ loop.length }} {% endfor %}",
                "{% for v in " + self.pick(["l", "m", "mix", "p"]) + " %}{% if " + self.pick(["v == 1", "loop.index == 2",
                "loop.first", b]) + " %}{% " + self.pick(["break",
                "continue"]) + " %}{% endif %}{{ v }}{% else %}E{% endfor %}",
                "{% macro wrap() %}({{ caller(" + b + ") }}){% endmacro %}{% call(v) wrap() %}{{ v }}{{ " + a + " }}{% endcall %}",
                "{% for v in m %}{{ loop.cycle('a', 'b') }}{{ loop.changed(v | lower) }}{{ loop.previtem }}{{ loop.nextitem }}{{ " + b + " }}{% endfor %}",
                "{% set a, b = " + self.pick(["(1, 2)", "'xy'", a]) + " %}{{ a }}{{ b }}",
                "{% generation %}{{ " + a + " }}{% set q = 1 %}{% endgeneration %}{{ q }}",
                "{% set ns = namespace(a=1) %}{% for i in range(3) %}{% set ns.a = " + a + " %}{% endfor %}{{ ns.a }}{{ ns.b is defined }}",
                "{{ " + a + " }}{{- ' x ' -}} {{ " + b + " }}\n{%- if t %}\n y\n{% endif %}"][r]


def run_templates(env, emily, rng, arguments):
    report = Report()
    for name, source in TEMPLATES.items():
        contexts = [conversation(rng) for _ in range(arguments.conversations)]
        for context, mine, other in zip(contexts, emily.render(source, contexts), theirs(env, source, contexts), strict=True):
            report.compare(name, source, context, mine, other)
    print(f"templates: {report.equal} equal ({report.errors} of them errors), "
          f"{report.bad} differ, {report.skipped} left out", flush=True)
    return report


def run_expressions(env, emily, rng, arguments):
    report, make = Report(arguments.shown), Expressions(rng)
    for index in range(arguments.expressions):
        for _ in range(3):  # errors stop early and show little: most of them are drawn again
            source = "{{ " + make.make(3) + " }}" if index % 3 else make.statement()
            other = theirs(env, source, [CONTEXT])[0]
            if not isinstance(other, Exception):
                break
        report.compare("expression", source, None, emily.render(source, [CONTEXT])[0], other)
    print(f"expressions: {report.equal} equal ({report.errors} of them errors), "
          f"{report.bad} differ, {report.skipped} left out", flush=True)
    return report


BLANKS = ["", "", " ", "  ", "\n", "\n\n", "\t", " \n ", "\r\n", "\r", "\u00a0", "\u2028", "\x0b", "\x1c", "a", "b c", "}", "{", "%", "#", "{ {", "-", "}}", "%}", "#}"]
TAGS = ["{{S 1 P}}", "{{S 'x\\n' P}}", "{{S {'a': {}}.a P}}", "{%S if t E%}|{%S endif E%}", "{%S set v = 1 E%}", "{#S note E#}", "{#S\n{{ x }}\nE#}",
        "{%S for i in 'ab' E%}|{%S endfor E%}", "{%S raw P%}|{%S endraw E%}", "{%S set w E%}|{%S endset E%}{{ w }}", "{%S filter upper E%}|{%S endfilter E%}",
        "{%S generation E%}|{%S endgeneration E%}", "{%S  raw\nP%} {{ no }} {%S\tendraw  E%}"]


def white_space(rng, depth=0):
    """Tags of every kind with every sign, and blanks of every kind around them."""
    out = []
    for _ in range(rng.randrange(1, 6)):
        out.append("".join(rng.choice(BLANKS) for _ in range(rng.randrange(4))))
        tag = rng.choice(TAGS)
        if "|" in tag:
            inside = rng.choice(BLANKS) if depth > 2 or "raw" in tag else white_space(rng, depth + 1)
            tag = tag.replace("|", inside)
        while "S" in tag:
            tag = tag.replace("S", rng.choice(["", "", "-", "+"]), 1)
        while "E" in tag:
            tag = tag.replace("E", rng.choice(["", "", "-", "+"]), 1)
        while "P" in tag:
            tag = tag.replace("P", rng.choice(["", "", "-"]), 1)  # "+" is none there
        out.append(tag)
    return "".join(out) + rng.choice(BLANKS)


def run_white_space(env, emily, rng, arguments):
    report = Report(arguments.shown)
    for _ in range(arguments.expressions // 3):
        source = white_space(rng)
        report.compare("white space", repr(source), None, emily.render(source, [CONTEXT])[0], theirs(env, source, [CONTEXT])[0])
    print(f"white space: {report.equal} equal ({report.errors} of them errors), {report.bad} differ", flush=True)
    return report


CHARACTERS = """{% for c in codes %}{{ [c, c.upper(), c.lower(), c.title(), c.capitalize(), c.swapcase(), c.casefold(), c.isalpha(), c.isdigit(), c.isdecimal(),
c.isnumeric(), c.isspace(), c.isupper(), c.islower(), c.istitle(), c.isprintable(), c.strip(), ('a' ~ c ~ 'b').title(),
    ('a' ~ c).split(), c|title, c|wordcount] }}
{% endfor %}{{ codes|tojson(ensure_ascii=true) }}"""


def run_characters(env, emily, rng, arguments):
    """Each character that this Python knows: case, kinds and repr."""
    codes = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"]
    alike = [(0x3400, 0xA000), (0xAC00, 0xF900), (0x17000, 0x1B000), (0x20000, 0x110000)]  # a sample of these will do
    codes = [c for c in codes if not any(a <= ord(c) < b for a, b in alike) or rng.random() < .01]
    report = Report()
    contexts = [{"codes": codes[i:i + 500]} for i in range(0, len(codes), 500)]
    for context, mine, other in zip(contexts, emily.render(CHARACTERS, contexts), theirs(env, CHARACTERS, contexts), strict=True):
        lines = [(mine, other)] if isinstance(mine, Exception) else zip(mine.split("\n"), other.split("\n"))
        for one, two in lines:
            report.compare("characters", "a line a character", None, one, two)
    print(f"characters: {report.equal} lines equal, {report.bad} differ", flush=True)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("EMILY_TEST_SEED", random.randrange(10**9))))
    parser.add_argument("--conversations", type=int, default=150)
    parser.add_argument("--expressions", type=int, default=6000)
    parser.add_argument("--shown", type=int, default=12)
    parser.add_argument("--build", default=os.environ.get("EMILY_TEST_BUILD", "build"))
    arguments = parser.parse_args()
    print(f"jinja2 {jinja2.__version__}, seed {arguments.seed}")
    warnings.simplefilter("ignore", SyntaxWarning)  # of the Python that jinja2 makes
    env, emily, rng = make_environment(), Emily(arguments.build), random.Random(arguments.seed)
    reports = [run_templates(env, emily, rng, arguments), run_expressions(env, emily, rng, arguments),
               run_white_space(env, emily, rng, arguments),
               run_characters(env, emily, rng, arguments)]
    bad = sum(r.bad > 0 for r in reports)
    print(f"{len(reports) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
