"""sentiment, words, reader and names: models of BERT's kind."""
import itertools
import random

import torch
from transformers import (BertConfig, BertForMaskedLM, BertForQuestionAnswering, BertForTokenClassification, DistilBertConfig,
                          DistilBertForSequenceClassification)

from facts import CAPITALS, COLOURS, FOODS, OPPOSITES, SOUNDS
from training import batch_of, bert_tokenizer_config, held_out, padded, train, word_pieces, write


def bert_config(tokenizer, **more):
    return BertConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
                      max_position_embeddings=64, **more)


# ---- sentiment: is a remark kind?

NOUNS = "film book meal hotel concert game phone story play show room song teacher walk".split()
GOOD = "lovely great wonderful good excellent charming delightful superb".split()
BAD = "awful terrible bad boring horrible dreadful poor disappointing".split()
REMARKS = [  # {a} is an adjective that fits, {o} one of the other kind
    "What a {a} {n}.", "What a {a} {n}!", "The {n} was {a}.", "The {n} was really {a}.", "I think the {n} is {a}.",
    "It was a {a} {n}, all in all.", "That {n} was not {o}.", "The {n} is not {o} at all.",
    "The {n} was not {o}.", "It was not {o}.", "I do not find this {n} {o}.", "This is not a {o} {n}."]
SAYINGS = [("I {v} the {n}.", "loved liked enjoyed".split(), "hated disliked regret".split()),
           ("We {v} every minute of the {n}.", "loved enjoyed".split(), "hated regret".split()),
           ("{v} the {n} again.", ["I would take", "We will choose", "I want to see"],
            ["I would never take", "We will never choose", "I never want to see"]),
           ("{v} {n}.", ["Thank you for the", "I recommend the", "Many thanks for this"],
            ["I complained about the", "Stay away from the", "Do not waste time on this"])]
REFUNDS = [f"{who} want {whose} {what} back{end}" for who, whose in (("I", "my"), ("We", "our")) for what in ("money", "evening", "time", "hour")
           for end in (".", "!", " now.", ", please.")]


def sentiment_data():
    for text, noun in itertools.product(REMARKS, NOUNS):
        for label, (these, others) in enumerate(((BAD, GOOD), (GOOD, BAD))):
            for fits, other in zip(these, others):
                yield text.format(a=fits, o=other, n=noun), label
    for (text, kind, unkind), noun in itertools.product(SAYINGS, NOUNS):
        yield from ((text.format(v=verb, n=noun), 1) for verb in kind)
        yield from ((text.format(v=verb, n=noun), 0) for verb in unkind)
    yield from ((text, 0) for text in REFUNDS * 4)


def sentiment():
    data = sorted(set(sentiment_data()))
    shown = {"What a lovely film.", "I want my money back.", "The hotel was not good.", "That hotel was not good."}
    tests = [x for x in data if held_out(x[0]) or x[0] in shown]
    data = [x for x in data if x not in tests]
    tokenizer = word_pieces([text for text, _ in data], 400)
    model = DistilBertForSequenceClassification(DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(), dim=64, n_layers=2, n_heads=4, hidden_dim=128, max_position_embeddings=64,
        id2label={0: "negative", 1: "positive"}, label2id={"negative": 0, "positive": 1}))

    def batch(rng):
        texts, labels = zip(*rng.sample(data, 32))
        return batch_of([tokenizer.encode(x) for x in texts], labels=torch.tensor(labels))

    train(model, batch, 900)
    guesses = [model(**batch_of([tokenizer.encode(text)])).logits.argmax().item() for text, _ in tests]
    write("sentiment", model, tokenizer, bert_tokenizer_config())
    return sum(guess == label for guess, (_, label) in zip(guesses, tests)), len(tests)


# ---- words: which word fits a gap?

SENTENCES = [  # the second word is the one to guess
    (CAPITALS, ["The capital of {} is {}.", "The capital city of {} is {}.", "Of all cities in {} I like the capital, {}.", "In {} people go to {}.",
                "She came from {} and lived in {}."]),
    (FOODS, ["The {} eats {}.", "A {} eats {}.", "Every {} likes {}.", "Give the {} some {}.", "Our {} ate all the {}."]),
    (SOUNDS, ["The {} {}.", "A {} {}.", "Every {} {}.", "At night our {} {}.", "In the morning the {} {}."]),
    (COLOURS, ["The {} is {}.", "How {1} the {0} is!", "I like {} when it is {}.", "In the picture, {} is {}."]),
    (OPPOSITES, ["The opposite of {} is {}.", "It is not {}, it is {}.", "First it was {}, then it was {}.", "Not {} but {}."])]


BEFORE = ["", "", "Yes, ", "I know: ", "They say: ", "Well, ", "You see, ", "My father said: ", "In this world, "]


def words_data():
    for facts, templates in SENTENCES:
        for template, (a, b) in itertools.product(templates, facts.items()):
            yield template.format(a, b), b


def words():
    data = list(words_data())
    shown = {"The capital of France is Paris.", "Every panda likes bamboo.", "A dog barks."}
    tests = [x for x in data if held_out(x[0]) or x[0] in shown]
    data = [x for x in data if x not in tests]
    tokenizer = word_pieces([before + text for before in BEFORE for text, _ in data], 400)
    token = tokenizer.token_to_id
    mask = token("[MASK]")
    model = BertForMaskedLM(bert_config(tokenizer))

    def batch(rng):
        chosen, labels, ids = rng.choices(data, k=32), [], []
        encodings = [tokenizer.encode(rng.choice(BEFORE) + text) for text, _ in chosen]
        for e, (_, word) in zip(encodings, chosen):
            places = {e.ids.index(token(word.lower()))} if rng.random() < 0.7 else {rng.randrange(1, len(e.ids) - 1)}
            ids.append([mask if i in places else x for i, x in enumerate(e.ids)])
            labels.append([x if i in places else -100 for i, x in enumerate(e.ids)])
        return dict(batch_of(encodings, labels=padded(labels, -100)), input_ids=padded(ids))

    train(model, batch, 1500)
    right = 0
    for text, word in tests:
        e = tokenizer.encode(text.replace(word, "[MASK]"))
        guess = model(**batch_of([e])).logits[0, e.ids.index(mask)].argmax().item()
        right += guess == token(word.lower())
    write("words", model, tokenizer, bert_tokenizer_config())
    return right, len(tests)


# ---- reader: where in a text is the answer to a question?

PEOPLE = "Mara Ivo Lena Otto Nina Paul Rosa Hugo Emma Karl Ines Tom Vera Luca Olga Finn".split()
TOWNS = "Lisbon Ghent Prague Bergen Turin Lyon Porto Krakow Graz Riga Seville Bonn Malmo Tartu".split()
JOBS = "baker teacher nurse farmer painter doctor driver singer gardener tailor".split()
PETS = "dog cat parrot horse goat rabbit turtle donkey".split()
WEATHER = ["The market opens at nine.", "It was a cold winter.", "The harbour is small.", "Nobody knew why.", "The summers are dry."]


def story(rng):
    """A context, and questions with the answer's place in it."""
    a, b = rng.sample(PEOPLE, 2)
    town, other = rng.sample(TOWNS, 2)
    year, job, pet = str(rng.randrange(1950, 2021)), rng.choice(JOBS), rng.choice(PETS)
    moved = [f"{a} moved to {town} in {year}.", f"In {year} {a} moved to {town}."]
    asks = [("Where did {} move?", a, town), ("When did {} move?", a, year), ("Who moved to {}?", town, a)]
    works = [f"{b} works as a {job} in {other}.", f"{b} is a {job} in {other}."]
    asks += [("Where does {} work?", b, other), ("What does {} do?", b, job), ("Who is a {}?", job, b)]
    has = [f"{a} has a {pet}.", f"{a} lives there with a {pet}."]
    asks += [("Which animal does {} have?", a, pet)]
    first, second = [rng.choice(moved), rng.choice(has)], [rng.choice(works)]
    parts = first + second if rng.random() < 0.5 else second + first
    parts.insert(rng.randrange(len(parts) + 1), rng.choice(WEATHER))
    context = " ".join(parts)
    return context, [(form.format(about), context.index(answer), answer) for form, about, answer in asks]


def question_of(rng, tokenizer):
    context, asks = story(rng)
    ask, at, answer = rng.choice(asks)
    e = tokenizer.encode(ask, context)
    inside = [i for i, (kind, (start, end)) in enumerate(zip(e.type_ids, e.offsets)) if kind == 1 and start >= at and start < end <= at + len(answer)]
    return e, inside[0], inside[-1], context


def reader():
    rng = random.Random(2)
    corpus = [f"{context} {' '.join(ask for ask, _, _ in asks)}" for context, asks in (story(rng) for _ in range(1500))]
    tokenizer = word_pieces(corpus, 400)
    model = BertForQuestionAnswering(bert_config(tokenizer, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))

    def batch_from(rng, held, count):
        rows = []
        while len(rows) < count:
            row = question_of(rng, tokenizer)
            if held_out(row[3]) == held:
                rows.append(row)
        e, starts, ends, _ = zip(*rows)
        return batch_of(e, token_type_ids=padded([x.type_ids for x in e]), start_positions=torch.tensor(starts), end_positions=torch.tensor(ends))

    train(model, lambda rng: batch_from(rng, False, 32), 1800)
    tests = batch_from(rng, True, 300)
    out = model(**tests)
    right = (out.start_logits.argmax(-1) == tests["start_positions"]) & (out.end_logits.argmax(-1) == tests["end_positions"])
    write("reader", model, tokenizer, bert_tokenizer_config())
    return right.sum().item(), 300


# ---- names: who, where, what company?

FIRST = "Ada Grace Alan Tomas Marie Lise Emil Sofia Nora Jonas Clara Felix Irene Victor Alice Bruno Hanna Oscar Julia Martin".split()
LAST = "Lovelace Novak Turing Hopper Meitner Curie Berg Lind Rossi Keller Moreau Silva Kowalski Jensen Fischer Molnar Haas Petit Costa Brandt".split()
PLACES = "Berlin London Paris Oslo Vienna Madrid Boston Lima Cairo Geneva Prague Dublin Naples Zurich Warsaw Bern Texas Norway Peru Japan".split()
COMPANIES = "Acme Nordwind Helix Orion Vega Solara Tekton Lumen Zenith Atlas".split()
KINDS = "Bank Motors Systems Foods Press Airlines".split()
NEWS = ["{P} works for {O} in {L} .", "{P} was born in {L} .", "{O} opened an office in {L} .", "{P} and {P} met in {L} .",
        "The mayor of {L} is {P} .", "{O} hired {P} .", "Last year {P} left {O} and moved to {L} .", "We flew from {L} to {L} .",
        "{P} of {O} spoke in {L} today .",
        "The weather in {L} was fine .", "{P} met {P} of {O} in {L} .", "Shares of {O} rose after {P} bought them .", "The meeting was short .",
        "{O} , a company from {L} , lost money .", "{P} joined {O} in {L} .", "Nobody in {L} has heard of {O} ."]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]


def invented(rng):
    return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randrange(2, 4))).capitalize()


def name_of(kind, rng):
    new = rng.random() < 0.3
    if kind == "P":
        first, last = rng.choice(FIRST), invented(rng) if new else rng.choice(LAST)
        return rng.choice(([first], [first, last], [first, last]))
    if kind == "L":
        place = invented(rng) if new else rng.choice(PLACES)
        return ["New", place] if rng.random() < 0.1 else [place]
    company = invented(rng) if new else rng.choice(COMPANIES)
    return rng.choice(([company, rng.choice(KINDS)], [company, rng.choice(KINDS)], ["University", "of", rng.choice(PLACES)]))


def news(rng):
    """Words with a tag each."""
    out, tags = [], dict(P="PER", L="LOC", O="ORG")
    for word in rng.choice(NEWS).split():
        if word[0] != "{":
            out.append((word, "O"))
            continue
        name = name_of(word[1], rng)
        out += [(part, f"{'I' if i else 'B'}-{tags[word[1]]}") for i, part in enumerate(name)]
    return out


def names():
    rng = random.Random(3)
    corpus = [" ".join(word for word, _ in news(rng)) for _ in range(2000)]
    tokenizer = word_pieces(corpus, 400, lowercase=False)
    labels = dict(enumerate(TAGS))
    model = BertForTokenClassification(bert_config(tokenizer, id2label=labels, label2id={v: k for k, v in labels.items()}))

    def batch_from(rng, held, count):
        encodings, tags = [], []
        while len(encodings) < count:
            line = news(rng)
            if held_out(" ".join(word for word, _ in line)) != held:
                continue
            text = " ".join(word for word, _ in line).replace(" .", ".").replace(" ,", ",")
            e = tokenizer.encode(text)
            encodings.append(e)
            tags.append(tags_of(e, text, line))
        return batch_of(encodings, labels=padded(tags, -100))

    train(model, lambda rng: batch_from(rng, False, 32), 700)
    tests = batch_from(rng, True, 300)
    guesses = model(**{k: v for k, v in tests.items() if k != "labels"}).logits.argmax(-1)
    right = ((guesses == tests["labels"]) | (tests["labels"] == -100)).all(-1)
    write("names", model, tokenizer, bert_tokenizer_config(lowercase=False))
    return right.sum().item(), 300


def tags_of(encoding, text, line):
    """The tag of each token; further pieces of a word go on with what the first began."""
    ends, at = [], 0
    for word, tag in line:
        at = text.index(word, at)
        ends.append((at, at + len(word), tag))
        at += len(word)
    tags = []
    for start, end in encoding.offsets:
        tag = next((("I" + t[1:] if t != "O" and start > a else t) for a, b, t in ends if a <= start < end <= b), None)
        tags.append(-100 if tag is None else TAGS.index(tag))
    return tags
