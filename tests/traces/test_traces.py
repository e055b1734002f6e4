"""The committed traces are complete, consistent and small."""

from __future__ import annotations

import numpy as np
import pytest

from .loader import FOLDER, cases

ALL = cases() + cases("newton_schulz")


def test_names_are_unique() -> None:
    assert len({case.name for case in ALL}) == len(ALL)


@pytest.mark.parametrize("optimizer", sorted({case.optimizer for case in ALL}))
def test_cases_are_consistent(optimizer: str) -> None:
    for case in cases(optimizer):
        length, *shape = case.gradients.shape
        assert case.x.shape == (len(case.steps), *shape), case
        assert case.x0.shape == tuple(shape), case
        assert case.steps[-1] == length, case
        assert all(array.dtype == np.float64 for array in (case.x, case.x0, case.gradients)), case
        assert all(np.isfinite(array).all() for array in (case.x, case.x0, case.gradients)), case
        assert case.compare in {"x", "query", "output", "value"}, case
        assert case.tolerance == 1e-12 or "tolerance" in case.note, case
        assert case.schedule is None or case.schedule.shape == (length,), case
        assert case.error(case.x) == 0.0, case


@pytest.mark.parametrize("optimizer", sorted({case.optimizer for case in ALL}))
def test_three_settings_that_differ_everywhere(optimizer: str) -> None:
    """Three settings of every variant (what words, booleans and thresholds choose), no value the same in all."""
    settings: dict[str, list[dict[str, object]]] = {}
    for case in cases(optimizer):
        words = {k: v for k, v in case.hyper.items() if isinstance(v, (str, bool)) or k == "threshold"}
        numbers = {k: v for k, v in case.hyper.items() if k not in words}
        group = settings.setdefault(f"{words} {case.peer}", [])
        if numbers not in group:
            group.append(numbers)
    for group in settings.values():
        assert len(group) >= 3
        for name in group[0]:
            assert len({repr(numbers[name]) for numbers in group}) >= 2, name


def test_no_rule_is_known_by_a_wrong_name() -> None:
    with pytest.raises(KeyError, match=r"there are: .*Adam"):
        cases("adam")


def test_the_data_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 3_000_000
