"""
Ten updates of each optimizer by PyTorch and transformers, as JSON on stdout: test/fixtures/golden/optimizers.json.

    .venv/reference/bin/python test/reference/optimizers.py > test/fixtures/golden/optimizers.json

`adafactor` is transformers', set as its trainer sets it; `adafactor_torch` is PyTorch's, with its scaling by the
parameters' size pinned to 1 by the second epsilon, so that both must agree with ours. Lion is in neither: it is
written out from program 1 of the paper. The matrix is decayed and the vector is not, as trainers group them.
"""

import json
import math

import torch
from transformers.optimization import Adafactor

STEPS, RATE, DECAY = 10, 0.03, 0.1
SHAPES = {"matrix": [3, 4], "vector": [5]}


def value(seed, i):
    return math.sin(seed * 12.9898 + i * 78.233) * (1.5 if i % 3 else 0.01)


def tensor(seed, shape):
    count = math.prod(shape)
    return torch.tensor([value(seed, i) for i in range(count)], dtype=torch.float32).reshape(shape)


class Lion(torch.optim.Optimizer):
    def __init__(self, groups, lr, betas):
        super().__init__(groups, {"lr": lr, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = m.lerp(p.grad, 1 - beta1).sign()
                p.sub_(group["lr"] * (update + group["weight_decay"] * p))
                m.lerp_(p.grad, 1 - beta2)


def run(make):
    parameters = {name: tensor(seed, shape).requires_grad_() for seed, (name, shape) in enumerate(SHAPES.items(), 1)}
    groups = [
        {"params": [parameters["matrix"]], "weight_decay": DECAY},
        {"params": [parameters["vector"]], "weight_decay": 0.0},
    ]
    optimizer = make(groups)
    after = []
    for step in range(STEPS):
        for seed, (name, p) in enumerate(parameters.items()):
            p.grad = tensor(100 + 10 * step + seed, SHAPES[name])
        optimizer.step()
        after.append({name: p.flatten().tolist() for name, p in parameters.items()})
    return after


initial = {name: tensor(seed, shape).flatten().tolist() for seed, (name, shape) in enumerate(SHAPES.items(), 1)}
gradients = [
    {name: tensor(100 + 10 * step + seed, shape).flatten().tolist() for seed, (name, shape) in enumerate(SHAPES.items())}
    for step in range(STEPS)
]
results = {
    "adamw": run(lambda groups: torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.999), eps=1e-8)),
    "lion": run(lambda groups: Lion(groups, lr=RATE, betas=(0.9, 0.99))),
    "adafactor": run(lambda groups: Adafactor(groups, lr=RATE, scale_parameter=False, relative_step=False)),
    "adafactor_torch": run(lambda groups: torch.optim.Adafactor(groups, lr=RATE, eps=(1e-15, 1.0), d=1.0)),
}
print(json.dumps({"learningRate": RATE, "weightDecay": DECAY, "shapes": SHAPES, "initial": initial, "gradients": gradients, "results": results}))
