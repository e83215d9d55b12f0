#!/usr/bin/env python3
"""Write tests/data/sounds/: small sound files, with what soundfile and soxr read from them and the features that Hugging Face Transformers makes.

Needs numpy, safetensors, soundfile, soxr and transformers. The committed files were made with soundfile 0.14.0 (libsndfile 1.2.2), soxr 1.1.0
and transformers 5.23.0:

    python tests/oracle/make_sound_cases.py tests/data

sounds.safetensors: for each file its samples at 16000 Hz, one channel. features.safetensors: for each row of features.json
{"seed", "count", "config"} the input_features, computed in float64 (WhisperFeatureExtractor's NumPy path).
"""
import json
import pathlib
import sys

import numpy as np
import soundfile
import soxr
from safetensors.numpy import save_file
from transformers import BatchFeature, WhisperFeatureExtractor

from tones import tones

FILES = {  # name -> (rate, channels, subtype)
    "mono.wav": (16000, 1, "PCM_16"), "stereo.wav": (44100, 2, "PCM_16"), "three.aiff": (8000, 3, "PCM_24"), "float.wav": (48000, 1, "FLOAT"),
    "ulaw.wav": (11025, 1, "ULAW"), "stereo.flac": (22050, 2, "PCM_16"), "vorbis.ogg": (32000, 1, "VORBIS"), "opus.ogg": (48000, 1, "OPUS"),
    "mono.mp3": (24000, 1, "MPEG_LAYER_III"), "mono.caf": (12000, 1, "ALAC_16"), "empty.wav": (16000, 1, "PCM_16")}


def sounds(folder):
    ref = {}
    for i, (name, (rate, channels, subtype)) in enumerate(FILES.items()):
        count = 0 if name.startswith("empty") else rate // 5
        data = np.stack([tones(100 + 10 * i + c, count) for c in range(channels)], axis=1)
        soundfile.write(folder / name, data, rate, subtype=subtype)
        read, _ = soundfile.read(folder / name, dtype="float32", always_2d=True)
        mono = read.mean(axis=1)
        ref[name] = soxr.resample(mono, rate, 16000, quality="HQ") if rate != 16000 and count else mono
    save_file(ref, str(folder / "sounds.safetensors"))


def features(folder):
    base = dict(feature_extractor_type="WhisperFeatureExtractor", feature_size=80, hop_length=160, n_fft=400, chunk_length=1, sampling_rate=16000)
    rows = [dict(seed=1, count=16000, config=base), dict(seed=2, count=30000, config=dict(base, feature_size=128)),
            dict(seed=3, count=7003, config=dict(base, padding_value=0.25)), dict(seed=4, count=0, config=base),
            dict(seed=5, count=9000, config=dict(base, n_fft=399, hop_length=200, feature_size=20)),
            dict(seed=6, count=8000, config=dict(base, sampling_rate=8000, n_fft=256, hop_length=100, feature_size=24))]
    ref = {}
    for i, row in enumerate(rows):
        extract = WhisperFeatureExtractor(**{k: v for k, v in row["config"].items() if k != "feature_extractor_type"})
        samples = (tones(row["seed"], row["count"]) / np.float32(32768)).astype(np.float32)
        padded = extract.pad(BatchFeature({"input_features": [samples[:, None]]}), padding="max_length", max_length=extract.n_samples, truncation=True)
        ref[str(i)] = extract._np_extract_fbank_features(np.asarray(padded["input_features"])[:, :, 0], "cpu").astype(np.float32)
    (folder / "features.json").write_text(json.dumps(rows, indent=1) + "\n")
    save_file(ref, str(folder / "features.safetensors"))


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1]) / "sounds"
    root.mkdir(parents=True, exist_ok=True)
    sounds(root)
    features(root)
