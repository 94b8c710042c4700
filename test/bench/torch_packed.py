"""The best PyTorch that we can write by hand for the same step: what the engine has to beat.

Tokens are packed without padding; attention runs a sequence at a time over views of the packed rows; logits, and the
last layer's feed-forward part, are of the labels' rows only. Nothing is left to autograd: frozen weights need only the
product back to their input, so the backward pass is written out and keeps nothing that it does not use. Products go
to oneDNN, which is faster here than the MKL that torch.mm calls. LoRA rides along in 2 r more columns of the weight of q,
k and v, so it costs no pass over the activations of its own. What lies between products is fused by torch.compile
where there is a C++ compiler. With "sharePrefix", tokens that all sequences of a pass begin with are computed once.
"""

import json
import shutil
from pathlib import Path

import peer
import torch
import torch.nn.functional as F
from safetensors import safe_open

product = torch.ops.mkldnn._linear_pointwise.default
product_and_sum = torch.ops.mkldnn._linear_pointwise.binary
attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default
attention_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default
fused = torch.compile(dynamic=True) if shutil.which("g++") else lambda function: function


def linear(x, weight, added=None):
    """x [rows, in], weight [out, in] -> [rows, out], `added` included; give weight.t() for the way back."""
    if added is None:
        return product(x, weight, None, "none", [], "")
    return product_and_sum(x, added, weight, None, "add")


@fused
def rms_norm(x, weight, eps: float):
    rate = torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)
    return x * rate * weight


@fused
def rms_norm_to(out, x, weight, eps: float):
    rate = torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)
    out.copy_(x * rate * weight)


@fused
def rms_norm_backward(gradient, x, weight, eps: float, residual):
    rate = torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)
    unit, g = x * rate, gradient * weight
    return rate * (g - unit * (g * unit).mean(-1, keepdim=True)) + residual


@fused
def swiglu(gate_up):
    gate, up = gate_up.chunk(2, -1)
    return gate * torch.sigmoid(gate) * up


@fused
def swiglu_backward(gradient, gate_up):
    gate, up = gate_up.chunk(2, -1)
    sigmoid = torch.sigmoid(gate)
    slope = sigmoid * (1 + gate * (1 - sigmoid))
    return torch.cat((gradient * up * slope, gradient * gate * sigmoid), -1)


@fused
def rotate(x, cos, sin):
    """In place. x [rows, heads, dim], cos and sin [rows, 1, dim/2]; a negative sine turns back."""
    a, b = x.chunk(2, -1)
    x.copy_(torch.cat((a * cos - b * sin, b * cos + a * sin), -1))


class Pass:
    """Sequences one after the other, behind the prefix that they share (0 tokens where they share none)."""

    def __init__(self, examples, prefix):
        tokens = examples[0]["prompt"][:prefix]
        positions = list(range(prefix))
        rows, targets, self.spans, self.prefix = [], [], [], prefix
        for e in examples:
            full = e["prompt"] + e["completion"]
            start = len(tokens)
            tokens += full[prefix:-1]
            positions += range(prefix, len(full) - 1)
            self.spans.append((start, len(tokens)))
            first = start + len(e["prompt"]) - 1 - prefix
            rows += range(first, len(tokens))
            targets += e["completion"]
        self.tokens, self.positions = torch.tensor(tokens), torch.tensor(positions)
        self.rows, self.targets = torch.tensor(rows), torch.tensor(targets)


def shared_prefix(examples):
    length = min(len(e["prompt"]) for e in examples) - 1
    first = examples[0]["prompt"]
    for e in examples:
        while e["prompt"][:length] != first[:length]:
            length -= 1
    return length


def pack(examples, limit, prefix):
    """First fit, longest first."""
    bins = []
    for e in sorted(examples, key=lambda e: -len(e["prompt"]) - len(e["completion"])):
        length = len(e["prompt"]) + len(e["completion"]) - 1 - prefix
        chosen = next((b for b in bins if b["free"] >= length), None)
        if chosen is None:
            chosen = {"free": limit - prefix, "examples": []}
            bins.append(chosen)
        chosen["free"] -= length
        chosen["examples"].append(e)
    return [Pass(b["examples"], prefix) for b in bins]


class Model:
    def __init__(self, folder, rank, scaling):
        config = json.loads((folder / "config.json").read_text())
        self.hidden, self.eps = config["hidden_size"], config["rms_norm_eps"]
        self.heads, self.kv_heads, self.dim = (
            config["num_attention_heads"],
            config["num_key_value_heads"],
            config["head_dim"],
        )
        self.q, self.k = self.heads * self.dim, self.kv_heads * self.dim
        self.rank, self.scaling = rank, scaling
        frequencies = config["rope_theta"] ** (-torch.arange(0, self.dim, 2) / self.dim)
        angles = torch.outer(torch.arange(config["max_position_embeddings"]), frequencies)
        self.cos, self.sin = angles.cos()[:, None], angles.sin()[:, None]
        self.layers = []
        with safe_open(folder / "model.safetensors", "pt") as file:
            # Clones, so that the file is not kept in memory beside what is joined here.
            self.embedding = file.get_tensor("model.embed_tokens.weight").clone()
            self.head = self.embedding if config["tie_word_embeddings"] else file.get_tensor("lm_head.weight").clone()
            self.norm = file.get_tensor("model.norm.weight").clone()
            for index in range(config["num_hidden_layers"]):
                get = lambda name: file.get_tensor(f"model.layers.{index}.{name}.weight").clone()
                qkv = torch.cat([get(f"self_attn.{name}_proj") for name in "qkv"])
                self.layers.append(
                    {
                        "qkv": F.pad(qkv, (0, 2 * rank)),
                        "o": get("self_attn.o_proj"),
                        "gate_up": torch.cat([get("mlp.gate_proj"), get("mlp.up_proj")]),
                        "down": get("mlp.down_proj"),
                        "norm1": get("input_layernorm"),
                        "norm2": get("post_attention_layernorm"),
                    }
                )

    def set_adapter(self, down, up):
        """down [layers, 2 rank, hidden], up [layers, q + v rows, rank]: factors A and B, of q first."""
        self.down = down
        for layer, b in zip(self.layers, up):
            layer["qkv"][: self.q, self.hidden : -self.rank] = self.scaling * b[: self.q]
            layer["qkv"][self.q + self.k :, -self.rank :] = self.scaling * b[self.q :]

    def normed(self, index, x):
        """The input of q, k and v: the norm's result, and beside it the product with A. [rows, hidden + 2 rank]"""
        a = torch.empty(len(x), self.hidden + 2 * self.rank)
        rms_norm_to(a[:, : self.hidden], x, self.layers[index]["norm1"], self.eps)
        torch.mm(a[:, : self.hidden], self.down[index].t(), out=a[:, self.hidden :])
        return a

    def heads_of(self, qkv, start, end):
        """Views [1, heads, rows, dim] of q, k and v."""
        rows = qkv[start:end]
        parts = rows.split((self.q, self.k, self.k), -1)
        return [part.view(1, end - start, -1, self.dim).transpose(1, 2) for part in parts]

    def attend(self, batch, qkv):
        """Out [rows, q], and what the way back needs: the logarithms of the softmax's sums, a span each."""
        out = torch.empty(len(qkv), self.q)
        sums, prefix = [], batch.prefix
        spans = ([(0, prefix)] if prefix else []) + batch.spans
        for start, end in spans:
            o, total = attention(*self.heads_of(qkv, start, end), 0.0, True)
            out[start:end] = o.transpose(1, 2).view(end - start, -1)
            sums.append(total)
        if prefix:
            q = self.heads_of(qkv, prefix, len(qkv))[0]
            o, total = attention(q, *self.heads_of(qkv, 0, prefix)[1:], 0.0, False)
            own = torch.cat(sums[1:], -1)
            both = torch.logaddexp(own, total)
            weight = lambda part: (part - both).exp_().transpose(1, 2).unsqueeze(-1)
            mixed = out[prefix:].view(1, -1, self.heads, self.dim)
            mixed.mul_(weight(own)).addcmul_(o.transpose(1, 2), weight(total))
            sums = [sums[0], *both.split([end - start for start, end in batch.spans], -1)]
        return out, sums

    def attend_backward(self, batch, gradient, qkv, out, sums):
        result = torch.empty_like(qkv)
        prefix = batch.prefix
        spans = ([(0, prefix)] if prefix else []) + batch.spans
        view = lambda x, start, end: x[start:end].view(1, end - start, -1, self.dim).transpose(1, 2)
        for (start, end), total in zip(spans, sums):
            parts = attention_backward(
                view(gradient, start, end), *self.heads_of(qkv, start, end), view(out, start, end), total, 0.0, True
            )
            for to, part in zip(self.heads_of(result, start, end), parts):
                to.copy_(part)
        if prefix:
            end = len(qkv)
            q = self.heads_of(qkv, prefix, end)[0]
            keys, values = self.heads_of(qkv, 0, prefix)[1:]
            total = torch.cat(sums[1:], -1)
            parts = attention_backward(
                view(gradient, prefix, end), q, keys, values, view(out, prefix, end), total, 0.0, False
            )
            self.heads_of(result, prefix, end)[0].add_(parts[0])
            for to, part in zip(self.heads_of(result, 0, prefix)[1:], parts[1:]):
                to.add_(part)
        return result

    def run(self, batch, scale, down_gradient, up_gradient):
        """Adds the gradients of scale * (sum of the labels' losses) to the given, and returns that loss."""
        cos, sin = self.cos[batch.positions], self.sin[batch.positions]
        turned = (self.heads + self.kv_heads, self.dim)
        kept = []
        last = len(self.layers) - 1
        x = self.embedding[batch.tokens]
        for index, layer in enumerate(self.layers):
            qkv = linear(self.normed(index, x), layer["qkv"])
            rotate(qkv[:, : self.q + self.k].unflatten(-1, turned), cos, sin)
            out, sums = self.attend(batch, qkv)
            if index == last:
                middle = linear(out[batch.rows], layer["o"], x[batch.rows])
            else:
                middle = linear(out, layer["o"], x)
            gate_up = linear(rms_norm(middle, layer["norm2"], self.eps), layer["gate_up"])
            kept.append((x, qkv, out, sums, middle, gate_up))
            x = linear(swiglu(gate_up), layer["down"], middle)
        loss, gradient = self.loss(x, batch.targets, scale)
        for index in range(last, -1, -1):
            layer = self.layers[index]
            x, qkv, out, sums, middle, gate_up = kept.pop()
            g = swiglu_backward(linear(gradient, layer["down"].t()), gate_up)
            g = linear(g, layer["gate_up"].t())
            gradient = rms_norm_backward(g, middle, layer["norm2"], self.eps, gradient)
            g = linear(gradient, layer["o"].t())
            if index == last:
                g = torch.zeros_like(out).index_copy_(0, batch.rows, g)
                gradient = torch.zeros_like(x).index_copy_(0, batch.rows, gradient)
            g = self.attend_backward(batch, g, qkv, out, sums)
            rotate(g[:, : self.q + self.k].unflatten(-1, turned), cos, -sin)
            a = self.normed(index, x)
            up = torch.mm(g.t(), a[:, self.hidden :])
            up_gradient[index, : self.q].add_(up[: self.q, : self.rank], alpha=self.scaling)
            up_gradient[index, self.q :].add_(up[self.q + self.k :, self.rank :], alpha=self.scaling)
            if index == 0:
                h = torch.mm(g, layer["qkv"][:, self.hidden :])
                down_gradient[index].addmm_(h.t(), a[:, : self.hidden])
                break
            g = linear(g, layer["qkv"].t())
            h = g[:, self.hidden :].contiguous()
            down_gradient[index].addmm_(h.t(), a[:, : self.hidden])
            g = g[:, : self.hidden].addmm_(h, self.down[index])
            gradient = rms_norm_backward(g, x, layer["norm1"], self.eps, gradient)
        return loss

    def loss(self, x, targets, scale):
        """The scaled loss and its gradient at x, logits made 256 rows at a time."""
        normed = rms_norm(x, self.norm, self.eps)
        loss, gradients = 0.0, []
        for rows, wanted in zip(normed.split(256), targets.split(256)):
            logits = linear(rows, self.head)
            total = logits.logsumexp(-1, keepdim=True)
            loss += float((total - logits.gather(1, wanted[:, None])).sum()) * scale
            logits.sub_(total).exp_()
            logits[torch.arange(len(wanted)), wanted] -= 1
            gradients.append(linear(logits, self.head.t()).mul_(scale))
        zero = torch.zeros(1)
        return loss, rms_norm_backward(torch.cat(gradients), x, self.norm, self.eps, zero)


def read_adapter(folder, layers):
    """PEFT's files: factors A [layers, 2 rank, hidden] and B [layers, q + v rows, rank]."""
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        name = "base_model.model.model.layers.{}.self_attn.{}_proj.lora_{}.weight"
        both = lambda index, factor: [file.get_tensor(name.format(index, module, factor)) for module in "qv"]
        return [torch.stack([torch.cat(both(index, factor)) for index in range(layers)]) for factor in "AB"]


def prepare(job):
    torch.set_grad_enabled(False)
    adapter = Path(job["adapter"])
    config = json.loads((adapter / "adapter_config.json").read_text())
    model = Model(Path(job["model"]), config["r"], config["lora_alpha"] / config["r"])
    parameters = read_adapter(adapter, len(model.layers))
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    s = job["settings"]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=s["learningRate"],
        betas=(s["beta1"], s["beta2"]),
        eps=s["epsilon"],
        weight_decay=s["weightDecay"],
        fused=True,
    )

    def step(examples):
        model.set_adapter(*parameters)
        labels = sum(len(e["completion"]) for e in examples)
        prefix = shared_prefix(examples) if job["sharePrefix"] else 0
        gradients = [parameter.grad.zero_() for parameter in parameters]
        loss = 0.0
        for batch in pack(examples, job["passTokens"], prefix):
            loss += model.run(batch, 1 / labels, *gradients)
        torch.nn.utils.clip_grad_norm_(parameters, s["maxGradientNorm"])
        optimizer.step()
        return loss

    return step


if __name__ == "__main__":
    peer.serve(peer.read_job(), prepare)
