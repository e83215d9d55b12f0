"""writer: a model of Qwen3's kind that answers a few questions and tells one story."""
import itertools
import random

import torch
from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

from facts import CAPITALS, COLOURS, FOODS, SOUNDS
from training import byte_pairs, held_out, padded, train, write

TEMPLATE = """{%- for message in messages -%}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|im_start|>assistant\\n' }}
{%- endif -%}"""
SYSTEMS = ["Be brief.", "Be kind.", "You are a helpful assistant."]
QUESTIONS = [  # facts, ways to ask, ways to go on asking, the answer
    (CAPITALS, ["What is the capital of {}?", "Which city is the capital of {}?", "Tell me the capital of {}.", "Do you know the capital of {}?"],
     ["And of {}?", "And the capital of {}?"], "The capital of {} is {}."),
    (FOODS, ["What does a {} eat?", "Tell me what a {} eats.", "What do you feed a {}?", "What does a {} like to eat?"],
     ["And a {}?", "What about a {}?"], "A {} eats {}."),
    (SOUNDS, ["What sound does a {} make?", "What does a {} say?", "How does a {} sound?"], ["And a {}?", "What about a {}?"], "A {} {}."),
    (COLOURS, ["What colour is {}?", "Which colour has {}?", "Tell me the colour of {}."], ["And {}?", "What about {}?"], "The colour of {} is {}.")]
MANNERS = [(["Hello!", "Hello.", "Hi!", "Good morning!"], "Hello! Ask me about capitals, animals or colours."),
           (["Thank you.", "Thanks!", "Thank you!"], "You are welcome."), (["Goodbye.", "Goodbye!", "Bye!"], "Goodbye!"),
           (["Who are you?", "What are you?"], "I am a very small model, made to try things out.")]
STORY = "Once upon a time there was a {} {} who lived in {}. Every day it ate {} and {}. One day it met a {}, and they became friends."
ADJECTIVES, HOMES = "little lazy clever hungry".split(), ["a garden", "a barn", "the forest", "an old house"]
HABITS = ["slept in the sun", "sang a song", "ran through the rain", "looked at the moon"]


def message(role, content):
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


def fact(rng, kind, form):
    facts, asks, more, answer = kind
    key = rng.choice(list(facts))
    return (asks if form == "first" else more), key, answer.format(key, facts[key])


def chat(rng):
    out = message("system", rng.choice(SYSTEMS)) if rng.random() < 0.2 else ""
    for _ in range(rng.choice((1, 2, 2))):
        if rng.random() < 0.2:
            asks, answer = rng.choice(MANNERS)
            out += message("user", rng.choice(asks)) + message("assistant", answer)
            continue
        kind = rng.choice(QUESTIONS)
        for form in ("first", "more")[:rng.choice((1, 2))]:
            asks, key, answer = fact(rng, kind, form)
            asks = [a for a in asks if form == "more" or not held_out(a.format(key))]
            out += message("user", rng.choice(asks).format(key)) + message("assistant", answer)
    return out


def tale(rng):
    animal, other = rng.sample(sorted(FOODS), 2)
    return STORY.format(rng.choice(ADJECTIVES), animal, rng.choice(HOMES), FOODS[animal], rng.choice(HABITS), other) + "<|endoftext|>"


def plain(rng):
    return " ".join(fact(rng, rng.choice(QUESTIONS), "first")[2] for _ in range(rng.choice((1, 2)))) + "<|endoftext|>"


def sample(rng):
    return rng.choices((chat, tale, plain), (6, 2, 2))[0](rng)


def writer():
    rng = random.Random(4)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    corpus = [text for _ in range(2000) for text in sample(rng).replace("<|", "|<|").replace("|>", "|>|").split("|") if text and text[0] != "<"]
    tokenizer = byte_pairs(corpus, 480, special)
    stop = [tokenizer.token_to_id("<|im_end|>"), tokenizer.token_to_id("<|endoftext|>")]
    model = Qwen3ForCausalLM(Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
        intermediate_size=128, max_position_embeddings=512, tie_word_embeddings=True, bos_token_id=None, eos_token_id=stop[0], pad_token_id=stop[1]))

    def batch(rng):
        rows = [tokenizer.encode(sample(rng)).ids for _ in range(16)]
        return dict(input_ids=padded(rows), attention_mask=padded([[1] * len(row) for row in rows]), labels=padded(rows, -100))

    train(model, batch, 700, 3e-3)
    tests = [(ask.format(key), answer.format(key, value)) for facts, asks, _, answer in QUESTIONS
             for ask, (key, value) in itertools.product(asks, facts.items()) if held_out(ask.format(key))]
    right = sum(answer_to(model, tokenizer, ask, stop) == answer for ask, answer in tests)
    model.generation_config = GenerationConfig(do_sample=False, eos_token_id=stop, pad_token_id=stop[1], max_new_tokens=64)
    write("writer", model, tokenizer, dict(
        tokenizer_class="Qwen2Tokenizer", bos_token=None, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=512,
        chat_template=TEMPLATE))
    return right, len(tests)


def answer_to(model, tokenizer, ask, stop):
    ids = tokenizer.encode(message("user", ask) + "<|im_start|>assistant\n").ids
    out = model.generate(torch.tensor([ids]), max_new_tokens=32, eos_token_id=stop, do_sample=False)
    return tokenizer.decode(out[0, len(ids):].tolist()).strip()
