"""Makes the tiny seeded models of test/fixtures/golden: `python tiny.py FOLDER`.

Each is a Hugging Face folder of some tens of kilobytes, and each differs from the others in what a reader of
Hugging Face models can get wrong: tied or own head, rotary scaling, head size, biases, a sliding window, weight
type, shards, the style of config.json (transformers 4 wrote `rope_theta` and `rope_scaling`, transformers 5
writes `rope_parameters`).
Weights are far larger than a fresh model's, so that a wrong rotation or a swapped head shows in every logit.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast

COMMON = dict(
    vocab_size=128, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=None,
)  # fmt: skip

# name -> (config class, model class, config, dtype, shard size, style of config.json)
MODELS = {
    "llama-tied": (
        LlamaConfig, LlamaForCausalLM,
        dict(tie_word_embeddings=True, rms_norm_eps=1e-5, rope_parameters=dict(rope_type="default", rope_theta=10000.0)),
        torch.float32, "1GB", 4,
    ),
    "llama-linear": (
        LlamaConfig, LlamaForCausalLM,
        dict(tie_word_embeddings=False, rms_norm_eps=1e-6,
             rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)),
        torch.bfloat16, "24KB", 4,
    ),
    "llama-llama3": (
        LlamaConfig, LlamaForCausalLM,
        dict(tie_word_embeddings=False, rms_norm_eps=1e-5, attention_bias=True, mlp_bias=True,
             rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0,
                                  high_freq_factor=4.0, original_max_position_embeddings=32)),
        torch.bfloat16, "1GB", 5,
    ),
    "mistral": (
        MistralConfig, MistralForCausalLM,
        dict(tie_word_embeddings=False, rms_norm_eps=1e-5, head_dim=16, sliding_window=8,
             rope_parameters=dict(rope_type="default", rope_theta=1000000.0)),
        torch.float16, "1GB", 4,
    ),
}  # fmt: skip

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<s>' + message['role'] + '\\n' + message['content'] + '</s>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<s>assistant\\n' }}{% endif %}"
)


def tokenizer():
    """Byte-level BPE of 128 tokens: four special ones, printable ASCII and the newline, and 28 merges."""
    specials = ["<unk>", "<s>", "</s>", "<pad>"]
    letters = [chr(code) for code in range(33, 127)] + ["Ġ", "Ċ"]
    pairs = "Ġ t,h e,Ġ a,i n,r e,o n,Ġt he,e r,a t,Ġ s,o u,Ġ o,n d,Ġ w,e n,i s,o r,Ġ b,in g,e s,Ġ c,a l,i t,Ġ f,Ġ p,a n,Ġ m,Ġa nd"
    merges = [tuple(pair.split(" ")) for pair in pairs.split(",")]
    vocab = {token: index for index, token in enumerate(specials + letters + ["".join(m) for m in merges])}
    assert len(vocab) == 128, len(vocab)
    inner = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    inner.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        clean_up_tokenization_spaces=False, model_max_length=128,
    )  # fmt: skip
    fast.chat_template = CHAT_TEMPLATE
    return fast


def fill(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        draw = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + 0.25 * draw
        elif parameter.dim() == 1:
            parameter.data = 0.5 * draw
        elif "embed_tokens" in name:
            parameter.data = 0.3 * draw
        else:
            parameter.data = draw * 1.2 * parameter.shape[1] ** -0.5


def restyle(path, style):
    """config.json as transformers 4 wrote it: what nearly every model on the Hub still has."""
    config = json.loads(path.read_text())
    if style == 4:
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
        config["torch_dtype"] = config.pop("dtype")
        config["transformers_version"] = "4.46.0"
    path.write_text(json.dumps(config, indent=2) + "\n")


def main():
    root = Path(sys.argv[1])
    for seed, (name, (config_class, model_class, own, dtype, shard, style)) in enumerate(MODELS.items()):
        folder = root / name
        torch.manual_seed(seed)
        model = model_class(config_class(**COMMON, **own))
        fill(model, seed)
        model.to(dtype).save_pretrained(folder, max_shard_size=shard)
        restyle(folder / "config.json", style)
        fast = tokenizer()
        fast.save_pretrained(folder)
        if (folder / "chat_template.jinja").exists() and style == 4:
            # transformers 4 kept the template inside tokenizer_config.json
            config = json.loads((folder / "tokenizer_config.json").read_text())
            config["chat_template"] = (folder / "chat_template.jinja").read_text()
            (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
            (folder / "chat_template.jinja").unlink()


if __name__ == "__main__":
    main()
