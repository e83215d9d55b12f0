"""What the demonstration checkpoints of make.py have in common: tokenizers, the training loop, and the files of a folder."""
import json
import math
import pathlib
import random
import zlib

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def held_out(text, share=0.12):
    """Whether a sentence is kept from training: by its bytes, so that each run keeps the same ones."""
    return zlib.crc32(text.encode()) % 1000 < share * 1000


def word_pieces(corpus, size, lowercase=True):
    """BERT's kind of tokenizer, with a vocabulary made of the corpus."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False))
    cls, sep = (("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]")))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[cls, sep])
    return tokenizer


def byte_pairs(corpus, size, special):
    """GPT's kind of tokenizer: bytes and merges, then the special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_special_tokens(special)
    return tokenizer


def padded(rows, value=0):
    longest = max(map(len, rows))
    return torch.tensor([list(row) + [value] * (longest - len(row)) for row in rows])


def batch_of(encodings, **more):
    """Inputs of a model of BERT's kind."""
    return dict(input_ids=padded([e.ids for e in encodings]), attention_mask=padded([e.attention_mask for e in encodings]), **more)


def train(model, batch, steps, rate=2e-3):
    """AdamW over what batch(rng) gives; the rate rises for a tenth of the steps, and falls to nothing by a cosine."""
    rng = random.Random(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, 10 * (step + 1) / steps) * (0.5 + 0.5 * math.cos(math.pi * step / steps)))
    model.train()
    for step in range(steps):
        loss = model(**batch(rng)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 200 == 199:
            print(f"  step {step + 1}: loss {loss.item():.4f}", flush=True)
    return model.eval().half().float()  # as the file will have it


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write(name, model, tokenizer=None, tokenizer_config=None, **files):
    """The folder of a checkpoint, its weights in float16; files are further ones, by name."""
    folder = HERE / name
    model.half().save_pretrained(folder)
    if tokenizer:
        (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n")
        write_json(folder / "tokenizer_config.json", tokenizer_config)
    for file, value in files.items():
        write_json(folder / f"{file}.json", value)


def bert_tokenizer_config(lowercase=True):
    return dict(tokenizer_class="BertTokenizer", do_lower_case=lowercase, model_max_length=64, unk_token="[UNK]", sep_token="[SEP]",
                pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]")
