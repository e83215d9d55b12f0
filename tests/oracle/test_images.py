#!/usr/bin/env python3
"""Compares `emily features` on random pictures and preprocessor_config.json with Pillow and NumPy.

    python3 tests/oracle/test_images.py [--seed N] [--count N]

Pictures of random extents, modes and formats are written by Pillow, and processed by the steps of Transformers' image processors (ViT's and
DeiT's, without torchvision): Image.resize on 8 bits, crop around the centre, times rescale_factor in float64, mean and std in float32. The
numbers must be equal to the last bit, for JPEG too, as Pillow's decoder is the same library's.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import PIL
from PIL import Image, ImageOps
from safetensors.numpy import load_file


def picture(rng, path):
    """A random picture, written to path with one of the endings."""
    width, height = (int(n) for n in rng.integers(1, 120, 2))
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((width, height)) if rng.random() < 0.5 else Image.linear_gradient("L").resize((width, height)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(1, 9))
    if rng.random() < 0.5:
        path = path.with_suffix(".png")
        image.convert(str(rng.choice(["RGB", "RGBA", "L", "LA", "1", "P"]))).save(path, exif=exif)
    else:
        path = path.with_suffix(".jpg")
        image.convert(str(rng.choice(["RGB", "L", "CMYK"]))).save(
            path, quality=int(rng.integers(20, 100)), exif=exif, progressive=bool(rng.random() < 0.3), subsampling=int(rng.integers(0, 3)))
    return path


def settings(rng):
    side = lambda: int(rng.integers(1, 80))
    config = {"image_processor_type": str(rng.choice(["ViTImageProcessor", "DeiTImageProcessor", "ViTImageProcessorFast"]))}
    if rng.random() < 0.2:
        config = {"feature_extractor_type": "ViTFeatureExtractor"}
    choices = {"size": [side(), {"height": side(), "width": side()}, {"shortest_edge": side()}], "resample": list(range(6)),
               "do_resize": [True, True, True, False], "do_center_crop": [True, False], "crop_size": [side(), {"height": side(), "width": side()}],
               "do_rescale": [True, True, False], "rescale_factor": [1 / 255, 1 / 127.5, 0.00392156862745098], "do_normalize": [True, True, False],
               "image_mean": [[0.485, 0.456, 0.406], [0.5, 0.5, 0.5], 0.25], "image_std": [[0.229, 0.224, 0.225], 0.5], "do_convert_rgb": [True, None]}
    for key, values in choices.items():
        if rng.random() < 0.7:
            config[key] = values[int(rng.integers(len(values)))]
    if config.get("do_center_crop") and "crop_size" not in config:
        config["crop_size"] = side()
    return config


def extents(size):
    return (size["width"], size["height"]) if isinstance(size, dict) else (size, size)


def resized(image, size, resample):
    if "shortest_edge" not in (size if isinstance(size, dict) else {}):
        return image.resize(extents(size), resample)
    short, long = sorted(image.size)
    edge, other = size["shortest_edge"], int(size["shortest_edge"] * long / short)
    return image.resize((edge, other) if image.width <= image.height else (other, edge), resample)


def cropped(values, width, height):
    """Around the centre; a picture that is too small lies in the middle of black."""
    rows, columns = values.shape[:2]
    top, left = (rows - height) // 2, (columns - width) // 2
    big = np.zeros((max(rows, height) * 2, max(columns, width) * 2, 3), values.dtype)
    y, x = max(0, -top), max(0, -left)
    big[y:y + rows, x:x + columns] = values
    return big[top + y:top + y + height, left + x:left + x + width]


def truth(path, config):
    deit = config.get("image_processor_type", "").startswith("DeiT")
    get = lambda key, default: default if config.get(key) is None else config[key]
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file).convert("RGB")
    if get("do_resize", True):
        image = resized(image, get("size", 256 if deit else 224), get("resample", 3 if deit else 2))
    values = np.asarray(image)
    if get("do_center_crop", deit):
        values = cropped(values, *extents(get("crop_size", 224)))
    x = values.astype(np.float64)
    if get("do_rescale", True):
        x = x * get("rescale_factor", 1 / 255)
    x = x.astype(np.float32)
    if get("do_normalize", True):
        x = (x - np.array(get("image_mean", 0.5), np.float32)) / np.array(get("image_std", 0.5), np.float32)
    return x.transpose(2, 0, 1)[None]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("EMILY_TEST_SEED", time.time())))
    parser.add_argument("--count", type=int, default=150)
    args = parser.parse_args()
    emily = pathlib.Path(os.environ.get("EMILY_TEST_BUILD", "build")).resolve() / "emily"
    print(f"pictures beside Pillow {PIL.__version__}; seed {args.seed}")
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number in range(args.count):
            rng = np.random.default_rng([args.seed, number])
            config, path = settings(rng), picture(rng, folder / "picture")
            (folder / "preprocessor_config.json").write_text(json.dumps(config))
            done = subprocess.run([emily, "features", folder, path, folder / "out.safetensors"], capture_output=True, text=True)
            if done.returncode:
                message = done.stderr.strip()
            else:
                got, want = load_file(folder / "out.safetensors")["pixel_values"], truth(path, config)
                message = None if got.shape == want.shape and got.dtype == want.dtype and np.array_equal(got, want) else \
                    f"{got.shape} beside {want.shape}" if got.shape != want.shape else f"off by {np.abs(got - want).max()}"
            if message:
                failed += 1
                print(f"case {number}, {path.suffix}, {config}: {message}")
    print(f"{args.count - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
