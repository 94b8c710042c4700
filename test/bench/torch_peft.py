"""PyTorch with transformers and peft as people run it: padded batches, logits of every token, one batch a step."""

import peer
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


def padded(examples):
    """Right-padded ids, attention mask, and labels (-100 but for the completion)."""
    length = max(len(e["prompt"]) + len(e["completion"]) for e in examples)
    ids, mask, labels = [], [], []
    for e in examples:
        full = e["prompt"] + e["completion"]
        pad = [0] * (length - len(full))
        ids.append(full + pad)
        mask.append([1] * len(full) + pad)
        labels.append([-100] * len(e["prompt"]) + e["completion"] + [-100] * len(pad))
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), "labels": torch.tensor(labels)}


def prepare(job):
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    model = PeftModel.from_pretrained(model, job["adapter"], is_trainable=True)
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    s = job["settings"]
    optimizer = torch.optim.AdamW(
        parameters, lr=s["learningRate"], betas=(s["beta1"], s["beta2"]), eps=s["epsilon"], weight_decay=s["weightDecay"]
    )

    def step(examples):
        loss = model(**padded(examples)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, s["maxGradientNorm"])
        optimizer.step()
        optimizer.zero_grad()
        return float(loss.detach())

    return step


if __name__ == "__main__":
    job = peer.read_job()
    peer.serve(job, prepare)
