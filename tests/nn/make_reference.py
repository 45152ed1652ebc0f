"""Write ``reference.npz``: what PyTorch 2.13 gives for every layer and loss, in float64.

``python -m tests.nn.make_reference`` needs ``torch==2.13.0``; the tests need only the file.
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def main():
    """Run every case and save the arrays as ``case/name``."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    saved = {}

    def tensor(*shape):
        return torch.tensor(rng.normal(size=shape) * 2.0 + 0.5, requires_grad=True)

    def note(case, **arrays):
        for name, value in arrays.items():
            value = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
            saved[f"{case}/{name}"] = value

    def run(case, layer, x, call=None):
        for p in layer.parameters():
            with torch.no_grad():
                p.copy_(torch.tensor(rng.normal(size=tuple(p.shape)) + 0.3))
        note(case, **{f"state.{n}": v.clone() for n, v in layer.state_dict().items()})
        y = (call or layer)(x)
        grad = torch.tensor(rng.normal(size=tuple(y.shape)))  # never all ones
        y.backward(grad)
        note(case, x=x, y=y, grad=grad, grad_x=x.grad)
        note(case, **{f"grad.{n}": p.grad for n, p in layer.named_parameters()})
        note(case, **{f"after.{n}": v for n, v in layer.state_dict().items()})

    shapes = {"2d": (7, 4), "3d": (5, 4, 6), "4d": (3, 4, 5, 2)}
    for rank, shape in shapes.items():
        for mode in ("train", "eval"):
            for name, settings in {
                "": {},
                "cumulative": {"momentum": None},
                "plain": {"affine": False},
                "untracked": {"track_running_stats": False},
                "momentum": {"momentum": 0.7, "eps": 1e-3},
            }.items():
                kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)]
                layer = kind(4, **settings)
                for _ in range(3):  # running statistics of earlier batches
                    layer.train()(tensor(*shape).detach() * 3.0 + 1.0)
                layer.train(mode == "train")
                run(f"BatchNorm-{rank}-{mode}-{name}", layer, tensor(*shape))
        run(f"GroupNorm-{rank}", nn.GroupNorm(2, 4), tensor(*shape))
        run(f"GroupNorm-{rank}-plain", nn.GroupNorm(4, 4, affine=False), tensor(*shape))
        run(f"LayerNorm-{rank}", nn.LayerNorm(shape[-1]), tensor(*shape))
        run(f"LayerNorm-{rank}-all", nn.LayerNorm(shape[1:]), tensor(*shape))
        run(f"LayerNorm-{rank}-plain", nn.LayerNorm(shape[-1], elementwise_affine=False), tensor(*shape))
        run(f"RMSNorm-{rank}", nn.RMSNorm(shape[-1], eps=1e-6), tensor(*shape))
        run(f"RMSNorm-{rank}-all", nn.RMSNorm(shape[1:], eps=1e-6), tensor(*shape))
        run(f"Linear-{rank}", nn.Linear(shape[-1], 3), tensor(*shape))
        if len(shape) > 2:
            kind = nn.InstanceNorm1d if len(shape) == 3 else nn.InstanceNorm2d
            run(f"InstanceNorm-{rank}", kind(4), tensor(*shape))
            run(f"InstanceNorm-{rank}-affine", kind(4, affine=True), tensor(*shape))
        run(f"ReLU-{rank}", nn.ReLU(), tensor(*shape))
        run(f"GELU-{rank}", nn.GELU(), tensor(*shape))
        for temperature in (1.0, 0.3):
            x = tensor(*shape)
            y = F.softmax(x / temperature, dim=-1)
            grad = torch.tensor(rng.normal(size=shape))
            y.backward(grad)
            log = F.log_softmax(x / temperature, dim=-1)
            note(f"softmax-{rank}-{temperature}", x=x, y=y, grad=grad, grad_x=x.grad, log=log)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run("WeightNorm-2d", nn.utils.weight_norm(nn.Linear(4, 3)), tensor(6, 4))

    condition = nn.Linear(3, 8)
    x, c = tensor(5, 4), tensor(5, 3)

    def ada(x):
        scale, shift = condition(c).chunk(2, dim=-1)
        return F.layer_norm(x, (4,)) * (1 + scale) + shift

    run("AdaNorm-2d", condition, x, ada)
    note("AdaNorm-2d", c=c, grad_c=c.grad)

    for reduction in ("mean", "sum", "none"):
        for smoothing in (0.0, 0.2):
            for weighted in (False, True):
                for kind in ("classes", "ignored", "probabilities"):
                    x = tensor(6, 5)
                    weight = torch.tensor(rng.uniform(0.1, 2.0, 5)) if weighted else None
                    targets = torch.tensor(rng.integers(0, 5, 6))
                    if kind == "ignored":
                        targets[::2] = -100
                    if kind == "probabilities":
                        targets = torch.tensor(rng.dirichlet(np.ones(5), 6))
                    loss = F.cross_entropy(
                        x, targets, weight=weight, reduction=reduction, label_smoothing=smoothing
                    )
                    loss.sum().backward()
                    case = f"cross_entropy-{reduction}-{smoothing}-{weighted}-{kind}"
                    note(case, x=x, targets=targets, loss=loss, grad_x=x.grad)
                    if weighted:
                        note(case, weight=weight)

    for name, make in {
        "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
        "SGD-momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        "SGD-nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
    }.items():
        p = nn.Parameter(torch.tensor(rng.normal(size=(3, 2))))
        optimiser, grads = make([p]), rng.normal(size=(5, 3, 2))
        note(name, start=p.clone(), grads=grads)
        for grad in grads:
            p.grad = torch.tensor(grad)
            optimiser.step()
        note(name, end=p)
    np.savez_compressed(HERE / "reference.npz", **saved)


if __name__ == "__main__":
    main()
