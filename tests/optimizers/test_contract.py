"""What every optimizer promises, for every row of the registry and every valid setting in it."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib.optimizers
from course_lib.optimizers import REGISTRY, Entry, Optimizer, Partition
from course_lib.optimizers.hyper import Spec
from tests.optimizers.common import (
    ENTRIES,
    GENERIC,
    close,
    configurations,
    end,
    every_array,
    gradients,
    lock,
    named,
    point,
    shapes,
    walk,
)


def all_optimizers() -> set[type[Optimizer]]:
    """Every public class of the package that is an optimizer; those that only share code begin with _.

    Classes that a docstring's example has made are not in their module.
    """
    for module in pkgutil.iter_modules(course_lib.optimizers.__path__):
        importlib.import_module(f"course_lib.optimizers.{module.name}")
    found, new = set(), {Optimizer}
    while new:
        new = {sub for cls in new for sub in cls.__subclasses__()} - found
        found |= new
    ours = {cls for cls in found if cls.__module__.startswith("course_lib.optimizers.")}
    kept = {cls for cls in ours if hasattr(sys.modules[cls.__module__], cls.__name__)}
    return {cls for cls in kept if not cls.__name__.startswith("_")}


def test_every_optimizer_has_a_row_and_a_public_name() -> None:
    assert all_optimizers() == {entry.cls for entry in ENTRIES}
    for name, entry in REGISTRY.items():
        assert getattr(course_lib.optimizers, name) is entry.cls
        assert name in course_lib.optimizers.__all__


def test_what_the_generic_tests_leave_out_has_its_own() -> None:
    left_out = {entry.name: entry.cls.needs for entry in ENTRIES if entry not in GENERIC}
    assert left_out == {"KFAC": ("layer_statistics",)}  # test_kfac.py


@pytest.mark.parametrize("entry", named(ENTRIES))
def test_docstring_has_its_parts(entry: Entry) -> None:
    doc = entry.cls.__doc__ or ""
    for part in (".. math::", "Args:", "Cost:", "When:", "Fails:", "Examples:", ">>> ", "Reference:"):
        assert part in doc, f"{entry.name}: no {part}"
    arguments = doc[doc.index("Args:") : doc.index("Cost:")]
    for name in entry.cls._specs:
        assert f"        {name}: " in arguments, f"{entry.name}: {name} is not explained"


@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_inputs_and_states_are_never_changed(entry: Entry, opt: Optimizer) -> None:
    for shape in shapes(entry):
        x = lock(point(shape))
        state = lock(opt.init(x))
        g = lock(gradients(shape, 12))
        for t in range(12):
            before = [a.tobytes() for a in (x, *every_array(state))], state.t
            new, after = next(walk(opt, x, g, state, first=t))
            opt.query(x, state), opt.output(x, state)
            assert ([a.tobytes() for a in (x, *every_array(state))], state.t) == before
            assert after.t == state.t + 1
            assert not any(np.shares_memory(new, a) for a in (g, *every_array(opt.init(x))))
            x, state = lock(np.array(new)), lock(after)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_dtype_and_shape_are_kept(entry: Entry, opt: Optimizer, dtype: Any) -> None:
    for shape in shapes(entry):
        for x, state in walk(opt, point(shape).astype(dtype), gradients(shape)):
            assert x.shape == shape
            assert {a.dtype for a in (x, *state.arrays.values()) if a.dtype.kind == "f"} == {np.dtype(dtype)}
            assert opt.query(x, state).dtype == opt.output(x, state).dtype == dtype
            assert np.isfinite(x).all()


def in_a_grid(entry: Entry, opt: Optimizer) -> tuple[Optimizer, list[tuple[Any, Optimizer]]]:
    """The optimizer with two fields spread over a (3, 2) grid, and each of its settings alone."""
    numbers = [n for n, s in type(opt)._specs.items() if not s.choices and not s.integer]
    rows, columns = (numbers * 2)[:2]
    values = {rows: spread(opt, rows, 3)[:, None]}
    values[columns] = spread(opt, columns, 2) if rows != columns else values[rows]
    alone = []
    for i in np.ndindex(3, 2):
        one = {n: float(np.broadcast_to(v, (3, 2))[i]) for n, v in values.items()}
        alone.append(((..., *i), opt.replace(**one)))
    return opt.replace(**values), alone


def spread(opt: Optimizer, name: str, count: int) -> np.ndarray:
    """A few allowed values around the present one."""
    spec, value = type(opt)._specs[name], getattr(opt, name)
    if spec.high == 1:
        return np.clip(value * np.linspace(0.5, 1, count), 0, 0.9999)
    return (value or 0.1) * np.linspace(0.3, 1, count)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_a_grid_is_each_run_alone(entry: Entry, opt: Optimizer, dtype: Any) -> None:
    if not any(not s.choices and not s.integer for s in type(opt)._specs.values()):
        return
    if not entry.takes_grid:
        with pytest.raises(ValueError, match=f"{entry.name} takes no grid"):
            in_a_grid(entry, opt)
        return
    grid, alone = in_a_grid(entry, opt)
    assert "3×" in repr(grid)
    for shape in shapes(entry):
        g = gradients(shape)
        x = np.broadcast_to(point(shape).astype(dtype)[..., None, None], (*shape, 3, 2)).copy()
        path = list(walk(grid, x, g))
        assert path[-1][0].dtype == dtype
        for name, array in grid.init(x).arrays.items():
            assert path[-1][1].arrays[name].shape == array.shape, f"{name} changes its shape"
        for i, single in alone:
            x, state = list(walk(single, point(shape).astype(dtype), g))[-1]
            close(path[-1][0][i], x, 1e-12 if dtype == np.float64 else 2e-3)
            close(grid.query(*path[-1])[i], single.query(x, state), 1e-12 if dtype == np.float64 else 2e-3)
            close(grid.output(*path[-1])[i], single.output(x, state), 1e-12 if dtype == np.float64 else 2e-3)


@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_a_grid_of_starts_is_each_run_alone(entry: Entry, opt: Optimizer) -> None:
    if not entry.takes_grid:
        with pytest.raises(ValueError, match=f"{entry.name} takes no grid"):
            opt.init(np.ones((4, 3, 5)), grid=1)
        return
    for shape in shapes(entry):
        g, starts = gradients(shape), np.stack([point(shape, seed) for seed in range(5)], -1)
        state = opt.init(starts, grid=1)
        x, after = list(walk(opt, starts, g, state=state))[-1]
        for name, array in state.arrays.items():
            assert after.arrays[name].shape == array.shape, f"{name} changes its shape"
        for i in range(5):
            close(x[..., i], end(opt, starts[..., i], g))


@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_a_run_saved_halfway_goes_on_the_same(entry: Entry, opt: Optimizer) -> None:
    for shape in shapes(entry):
        g = gradients(shape, 14)
        path = list(walk(opt, point(shape), g))
        x, state = path[6]
        for restored in (pickle.loads(pickle.dumps((opt, x, state))), copy.deepcopy((opt, x, state))):
            assert np.array_equal(end(restored[0], restored[1], g, state=restored[2], first=7), path[-1][0])


@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_no_gradient_no_move(entry: Entry, opt: Optimizer) -> None:
    if opt.hyper().get("weight_decay"):
        opt = opt.replace(weight_decay=0.0)
    for shape in shapes(entry):
        for start in (point(shape), np.zeros(shape)):
            x, state = start, opt.init(start)
            problem = Still()
            for _ in range(7):
                x, state = opt.step(x, state, problem)
                assert np.array_equal(x, start)
                assert np.array_equal(opt.output(x, state), start)
                assert all(np.isfinite(a).all() for a in state.arrays.values())


class Still:
    """A problem without slope."""

    def grad(self, p: np.ndarray, batch: Any = None) -> np.ndarray:
        return np.zeros_like(p)

    def loss(self, p: Any, batch: Any = None) -> Any:
        return 0.0

    def hessian(self, p: np.ndarray, batch: Any = None) -> np.ndarray:
        return np.zeros((p.size, p.size))

    def residuals(self, p: np.ndarray, batch: Any = None) -> np.ndarray:
        return np.zeros(p.size)

    def gauss_newton_product(self, p: np.ndarray, v: np.ndarray, batch: Any = None) -> np.ndarray:
        return np.zeros_like(v)

    def sampled(self, p: np.ndarray, batch: Any, rng: Any) -> Any:
        return range(3)

    def jacobian(self, p: np.ndarray, batch: Any = None) -> np.ndarray:
        return np.zeros((p.size, p.size))


@pytest.mark.parametrize("entry", named(GENERIC))
def test_memory_is_what_the_row_says(entry: Entry) -> None:
    x = point((12, 10) if entry.needs_matrix or entry.matrix_memory else (120,))
    opt = entry.cls()
    expected = entry.matrix_memory(12, 10) if entry.matrix_memory else entry.memory
    state = list(walk(opt, x, gradients(x.shape, 2)))[-1][1]
    assert sum(a.size for a in state.arrays.values() if a.size > 1) / x.size == pytest.approx(expected)


@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_a_dict_is_each_array_alone(entry: Entry, opt: Optimizer) -> None:
    """For rules of scope "all": is their concatenation."""
    if isinstance(opt, Partition) and list(opt.parts) != ["*"]:
        return  # by name: see test_wrappers.py
    parts: dict[str, tuple[int, ...]] = (
        {"W": (4, 3), "U": (2, 5)} if entry.needs_matrix else {"W": (4, 3), "b": (3,)}
    )
    x = {name: point(shape) for name, shape in parts.items()}
    g = [{name: gradients(shape)[t] for name, shape in parts.items()} for t in range(8)]
    together, state = list(walk(opt, x, g))[-1]
    assert together.keys() == parts.keys()
    if opt.scope == "all":
        flat = np.concatenate([part.ravel() for part in x.values()])
        slopes = np.stack([np.concatenate([part.ravel() for part in step.values()]) for step in g])
        whole = end(opt, flat, slopes)
        close(np.concatenate([part.ravel() for part in together.values()]), whole)
        return
    for name in parts:
        close(together[name], end(opt, x[name], np.stack([step[name] for step in g])), 0)
    assert opt.query(together, state).keys() == opt.output(together, state).keys() == parts.keys()


@pytest.mark.parametrize(
    ("entry", "opt"),
    configurations(e for e in GENERIC if "seed" not in e.cls._specs),  # draws stay where they are
)
def test_permuted_coordinates_take_permuted_steps(entry: Entry, opt: Optimizer) -> None:
    shape = shapes(entry)[-1]
    g, rows = gradients(shape), np.random.default_rng(0).permutation(shape[0])
    close(end(opt, point(shape)[rows], g[:, rows]), end(opt, point(shape), g)[rows], 1e-9)


@pytest.mark.parametrize(("entry", "opt"), configurations(e for e in ENTRIES if e.coordinatewise))
def test_coordinates_move_as_if_alone(entry: Entry, opt: Optimizer) -> None:
    if not opt.coordinatewise:  # a wrapper around one that is not
        return
    x, g = point((4, 3)), gradients((4, 3))
    close(end(opt, x[1:2, 2], g[:, 1:2, 2]), end(opt, x, g)[1:2, 2], 0)


@pytest.mark.parametrize("entry", named(e for e in ENTRIES if not e.needs_problem))
def test_wrong_gradients_are_named(entry: Entry) -> None:
    opt, x = entry.cls(), point((4, 3))
    with pytest.raises(ValueError, match=r"g has shape \(3, 4\).*shape of x, \(4, 3\)"):
        opt.update(x, np.ones((3, 4)), opt.init(x))
    model = {"W": x}
    for g in ({"V": x}, {}, x, {"W": x, "b": x}):
        with pytest.raises(ValueError, match=r"g must be a dict with the names of x, \['W'\]"):
            opt.update(model, g, opt.init(model))
    with pytest.raises(ValueError, match="g has shape"):
        opt.update(model, {"W": np.ones((3, 4))}, opt.init(model))


def refusals() -> list[Any]:
    return [
        pytest.param(entry, dict(setting), id=f"{entry.name}-{setting}")
        for entry in ENTRIES
        for setting in entry.invalid
    ]


@pytest.mark.parametrize(("entry", "setting"), refusals())
def test_invalid_settings_are_refused_in_words(entry: Entry, setting: dict[str, Any]) -> None:
    ((name, value),) = setting.items()
    with pytest.raises((ValueError, TypeError)) as caught:
        entry.cls(**setting)
    message = str(caught.value)
    assert message.startswith(f"{entry.name}: {name} = ")
    assert entry.cls._specs[name].allowed in message
    shown = repr(value) if isinstance(value, str) or value is None else f"{value}"
    assert shown in message


@pytest.mark.parametrize("entry", named(ENTRIES))
def test_every_field_is_refused_once_and_varied_once(entry: Entry) -> None:
    """The row must try each hyperparameter: with values to refuse and with others than the default."""
    specs = entry.cls._specs
    assert {name for setting in entry.invalid for name in setting} >= {
        n for n, s in specs.items() if s != FLAG
    }
    varied = {n for setting in entry.valid for n, v in setting.items() if v is not getattr(entry.cls(), n)}
    assert varied >= set(specs)


FLAG = Spec(choices=(False, True))


@pytest.mark.parametrize("entry", named(ENTRIES))
def test_kinds_are_refused(entry: Entry) -> None:
    for name, spec in entry.cls._specs.items():
        if spec.choices:
            continue
        for wrong in ("much", None, True, [0.1, "x"], 1j):
            with pytest.raises(TypeError, match=f"{entry.name}: {name} = .* is not a number"):
                entry.cls(**{name: wrong})
        if spec.integer:
            with pytest.raises(TypeError, match="is not a whole number"):
                entry.cls(**{name: 2.5})
        elif entry.takes_grid:
            bad = np.array([[getattr(entry.cls(), name), np.nan]])
            with pytest.raises(
                ValueError, match=rf"{entry.name}: {name} = nan \(in an array of shape \(1, 2\)\)"
            ):
                entry.cls(**{name: bad})


@pytest.mark.parametrize("entry", named(ENTRIES))
def test_shown_and_rebuilt(entry: Entry) -> None:
    for setting in ({}, *entry.valid):
        opt = entry.cls(**setting)
        assert repr(opt).startswith(f"{entry.name}(")
        assert repr(eval(repr(opt), vars(course_lib.optimizers))) == repr(opt)
        for name, value in setting.items():
            if not isinstance(value, (Optimizer, dict)):
                assert getattr(opt, name) == value
                assert opt.hyper()[name] == value
    with pytest.raises(AttributeError):
        opt.lr = 3.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        entry.cls(nonsense=1)
    with pytest.raises(TypeError, match="nonsense"):
        opt.replace(nonsense=1)


@pytest.mark.parametrize("entry", named(ENTRIES))
def test_sliders_stay_in_the_allowed_range(entry: Entry) -> None:
    for spec in entry.cls.specs().values():
        if not spec.choices:
            low, high = spec.slider
            assert spec.low <= low < high <= spec.high
            spec.clean("low", low), spec.clean("high", high)


@pytest.mark.parametrize(("entry", "opt"), configurations())
@given(eta=st.floats(0, 1))
def test_a_schedule_multiplies_lr(entry: Entry, opt: Optimizer, eta: float) -> None:
    if "lr" in opt.hyper():
        assert opt.at(eta).hyper()["lr"] == pytest.approx(eta * opt.hyper()["lr"])
    assert opt.at(1.0) is opt
    with pytest.raises(ValueError, match="schedule"):
        opt.at(-0.5)


@pytest.mark.parametrize(("entry", "opt"), configurations())
def test_no_rate_no_move(entry: Entry, opt: Optimizer) -> None:
    """A schedule may begin at 0: the step then changes nothing but the memory, and the next is finite."""
    x = point(shapes(entry)[0])
    new, state = next(walk(opt.at(0.0), x, gradients(x.shape)))
    still, _ = next(walk(opt.at(0.0), new, gradients(x.shape), state))
    assert np.array_equal(x, new) and np.array_equal(x, still)
    assert np.isfinite(end(opt, new, gradients(x.shape), state=state)).all()
