"""The reference side: runs jobs with transformers and peft in float32, and writes what came out.

    python reference.py JOBS.json

JOBS.json is a list of jobs (see JOBS at the end of this file), run in order in one process, so that a base is
loaded once. A base is {"folder": path} or {"gguf": path}. Logits go to raw little-endian float32 files
[rows, vocab]; everything else goes to one JSON file a job. This file knows nothing of oppu: run.ts compares.
"""

import json
import sys
import time
from pathlib import Path

import torch
from peft import (
    LoraConfig, PeftConfig, PeftModel, get_peft_config, get_peft_model, load_peft_weights, set_peft_model_state_dict,
)  # fmt: skip
from transformers import AutoModelForCausalLM, AutoTokenizer, get_linear_schedule_with_warmup

loaded = {}


def load_base(base, fresh=False):
    """The base in float32, in eval mode. `fresh` where the caller is going to change its weights."""
    key = json.dumps(base, sort_keys=True)
    if not fresh and key in loaded:
        return loaded[key]
    if "gguf" in base:
        path = Path(base["gguf"])
        model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    else:
        model = AutoModelForCausalLM.from_pretrained(base["folder"], dtype=torch.float32)
    model.eval()
    if not fresh:
        loaded[key] = model
    return model


def load_tokenizer(base):
    if "gguf" in base:
        path = Path(base["gguf"])
        return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    return AutoTokenizer.from_pretrained(base["folder"])


def config_of(job):
    """The configuration as transformers understands it, rotary frequencies included."""
    model = load_base(job["base"])
    rotary = model.model.rotary_emb
    return {"config": json.loads(model.config.to_json_string()), "inverseFrequencies": rotary.inv_freq.tolist()}


def encode(job):
    tokenizer = load_tokenizer(job["base"])
    return {"ids": [tokenizer.encode(text, add_special_tokens=False) for text in job["texts"]]}


@torch.no_grad()
def logits(job):
    """Logits at `rows` of each prompt (every position where there are none), and greedy continuations."""
    model = load_base(job["base"])
    peft = load_adapter(model, job["adapter"]) if "adapter" in job else None
    runner = (peft or model).eval()
    with open(job["logits"], "wb") as out:
        for index, prompt in enumerate(job["prompts"]):
            rows = job["rows"][index] if "rows" in job else list(range(len(prompt)))
            # Before the logits of the prompt stand those of virtual tokens, where an adapter has any.
            found = runner(torch.tensor([prompt])).logits[0][-len(prompt):]
            out.write(found[rows].contiguous().numpy().tobytes())
    follow = greedy_anew if is_prompt_learning(peft) else greedy
    result = {"greedy": follow(runner, job["prompts"], job["greedy"])} if job.get("greedy", 0) > 0 else {}
    if peft is not None:
        forget(model, peft)
    return result


def greedy(model, prompts, count):
    """`count` tokens of the highest logit for each prompt, never stopping early: one left-padded batch, with cache."""
    length = max(map(len, prompts))
    ids = torch.tensor([[0] * (length - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in prompts])
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    cache, out = None, []
    for _ in range(count):
        step = model(ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        cache = step.past_key_values
        ids = step.logits[:, -1].argmax(-1, keepdim=True)
        mask = torch.cat([mask, torch.ones_like(ids)], dim=-1)
        positions = positions[:, -1:] + 1
        out.append(ids)
    return torch.cat(out, dim=-1).tolist()


def greedy_anew(model, prompts, count):
    """The same for adapters that put something in front, each prompt read anew at every token: peft moves positions itself."""
    sequences = [list(prompt) for prompt in prompts]
    for _ in range(count):
        for sequence in sequences:
            sequence.append(int(model(torch.tensor([sequence])).logits[0, -1].argmax()))
    return [sequence[-count:] for sequence in sequences]


def is_prompt_learning(peft):
    return peft is not None and peft.active_peft_config.is_prompt_learning


def load_adapter(model, folder, trainable=False):
    """An adapter from its folder. Peft goes on training no prompt that it has read, so that one is made anew and filled."""
    config = PeftConfig.from_pretrained(folder)
    if not (trainable and config.is_prompt_learning):
        return PeftModel.from_pretrained(model, folder, is_trainable=trainable)
    config.inference_mode = False
    peft = get_peft_model(model, config)
    set_peft_model_state_dict(peft, load_peft_weights(folder))
    return peft


def forget(model, peft):
    """Takes the adapter off again; `unload` leaves its configuration behind, of which the next one would warn."""
    if not is_prompt_learning(peft):
        peft.unload()
    if hasattr(model, "peft_config"):
        del model.peft_config


def padded(examples):
    """Right-padded ids, attention mask and labels (-100 but for completions): the batch as PEFT's users make it."""
    length = max(len(e["prompt"]) + len(e["completion"]) for e in examples)
    ids, mask, labels = [], [], []
    for e in examples:
        full = e["prompt"] + e["completion"]
        pad = length - len(full)
        ids.append(full + [0] * pad)
        mask.append([1] * len(full) + [0] * pad)
        labels.append([-100] * len(e["prompt"]) + e["completion"] + [-100] * pad)
    return torch.tensor(ids), torch.tensor(mask), torch.tensor(labels)


def train(job):
    """Completion-only training: the loss of every step (mean over the step's label tokens) and its gradient norm.

    `batches` lists the examples of each step. With `adapter`, that adapter is trained on the frozen base;
    without, every weight of the base is.
    """
    settings = job["settings"]
    model = load_base(job["base"], fresh="adapter" not in job)
    if "adapter" in job:
        model = load_adapter(model, job["adapter"], trainable=True)
    model.train()
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    undecayed = [p for name, p in named if any(part in name for part in settings["undecayed"])]
    decayed = [p for name, p in named if not any(part in name for part in settings["undecayed"])]
    groups = [{"params": decayed, "weight_decay": settings["weightDecay"]}, {"params": undecayed, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(
        groups, lr=settings["learningRate"], betas=tuple(settings["betas"]), eps=settings["epsilon"]
    )
    schedule = get_linear_schedule_with_warmup(optimizer, settings["warmupSteps"], len(job["batches"]))
    losses, norms, rates = [], [], []
    started = time.monotonic()
    for batch in job["batches"]:
        ids, mask, labels = padded([job["examples"][index] for index in batch])
        output = model(input_ids=ids, attention_mask=mask).logits[:, -ids.shape[1] :]
        loss = torch.nn.functional.cross_entropy(output[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_([p for _, p in named], settings["maxGradientNorm"])))
        losses.append(float(loss.detach()))
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    seconds = time.monotonic() - started
    if "save" in job:
        model.save_pretrained(job["save"])
    if "adapter" in job:
        forget(load_base(job["base"]), model)
    return {"losses": losses, "gradientNorms": norms, "learningRates": rates, "seconds": seconds}


def make_adapter(job):
    """A new adapter as PEFT initialises it (B zero), or with B drawn too where `scaleB` is given."""
    torch.manual_seed(job["seed"])
    config = LoraConfig(
        r=job["rank"], lora_alpha=job["alpha"], target_modules=job["targets"], lora_dropout=0.0, task_type="CAUSAL_LM"
    )
    model = load_base(job["base"])
    peft = get_peft_model(model, config)
    if job.get("scaleB", 0) > 0:
        with torch.no_grad():
            for name, parameter in peft.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(0, job["scaleB"])
    peft.peft_config["default"].base_model_name_or_path = job["baseName"]
    peft.save_pretrained(job["save"])
    (Path(job["save"]) / "README.md").unlink(missing_ok=True)
    forget(model, peft)
    return {}


def make_method(job):
    """A new adapter of any of peft's kinds, as peft initialises it, or moved away from there where `moved` is true."""
    torch.manual_seed(job["seed"])
    model = load_base(job["base"])
    peft = get_peft_model(model, get_peft_config({**job["config"], "task_type": "CAUSAL_LM"}))
    if job["moved"]:
        with torch.no_grad():
            for name, parameter in peft.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(0, 0.2)
                elif "ia3_l" in name or "lora_magnitude_vector" in name:
                    parameter.mul_(1 + 0.3 * torch.randn(parameter.shape))
                elif "prompt_encoder" in name:
                    parameter.mul_(0.5)
    saved = peft.peft_config["default"]
    saved.base_model_name_or_path = job["baseName"]
    if getattr(saved, "tokenizer_name_or_path", None) is not None:
        saved.tokenizer_name_or_path = job["baseName"]
    peft.save_pretrained(job["save"])
    (Path(job["save"]) / "README.md").unlink(missing_ok=True)
    forget(model, peft)
    return {}


JOBS = {
    "config": config_of, "encode": encode, "logits": logits, "train": train, "adapter": make_adapter,
    "method": make_method,
}  # fmt: skip


def main():
    torch.manual_seed(0)
    for job in json.loads(Path(sys.argv[1]).read_text()):
        started = time.monotonic()
        result = JOBS[job["kind"]](job)
        print(f"{job['kind']}: {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
        if "result" in job:
            Path(job["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
