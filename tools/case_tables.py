#!/usr/bin/env python3
"""Writes src/template/case_tables.h: the characters whose upper or title case is several characters (Unicode's
SpecialCasing, without conditions), and those that are lower or upper case without being such letters (Other_Lowercase,
Other_Uppercase), as this Python's str knows them.

    python3 tools/case_tables.py > src/template/case_tables.h
"""
import unicodedata

CODES = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(codes):
    out = []
    for c in codes:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def wrap(cells):
    line = " "
    for cell in cells:
        if len(line) + len(cell) + 1 > 117:
            yield line
            line = " "
        line += " " + cell
    yield line


def table(comment, kind, name, cells):
    print(f"/* {comment} */\nstatic const {kind} {name}[] = {{")
    print("\n".join(wrap(cells)))
    print("};\n")


def special():
    for c in CODES:
        upper, title = chr(c).upper(), chr(c).title()
        if len(upper) > 1 or len(title) > 1:
            parts = [", ".join("0x%X" % ord(x) for x in text) for text in (upper, title)]
            yield "{0x%X, {%s}, {%s}}," % (c, *parts)


def beside(category, test):
    return ["{0x%X, 0x%X}," % tuple(r) for r in ranges([c for c in CODES if test(chr(c)) and
                                                        unicodedata.category(chr(c)) != category])]


print("/* case_tables.h: written by tools/case_tables.py; see there. Unicode " + unicodedata.unidata_version + ". */")
print("#ifndef EMILY_TEMPLATE_CASE_TABLES_H\n#define EMILY_TEMPLATE_CASE_TABLES_H\n\n#include <stdint.h>\n")
print("typedef struct special_case {\n  int32_t code, upper[3], title[3];\n} special_case;\n")
print("typedef struct case_range {\n  int32_t first, last;\n} case_range;\n")
table("In order.", "special_case", "special_cases", special())
table("str.islower beside category Ll.", "case_range", "other_lower", beside("Ll", str.islower))
table("str.isupper beside category Lu.", "case_range", "other_upper", beside("Lu", str.isupper))
table("str.isdigit beside category Nd.", "case_range", "other_digits", beside("Nd", str.isdigit))
table("str.isnumeric beside categories Nd, Nl and No.", "case_range", "other_numeric",
      ["{0x%X, 0x%X}," % tuple(r) for r in ranges([c for c in CODES if chr(c).isnumeric() and
                                                   unicodedata.category(chr(c)) not in ("Nd", "Nl", "No")])])
print("#endif")
