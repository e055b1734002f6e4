"""A module like the part of PyTorch that the bridge touches, with optimizers that show how they are treated."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import numpy as np

float32, float64 = np.dtype(np.float32), np.dtype(np.float64)
_default = [float32]


def get_default_dtype() -> Any:
    return _default[0]


def set_default_dtype(dtype: Any) -> None:
    _default[0] = dtype


class Tensor:
    """An array that is changed in place."""

    def __init__(self, data: Any) -> None:
        self.data, self.grad = data, None

    dtype = property(lambda self: self.data.dtype)
    ndim = property(lambda self: self.data.ndim)
    shape = property(lambda self: self.data.shape)

    def requires_grad_(self) -> Tensor:
        return self

    def detach(self) -> Tensor:
        return self

    def clone(self) -> Tensor:
        return Tensor(self.data.copy())

    def numpy(self) -> np.ndarray:
        return self.data


def tensor(value: Any) -> Tensor:
    return Tensor(np.array(value, dtype=None if isinstance(value, (np.ndarray, np.generic)) else _default[0]))


def is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


class Optimizer:
    """As in PyTorch: groups of parameters with their settings, and a state for each parameter."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults, self.param_groups, self.state = defaults, [], defaultdict(dict)
        self.add_param_group({"params": list(params)})

    def add_param_group(self, group: dict[str, Any]) -> None:
        self.param_groups.append(self.defaults | group)

    def step(self, closure: Any = None) -> None:
        group = self.param_groups[0]
        for p in group["params"]:
            self.one(p, self.state[p], group)

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError


class Heavy(Optimizer):
    """Momentum, and careless with the gradient it is given."""

    def __init__(
        self,
        params: Any,
        lr: float = 0.01,
        momentum: float = 0,
        weight_decay: float = 0,
        *,
        foreach: Any = None,
    ) -> None:
        if momentum == 0.123:
            raise ValueError("Invalid momentum: 0.123")
        super().__init__(params, {"lr": lr, "momentum": momentum, "foreach": foreach})

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state.setdefault("step", tensor(0.0)).data += 1
        buffer = state.setdefault("momentum_buffer", Tensor(np.zeros_like(p.data)))
        buffer.data *= group["momentum"]
        buffer.data += p.grad.data
        p.data -= group["lr"] * buffer.data
        p.grad.data *= 0


class Counted(Heavy):
    """Counts its steps."""

    calls = 0

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        Counted.calls += 1
        super().one(p, state, group)


class Corrected(Optimizer):
    """Adam, with the product of its decays kept in PyTorch's own number type, as NAdam does."""

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999)) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "taken": 0})

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        group["taken"] += 1
        for name in ("exp_avg", "exp_avg_sq"):
            state.setdefault(name, Tensor(np.zeros_like(p.data)))
        product = state.setdefault("product", tensor(1.0))
        product.data *= beta1
        state["exp_avg"].data += (1 - beta1) * (p.grad.data - state["exp_avg"].data)
        state["exp_avg_sq"].data += (1 - beta2) * (p.grad.data**2 - state["exp_avg_sq"].data)
        v_hat = state["exp_avg_sq"].data / (1 - beta2 ** group["taken"])
        p.data -= group["lr"] * state["exp_avg"].data / (1 - product.data) / (np.sqrt(v_hat) + 1e-8)


class Normalised(Optimizer):
    """Its norm mixes the runs of a grid."""

    def __init__(self, params: Any, lr: float = 0.01) -> None:
        super().__init__(params, {"lr": lr})

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        p.data -= group["lr"] * p.grad.data / (np.sqrt(np.sum(p.grad.data**2)) + 1e-12)


class Shared(Optimizer):
    """One number for all parameters together, kept in the group."""

    def __init__(self, params: Any, lr: float = 0.01) -> None:
        super().__init__(params, {"lr": lr, "d": 1e-6})

    def step(self, closure: Any = None) -> None:
        group = self.param_groups[0]
        group["d"] += sum(float(np.sum(p.grad.data**2)) for p in group["params"])
        for p in group["params"]:
            p.data -= group["lr"] * p.grad.data / np.sqrt(group["d"])


class Averaging(Optimizer):
    """Shows one point to the gradient and another to the user, and must be told which."""

    def __init__(self, params: Any, lr: float = 0.01) -> None:
        super().__init__(params, {"lr": lr, "train_mode": False})

    def train(self) -> None:
        self.param_groups[0]["train_mode"] = True

    def eval(self) -> None:
        for p in self.param_groups[0]["params"]:
            p.data[...] = self.state[p]["mean"].data

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        assert group["train_mode"]
        p.data -= group["lr"] * p.grad.data
        mean = state.setdefault("mean", Tensor(np.zeros_like(p.data)))
        n = state["n"] = state.get("n", 0) + 1
        mean.data += (p.data - mean.data) / n


class Matrices(Heavy):
    """Takes matrices only, as Muon does."""

    def __init__(self, params: Any, lr: float = 0.01) -> None:
        super().__init__(params, lr)
        for p in self.param_groups[0]["params"]:
            if p.ndim != 2:
                raise ValueError(
                    f"only supports 2D parameters whereas we found a parameter with size: {p.shape}"
                )


class Searching(Heavy):
    """Asks for the loss, as LBFGS does."""

    def step(self, closure: Any) -> None:  # type: ignore[override]
        raise AssertionError


class Sparse(Heavy):
    """Refuses an ordinary gradient, as SparseAdam does."""

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise RuntimeError("Sparse does not support dense gradients")


class Broken(Heavy):
    """Fails in its third step."""

    def one(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        super().one(p, state, group)
        if state["step"].data == 3:
            raise RuntimeError("out of luck")


optim = SimpleNamespace(
    Optimizer=Optimizer, Heavy=Heavy, Corrected=Corrected, Searching=Searching, functional=None
)
