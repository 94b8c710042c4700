"""
Ten updates of each optimizer by PyTorch and transformers, as JSON on stdout: test/fixtures/golden/optimizers.json.

    .venv/reference/bin/python test/reference/optimizers.py > test/fixtures/golden/optimizers.json

`adafactor` is transformers', set as its trainer sets it; `adafactor_torch` is PyTorch's, with its scaling by the
parameters' size pinned to 1 by the second epsilon, so that both must agree with ours. Lion is in neither: it is
written out from program 1 of the paper. The matrix is decayed and the vector is not, as trainers group them.
`schedules` are transformers' factors of the learning rate over 23 updates, 5 of them warm-up; `clipped` are PyTorch's
gradients of the first update, clipped to a norm of 0.3.
"""

import json
import math

import torch
from transformers import get_scheduler
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


def schedule(name):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = get_scheduler(name, optimizer, num_warmup_steps=5, num_training_steps=23)
    factors = []
    for _ in range(23):
        factors.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return factors


clipped = {name: torch.nn.Parameter(torch.zeros(shape)) for name, shape in SHAPES.items()}
for name, p in clipped.items():
    p.grad = torch.tensor(gradients[0][name]).reshape(SHAPES[name])
norm = torch.nn.utils.clip_grad_norm_(clipped.values(), 0.3).item()

print(
    json.dumps(
        {
            "learningRate": RATE,
            "weightDecay": DECAY,
            "shapes": SHAPES,
            "initial": initial,
            "gradients": gradients,
            "results": results,
            "schedules": {
                "linear": schedule("linear"),
                "cosine": schedule("cosine"),
                "constant": schedule("constant_with_warmup"),
            },
            "norm": norm,
            "clipped": {name: p.grad.flatten().tolist() for name, p in clipped.items()},
        }
    )
)
