#!/usr/bin/env python3
"""Write tests/data/images/: small pictures of every kind that is read, and what Pillow makes of them (references.safetensors).

Needs numpy, pillow and safetensors; the committed files were made with Pillow 13.

    python tests/oracle/make_images.py tests/data/images

references.safetensors holds, for each picture, its pixels turned upright as RGB, uint8 [height, width, 3], under the file's name; and for
photo.png its resized forms under "<filter>_<width>x<height>".
"""
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
SIZES = ((16, 16), (61, 40), (23, 29), (37, 60), (5, 90), (1, 1), (37, 29), (30, 5))


def photo(width, height, seed):
    """Waves of colour with noise on them: no filter leaves it as it is."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c) - c) for c in range(3)]
    return Image.fromarray(np.clip(np.stack(waves, -1) + rng.normal(0, 20, (height, width, 3)), 0, 255).astype(np.uint8))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    picture = photo(37, 29, 1)
    alpha = Image.fromarray(np.random.default_rng(2).integers(0, 256, (29, 37), dtype=np.uint8))
    picture.save(folder / "photo.png")
    Image.merge("RGBA", (*picture.split(), alpha)).save(folder / "alpha.png")
    picture.convert("L").save(folder / "grey.png")
    Image.merge("LA", (picture.convert("L"), alpha)).save(folder / "grey_alpha.png")
    picture.convert("1").save(folder / "two.png")
    picture.quantize(13).save(folder / "palette.png", transparency=3)
    deep = np.asarray(picture).astype(np.uint16) * 257 + np.arange(37, dtype=np.uint16)[None, :, None] % 3
    write_deep(folder / "deep.png", deep)
    for quality, sampling in ((95, 0), (75, 1), (40, 2)):
        picture.save(folder / f"q{quality}.jpg", quality=quality, subsampling=sampling)
    picture.save(folder / "progressive.jpg", quality=80, progressive=True)
    picture.convert("L").save(folder / "grey.jpg", quality=80)
    picture.convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    for turn in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        picture.save(folder / f"turned{turn}.{'png' if turn == 6 else 'jpg'}", quality=90, exif=exif)
    references = {}
    for file in sorted(folder.glob("*.png")) + sorted(folder.glob("*.jpg")):
        with Image.open(file) as image:
            references[file.name] = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    for name, number in FILTERS.items():
        for size in SIZES:
            references[f"{name}_{size[0]}x{size[1]}"] = np.asarray(picture.resize(size, number))
    save_file({k: np.ascontiguousarray(v) for k, v in references.items()}, str(folder / "references.safetensors"))


def write_deep(path, values):
    """16 bits a channel, which Pillow reads and does not write."""
    import struct
    import zlib
    height, width, _ = values.shape
    rows = b"".join(b"\0" + values[y].astype(">u2").tobytes() for y in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
