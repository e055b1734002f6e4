"""`from_torch`: a PyTorch optimizer runs wherever one of this library runs."""

from __future__ import annotations

import copy
import importlib
import inspect
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from .foreign import ALONE, Arrays, Foreign, adopt, pick, runs_of, stacked

HIDDEN = ("foreach", "fused", "capturable", "differentiable", "maximize")
"""Settings of how torch computes, not what: they are passed on if given."""

_PLAIN = (type(None), bool, int, float, str)
_ONE_AT_A_TIME = threading.RLock()  # torch's default number type belongs to the whole process


def from_torch(source: Any, **settings: Any) -> Foreign:
    r"""Return a PyTorch optimizer as one that runs in every explorer, race, sweep and comparison of the course.

    Its settings become hyperparameters with sliders: ``lr`` and the rest by their names, pairs number by number
    (``betas`` is ``beta1`` and ``beta2``). It is pure like all optimizers here: before every step PyTorch is given
    copies of the parameters and of all it remembered, so two runs never disturb each other. float64 stays float64.

    A step costs some 0.2 ms, whatever PyTorch makes of it: for two numbers that is twenty times the course's own
    `Adam`, and the first step of all takes seconds, since PyTorch then loads its compiler. A grid of starts or seeds
    is one call where the rule works coordinate by coordinate; a grid of settings is run one by one.

    Args:
        source: a class, ``torch.optim.Adam``, from PyTorch or any package that builds on it; or its name in
            torch.optim, ``"Adam"``.
        settings: what the class takes beside the parameters, under its names or the course's. A learning rate schedule
            is given to `simulate` or `train`, as always.

    Returns:
        An optimizer. What it remembers has PyTorch's names (``exp_avg``), and is shown as zeros before the first step.

    Raises:
        ModuleNotFoundError: if a name is given and PyTorch is not installed.
        TypeError: for what is no class of optimizers, a setting that it does not have, or a class that takes more than
            one gradient a step (LBFGS) or only sparse ones (SparseAdam).
        ValueError: for a value that PyTorch or the course refuses.

    Examples:
        >>> from_torch(3)
        Traceback (most recent call last):
        TypeError: source is 3, but it must be a class such as torch.optim.Adam, or its name, "Adam"

        With PyTorch installed::

            import torch
            from course_lib.bridge import from_torch
            from course_lib.optimizers import Adam
            from course_lib.live import explore_path

            explore_path([from_torch(torch.optim.Adam, lr=0.1), Adam(lr=0.1)], "rosenbrock")

    Reference: A. Paszke et al., "PyTorch: an imperative style, high-performance deep learning library", NeurIPS 2019.
    """
    if isinstance(source, str):
        source = _named(source)
    if not (isinstance(source, type) and hasattr(source, "step") and hasattr(source, "add_param_group")):
        shown = (
            f"an instance of {type(source).__name__}" if hasattr(source, "param_groups") else f"{source!r}"
        )
        raise TypeError(
            f'source is {shown}, but it must be a class such as torch.optim.Adam, or its name, "Adam"'
        )
    closure = inspect.signature(source.step).parameters.get("closure")
    if closure is not None and closure.default is closure.empty:
        raise TypeError(
            f"{source.__name__} asks for the loss several times a step (it needs a closure), but an optimizer "
            f"here gets one gradient: course_lib.optimizers has LBFGS, and LineSearch for the length of its step"
        )
    return TorchOptimizer.of(source, settings)


class TorchOptimizer(Foreign):
    """A PyTorch optimizer: made anew for every step and given what it remembered."""

    @classmethod
    def of(cls, source: Any, settings: Mapping[str, Any]) -> Foreign:
        """Return it for a class, and find out whether it moves vectors or matrices only."""
        made = adopt(cls, source, settings, HIDDEN)
        error = made._refusal((2,))
        if error is not None:
            if made._refusal((2, 2)) is not None:
                raise TypeError(f"{made!r} takes no ordinary step. PyTorch says: {error}") from error
            type(made).needs_matrix = True
        return made

    def check(self) -> None:
        """Raise what PyTorch raises for these settings; see `of` for what a step needs."""
        runs = self.grid
        for run in np.ndindex(runs):
            try:
                with _number_type(np.dtype(float)):
                    self._made([_tensor(np.zeros((2, 2)))], self.call(run, runs))
            except ImportError as error:
                raise TypeError(str(error)) from error

    def begin(self, x: Arrays, axes: int) -> Any:
        """One thing for each run, or one for all: None, since PyTorch begins in its first step."""
        runs = runs_of(x, axes)
        return (None,) if self._together(axes) else (None,) * int(np.prod(runs))

    def advance(self, x: Arrays, g: Arrays, kept: Any, axes: int) -> tuple[Arrays, Any]:
        """Step run by run, or all at once."""
        if self._together(axes):
            new, after = self._step(x, g, kept[0], self.call())
            return new, (after,)
        runs = runs_of(x, axes)
        steps = [
            self._step(pick(x, run), pick(g, run), before, self.call(run, runs))
            for run, before in zip(np.ndindex(runs), kept, strict=True)
        ]
        return stacked([new for new, _ in steps], runs, x), tuple(after for _, after in steps)

    def averaged(self, x: Arrays, kept: Any, axes: int) -> Arrays:
        """What the optimizer's ``eval()`` makes of the parameters, if it has one (Schedule-Free)."""
        if not hasattr(self.source, "eval"):
            return x
        if self._together(axes):
            return self._evaluated(x, kept[0], self.call())
        runs = runs_of(x, axes)
        found = [
            self._evaluated(pick(x, run), tree, self.call(run, runs))
            for run, tree in zip(np.ndindex(runs), kept, strict=True)
        ]
        return stacked(found, runs, x)

    def watched(self, x: Arrays, kept: Any, axes: int) -> dict[str, Arrays]:
        """Everything remembered that is no single number; before the first step zeros of those shapes."""
        runs = () if self._together(axes) else runs_of(x, axes)
        if kept and kept[0] is None:
            still = {name: np.zeros_like(part) for name, part in x.items()}
            _, dry = self.advance(x, still, kept, axes)
            return {
                name: {key: np.zeros_like(array) for key, array in own.items()}
                for name, own in self.watched(x, dry, axes).items()
            }
        return {
            name: {
                key: _joined([tree["state"][k][key] for tree in kept], runs)
                for key, value in kept[0]["state"][k].items()
                if _is_tensor(value) and value.ndim
            }
            for k, name in enumerate(x)
        }

    # -- one run -----------------------------------------------------------------------------------------

    def _step(self, x: Arrays, g: Arrays, before: Any, settings: dict[str, Any]) -> tuple[Arrays, Any]:
        dtype = next(iter(x.values())).dtype
        with _number_type(dtype):
            tensors = [_tensor(part) for part in x.values()]
            for tensor, part in zip(tensors, g.values(), strict=True):
                tensor.grad = _tensor(part.astype(dtype, copy=False)).detach()
            optimizer = self._made(tensors, settings, before)
            optimizer.step()
        return _arrays(x, tensors), self._remembered(optimizer, tensors)

    def _evaluated(self, x: Arrays, before: Any, settings: dict[str, Any]) -> Arrays:
        with _number_type(next(iter(x.values())).dtype):
            tensors = [_tensor(part) for part in x.values()]
            self._made(tensors, settings, before).eval()
        return _arrays(x, tensors)

    def _made(self, tensors: list[Any], settings: dict[str, Any], before: Any = None) -> Any:
        """Return the PyTorch optimizer as it was left, with the settings as they are now."""
        optimizer = self.source(tensors, **settings)
        if hasattr(optimizer, "train"):  # Schedule-Free refuses to step before
            optimizer.train()
        if before is not None:
            for tensor, own in zip(tensors, before["state"], strict=True):
                optimizer.state[tensor] = _copied(own)
            optimizer.param_groups[0].update(_copied(before["group"]))
        return optimizer

    def _remembered(self, optimizer: Any, tensors: list[Any]) -> dict[str, Any]:
        settings = {"params", *HIDDEN, *(setting.theirs for setting in self.settings.names)}
        group = {key: value for key, value in optimizer.param_groups[0].items() if key not in settings}
        return {"state": [dict(optimizer.state[tensor]) for tensor in tensors], "group": group}

    # -- what it can ---------------------------------------------------------------------------------------

    def _refusal(self, shape: tuple[int, ...]) -> Exception | None:
        """Return what goes wrong in a step on parameters of a shape."""
        x = {ALONE: np.ones(shape)}
        first = self._with(
            **{name: getattr(self, name).flat[0] for name in self._arrays}, _arrays=(), grid=()
        )
        try:
            first._step(x, x, None, first.call())
        except Exception as error:
            return error
        return None

    def _together(self, axes: int) -> bool:
        """Whether one call serves a whole grid: no grid of settings, and a run in it goes as it goes alone."""
        if self._arrays:
            return False
        if not axes:
            return True
        if "_mixes" not in vars(self):
            vars(self)["_mixes"] = self._mixed()
        return not vars(self)["_mixes"]

    def _mixed(self) -> bool:
        x = {ALONE: np.array([[1.0, -2.0], [0.5, 3.0], [-0.1, 0.7]])}
        alone: list[Any] = [(pick(x, (run,)), None) for run in range(2)]
        together: tuple[Arrays, Any] = (x, None)
        for t, size in enumerate((1e-3, 1.0, 1e2, 1e-1, 10.0)):
            g = {ALONE: size * np.cos(1.7 * t + np.arange(6.0) ** 2).reshape(3, 2)}
            try:
                together = self._step(together[0], g, together[1], self.call())
                alone = [self._step(one, pick(g, (run,)), tree, self.call())
                         for run, (one, tree) in enumerate(alone)]  # fmt: skip
            except Exception:
                return True
            for run, (one, _) in enumerate(alone):
                if not np.allclose(together[0][ALONE][:, run], one[ALONE], rtol=1e-12, atol=1e-12):
                    return True
        return False


def _named(name: str) -> Any:
    """Return a class of torch.optim."""
    try:
        torch = importlib.import_module("torch")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"from_torch({name!r}) needs PyTorch, which is not installed here and not part of the course: "
            f"pip install torch"
        ) from error
    base = torch.optim.Optimizer
    known = {
        key
        for key, value in vars(torch.optim).items()
        if isinstance(value, type) and base in value.__mro__[1:]
    }
    if name not in known:
        raise TypeError(f"source = {name!r} is not in torch.optim: there are {', '.join(sorted(known))}")
    return getattr(torch.optim, name)


def _torch() -> Any:
    return sys.modules.get("torch") or importlib.import_module("torch")


@contextmanager
def _number_type(dtype: np.dtype) -> Iterator[None]:
    """Let PyTorch make its own numbers in a type, as NAdam does for a product of its momenta."""
    torch = _torch()
    with _ONE_AT_A_TIME:
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64 if dtype == np.float64 else torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


def _tensor(part: np.ndarray) -> Any:
    return _torch().tensor(part).requires_grad_()


def _is_tensor(value: Any) -> bool:
    return bool(_torch().is_tensor(value))


def _copied(value: Any) -> Any:
    """Return a copy of what an optimizer remembers."""
    if isinstance(value, _PLAIN):
        return value
    if _is_tensor(value):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(part) for part in value)
    return copy.deepcopy(value)


def _arrays(like: Arrays, tensors: list[Any]) -> Arrays:
    return {name: tensor.detach().numpy() for name, tensor in zip(like, tensors, strict=True)}


def _joined(tensors: list[Any], runs: tuple[int, ...]) -> np.ndarray:
    """Return a tensor of each run as one array ``(*shape, *runs)``."""
    wide = [
        tensor if tensor.dtype.itemsize > 2 else tensor.float() for tensor in tensors
    ]  # numpy has no bfloat16
    if not runs:
        return wide[0].numpy()
    return np.stack([tensor.numpy() for tensor in wide], -1).reshape(*wide[0].shape, *runs)
