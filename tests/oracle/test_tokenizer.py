#!/usr/bin/env python3
"""Compares emily's tokenizer with Hugging Face `tokenizers` (from PyPI), over texts made to be hard.

    python3 tests/oracle/test_tokenizer.py [--seed N] [--count N] [--variants N] [FILE…]

Each FILE is a tokenizer.json (or a folder that holds one); without any, those in tests/data/tokenizers. For each, at
least --count texts and pairs are made from the seed, which is printed: code points of every plane, combining marks, runs of every kind of whitespace, digits of many
scripts, contractions, emoji with joiners, added tokens alone and inside words, bytes that are not UTF-8 (through the
library), lines of 100 KB. Ids must be equal, and so must the decoded text, special tokens kept and skipped, of those
ids and of random ids, in and out of the vocabulary.

Both are asked: the command (`emily tokenize --jsonl -`, `emily detokenize --jsonl -`) and, through ctypes, the library,
which has more to show (type ids, broken bytes, streaming). Then come tokenizer files drawn at random, with every kind
of part and every switch, over the same vocabularies.
"""
import argparse
import ctypes
import glob
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unicodedata

os.environ["RUST_BACKTRACE"] = "0"  # tokenizers panics on some odd files, and would print pages

from tokenizers import Tokenizer, __version__

SPACES = [" ", "\t", "\n", "\r", "\v", "\f", "\x85", "\xa0", "\u1680", "\u180e", "\u2000", "\u2007", "\u200a", "\u200b",
          "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff", "\r\n", "  ", "   ", "\n\n", " \n", "\n "]
WORDS = ["the", "The", "quick", "naïve", "Straße", "ǅungla", "İstanbul", "ıŞIK", "ΣΊΣΥΦΟΣ", "ﬁne", "ﬃ", "coöperate",
         "don't", "DON'T", "I'LL", "we've", "you're", "THEY'RE", "she'd", "'s", "'S", "'ſ", "O'ſ", "l'été", "’s", "it’s",
         "12345678", "3.14", "1,000,000", "½", "²³", "Ⅷ", "٣٤٥", "१२३", "０１２", "𝟘𝟙𝟚", "𑁦", "〇", "㊿", "①",
         "日本語", "中文字符", "한국어", "각", "각", "カタカナ", "ひらがな", "ไทย", "ภาษาไทย", "हिन्दी", "क्षि", "العربية",
         "עִבְרִית", "русский", "ǖ̃", "e\u0301", "a\u0323\u0307", "a\u0307\u0323", "Å", "\u212b", "K", "Å", "ẛ̣",
         "q\u0307\u0323", "\u0344", "\u0958", "\u2adc", "\ufb1d", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "😀", "☺️",
         "foo_bar", "snake_case_", "x=y+z", "http://a.b/c?d=e&f#g", "{\"a\": [1]}", "<b>", "``", "''", "…", "—", "–", "$5",
         "€", "©", "№", "``quoted''", "C++", "#hash", "@at", "^_^", "|", "~", "`", "\\", "/", "....", "!!!", "?!", "--",
         "\u0000", "\u0001", "\u007f", "\u0080", "\u00ad", "\u200d", "\u200c", "\ufffd", "\ufffe", "\ue000", "\U000e0001",
         "\U0010ffff", "\U000e0100", "\u202e", "\u2066", "a", "I", "x", "supercalifragilisticexpialidocious", "do not",
         "can not", "n't", "㐀", "豈", "𠀀", "𫝀", "𬺰", "𰀀", "𲎯", "𮯰", "\U000105c0", "\U00010d50", "\U00011930\U00011935"]
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'M", "'lL", "'D", "'x", "'"]


def random_code(rng):
    plane = rng.choice([0, 0, 0, 1, 1, 2, 3, 4, 14, 15, 16, rng.randrange(17)])
    while True:
        code = plane * 0x10000 + rng.randrange(0x10000)
        if not 0xD800 <= code <= 0xDFFF:
            return code


def random_block(rng):
    """A few neighbours: words of one script, with its marks and digits."""
    start = random_code(rng)
    codes = [min(start + rng.randrange(64), 0x10FFFF) for _ in range(rng.randrange(1, 12))]
    return "".join(chr(c) for c in codes if not 0xD800 <= c <= 0xDFFF)


def marks(rng):
    return rng.choice("aeoqAZΩй日") + "".join(chr(rng.choice([rng.randrange(0x300, 0x370), rng.randrange(0x591, 0x5be),
                                                             rng.randrange(0x1ab0, 0x1ad0), 0x94d, 0x3099, 0x20dd]))
                                            for _ in range(rng.randrange(1, 6)))


def piece(rng, added):
    kind = rng.randrange(13)
    if kind < 3:
        return rng.choice(WORDS)
    if kind == 3:
        return "".join(rng.choice(SPACES) for _ in range(rng.randrange(1, 6)))
    if kind == 4:
        return chr(random_code(rng))
    if kind == 5:
        return random_block(rng)
    if kind == 6:
        return marks(rng)
    if kind == 7:
        return rng.choice(WORDS) + rng.choice(CONTRACTIONS)
    if kind == 8 and added:
        token = rng.choice(added)
        return rng.choice([token, " " + token, token + " ", "\t" + token + "\n", token[:-1], token + token, token.upper(),
                           "x" + token + "y", token.lower()])
    if kind == 9:
        return "".join(rng.choice("0123456789٠१௧") for _ in range(rng.randrange(1, 9)))
    if kind == 10:
        return rng.choice(WORDS).upper() + rng.choice([".", ",", "!", "?", ";", ")", "'"])
    if kind == 11:
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(1, 15)))
    return rng.choice([" ", " ", "", "\n"])


def random_text(rng, added):
    glue = rng.choice(["", " ", " "])
    return glue.join(piece(rng, added) for _ in range(rng.randrange(0, 30)))


def long_lines(rng):
    yield "a" * 100_000
    yield " " * 100_000
    yield " " * 50_000 + "x" + "\n" * 50_000
    yield "".join(rng.choice("abcdefgh") for _ in range(100_000))
    yield "日本" * 16_667
    yield "e" + "\u0301" * 50_000
    yield "e" + "\u0301\u0323" * 25_000
    yield "1" * 100_000
    yield "-=" * 50_000
    yield "".join(chr(random_code(rng)) for _ in range(25_000))
    yield "word " * 20_000


def every_code_point(rng):
    """Each code point that may stand apart, some hundred a text, among letters; of uniform blocks a sample."""
    uniform = [(0x3400, 0xA000), (0xAC00, 0xD800), (0xE000, 0xF900), (0x17000, 0x18D00), (0x20000, 0x110000)]
    codes = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and
             (not any(a <= c < b for a, b in uniform) or rng.random() < 0.01)]
    for i in range(0, len(codes), 600):
        yield "".join(rng.choice(["a", " ", "", "1", "."]) + chr(c) for c in codes[i:i + 600])


def make_inputs(rng, added, count):
    inputs = [(text, None) for text in ["", " ", "\n", "a", "  a  ", *WORDS, *SPACES, *CONTRACTIONS, *added]]
    inputs += [(text, None) for text in long_lines(rng)]
    inputs += [(text, None) for text in every_code_point(rng)]
    while len(inputs) < count:
        text = random_text(rng, added)
        inputs.append((text, random_text(rng, added) if rng.random() < 0.25 else None))
    return inputs


REGEX = {"Regex": r"\s+|\p{P}"}
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"
            r"\s*[\r\n]+|\s+(?!\S)|\s+")


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def sequence(kind, *items):
    return {"type": "Sequence", kind: list(items)}


def byte_level(**more):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True, **more}


def charsmap():
    """The character map of the T5-like design: SentencePiece's nmt_nfkc."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/tokenizers/unigram_spm_t5/tokenizer.json")
    with open(path) as file:
        return json.load(file)["normalizer"]["normalizers"][0]["precompiled_charsmap"]


CHARSMAP = charsmap()
NORMALIZERS = [
    None, {"type": "NFC"}, {"type": "NFD"}, {"type": "NFKC"}, {"type": "NFKD"}, {"type": "Lowercase"},
    {"type": "StripAccents"}, {"type": "Strip", "strip_left": True, "strip_right": True},
    {"type": "Strip", "strip_left": False, "strip_right": True}, {"type": "Prepend", "prepend": "_x"},
    {"type": "Replace", "pattern": {"String": "e"}, "content": "33"},
    {"type": "Replace", "pattern": {"Regex": " {2,}|\\d\\b"}, "content": " "},
    {"type": "Replace", "pattern": {"Regex": "x+|^t|y$"}, "content": "-"},
    sequence("normalizers", {"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}),
    sequence("normalizers", {"type": "NFKC"}, sequence("normalizers", {"type": "Strip", "strip_left": True,
                                                                      "strip_right": False})),
    {"type": "Nmt"}, {"type": "Precompiled", "precompiled_charsmap": CHARSMAP},
    sequence("normalizers", {"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}),
    sequence("normalizers", {"type": "Precompiled", "precompiled_charsmap": CHARSMAP}, {"type": "Strip", "strip_left": False,
             "strip_right": True}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"}),
    *[{"type": "BertNormalizer", "clean_text": c, "handle_chinese_chars": h, "strip_accents": s, "lowercase": l}
      for c, h, s, l in [(1, 1, None, 1), (0, 0, True, 0), (1, 0, False, 1), (0, 1, None, 0)]
      for c, h, s, l in [(bool(c), bool(h), s, bool(l))]],
]
PRE_TOKENIZERS = [
    None, {"type": "BertPreTokenizer"}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "Punctuation"},
    {"type": "Digits", "individual_digits": True}, {"type": "Digits", "individual_digits": False},
    {"type": "CharDelimiterSplit", "delimiter": "e"},
    *[{"type": "Punctuation", "behavior": b} for b in ("Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous")],
    *[split(p, b, i) for b in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
      for i in (False, True) for p in ({"String": "e"}, REGEX)],
    split({"String": ""}), split({"Regex": "a*"}), split({"Regex": "\\w+|\\W"}), split({"Regex": "^.|.$"}),
    split({"Regex": "\\b"}), split({"Regex": "(?i)tHE|[^\\S\\n]+|\\h{2}|\\d|\\u00e9|\\x{4e2d}"}, "MergedWithPrevious"),
    split({"Regex": "(?m:a.b)|(?<=l)l(?!x)|(e)\\1|{|#|[]x]|\\p{^L}\\P{N}"}), split({"Regex": "\\p{Han}+|\\p{Sc}|[\\p{Zs}-]"}),
    {"type": "Metaspace", "replacement": "e", "str_rep": "e", "add_prefix_space": True}, split({"String": " "}, "MergedWithPrevious"),
    *[{"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": p, "split": s}
      for p in ("always", "first", "never") for s in (True, False)],
    *[sequence("pretokenizers", split({"Regex": r}), byte_level(use_regex=False)) for r in (CL100K, O200K, DEEPSEEK)],
    byte_level(add_prefix_space=True), sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, byte_level()),
    sequence("pretokenizers", byte_level(use_regex=False), {"type": "Digits", "individual_digits": True}),
]
CLS, SEP = ["[CLS]", 2], ["[SEP]", 3]


def template(single, pair):
    def pieces(text):
        for word in text.split():
            name, kind = word.split(":")
            yield {"Sequence": {"id": name, "type_id": int(kind)}} if name in "AB" else {
                "SpecialToken": {"id": name, "type_id": int(kind)}}
    specials = {n: {"id": n, "ids": i, "tokens": [n] * len(i)} for n, i in (("s", [5]), ("t", [6, 7]))}
    return {"type": "TemplateProcessing", "single": list(pieces(single)), "pair": list(pieces(pair)),
            "special_tokens": specials}


POST_PROCESSORS = [
    None, {"type": "BertProcessing", "sep": SEP, "cls": CLS},
    {"type": "RobertaProcessing", "sep": SEP, "cls": CLS, "trim_offsets": True, "add_prefix_space": False},
    byte_level(), template("s:0 A:0 t:3", "A:0 s:1 B:2 t:1"), template("A:1 A:0", "B:0 t:0 A:1"),
    sequence("processors", byte_level(), template("s:0 A:0", "s:0 A:0 s:1 B:1")),
]
DECODERS = [
    None, byte_level(), {"type": "WordPiece", "prefix": "##", "cleanup": True},
    {"type": "WordPiece", "prefix": "##", "cleanup": False}, {"type": "BPEDecoder", "suffix": "e"},
    {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}, {"type": "Fuse"},
    {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never", "split": False}, {"type": "ByteFallback"},
    {"type": "Metaspace", "replacement": "e", "str_rep": "e", "add_prefix_space": True},
    {"type": "Replace", "pattern": {"String": "\u0120"}, "content": " "},
    {"type": "Replace", "pattern": {"Regex": "[ae]+"}, "content": "<>"},
    {"type": "Replace", "pattern": {"Regex": "i*"}, "content": "-"},
    sequence("decoders", {"type": "Replace", "pattern": {"String": "\u0120"}, "content": " "}, {"type": "ByteFallback"},
             {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 2, "stop": 0}),
]
SIZES = [None, {"max_length": 9, "strategy": "LongestFirst", "stride": 0},
         {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": "Left"}]
PADDINGS = [None, {"strategy": {"Fixed": 12}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 1,
                   "pad_type_id": 2, "pad_token": "[PAD]"},
            {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": 8, "pad_id": 4, "pad_type_id": 0,
             "pad_token": "x"}]


def random_added(rng, base):
    flags = ("single_word", "lstrip", "rstrip", "normalized", "special")
    # No two may be equal when normalized, nor one empty: what tokenizers then does is up to its hash map.
    contents = rng.sample(["the", "e", " q", "Straße", "WHO", "naïve", "çé", "[X]", "[X]]", "street", "don't", "ing", "日",
                           "<e>", "  ", "fooBar", "3", "\u212b"], rng.randrange(8))
    tokens = [{"id": 10**4 + i, "content": c, **{f: rng.random() < .4 for f in flags}} for i, c in enumerate(contents)]
    for token in tokens:
        token["normalized"] &= token["content"] != "  "
    return base + tokens


def with_bytes(rng, tokens):
    """Tokens for bytes that are not among `tokens`: all, or all but some, so that some characters have to be unknown."""
    kept = rng.choice([256, 256, 200])
    return [t for t in (f"<0x{b:02X}>" for b in rng.sample(range(256), kept)) if t not in tokens]


def random_bpe(rng, model):
    tokens = [t for t in model["vocab"] if len(t) > 1]
    more = {"ignore_merges": rng.random() < .3, "fuse_unk": rng.random() < .5,
            "unk_token": rng.choice([None, None, rng.choice(tokens)])}
    if rng.random() < .4:
        more["byte_fallback"] = True
        size = max(model["vocab"].values()) + 1
        more["vocab"] = {**model["vocab"], **{t: size + i for i, t in enumerate(with_bytes(rng, model["vocab"]))}}
    if rng.random() < .3:
        more["end_of_word_suffix"] = rng.choice("ed")
    if rng.random() < .2:
        more["merges"] = [" ".join(m) for m in model["merges"]]
    return {**model, **more}


def random_unigram(rng, model):
    """Other scores, equal ones among them; tokens missing, twice, and for bytes."""
    vocab = [[t, s] for t, s in model["vocab"] if rng.random() < .95 or s == 0]
    kind = rng.randrange(3)
    vocab = [[t, s if kind == 0 else round(s) if kind == 1 else -rng.random() * 12] for t, s in vocab]
    vocab += [[t, -3.5] for t in with_bytes(rng, {t for t, _ in vocab})] if rng.random() < .5 else []
    vocab += [[rng.choice(vocab)[0], -rng.random() * 9] for _ in range(rng.choice([0, 3]))]
    return {**model, "vocab": vocab, "unk_id": rng.randrange(min(len(vocab), 40)), "byte_fallback": rng.random() < .5}


def random_model(rng, model):
    if model["type"] == "BPE":
        return random_bpe(rng, model)
    if model["type"] == "Unigram":
        return random_unigram(rng, model)
    if rng.random() < .2:
        return {"type": "WordLevel", "vocab": model["vocab"], "unk_token": model["unk_token"]}
    return {**model, "max_input_chars_per_word": rng.choice([100, 5])}


def make_variant(rng, base):
    """A file like `base` with every part drawn anew: together they go through each kind and switch there is."""
    return {**base, "normalizer": rng.choice(NORMALIZERS), "pre_tokenizer": rng.choice(PRE_TOKENIZERS),
            "post_processor": rng.choice(POST_PROCESSORS), "decoder": rng.choice(DECODERS),
            "truncation": rng.choice(SIZES), "padding": rng.choice(PADDINGS),
            "added_tokens": random_added(rng, base["added_tokens"]), "model": random_model(rng, base["model"])}


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("max_length", ctypes.c_int64), ("pad_length", ctypes.c_int64),
                ("add_special_tokens", ctypes.c_int32), ("want_offsets", ctypes.c_int32), ("truncation", ctypes.c_int32),
                ("want_windows", ctypes.c_int32), ("stride", ctypes.c_int64)]


CHARACTERS, TRUNCATIONS = 2, {"longest_first": 1, "only_first": 2, "only_second": 3}


class Library:
    """emily through its C library."""

    def __init__(self, path, model):
        self.lib = lib = ctypes.CDLL(path)
        for name in ("ids", "type_ids", "sequence_ids", "word_ids", "offsets"):
            getattr(lib, "emily_encoding_" + name).restype = ctypes.POINTER(ctypes.c_uint32)
        lib.emily_encoding_special_mask.restype = ctypes.POINTER(ctypes.c_uint8)
        lib.emily_encoding_count.restype = lib.emily_encoding_window_count.restype = ctypes.c_size_t
        lib.emily_encoding_window.restype = ctypes.c_void_p
        self.model = ctypes.c_void_p()
        started = time.monotonic()
        self.check(lib.emily_tokenizer_load(model.encode(), ctypes.byref(self.model)))
        self.load_seconds = time.monotonic() - started

    def check(self, status):
        if status:
            class Error(ctypes.Structure):
                _fields_ = [("status", ctypes.c_int32), ("where", ctypes.c_char_p), ("message", ctypes.c_char_p)]
            self.lib.emily_last_error.restype = ctypes.POINTER(Error)
            raise RuntimeError(self.lib.emily_last_error().contents.message.decode())

    def ask(self, text, pair, options):
        """The encoding, to be freed; the bytes of the texts live as long as this call."""
        data = text if isinstance(text, bytes) else text.encode()
        second = pair.encode() if pair is not None else None
        out = ctypes.c_void_p()
        self.check(self.lib.emily_tokenizer_encode(self.model, data, ctypes.c_size_t(len(data)), second,
                                                   ctypes.c_size_t(len(second or b"")), ctypes.byref(options),
                                                   ctypes.byref(out)))
        return out

    def encode(self, text, pair, special=True):
        out = self.ask(text, pair, Options(ctypes.sizeof(Options), -1, -1, special))
        count = self.lib.emily_encoding_count(out)
        ids, types = self.lib.emily_encoding_ids(out)[:count], self.lib.emily_encoding_type_ids(out)[:count]
        self.lib.emily_encoding_free(out)
        return ids, types

    def windows(self, text, pair, max_length=0, truncation="only_first", stride=0):
        """Everything there is to an encoding, one tuple a window."""
        out = self.ask(text, pair, Options(ctypes.sizeof(Options), max_length, 0, 1, CHARACTERS, TRUNCATIONS[truncation], 1, stride))
        found = []
        for i in range(self.lib.emily_encoding_window_count(out)):
            window = self.lib.emily_encoding_window(out, ctypes.c_size_t(i))
            count = self.lib.emily_encoding_count(ctypes.c_void_p(window))
            read = lambda name, size=count: getattr(self.lib, "emily_encoding_" + name)(ctypes.c_void_p(window))[:size]
            signed = lambda name: [None if v == 2**32 - 1 else v for v in read(name)]
            flat = read("offsets", 2 * count)
            found.append((read("ids"), list(zip(flat[::2], flat[1::2])), signed("sequence_ids"), signed("word_ids"),
                          list(read("special_mask"))))
        self.lib.emily_encoding_free(out)
        return found

    def tokenize(self, inputs):
        return [self.encode(text, pair)[0] for text, pair in inputs]

    def decode(self, ids, skip):
        text, length = ctypes.c_void_p(), ctypes.c_size_t()
        self.check(self.lib.emily_tokenizer_decode(self.model, (ctypes.c_int32 * len(ids))(*ids),
                                                   ctypes.c_size_t(len(ids)), ctypes.c_bool(skip), ctypes.byref(text),
                                                   ctypes.byref(length)))
        out = ctypes.string_at(text, length.value).decode()
        self.lib.emily_string_free(text)
        return out

    def detokenize(self, lists, skip):
        return [self.decode(ids, skip) for ids in lists]

    def stream(self, ids, skip):
        """The texts that a detokenizer hands out, put together; each must be UTF-8 by itself."""
        d, text, length = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
        self.check(self.lib.emily_detokenizer_new(self.model, ctypes.c_bool(skip), ctypes.byref(d)))
        parts = []
        for i in [*ids, None]:
            out = (ctypes.byref(text), ctypes.byref(length))
            self.check(self.lib.emily_detokenizer_flush(d, *out) if i is None else
                       self.lib.emily_detokenizer_push(d, ctypes.c_int32(i), *out))
            parts.append(ctypes.string_at(text, length.value).decode())
        self.lib.emily_detokenizer_free(d)
        return "".join(parts)


class Command:
    """emily through its command."""

    def __init__(self, path, model):
        self.path, self.model = path, model

    def ask(self, verb, objects, *more):
        lines = "".join(json.dumps(o) + "\n" for o in objects)
        done = subprocess.run([self.path, verb, self.model, "--jsonl", "-", *more], input=lines.encode(),
                              stdout=subprocess.PIPE, check=True)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def tokenize(self, inputs):
        return [o["ids"] for o in self.ask("tokenize", [{"text": t} if p is None else {"text": t, "pair": p}
                                                         for t, p in inputs])]

    def detokenize(self, lists, skip):
        return [o["text"] for o in self.ask("detokenize", [{"ids": ids} for ids in lists],
                                            *(["--skip-special"] if skip else []))]


class Report:
    def __init__(self, shown=20):
        self.bad = self.good = 0
        self.shown = shown  # how many differences are printed

    def compare(self, what, given, mine, theirs):
        if mine == theirs:
            self.good += 1
            return
        self.bad += 1
        if self.bad <= self.shown:
            at = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), min(len(mine), len(theirs)))
            print(f"  DIFFERS {what}: {str(given)[:300]!a}\n    at {at} emily {mine[at:at + 12]!a}\n"
                  f"    {' ' * len(str(at))}   theirs {theirs[at:at + 12]!a}")


def random_ids(rng, size):
    return [rng.randrange(size) if rng.random() < .98 else rng.choice([size + 5, 10**6]) for _ in range(rng.randrange(40))]


def compare_library(mine, theirs, rng, inputs, report):
    """What the command does not show: type ids, no special tokens, broken bytes, streaming."""
    for text, pair in inputs[-300:]:
        encoding = theirs.encode(text, pair)
        report.compare("type ids", (text, pair), mine.encode(text, pair)[1], encoding.type_ids)
        plain = theirs.encode(text, pair, add_special_tokens=False)
        report.compare("ids without special tokens", (text, pair), mine.encode(text, pair, False)[0], plain.ids)
        for skip in (False, True):
            report.compare("stream", encoding.ids, mine.stream(encoding.ids, skip), theirs.decode(encoding.ids, skip))
    size = theirs.get_vocab_size()
    for _ in range(200):
        ids = random_ids(rng, size)
        if theirs.token_to_id("<0x41>"):
            ids = [theirs.token_to_id(f"<0x{rng.choice([*b'ab', *'é中😀'.encode()]):02X}>") if rng.random() < .5 else i for i in ids]
        for skip in (False, True):
            report.compare("stream of any ids", ids, mine.stream(ids, skip), theirs.decode(ids, skip))
    for _ in range(200):
        data = bytes(rng.choice([rng.randrange(256), *b"abc \xe2\x82\xac\xf0\x9f\x98\x80"]) for _ in range(rng.randrange(40)))
        report.compare("broken bytes", data, mine.encode(data, None)[0], theirs.encode(data.decode(errors="replace")).ids)


def windows_of(encoding):
    """tokenizers' encoding in the form of Library.windows."""
    return [(e.ids, e.offsets, e.sequence_ids, e.word_ids, e.special_tokens_mask) for e in [encoding, *encoding.overflowing]]


def keeps_places(text):
    """Whether tokenizers' offsets are right when such a text is normalized: of a composed character they cover the first part
    alone, of reordered marks the wrong ones, and after a control character that goes they are shifted."""
    return unicodedata.normalize("NFKC", text) == text and not any(unicodedata.category(c) in ("Cc", "Cf") for c in text)


def compare_windows(mine, theirs, rng, inputs, report):
    """Offsets, words, which text a token is of; and all that in windows."""
    names = ("ids", "offsets", "sequence ids", "word ids", "special tokens")
    texts = [(t, p) for t, p in inputs if len(t) < 1000]
    composes = any(name in (theirs.to_str().split('"pre_tokenizer"')[0]) for name in ('"NFC"', '"NFKC"', '"Precompiled"'))
    for text, pair in rng.sample(texts, min(600, len(texts))):
        strategy = rng.choice(["only_first", "only_second"] if pair is not None else ["only_first"])
        size, stride = rng.choice([0, 12, 40]), rng.choice([0, 1, 5])
        theirs.no_truncation()
        if size:
            theirs.enable_truncation(size, stride=stride, strategy=strategy)
        want = or_panic(lambda: windows_of(theirs.encode(text, pair)))
        if want is None:
            continue
        got = mine.windows(text, pair, size, strategy, stride)
        report.compare("windows", (text, pair, size, strategy, stride), [w[0] for w in got], [w[0] for w in want])
        for mine_window, their_window in zip(got, want):
            for name, a, b in zip(names, mine_window, their_window):
                if name == "offsets" and composes and not (keeps_places(text) and keeps_places(pair or "")):
                    continue
                report.compare(name, (text, pair), list(a), list(b))
    theirs.no_truncation()


def compare_all(mine, theirs, rng, inputs, report):
    wanted = [theirs.encode(text, pair).ids for text, pair in inputs]
    for given, got, want in zip(inputs, mine.tokenize(inputs), wanted, strict=True):
        report.compare("ids", given, got, want)
    lists = wanted + [random_ids(rng, theirs.get_vocab_size()) for _ in inputs]
    for skip in (False, True):
        for ids, got in zip(lists, mine.detokenize(lists, skip), strict=True):
            report.compare(f"text, skip {skip}", ids, got, theirs.decode(ids, skip_special_tokens=skip))


def run(path, arguments):
    model, name = path, os.path.basename(os.path.dirname(os.path.abspath(path)))
    theirs, rng, report = Tokenizer.from_file(model), random.Random(f"{arguments.seed} {name}"), Report()
    added = [t.content for t in theirs.get_added_tokens_decoder().values()]
    inputs = make_inputs(rng, added[:40], arguments.count)
    library = Library(os.path.join(arguments.build, "libemily.so"), model)
    compare_all(library, theirs, rng, inputs, report)
    compare_library(library, theirs, rng, inputs, report)
    if not theirs.padding and not theirs.truncation:
        compare_windows(library, theirs, rng, inputs, report)
    theirs.no_padding()  # a matter of batches: the command does not pad
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.abspath(model), os.path.join(folder, "tokenizer.json"))
        compare_all(Command(os.path.join(arguments.build, "emily"), folder), theirs, rng, inputs, report)
    print(f"{name}: {report.good} equal, {report.bad} differ, {len(inputs)} texts", flush=True)
    return report.bad


def or_panic(call):
    """What `call` gives; None where tokenizers refuses a truncation, or itself panics, as it does on some odd combinations."""
    try:
        return call()
    except Exception as error:
        if "too short" not in str(error):  # emily refuses these too; test_truncate.c
            raise
        return None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return None


def run_variants(files, arguments):
    """Files drawn at random over the given vocabularies, each with fewer texts."""
    rng = random.Random(f"{arguments.seed} variants")
    bad = panics = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        for number in range(arguments.variants):
            with open(rng.choice(files)) as file:
                variant = make_variant(rng, json.load(file))
            with open(path, "w") as file:
                json.dump(variant, file)
            theirs, mine, report = Tokenizer.from_file(path), Library(os.path.join(arguments.build, "libemily.so"), path), Report(1)
            added = [t["content"] for t in variant["added_tokens"]]
            for _ in range(12):
                text, pair = random_text(rng, added), random_text(rng, added) if rng.random() < .4 else None
                for special in (True, False):
                    want = or_panic(lambda: theirs.encode(text, pair, add_special_tokens=special))
                    panics += want is None
                    if want:
                        got = mine.encode(text, pair, special)
                        report.compare("ids", (text, pair), got[0], want.ids)
                        report.compare("type ids", (text, pair), got[1], want.type_ids)
                for skip in (True, False):
                    for ids in (want.ids if want else [], random_ids(rng, theirs.get_vocab_size())):
                        text_want = or_panic(lambda: theirs.decode(ids, skip_special_tokens=skip)) if ids else None
                        if text_want is not None:
                            report.compare("text", ids, mine.decode(ids, skip), text_want)
            if report.bad:
                bad += 1
                print(f"  variant {number}:", {k: v for k, v in variant.items() if k not in ("model", "added_tokens")},
                      {k: v for k, v in variant["model"].items() if k not in ("vocab", "merges")},
                      [[k for k, v in t.items() if v is True] + [t["content"]] for t in variant["added_tokens"]])
            mine.lib.emily_tokenizer_release(mine.model)
    print(f"{arguments.variants} variants: {bad} differ ({panics} texts left out, on which tokenizers panics)")
    return bad


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(root, os.environ.get("EMILY_TEST_BUILD", "build")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("EMILY_TEST_SEED") or random.randrange(2**32)))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--variants", type=int, default=400, help="random tokenizer files")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    files = [os.path.join(f, "tokenizer.json") if os.path.isdir(f) else f for f in arguments.files] or sorted(glob.glob(os.path.join(root, "tests/data/tokenizers/*/tokenizer.json")))
    print(f"tokenizers {__version__}, seed {arguments.seed}")
    bad = [run(path, arguments) for path in files] + [run_variants(files, arguments)]
    print(f"{bad.count(0)} passed, {len(bad) - bad.count(0)} failed")
    sys.exit(1 if any(bad) or not bad else 0)


main()
