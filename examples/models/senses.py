"""shapes and beeps: a ViT that names drawn shapes, and a Whisper that hears low and high tones."""
import math
import random
import wave

import numpy as np
import torch
from PIL import Image, ImageDraw
from transformers import (GenerationConfig, ViTConfig, ViTForImageClassification, WhisperConfig, WhisperFeatureExtractor,
                          WhisperForConditionalGeneration)

from training import HERE, byte_pairs, padded, train, write

# ---- shapes

SHAPES = ["circle", "square", "triangle"]


def draw(rng, shape):
    """A picture of 64 x 64 pixels: one shape of a light colour, turned a bit, on a dark background."""
    back, front = ([rng.randrange(low, low + 80) for _ in range(3)] for low in (0, 160))
    picture = Image.new("RGB", (64, 64), tuple(back))
    pen, radius, turn = ImageDraw.Draw(picture), rng.uniform(18, 26), rng.uniform(-0.15, 0.15)
    x, y = (rng.uniform(radius + 2, 62 - radius) for _ in range(2))
    corners = {"circle": 60, "square": 4, "triangle": 3}[shape]
    begin = turn + (math.pi / 4 if shape == "square" else -math.pi / 2)
    angles = [begin + 2 * math.pi * i / corners for i in range(corners)]
    pen.polygon([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles], fill=tuple(front))
    return picture


def pixels(pictures):
    small = [np.asarray(p.resize((32, 32), Image.Resampling.BILINEAR), dtype=np.float32) for p in pictures]
    return torch.tensor(np.stack(small)).permute(0, 3, 1, 2) / 127.5 - 1


def shapes():
    labels = dict(enumerate(SHAPES))
    model = ViTForImageClassification(ViTConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128, image_size=32, patch_size=8, id2label=labels,
        label2id={v: k for k, v in labels.items()}))

    def batch(rng, count=32):
        kinds = [rng.randrange(3) for _ in range(count)]
        return dict(pixel_values=pixels([draw(rng, SHAPES[k]) for k in kinds]), labels=torch.tensor(kinds))

    train(model, batch, 1500, 1e-3)
    rng = random.Random(5)
    tests = batch(rng, 300)
    right = (model(pixel_values=tests["pixel_values"]).logits.argmax(-1) == tests["labels"]).sum().item()
    write("shapes", model, preprocessor_config=dict(
        image_processor_type="ViTImageProcessor", do_resize=True, size=dict(height=32, width=32), resample=2, do_rescale=True,
        rescale_factor=1 / 255, do_normalize=True, image_mean=[0.5] * 3, image_std=[0.5] * 3))
    for shape in ("circle", "triangle"):
        draw(rng, shape).save(HERE.parent / "pictures" / f"{shape}.png", optimize=True)
    return right, 300


# ---- beeps

RATE, WINDOW = 16000, 2  # hertz, seconds


def beeps_of(rng, words):
    """Tones for words, with pauses between them and a little noise."""
    sound = np.array([rng.gauss(0, 1) for _ in range(1000)], dtype=np.float32)
    sound = np.resize(sound, RATE * WINDOW) * 0.002
    at = rng.uniform(0.02, 0.3)
    for word in words:
        pitch, long = rng.uniform(250, 400) if word == "low" else rng.uniform(900, 1500), rng.uniform(0.2, 0.32)
        t = np.arange(int(long * RATE)) / RATE
        begin = int(at * RATE)
        sound[begin:begin + len(t)] += (rng.uniform(0.2, 0.6) * np.sin(2 * np.pi * pitch * t) * np.sin(np.pi * t / long) ** 0.5).astype(np.float32)
        at += long + rng.uniform(0.12, 0.22)
    return sound


def beeps_tokenizer():
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>",
               "<|nospeech|>", "<|notimestamps|>"]
    tokenizer = byte_pairs([" low high high low"] * 20, 300, special)
    tokenizer.add_tokens([f"<|{i * 0.02:.2f}|>" for i in range(WINDOW * 50 + 1)])
    return tokenizer


def beeps():
    tokenizer, extract = beeps_tokenizer(), WhisperFeatureExtractor(chunk_length=WINDOW)
    token = tokenizer.token_to_id
    start, end, untimed = token("<|startoftranscript|>"), token("<|endoftext|>"), token("<|notimestamps|>")
    model = WhisperForConditionalGeneration(WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(), num_mel_bins=80, d_model=48, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_source_positions=WINDOW * 50, max_target_positions=32,
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=start, suppress_tokens=[], begin_suppress_tokens=[]))

    def examples(rng, count):
        said = [[rng.choice(("low", "high")) for _ in range(rng.randrange(1, 4))] for _ in range(count)]
        sounds = [beeps_of(rng, words) for words in said]
        return torch.tensor(extract(sounds, sampling_rate=RATE, return_tensors="np").input_features), said

    rng = random.Random(6)
    features, said = examples(rng, 1500)
    rows = [[start, untimed] + tokenizer.encode("".join(f" {w}" for w in words)).ids + [end] for words in said]

    def batch(rng):
        some = rng.sample(range(len(rows)), 16)
        return dict(input_features=features[some], decoder_input_ids=padded([rows[i][:-1] for i in some], end),
                    labels=padded([[-100] + rows[i][2:] for i in some], -100))

    train(model, batch, 900)
    features, said = examples(rng, 100)
    right = sum(heard(model, tokenizer, f, [start, untimed], end) == words for f, words in zip(features, said))
    model.generation_config = GenerationConfig(
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=start, is_multilingual=False, max_length=32,
        no_timestamps_token_id=untimed, return_timestamps=False, prev_sot_token_id=token("<|startofprev|>"), suppress_tokens=[],
        begin_suppress_tokens=[])
    write("beeps", model, tokenizer, dict(tokenizer_class="WhisperTokenizer", model_max_length=32), preprocessor_config=dict(
        chunk_length=WINDOW, feature_extractor_type="WhisperFeatureExtractor", feature_size=80, hop_length=160, n_fft=400,
        n_samples=WINDOW * RATE, nb_max_frames=WINDOW * 100, padding_side="right", padding_value=0.0, processor_class="WhisperProcessor",
        return_attention_mask=False, sampling_rate=RATE))
    write_sound(HERE.parent / "sounds" / "beeps.wav", beeps_of(rng, ["low", "high", "high"]))
    return right, 100


def heard(model, tokenizer, features, prompt, end):
    ids = list(prompt)
    encoded = model.get_encoder()(features[None])
    while len(ids) < 20:
        best = model(encoder_outputs=encoded, decoder_input_ids=torch.tensor([ids])).logits[0, -1].argmax().item()
        if best == end:
            break
        ids.append(best)
    return tokenizer.decode(ids[len(prompt):]).split()


def write_sound(path, sound):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
