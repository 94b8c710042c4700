"""Makes the tiny seeded models of test/fixtures/architectures: `python tiny_architectures.py FOLDER`.

One Hugging Face folder for each architecture beyond Llama's, in the style of tiny.py, and beside it what llama.cpp's
converter would make of it, `model.gguf` in a folder of its own, where GGUF can say all of it. Each model has what its
family alone has: windows in some layers only, two rotary bases, soft caps, fused matrices, learned positions.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, MODEL_ARCH, TokenType, get_tensor_name_map
from transformers import (
    Gemma3ForCausalLM, Gemma3TextConfig, GPT2Config, GPT2LMHeadModel, Phi3Config, Phi3ForCausalLM, Qwen2Config,
    Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
)  # fmt: skip

from tiny import restyle as restyle_rope, tokenizer

TOKENS = dict(vocab_size=128, bos_token_id=1, eos_token_id=2, pad_token_id=None)
COMMON = dict(
    **TOKENS, hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=128,
)  # fmt: skip
PLAIN_ROPE = dict(rope_type="default", rope_theta=10000.0)

# name -> (config class, model class, config, dtype, style of config.json, gguf architecture)
MODELS = {
    "qwen2": (
        Qwen2Config, Qwen2ForCausalLM,
        dict(COMMON, num_hidden_layers=3, tie_word_embeddings=False, rms_norm_eps=1e-6, use_sliding_window=True,
             sliding_window=8, max_window_layers=1, rope_parameters=PLAIN_ROPE),
        torch.bfloat16, 4, MODEL_ARCH.QWEN2,
    ),
    "qwen3": (
        Qwen3Config, Qwen3ForCausalLM,
        dict(COMMON, num_hidden_layers=2, head_dim=16, tie_word_embeddings=True, rms_norm_eps=1e-6,
             rope_parameters=dict(rope_type="default", rope_theta=1000000.0)),
        torch.float32, 5, MODEL_ARCH.QWEN3,
    ),
    "gemma3": (
        Gemma3TextConfig, Gemma3ForCausalLM,
        dict(COMMON, num_key_value_heads=1, num_hidden_layers=6, head_dim=16, query_pre_attn_scalar=16,
             rms_norm_eps=1e-6, sliding_window=8, tie_word_embeddings=True),
        torch.bfloat16, 4, MODEL_ARCH.GEMMA3,
    ),
    "gemma3-odd": (
        Gemma3TextConfig, Gemma3ForCausalLM,
        dict(COMMON, num_hidden_layers=3, head_dim=16, query_pre_attn_scalar=24, rms_norm_eps=1e-5, sliding_window=5,
             layer_types=["sliding_attention", "full_attention", "sliding_attention"], tie_word_embeddings=False,
             attention_bias=True, final_logit_softcapping=3.0,
             rope_parameters=dict(full_attention=dict(rope_type="linear", factor=8.0, rope_theta=5000.0),
                                  sliding_attention=dict(rope_type="default", rope_theta=100.0))),
        torch.bfloat16, 5, None,
    ),
    "gpt2": (
        GPT2Config, GPT2LMHeadModel,
        dict(**TOKENS, n_embd=32, n_head=4, n_layer=2, n_positions=128, resid_pdrop=0.0, embd_pdrop=0.0,
             attn_pdrop=0.0),
        torch.float32, 5, MODEL_ARCH.GPT2,
    ),
    "gpt2-odd": (
        GPT2Config, GPT2LMHeadModel,
        dict(**TOKENS, n_embd=24, n_head=2, n_layer=2, n_inner=40, n_positions=96, layer_norm_epsilon=1e-3,
             scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False, resid_pdrop=0.0, embd_pdrop=0.0,
             attn_pdrop=0.0),
        torch.float16, 5, None,
    ),
    "phi3": (
        Phi3Config, Phi3ForCausalLM,
        dict(COMMON, num_hidden_layers=2, sliding_window=8, rms_norm_eps=1e-5, tie_word_embeddings=False,
             rope_parameters=PLAIN_ROPE),
        torch.bfloat16, 4, MODEL_ARCH.PHI3,
    ),
    "phi3-long": (
        Phi3Config, Phi3ForCausalLM,
        dict(COMMON, hidden_size=48, num_hidden_layers=2, rms_norm_eps=1e-5, tie_word_embeddings=True,
             original_max_position_embeddings=96, max_position_embeddings=384,
             rope_parameters=dict(rope_type="longrope", rope_theta=100.0, partial_rotary_factor=0.667,
                                  short_factor=[1.0, 1.5, 2.25, 3.5], long_factor=[2.0, 3.0, 5.0, 7.0])),
        torch.bfloat16, 4, MODEL_ARCH.PHI3,
    ),
}  # fmt: skip


def fill(model, seed):
    """As tiny.py's; GPT-2 keeps its matrices as [in, out], and Gemma its gains as their distance from one."""
    generator = torch.Generator().manual_seed(seed)
    gemma = "Gemma" in type(model).__name__
    for name, parameter in model.named_parameters():
        draw = torch.randn(parameter.shape, generator=generator)
        if "norm" in name or ".ln_" in name:
            parameter.data = (0 if gemma or name.endswith("bias") else 1) + 0.25 * draw
        elif parameter.dim() == 1:
            parameter.data = 0.5 * draw
        elif "embed_tokens" in name or "wte" in name or "wpe" in name:
            parameter.data = 0.3 * draw / (6 if gemma else 1)
        else:
            width = parameter.shape[0 if any(part in name for part in ("c_attn", "c_proj", "c_fc")) else 1]
            parameter.data = draw * 1.2 * width**-0.5


def write_gguf(path, model, arch, fast):
    """What convert_hf_to_gguf.py writes: its names, its keys, norms of Gemma plus one, matrices of GPT-2 turned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    config = model.config
    writer = GGUFWriter(path, {MODEL_ARCH.GEMMA3: "gemma3"}.get(arch, config.model_type))
    layers = config.num_hidden_layers
    writer.add_block_count(layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_head_count(config.num_attention_heads)
    if arch == MODEL_ARCH.GPT2:
        writer.add_feed_forward_length(4 * config.n_embd)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        rope = config.rope_parameters
        writer.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
    if arch in (MODEL_ARCH.GEMMA3, MODEL_ARCH.QWEN3):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if arch in (MODEL_ARCH.GEMMA3, MODEL_ARCH.PHI3):
        writer.add_sliding_window(config.sliding_window or 0)
    if arch == MODEL_ARCH.PHI3:
        head = config.hidden_size // config.num_attention_heads
        writer.add_rope_dimension_count(int(head * rope["partial_rotary_factor"]))
        writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
        if rope["rope_type"] == "longrope":
            stretch = config.max_position_embeddings / config.original_max_position_embeddings
            share = math.log(stretch) / math.log(config.original_max_position_embeddings)
            writer.add_rope_scaling_attn_factors(math.sqrt(1 + share))
            for kind in ("long", "short"):
                writer.add_tensor(f"rope_factors_{kind}.weight", np.array(rope[f"{kind}_factor"], dtype=np.float32))
    vocab = sorted(fast.get_vocab().items(), key=lambda item: item[1])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in vocab])
    writer.add_token_types([TokenType.CONTROL if index < 4 else TokenType.NORMAL for _, index in vocab])
    writer.add_token_merges(["Ġ t", "h e"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    names = get_tensor_name_map(arch, layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        if arch == MODEL_ARCH.GPT2 and any(part in name for part in ("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            tensor = tensor.T
        if arch == MODEL_ARCH.GEMMA3 and name.endswith("norm.weight"):
            tensor = tensor.to(torch.float32) + 1
        values = tensor.to(torch.float32).contiguous().numpy()
        kind = None if values.ndim == 1 or tensor.dtype != torch.bfloat16 else GGMLQuantizationType.BF16
        if kind is not None:
            values = tensor.contiguous().view(torch.int16).numpy().view("uint8")
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), values, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def restyle(path, style):
    """As tiny.py's; transformers 4 wrote Gemma's two rotary bases apart, and a number for the pattern of its layers."""
    config = json.loads(path.read_text())
    if style == 4 and config["model_type"] == "gemma3_text":
        rope = config["rope_parameters"]
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        config["rope_parameters"] = rope["full_attention"]
        config["sliding_window_pattern"] = config.pop("_sliding_window_pattern")
        del config["layer_types"], config["tie_word_embeddings"]
        path.write_text(json.dumps(config))
    restyle_rope(path, style)


def main():
    root = Path(sys.argv[1])
    fast = tokenizer()
    for seed, (name, (config_class, model_class, own, dtype, style, arch)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        model = model_class(config_class(**own))
        fill(model, 100 + seed)
        model = model.to(dtype)
        model.save_pretrained(root / name)
        restyle(root / name / "config.json", style)
        fast.save_pretrained(root / name)
        if arch is not None:
            write_gguf(root / f"{name}-gguf" / "model.gguf", model, arch, fast)


if __name__ == "__main__":
    main()
