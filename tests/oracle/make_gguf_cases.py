#!/usr/bin/env python3
"""Write tests/data/models/gguf_<case>/: small GGUF files with what Transformers computes from the numbers in them.

Needs gguf, numpy, safetensors, torch and transformers. The committed files were made with gguf 0.19.0, transformers 5.23.0 and torch 2.15.0:

    python tests/oracle/make_gguf_cases.py tests/data/models

Metadata and tensors are named and laid out as llama.cpp's converter does it, with names from the gguf package: nothing here comes from emily.
Types that the package can quantize are quantized by it, blocks of the others are drawn at random; either way the model that Transformers runs,
in float64, has the values that the package dequantizes.
"""
import argparse
import json
import pathlib

import gguf
import numpy as np
import torch
import transformers
from safetensors.numpy import save_file

TYPES = gguf.GGMLQuantizationType
VOCAB = 96


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        if "norm" in name.lower() and name.endswith("weight"):
            p.data = 1 + 0.2 * torch.randn(p.shape, generator=generator)
        else:
            p.data = torch.randn(p.shape, generator=generator) * (0.5 if "embed" in name else 1.5 / p.shape[-1] ** 0.5)


def random_blocks(rng, shape, kind):
    """Blocks of a type that gguf does not quantize, of numbers around what weights are: their scales are set afterwards."""
    block, size = gguf.GGML_QUANT_SIZES[TYPES[kind]]
    data = rng.integers(0, 256, (*shape[:-1], shape[-1] // block, size), dtype=np.uint8)
    at = {"Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}[kind]
    spread = {"Q2_K": 0.02, "Q3_K": 0.0008, "Q4_K": 0.0004, "Q5_K": 0.0002, "Q6_K": 0.00002}[kind]
    for place in at:
        scale = (spread * rng.uniform(0.5, 1.5, data.shape[:-1])).astype(np.float16)
        data[..., place : place + 2] = scale[..., None].view(np.uint8)
    return data.reshape(*shape[:-1], -1)


def pack(rng, values, kind):
    """The bytes of a tensor in a type, and the values that they stand for."""
    if kind == "F32":
        return values.astype(np.float32), values.astype(np.float32)
    if kind in ("F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"):
        data = gguf.quants.quantize(values.astype(np.float32), TYPES[kind])
    else:
        data = random_blocks(rng, values.shape, kind)
    return data, gguf.quants.dequantize(data, TYPES[kind])


def permuted(values, heads):
    """Rows of q and k as llama.cpp has them for its own rope: pairs are neighbours."""
    return values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def unpermuted(values, heads):
    return values.reshape(heads, values.shape[0] // heads // 2, 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


class Case:
    """A model of Transformers, to be written as GGUF with the types that `kind_of(name, shape)` says."""

    def __init__(self, model, arch, kind_of, seed=0):
        self.model, self.config, self.kind_of = model, model.config, kind_of
        self.arch = gguf.MODEL_ARCH[arch]
        self.rng = np.random.default_rng(seed)
        self.names = gguf.get_tensor_name_map(self.arch, self.config.num_hidden_layers)
        self.rows_permuted = arch in ("LLAMA", "SMOLLM3")

    def heads_of(self, name):
        if not self.rows_permuted:
            return 0
        return self.config.num_attention_heads if "q_proj" in name else self.config.num_key_value_heads if "k_proj" in name else 0

    def tensors(self):
        """GGUF name, bytes, type; the model gets the values that the bytes stand for."""
        state = self.model.state_dict()
        tied = self.config.tie_word_embeddings
        for name in list(state):
            if (tied and name == "lm_head.weight") or name.startswith("pooler."):
                continue
            values = state[name].double().numpy()
            heads = self.heads_of(name)
            if heads:
                values = permuted(values, heads)
            plus = 1 if self.arch == gguf.MODEL_ARCH.GEMMA3 and name.endswith("norm.weight") else 0
            if ".experts." in name:
                yield from self.experts(state[name], name)
                continue
            kind = "F32" if values.ndim == 1 else self.kind_of(name, values.shape)
            transpose = self.arch == gguf.MODEL_ARCH.GPT2 and values.ndim == 2 and ".h." in name
            data, meant = pack(self.rng, (values.T if transpose else values) + plus, kind)
            meant = (meant.astype(np.float64) - plus).T if transpose else meant.astype(np.float64) - plus
            if heads:
                meant = unpermuted(meant, heads)
            state[name].copy_(torch.tensor(meant.copy()))
            yield self.names.get_name(name, (".weight", ".bias")), data, kind

    def experts(self, stack, name):
        """Transformers has gate and up of all experts in one tensor, GGUF in two."""
        layer, parts = name.split(".")[2], ["gate", "up"] if "gate_up" in name else ["down"]
        for part, values in zip(parts, stack.chunk(len(parts), dim=1)):
            data, meant = pack(self.rng, values.double().numpy(), "Q8_0")
            values.copy_(torch.tensor(meant.astype(np.float64)))
            yield f"blk.{layer}.ffn_{part}_exps.weight", data, "Q8_0"

    def metadata(self, w):
        c = self.config
        w.add_context_length(c.max_position_embeddings)
        w.add_embedding_length(c.hidden_size)
        w.add_block_count(c.num_hidden_layers)
        w.add_feed_forward_length(getattr(c, "intermediate_size", None) or 4 * c.hidden_size)
        w.add_head_count(c.num_attention_heads)
        if getattr(c, "num_key_value_heads", None):
            w.add_head_count_kv(c.num_key_value_heads)
        if getattr(c, "rms_norm_eps", None):
            w.add_layer_norm_rms_eps(c.rms_norm_eps)
        for key in ("layer_norm_eps", "layer_norm_epsilon"):
            if getattr(c, key, None) and not getattr(c, "rms_norm_eps", None):
                w.add_layer_norm_eps(getattr(c, key))
        if getattr(c, "head_dim", None):
            w.add_key_length(c.head_dim)
            w.add_value_length(c.head_dim)
        rope = getattr(c, "rope_parameters", None) or {}
        if "full_attention" in rope:  # one for each kind of layer
            w.add_rope_freq_base(rope["full_attention"]["rope_theta"])
            w.add_rope_freq_base_swa(rope["sliding_attention"]["rope_theta"])
        elif rope.get("rope_theta"):
            w.add_rope_freq_base(rope["rope_theta"])
            w.add_rope_dimension_count(getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads)
        if rope.get("rope_type") in ("linear", "yarn"):
            w.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
            w.add_rope_scaling_factor(rope["factor"])
            if rope["rope_type"] == "yarn":
                w.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        if self.arch == gguf.MODEL_ARCH.BERT:
            w.add_causal_attention(False)
            w.add_pooling_type(gguf.PoolingType.MEAN)
            w.add_token_type_count(c.type_vocab_size)
        if self.arch == gguf.MODEL_ARCH.GEMMA3:
            w.add_sliding_window(c.sliding_window)
        if self.arch == gguf.MODEL_ARCH.QWEN3MOE:
            w.add_expert_count(c.num_experts)
            w.add_expert_used_count(c.num_experts_per_tok)
            w.add_expert_feed_forward_length(c.moe_intermediate_size)
        w.add_vocab_size(c.vocab_size)

    def rope_factors(self):
        """Llama 3's scaling is a tensor of factors that frequencies are divided by."""
        rope = getattr(self.config, "rope_parameters", None) or {}
        if rope.get("rope_type") != "llama3":
            return None
        dim = self.config.head_dim or self.config.hidden_size // self.config.num_attention_heads
        freqs = 1.0 / (rope["rope_theta"] ** (torch.arange(0, dim, 2, dtype=torch.float32) / dim))
        factors = []
        for freq in freqs:
            wave, old = 2 * np.pi / freq, rope["original_max_position_embeddings"]
            low, high = old / rope["low_freq_factor"], old / rope["high_freq_factor"]
            smooth = (old / wave - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
            factors.append(1 if wave < high else rope["factor"] if wave > low else 1 / ((1 - smooth) / rope["factor"] + smooth))
        return np.array(factors, dtype=np.float32)

    def write(self, path, more=lambda w: None):
        w = gguf.GGUFWriter(str(path), gguf.MODEL_ARCH_NAMES[self.arch])
        self.metadata(w)
        more(w)
        factors = self.rope_factors()
        if factors is not None:
            w.add_tensor("rope_freqs.weight", factors)
        for name, data, kind in self.tensors():
            w.add_tensor(name, data, raw_dtype=TYPES[kind])
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()

    def reference(self, rows=2, length=12):
        ids = self.rng.integers(3, VOCAB, (rows, length))
        mask = np.ones((rows, length), dtype=np.int64)
        ids[1, length - 4 :], mask[1, length - 4 :] = 0, 0
        given = {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}
        with torch.no_grad():
            out = self.model.double().eval()(**given)
        name = "logits" if "logits" in out else "last_hidden_state"
        return {"a.input_ids": ids.astype(np.int32), "a.attention_mask": mask.astype(np.int32), f"a.{name}": out[name].numpy()}


def save(root, name, case, more=lambda w: None):
    folder = root / f"gguf_{name}"
    folder.mkdir(parents=True, exist_ok=True)
    case.write(folder / "model.gguf", more)
    save_file(case.reference(), str(folder / "ref.safetensors"))


def each(kinds):
    """Types in turn, one a matrix; an embedding and what is too narrow for it get one of 32."""
    turn = iter(range(10**6))

    def kind_of(_, shape):
        kind = kinds[next(turn) % len(kinds)]
        return kind if shape[-1] % gguf.GGML_QUANT_SIZES[TYPES[kind]][0] == 0 else "Q8_0" if shape[-1] % 32 == 0 else "F16"

    return kind_of


def constant(kind):
    return lambda _, shape: kind if shape[-1] % gguf.GGML_QUANT_SIZES[TYPES[kind]][0] == 0 else "F16"


SMALL = dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=64,
             max_position_embeddings=64)
WIDE = dict(SMALL, hidden_size=256, num_key_value_heads=1, head_dim=32, intermediate_size=256, num_hidden_layers=1)
PACKED = ["Q4_K", "Q5_K", "Q6_K", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "BF16"]


def build(config, seed):
    torch.manual_seed(seed)
    config._experts_implementation = "eager"
    model = getattr(transformers, config.architectures[0])(config)
    randomize(model, seed)
    return model.double()


def qwen3(root):
    config = lambda **kw: transformers.Qwen3Config(**{**SMALL, "head_dim": 16, "tie_word_embeddings": True, "rms_norm_eps": 1e-6,
                                                      "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
                                                      "architectures": ["Qwen3ForCausalLM"], **kw})
    save(root, "qwen3", Case(build(config(), 1), "QWEN3", each(["F32", "F16", "BF16"])))
    wide = config(**dict(WIDE, tie_word_embeddings=False))
    save(root, "qwen3_packed", Case(build(wide, 2), "QWEN3", each(PACKED)))


def decoders(root):
    """Each architecture once, in turn of types; sizes are small, and what one of them alone does is switched on."""
    rope = lambda **kw: {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, **kw}}
    of = lambda config, architecture, **kw: config(**{**SMALL, "tie_word_embeddings": True, "architectures": [architecture], **kw})
    llama3 = rope(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
    kinds = ["Q8_0", "F16", "F32", "Q4_0"]
    for name, arch, config in (
        ("llama", "LLAMA", of(transformers.LlamaConfig, "LlamaForCausalLM", head_dim=32, tie_word_embeddings=False, **llama3)),
        ("qwen2", "QWEN2", of(transformers.Qwen2Config, "Qwen2ForCausalLM", **rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=16))),
        ("smollm3", "SMOLLM3", of(transformers.SmolLM3Config, "SmolLM3ForCausalLM", num_hidden_layers=4, pad_token_id=0, **rope())),
        ("gemma3", "GEMMA3", of(transformers.Gemma3TextConfig, "Gemma3ForCausalLM", num_hidden_layers=6, head_dim=16, query_pre_attn_scalar=16,
                                sliding_window=4, bos_token_id=1, eos_token_id=2)),
        ("qwen3moe", "QWEN3MOE", of(transformers.Qwen3MoeConfig, "Qwen3MoeForCausalLM", head_dim=16, num_experts=4, num_experts_per_tok=2,
                                    moe_intermediate_size=32, norm_topk_prob=True, **rope())),
    ):
        save(root, name, Case(build(config, 3), arch, each(kinds)))
    gpt2 = transformers.GPT2Config(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=64, architectures=["GPT2LMHeadModel"])
    save(root, "gpt2", Case(build(gpt2, 4), "GPT2", each(kinds)))


def encoders(root):
    bert = transformers.BertConfig(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
                                   max_position_embeddings=64, architectures=["BertModel"])
    save(root, "bert", Case(build(bert, 5), "BERT", each(["Q8_0", "F16", "F32"])))


KIND = gguf.TokenType


def vocabulary(folder, pre):
    """tokenizer.json as llama.cpp's converter writes it: what a GGUF file of such a model has."""
    document = json.loads((folder / "tokenizer.json").read_text())
    model, added = document["model"], {a["id"]: a for a in document["added_tokens"]}
    tokens = {i: t for t, i in model["vocab"].items()} | {i: a["content"] for i, a in added.items()}
    kinds, texts = [], []
    for i in range(max(tokens) + 1):
        kind = KIND.UNUSED if i not in tokens else KIND.NORMAL if i not in added else KIND.CONTROL if added[i]["special"] else KIND.USER_DEFINED
        text = tokens.get(i, f"[PAD{i}]")
        if model["type"] == "WordPiece" and kind == KIND.NORMAL:
            text = text[2:] if text.startswith("##") else "\u2581" + text
        kinds.append(kind)
        texts.append(text)
    ids = {t: i for i, t in tokens.items()}

    def more(w):
        w.add_tokenizer_model("bert" if model["type"] == "WordPiece" else "gpt2")
        w.add_tokenizer_pre(pre)
        w.add_token_list(texts)
        w.add_token_types(kinds)
        if model["type"] == "BPE":
            w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in model["merges"]])
        for names, add in ((("<|begin_of_text|>", "[CLS]"), w.add_bos_token_id), (("<|im_end|>", "[SEP]"), w.add_eos_token_id),
                           (("[UNK]",), w.add_unk_token_id), (("[MASK]",), w.add_mask_token_id), (("[SEP]",), w.add_sep_token_id)):
            for name in names:
                if name in ids:
                    add(ids[name])
        w.add_chat_template("{% for m in messages %}{{ m['content'] }}{% endfor %}")

    return more


def tokenizers(root):
    for name, pre, arch in (("bpe_qwen", "qwen2", "qwen3"), ("bpe_llama3", "llama-bpe", "llama"), ("wordpiece_uncased", "", "bert")):
        folder = root.parent / "tokenizers" / name
        w = gguf.GGUFWriter(str(folder / "tokenizer.gguf"), arch)
        vocabulary(folder, pre)(w)
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()


TEXTS = ["Hello, world! It's 2024-01-31.", "  two  spaces and café", "line\nbreak\ttab", "日本語 \U0001f600", "", "the theatre of these others", " "]


def sentence_piece(root):
    """A SentencePiece BPE model trained on this repository's prose, and what SentencePiece itself makes of texts."""
    import sentencepiece

    folder = root.parent / "tokenizers" / "gguf_spm"
    folder.mkdir(exist_ok=True)
    prose = root.parent.parent.parent / "docs" / "ARCHITECTURE.md"
    model = folder / "spm.model"
    sentencepiece.SentencePieceTrainer.train(input=str(prose), model_prefix=str(model.with_suffix("")), model_type="bpe", vocab_size=900, byte_fallback=True,
                                             split_digits=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                                             allow_whitespace_only_pieces=True, minloglevel=2)
    spm = sentencepiece.SentencePieceProcessor(model_file=str(model))
    kinds = [KIND.UNKNOWN if spm.is_unknown(i) else KIND.CONTROL if spm.is_control(i) else KIND.BYTE if spm.is_byte(i) else KIND.NORMAL for i in range(len(spm))]
    w = gguf.GGUFWriter(str(folder / "tokenizer.gguf"), "llama")
    w.add_tokenizer_model("llama")
    w.add_token_list([spm.id_to_piece(i) for i in range(len(spm))])
    w.add_token_scores([spm.get_score(i) for i in range(len(spm))])
    w.add_token_types(kinds)
    w.add_bos_token_id(spm.bos_id())
    w.add_eos_token_id(spm.eos_id())
    w.add_unk_token_id(spm.unk_id())
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    cases = [{"text": t, "ids": [spm.bos_id(), *spm.encode(t)]} for t in TEXTS]
    (folder / "ids.json").write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n")
    for extra in (model, model.with_suffix(".vocab")):
        extra.unlink()


CASES = {"sentence_piece": sentence_piece, "qwen3": qwen3, "decoders": decoders, "encoders": encoders, "tokenizers": tokenizers}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("cases", nargs="*", default=list(CASES))
    options = parser.parse_args()
    for case in options.cases:
        CASES[case](options.root)
