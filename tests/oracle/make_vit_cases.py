#!/usr/bin/env python3
"""Write tests/data/models/{deit*,vit_body}/: small random ViTs and DeiTs in the hub's layout, with what Hugging Face Transformers computes.

Needs numpy, pillow, safetensors, torch and transformers. The committed files were made with transformers 5.23.0 and torch 2.15.0 on a CPU:

    python tests/oracle/make_vit_cases.py tests/data/models

Forward passes are computed in float64.
"""
import json
import pathlib
import sys

import numpy as np
import torch
from make_model_cases import randomize
from PIL import Image, ImageOps
from safetensors.numpy import save_file
from transformers import DeiTConfig, DeiTImageProcessorPil, ViTConfig
from transformers.models.deit import modeling_deit as deit
from transformers.models.vit import modeling_vit as vit

BASE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40, image_size=24, patch_size=8)
LABELS = {i: f"thing {i}" for i in range(5)}


def write(folder, model, pixels):
    randomize(model, 3)
    for name, p in model.named_parameters():  # the tables and tokens, which no name calls an embedding
        if "token" in name or "position" in name:
            p.data = torch.randn(p.shape, generator=torch.Generator().manual_seed(4)) * 0.5
    model.save_pretrained(folder)
    with torch.no_grad():
        out = model.double().eval()(torch.tensor(pixels, dtype=torch.float64), output_hidden_states=True)
    ref = {"a.pixel_values": pixels}
    for key in ("logits", "last_hidden_state", "pooler_output"):
        if key in out and out[key] is not None:
            ref[f"a.{key}"] = out[key].numpy()
    ref["a.hidden_states"] = np.stack([h.numpy() for h in out.hidden_states])
    save_file(ref, str(folder / "ref.safetensors"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def write_images(folder, model, pictures):
    """What the processor and the classifier make of tests/data/images: scores, a line a picture."""
    processor = DeiTImageProcessorPil(size={"height": 30, "width": 28}, crop_size={"height": 24, "width": 24})
    processor.save_pretrained(folder)
    with open(folder / "images.jsonl", "w") as out, torch.no_grad():
        for path in pictures:
            with Image.open(path) as image:
                pixels = processor(ImageOps.exif_transpose(image).convert("RGB"), return_tensors="np")["pixel_values"]
            scores = torch.softmax(model(torch.tensor(pixels, dtype=torch.float64)).logits, -1)[0]
            out.write(json.dumps({"image": path.name, "scores": [round(float(s), 9) for s in scores]}) + "\n")


def main(root):
    pixels = lambda channels: np.random.default_rng(5).normal(size=(2, channels, 24, 24)).astype(np.float32)
    write(root / "deit", deit.DeiTForImageClassification(DeiTConfig(**BASE, id2label=LABELS)), pixels(3))
    teacher = deit.DeiTForImageClassificationWithTeacher(DeiTConfig(**BASE, id2label=LABELS))
    write(root / "deit_teacher", teacher, pixels(3))
    write_images(root / "deit_teacher", teacher, sorted(p for p in (root.parent / "images").iterdir() if p.suffix in (".png", ".jpg")))
    switches = dict(BASE, qkv_bias=False, hidden_act="gelu_new", layer_norm_eps=1e-3, num_channels=1, patch_size=12, pooler_output_size=20,
                    pooler_act="relu")
    write(root / "vit_body", vit.ViTModel(ViTConfig(**switches)), pixels(1))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
