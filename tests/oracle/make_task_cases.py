#!/usr/bin/env python3
"""Write tests/data/tasks/<case>/: small random checkpoints with a tokenizer, and what Hugging Face pipelines answer with them.

    python tests/oracle/make_task_cases.py tests/data/tasks tests/data/tokenizers

The committed files were made with transformers 5.23.0 and torch 2.15.0 on a CPU, but for question answering, whose pipeline Transformers 5 no longer has:
with transformers 4.57.1 first in PYTHONPATH, the script writes that case and no other. Weights are random, so the answers mean nothing: they show that
scores, offsets, windows and the grouping of tokens are the pipeline's. <case>/answers.jsonl holds one JSON object a line: what was asked, and what came back.
The tokenizer is one of tests/data/tokenizers, which the tests put beside the model.
"""
import json
import pathlib
import sys

import torch
import transformers
from transformers import AutoTokenizer, PreTrainedTokenizerFast, pipeline

SPECIAL = {
    "wordpiece_uncased": dict(unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", mask_token="[MASK]"),
    "wordpiece_cased": dict(unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", mask_token="[MASK]"),
    "bpe_gpt2_roberta": dict(unk_token="<unk>", bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>", pad_token="<pad>", mask_token="<mask>"),
}
TEXTS = [
    "Ada Lovelace wrote the first program in London.",
    "Bees dance.",
    "",
    "naïve café — zürich, ÅNGSTRÖM & 東京 tower; e\u0301clair!",
    "The quick brown fox jumps over the lazy dog, while 42 pigeons in St. Petersburg watch the unbelievable performance from antidisestablishmentarian rooftops.",
    "  spaces   and\ttabs\nand lines  ",
    "emoji 👩‍🚀 in space 🚀🚀 and back",
]
LONG = " ".join(TEXTS[:2] + TEXTS[3:5]) + " " + "In Paris Marie Curie worked with Pierre Curie on radium. " * 6
NER = {i: n for i, n in enumerate(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC"])}


def make(root, tokenizers, name, klass, tokenizer, **config):
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    data = json.loads((tokenizers / tokenizer / "tokenizer.json").read_text())
    size = 1 + max(list(data["model"]["vocab"].values()) + [t["id"] for t in data["added_tokens"]])
    kind = getattr(transformers, klass)
    pad = next(t["id"] for t in data["added_tokens"] if t["content"] == SPECIAL[tokenizer]["pad_token"])
    model = kind(kind.config_class(vocab_size=size, pad_token_id=pad, **config))
    generator = torch.Generator().manual_seed(len(name) + sum(map(ord, name)))
    for key, p in model.named_parameters():
        p.data = (1 + 0.2 * torch.randn(p.shape, generator=generator)) if "norm" in key.lower() and key.endswith("weight") else \
            torch.randn(p.shape, generator=generator) * (0.7 if "embed" in key else 0.5)
    (folder / "tokenizer_config.json").write_text(json.dumps(SPECIAL[tokenizer], indent=1, sort_keys=True) + "\n")
    fast = PreTrainedTokenizerFast(tokenizer_file=str(tokenizers / tokenizer / "tokenizer.json"), **SPECIAL[tokenizer])
    offset = pad + 1 if "Roberta" in klass else 0
    fast.model_max_length = config["max_position_embeddings"] - offset
    fast.model_input_names = ["input_ids", "attention_mask"] + (["token_type_ids"] if klass.startswith("Bert") else [])
    if "Token" in klass:  # labels that are all taken now and then
        with torch.no_grad():
            logits = torch.cat([model.eval()(**fast(t, return_tensors="pt")).logits[0] for t in TEXTS[3:5]])
            model.classifier.weight.data /= logits.std(dim=0)[:, None]
            model.classifier.bias.data = (model.classifier.bias.data - logits.mean(dim=0)) / logits.std(dim=0)
    model.half().save_pretrained(folder)
    model = model.float().eval()
    for path in folder.iterdir():
        path.chmod(0o644)
    return folder, model, fast


def write(folder, lines):
    (folder / "answers.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def plain(value):
    """What json can write."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.item() if hasattr(value, "item") else value


SMALL = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12)


def classify(root, tokenizers):
    for name, labels in (("three", ("bad", "fair", "good")), ("one", ("only",))):
        folder, model, fast = make(root, tokenizers, f"classify_{name}", "BertForSequenceClassification", "wordpiece_uncased", **SMALL,
                                   max_position_embeddings=40, id2label=dict(enumerate(labels)))
        lines = []
        for problem in (None, "single_label_classification", "multi_label_classification", "regression")[:4 if name == "three" else 1]:
            model.config.problem_type = problem
            pipe = pipeline("text-classification", model=model, tokenizer=fast)
            lines += [{"problem": problem, "text": t, "labels": pipe(t, top_k=None, truncation=True)} for t in TEXTS + [LONG]]
            pair = {"text": TEXTS[0], "text_pair": TEXTS[3]}
            lines.append(dict(pair, problem=problem, labels=pipe(pair, top_k=None, truncation=True)))
        write(folder, plain(lines))


def fill(root, tokenizers):
    for name, klass, tokenizer, mask in (("bert", "BertForMaskedLM", "wordpiece_cased", "[MASK]"),
                                         ("roberta", "RobertaForMaskedLM", "bpe_gpt2_roberta", "<mask>")):
        folder, model, fast = make(root, tokenizers, f"fill_{name}", klass, tokenizer, **SMALL, max_position_embeddings=40)
        pipe = pipeline("fill-mask", model=model, tokenizer=fast)
        lines = []
        for text in (f"Paris is the {mask} of France.", f"{mask} and {mask} go to London", f"{mask}", f"naïve café {mask}!"):
            out = pipe(text, top_k=4)
            out = out if isinstance(out[0], list) else [out]
            tokens = [{"mask": m, "token": t["token"], "score": t["score"], "text": t["token_str"]} for m, row in enumerate(out) for t in row]
            lines.append({"text": text, "tokens": tokens})
        write(folder, plain(lines))


def tag(root, tokenizers):
    for name, klass, tokenizer in (("bert", "BertForTokenClassification", "wordpiece_uncased"),
                                   ("roberta", "RobertaForTokenClassification", "bpe_gpt2_roberta")):
        folder, model, fast = make(root, tokenizers, f"tag_{name}", klass, tokenizer, **SMALL, max_position_embeddings=200, id2label=NER)
        lines = []
        for way in ("simple", "none", "first", "average", "max"):
            pipe = pipeline("token-classification", model=model, tokenizer=fast, aggregation_strategy=way)
            for text in TEXTS:
                fast.model_max_length = 190
                lines.append({"text": text, "aggregation": way, "spans": spans(text, pipe(text))})
            if way != "none":
                fast.model_max_length = 24
                lines.append({"text": LONG, "aggregation": way, "max_tokens": 24, "stride": 7, "spans": spans(LONG, pipe(LONG, stride=7))})
        write(folder, plain(lines))


def spans(text, found):
    return [{"label": f.get("entity_group", f.get("entity")), "text": text[f["start"]:f["end"]], "start": f["start"], "end": f["end"], "score": f["score"]}
            for f in found]


def answer(root, tokenizers):
    asked = [(TEXTS[0], TEXTS[4]), ("Who wrote it?", TEXTS[0]), ("Where?", TEXTS[3]), ("Where did Marie Curie work?", LONG), ("What?", TEXTS[6])]
    for name, klass, tokenizer in (("bert", "BertForQuestionAnswering", "wordpiece_uncased"), ("roberta", "RobertaForQuestionAnswering", "bpe_gpt2_roberta")):
        folder, model, fast = make(root, tokenizers, f"answer_{name}", klass, tokenizer, **SMALL, max_position_embeddings=120)
        pipe = pipeline("question-answering", model=model, tokenizer=fast)
        lines = []
        for question, context in asked:
            for more in ({}, {"top_k": 4}, {"top_k": 3, "max_seq_len": 48, "doc_stride": 9, "max_answer_len": 6}, {"top_k": 2, "handle_impossible_answer": True}):
                out = pipe(question=question, context=context, **more)
                lines.append({"question": question, "context": context, **more, "answers": out if isinstance(out, list) else [out]})
        write(folder, plain(lines))


if __name__ == "__main__":
    makers = (answer,) if transformers.__version__.startswith("4.") else (classify, fill, tag)
    for maker in makers:
        maker(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
