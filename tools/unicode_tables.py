#!/usr/bin/env python3
"""Writes src/text/unicode_tables.h: where Hugging Face `tokenizers` sees Unicode otherwise than the libraries here.

tokenizers is built from parts with Unicode data of different years (its regular expressions have Unicode 16, its
normalization Unicode 9, BERT's punctuation Unicode 8), and ids must be equal over every code point. So each of its
notions is asked of the `tokenizers` package itself, code point by code point, and what differs from Unicode 14 (this
Python's unicodedata, the oldest data that PCRE2 and utf8proc may have) is written down.

    python3 tools/unicode_tables.py > src/text/unicode_tables.h
"""
import sys
import unicodedata

from tokenizers import Regex, __version__, normalizers, pre_tokenizers

BASE = "14.0.0"
CODES = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
EVERY = "".join(map(chr, CODES))
CATEGORIES = ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co").split()


def ask(predicate):
    return {c for c in CODES if predicate(chr(c))}


def regex_set(pattern):
    """The code points that a one-character regular expression matches."""
    rest = set(map(ord, normalizers.Replace(Regex(pattern), "").normalize_str(EVERY)))
    return {c for c in CODES if c not in rest}


def ranges(items, value=lambda c: None):
    out = []
    for c in sorted(items):
        if out and out[-1][1] == c - 1 and out[-1][2] == value(c):
            out[-1][1] = c
        else:
            out.append([c, c, value(c)])
    return out


def wrap(cells):
    line = " "
    for cell in cells:
        if len(line) + len(cell) + 1 > 117:
            yield line
            line = " "
        line += " " + cell
    yield line


def table(comment, kind, name, rows, cell):
    print(f"/* {comment} */\nstatic const {kind} {name}[] = {{")
    print("\n".join(wrap([cell(row) + "," for row in rows])))
    print("};\n")


def plain(row):
    return "{0x%X, 0x%X}" % (row[0], row[1])


def main():
    if unicodedata.unidata_version != BASE:
        sys.exit(f"needs a Python whose unicodedata is {BASE} (3.11 or 3.12's 15.0 is not), this is "
                 f"{unicodedata.unidata_version}")
    base = {c: unicodedata.category(chr(c)) for c in CODES}
    later = {}
    for name in CATEGORIES:
        later.update({c: name for c in regex_set(r"\p{%s}" % name) if base[c] == "Cn"})

    wordish = ("L", "M", "Nd", "Nl", "Pc")
    base_word = {c for c in CODES if base[c].startswith(wordish)}
    split = pre_tokenizers.Whitespace()
    rust_word = ask(lambda ch: len(split.pre_tokenize_str("a" + ch)) == 1 and
                    split.pre_tokenize_str("a" + ch)[0][0] == "a" + ch)
    regex_word = regex_set(r"\w")
    assert base_word <= rust_word and base_word <= regex_word

    digits = pre_tokenizers.Digits(individual_digits=True)
    numeric = ask(lambda ch: len(digits.pre_tokenize_str("a" + ch)) == 2)
    punctuation = pre_tokenizers.Punctuation()
    punct = ask(lambda ch: len(punctuation.pre_tokenize_str("a" + ch)) == 2)

    def bert(**on):
        off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
        return normalizers.BertNormalizer(**{**off, **on}).normalize_str

    clean = bert(clean_text=True)
    control = ask(lambda ch: clean("a" + ch) == "a") - {0, 0xFFFD}
    nfd, nfkd = normalizers.NFD().normalize_str, normalizers.NFKD().normalize_str
    strip = bert(strip_accents=True)
    nonspacing = ask(lambda ch: nfd(ch) == ch and strip(ch) == "")
    accents = normalizers.StripAccents().normalize_str
    mark = ask(lambda ch: accents(ch) == "")

    inert = {c for c in CODES if base[c] == "Cn"}
    for c in CODES:
        ch = chr(c)
        canonical = unicodedata.normalize("NFD", ch)
        if nfd(ch) != canonical:
            inert |= {c, *map(ord, canonical)}
        if nfkd(ch) != unicodedata.normalize("NFKD", ch):
            inert.add(c)
        moved = nfd("a\u0345" + ch) != "a\u0345" + ch
        if unicodedata.combining(ch) and canonical == ch and not moved and c != 0x345:
            inert.add(c)

    lower = normalizers.Lowercase().normalize_str
    lowered = {c: ord(lower(chr(c))) - c for c in CODES if c != 0x130 and lower(chr(c)) != chr(c).lower()}

    print("/* unicode_tables.h: written by tools/unicode_tables.py; see there. Where tokenizers " + __version__ +
          "\n * differs from Unicode " + BASE + ", ranges inclusive and in order. */")
    print("#ifndef EMILY_TEXT_UNICODE_TABLES_H\n#define EMILY_TEXT_UNICODE_TABLES_H\n\n#include <stdint.h>\n")
    print("typedef struct unicode_range {\n  int32_t first, last;\n} unicode_range;\n")
    print("typedef struct unicode_category_range {\n  int32_t first, last;\n  char category[3];\n"
          "} unicode_category_range;\n")
    print("typedef struct unicode_shift_range {\n  int32_t first, last, shift;\n} unicode_shift_range;\n")
    table("Assigned after Unicode 14, with general category (regular expressions).", "unicode_category_range",
          "later_categories", ranges(later, later.get), lambda r: '{0x%X, 0x%X, "%s"}' % tuple(r))
    table("Matched by \\w in regular expressions, beside letters, marks, Nd, Nl and Pc.", "unicode_range",
          "regex_word_extra", ranges(regex_word - base_word - set(later)), plain)
    table("Word characters beside letters, marks, Nd, Nl and Pc (the Whitespace splitter, single_word).",
          "unicode_range", "word_extra", ranges(rust_word - base_word), plain)
    table("Numeric (the Digits splitter) beside Unicode 14's N.", "unicode_range", "numeric_extra",
          ranges({c for c in numeric if base[c][0] != "N"}), plain)
    table("Punctuation for BERT and the Punctuation splitter.", "unicode_range", "punctuation", ranges(punct), plain)
    table("What BERT's clean_text drops, beside U+0000 and U+FFFD.", "unicode_range", "bert_control",
          ranges(control), plain)
    table("Nonspacing marks for BERT's strip_accents.", "unicode_range", "nonspacing_marks", ranges(nonspacing), plain)
    table("Combining marks for the StripAccents normalizer.", "unicode_range", "combining_marks", ranges(mark), plain)
    table("Left as they are by normalization, whatever newer Unicode says.", "unicode_range", "normalization_inert",
          ranges(inert), plain)
    table("Lower case, beside Unicode 14.", "unicode_shift_range", "lower_extra", ranges(lowered, lowered.get),
          lambda r: "{0x%X, 0x%X, %d}" % tuple(r))
    print("#endif")


main()
