#!/usr/bin/env python3
"""Write tests/data/models/whisper/: a small random Whisper in the hub's layout, with what Hugging Face Transformers makes of it.

Needs numpy, safetensors, tokenizers, torch and transformers. The committed files were made with transformers 5.23.0 and torch 2.15.0 on a
CPU:

    python tests/oracle/make_whisper_cases.py tests/data/models

The window is 2 seconds (200 frames) in place of 30: all else is as in the hub's files, the order of the special tokens above all. Forward
passes are computed in float64. transcribe.json holds what generate() makes of the sounds of tones.py, also in float64: {"name", "seed", "count",
"options" as emily's, "generation": changes to generation_config.json (null: the key is not there), "text", "tokens", "segments", "language"}.
"""
import copy
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import BatchFeature, GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

from tones import tones

SEED = 1
WINDOW = 2  # seconds
LANGUAGES = ("en", "zh", "de", "es", "ru")
SENTENCES = ["the quick brown fox jumps over the lazy dog", "she sells sea shells by the sea shore, and the shells are hers",
             "how much wood would a woodchuck chuck if a woodchuck could chuck wood?", "Grüße aus Köln und Zürich, schöne Tage"]


def make_tokenizer():
    """Bytes and some merges, then Whisper's special tokens in its order, then the times."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False))
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{x}|>" for x in LANGUAGES), "<|translate|>", "<|transcribe|>",
               "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    times = [f"<|{i * 0.02:.2f}|>" for i in range(WINDOW * 50 + 1)]
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in times])
    return tokenizer


def make_configs(tokenizer):
    token = tokenizer.token_to_id
    config = dict(
        vocab_size=tokenizer.get_vocab_size(), num_mel_bins=80, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=40, max_source_positions=WINDOW * 50, max_target_positions=64,
        activation_function="gelu", bos_token_id=token("<|endoftext|>"), eos_token_id=token("<|endoftext|>"), pad_token_id=token("<|endoftext|>"),
        decoder_start_token_id=token("<|startoftranscript|>"))
    generation = dict(
        alignment_heads=[[1, 0]], begin_suppress_tokens=[token("Ġ"), token("<|endoftext|>")], bos_token_id=token("<|endoftext|>"),
        decoder_start_token_id=token("<|startoftranscript|>"), eos_token_id=token("<|endoftext|>"),
        forced_decoder_ids=[[1, None], [2, token("<|transcribe|>")]], is_multilingual=True,
        lang_to_id={f"<|{x}|>": token(f"<|{x}|>") for x in LANGUAGES}, max_initial_timestamp_index=50, max_length=64,
        no_timestamps_token_id=token("<|notimestamps|>"), pad_token_id=token("<|endoftext|>"), prev_sot_token_id=token("<|startofprev|>"),
        return_timestamps=False,
        suppress_tokens=sorted([token(t) for t in "#()*+/:;<=>@[]^_`{|}~"] +
                               [token(f"<|{t}|>") for t in ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "startoftranscript")]),
        task_to_id={"transcribe": token("<|transcribe|>"), "translate": token("<|translate|>")}, transformers_version="4.31.0.dev0")
    preprocessor = dict(
        chunk_length=WINDOW, feature_extractor_type="WhisperFeatureExtractor", feature_size=80, hop_length=160, n_fft=400,
        n_samples=WINDOW * 16000, nb_max_frames=WINDOW * 100, padding_side="right", padding_value=0.0,
        processor_class="WhisperProcessor", return_attention_mask=False, sampling_rate=16000)
    return config, generation, preprocessor


def make_model(config):
    model = WhisperForConditionalGeneration(WhisperConfig(**config))
    generator = torch.Generator().manual_seed(SEED)
    for name, p in model.named_parameters():
        if "norm" in name and name.endswith("weight"):
            p.data = 1 + 0.2 * torch.randn(p.shape, generator=generator)
        elif "encoder.embed_positions" not in name:  # those are sinusoids
            p.data = torch.randn(p.shape, generator=generator) * (0.5 if "embed" in name else 0.25)
    return model.eval()


def write_model(folder, model, config):
    names = {k: v.float().contiguous() for k, v in model.state_dict().items() if k != "proj_out.weight"}
    save_torch(names, str(folder / "model.safetensors"), metadata={"format": "pt"})
    model.config.architectures = ["WhisperForConditionalGeneration"]
    write_json(folder / "config.json", json.loads(model.config.to_json_string(use_diff=False)))
    hub = dict(config, architectures=["WhisperForConditionalGeneration"], model_type="whisper", torch_dtype="float32", dropout=0.0,
               attention_dropout=0.0, activation_dropout=0.0, encoder_layerdrop=0.0, decoder_layerdrop=0.0, init_std=0.02,
               is_encoder_decoder=True, num_hidden_layers=config["encoder_layers"], scale_embedding=False, use_cache=True,
               max_length=64, begin_suppress_tokens=[220], suppress_tokens=[1, 2], forced_decoder_ids=[[1, 301]],
               transformers_version="4.27.0.dev0")
    write_json(folder / "config_hub.json", hub)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def write_forward(folder, model, config):
    rng = np.random.default_rng(SEED)
    features = rng.standard_normal((2, config["num_mel_bins"], WINDOW * 100)).astype(np.float32)
    ids = rng.integers(0, config["vocab_size"], (2, 6)).astype(np.int32)
    model = model.double()
    with torch.no_grad():
        out = model(input_features=torch.tensor(features).double(), decoder_input_ids=torch.tensor(ids).long(), output_hidden_states=True)
    ref = {"a.input_features": features, "a.decoder_input_ids": ids, "a.logits": out.logits.numpy(),
           "a.encoder_last_hidden_state": out.encoder_last_hidden_state.numpy(),
           "a.last_hidden_state": out.decoder_hidden_states[-1].numpy(),
           "a.decoder_hidden_states": torch.stack(out.decoder_hidden_states).numpy()}
    save_file({k: np.ascontiguousarray(v.astype(np.float32) if v.dtype == np.float64 and k != "a.logits" else v) for k, v in ref.items()},
              str(folder / "ref.safetensors"))


def features(preprocessor, seed, count):
    """As the feature extractor makes them of a short sound (filled up) and of a long one (whole)."""
    extract = WhisperFeatureExtractor(**{k: preprocessor[k] for k in ("feature_size", "hop_length", "n_fft", "chunk_length", "sampling_rate")})
    samples = (tones(seed, count) / np.float32(32768)).astype(np.float32)
    if count < extract.n_samples:
        padded = extract.pad(BatchFeature({"input_features": [samples[:, None]]}), padding="max_length", max_length=extract.n_samples)
        samples = np.asarray(padded["input_features"])[0, :, 0]
    return torch.tensor(extract._np_extract_fbank_features(samples[None], "cpu").astype(np.float32)).double()


LONG, SHORT = 118000, 24000
NO_SPEECH = dict(logprob_threshold=-0.7, no_speech_threshold=4.5e-6)
CASES = [  # name, seed, samples, options, changes to generation_config.json
    ("short", 3, SHORT, {}, {}), ("short without times", 3, SHORT, dict(timestamps=False), {}), ("long", 3, LONG, {}, {}),
    ("another long one", 4, 97531, {}, {}), ("a window and a little", 5, 32500, {}, {}), ("exactly a window", 6, 32000, {}, {}),
    ("no sound", 1, 0, {}, {}),
    ("language", 3, LONG, dict(language="de"), {}), ("language by name", 3, SHORT, dict(language="Spanish", timestamps=False), {}),
    ("translate", 3, LONG, dict(task="translate"), {}), ("language and task", 4, LONG, dict(language="ru", task="translate"), {}),
    ("condition", 3, LONG, dict(condition=True), {}), ("prompt", 3, SHORT, dict(prompt=" the lazy dog "), {}),
    ("prompt of all windows", 3, LONG, dict(prompt="the lazy dog"), {}), ("condition and prompt", 3, LONG, dict(condition=True, prompt="the lazy dog"), {}),
    ("max_new_tokens", 3, LONG, dict(max_new_tokens=12), {}), ("no speech", 3, LONG, NO_SPEECH, {}), ("no speech, prompt", 4, LONG, dict(NO_SPEECH, prompt="jumps"), {}),
    ("fallback to the last", 3, LONG, dict(temperatures=[0.0, 0.0], compression_ratio_threshold=1.2, logprob_threshold=-0.5), {}),
    ("no forced tokens", 3, SHORT, {}, dict(forced_decoder_ids=None)),
    ("forced language", 3, SHORT, {}, dict(forced_decoder_ids=[[1, 305], [2, 307], [3, 312]])),
    ("English alone", 3, LONG, {}, dict(forced_decoder_ids=[[1, 312]], lang_to_id=None, task_to_id=None, is_multilingual=False)),
    ("no first time limit", 3, LONG, {}, dict(max_initial_timestamp_index=None)), ("first time at most 3", 3, LONG, {}, dict(max_initial_timestamp_index=3)),
    ("nothing suppressed", 3, LONG, {}, dict(suppress_tokens=None, begin_suppress_tokens=None)),
    ("short max_length", 3, LONG, {}, dict(max_length=14)), ("chosen in the file", 3, SHORT, {}, dict(language="<|zh|>", task="translate")),
    ("no token of the previous", 3, LONG, dict(condition=True), dict(prev_sot_token_id=None)),
    ("repetition penalty", 3, LONG, {}, dict(repetition_penalty=1.7)),
    ("first token suppressed", 3, SHORT, dict(timestamps=False), dict(begin_suppress_tokens=[324])),
]


def transcribe(model, tokenizer, generation, preprocessor, name, seed, count, options, changes):
    changed = {k: v for k, v in dict(generation, **changes).items() if v is not None}
    model.generation_config = GenerationConfig(**copy.deepcopy(changed))
    times = changed["no_timestamps_token_id"] + 1
    keys = {"language": "language", "task": "task", "condition": "condition_on_prev_tokens", "max_new_tokens": "max_new_tokens",
            "logprob_threshold": "logprob_threshold", "no_speech_threshold": "no_speech_threshold", "compression_ratio_threshold": "compression_ratio_threshold"}
    call = {keys[k]: v for k, v in options.items() if k in keys}
    if "temperatures" in options or "logprob_threshold" in options:
        call["temperature"] = tuple(options.get("temperatures", [0.0]))
    if "prompt" in options:
        ids = tokenizer.encode(" " + options["prompt"].strip(), add_special_tokens=False).ids
        call["prompt_ids"] = torch.tensor([tokenizer.token_to_id("<|startofprev|>")] + ids)
    x = features(preprocessor, seed, count)
    languages = {v: k[2:-2] for k, v in changed.get("lang_to_id", {}).items()}
    first = []
    hook = model.model.decoder.register_forward_pre_hook(lambda m, a, k: first.append(k["input_ids"].tolist()[0]), with_kwargs=True)
    with torch.no_grad():
        out = model.generate(x, return_timestamps=options.get("timestamps", True), return_segments=True, **call)
    hook.remove()
    prompt = next((p for p in first if len(p) > 1), first[0])
    text = lambda ids: tokenizer.decode([i for i in ids if i < times], skip_special_tokens=True)
    segments = [dict(start=float(s["start"]), end=float(s["end"]), tokens=s["tokens"].tolist(), text=text(s["tokens"].tolist()))
                for s in out["segments"][0] if "start" in s]
    tokens = [i for s in segments for i in s["tokens"]]
    language = next((languages[i] for i in prompt[-4:] if i in languages), None)
    print(f"{name}: {len(segments)} segments, {len(tokens)} tokens, {language}: {text(tokens)[:40]!r}")
    return dict(name=name, seed=seed, count=count, options=options, generation=changes, text=text(tokens), tokens=tokens, segments=segments,
                language=language)


def main(root):
    folder = root / "whisper"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    config, generation, preprocessor = make_configs(tokenizer)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_json(folder / "generation_config.json", generation)
    write_json(folder / "preprocessor_config.json", preprocessor)
    model = make_model(config)
    write_model(folder, model, config)
    write_forward(folder, model, config)
    torch.set_num_threads(1)
    done = [transcribe(model, tokenizer, generation, preprocessor, *case) for case in CASES]
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in done)
    (folder / "transcribe.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
