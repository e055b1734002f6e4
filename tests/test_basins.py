"""Basins: where runs from a mesh of starts end, and since when."""

import numpy as np
import pytest

from course_lib.optimizers import (
    KFAC,
    SAM,
    Adam,
    GaussNewton,
    GradientDescent,
    LineSearch,
    Momentum,
    Newton,
)
from course_lib.running import ELSEWHERE, GONE, MAXIMUM, SADDLE, basins, simulate
from course_lib.running.basins import everywhere, mesh_of_starts, settled_in
from course_lib.surfaces import Surface, surface

DEAR = (Newton(), Newton(form="saddle_free", lr=0.7), Newton(lr=1.9), LineSearch(GradientDescent(lr=0.3)))


@pytest.mark.parametrize("opt", [*DEAR, GradientDescent(lr=0.02), Adam(lr=0.1)], ids=str)
@pytest.mark.parametrize("name", ["himmelblau", "double_well", "rosenbrock", "pseudo_huber"])
def test_every_start_is_run_as_simulate_runs_it(opt, name):
    ground = surface(name)
    points = everywhere(opt, ground, 40, 12)
    whole = simulate(opt, ground, 40, mesh_of_starts(ground, 12)).points
    sound = np.isfinite(whole).all(axis=(0, 1))
    np.testing.assert_array_equal(points[:, :, sound], whole[:, :, sound])
    assert not np.isfinite(points[-1][:, ~sound]).all(axis=0).any()


def test_ends_and_times_are_those_of_single_runs():
    """Told once more by a loop that knows nothing of grids."""
    ground, opt = surface("himmelblau"), GradientDescent(lr=0.012)
    found = basins(opt, ground, steps=60, n=9)
    starts = mesh_of_starts(ground, 9)
    for i, j in np.ndindex(9, 9):
        path = simulate(opt, ground, 60, starts[:, i, j])
        far = np.linalg.norm(path.points[:, None] - found.minima, axis=2)
        k = far[-1].argmin()
        inside = far[:, k] <= 0.02 * 12
        since = 60
        while since > 0 and inside[since - 1]:
            since -= 1
        assert (found.ends[i, j], found.since[i, j]) == (k, since), (i, j)


def test_gradient_descent_comes_to_each_of_four_minima():
    found = basins(GradientDescent(lr=0.01), "himmelblau")
    assert found.ends.shape == found.since.shape == (96, 96)
    assert min(found.share(k) for k in range(4)) > 0.2
    assert np.isclose(sum(found.share(k) for k in range(4)), 1)


def test_newton_is_drawn_to_saddles_and_maxima_and_the_saddle_free_form_is_not():
    plain, free = (basins(Newton(form=form), "himmelblau") for form in ("plain", "saddle_free"))
    assert plain.share(SADDLE) > 0.25 and plain.share(MAXIMUM) > 0.02
    assert free.share(SADDLE) == free.share(MAXIMUM) == 0


def test_what_arrives_nowhere_is_told_apart_from_what_diverges():
    found = basins(GradientDescent(lr=2.5), "quadratic", steps=30, n=10)  # λ = 0.1 and 1, so 2/L = 2
    assert found.share(ELSEWHERE) == 1
    assert basins(GradientDescent(lr=2.5), "quadratic", steps=120, n=10).share(GONE) == 1
    assert basins(GradientDescent(lr=1e-4), "quadratic", steps=30, n=10).share(0) < 0.1


def test_who_only_passes_at_the_end_has_not_arrived():
    ground = surface("double_well")
    points = np.full((21, 2, 1, 1), 1.5)
    points[-2:, 0], points[-2:, 1] = 0, 1
    assert settled_in(points, ground).ends[0, 0] == ELSEWHERE
    points[-3:, 0], points[-3:, 1] = 0, 1
    found = settled_in(points, ground)
    assert (found.ends[0, 0], found.since[0, 0]) == (1, 18)


def test_the_first_row_is_the_lowest():
    found = basins(GradientDescent(lr=0.1), "double_well", steps=200, n=10)
    assert (found.minima[found.ends[0]] == [0, -1]).all() and (found.minima[found.ends[-1]] == [0, 1]).all()


def test_a_surface_of_ones_own_with_minima():
    bowl = Surface(
        name="bowl",
        value=lambda x, y: x**2 + y**2,
        gradient=lambda x, y: (2 * x, 2 * y),
        minima=[[0, 0]],
    )
    assert basins(Momentum(lr=0.05, beta=0.5), bowl, n=5).share(0) == 1


class Entangled(GradientDescent):
    """A rule of somebody's own that mixes the runs of a grid."""

    def rule(self, x, g, s):
        return x - self.lr * g / np.linalg.norm(g), s.next()


@pytest.mark.parametrize(
    ("opt", "name", "words"),
    [
        (KFAC(), "himmelblau", "KFAC takes no grid of runs"),
        (SAM(KFAC()), "himmelblau", "SAM takes no grid of runs"),
        (GradientDescent(lr=np.array([0.1, 0.2])), "himmelblau", r"has a grid of settings, \(2,\)"),
        (GradientDescent(), "saddle", "'saddle' lists no minimum"),
        (Entangled(lr=0.1), "himmelblau", "Entangled mixes the runs of a grid"),
    ],
)
def test_what_cannot_be_is_said(opt, name, words):
    with pytest.raises(ValueError, match=words):
        basins(opt, name, 3, 6)


def test_wrong_kinds_are_said():
    with pytest.raises(TypeError, match="'Adam' is not an optimizer"):
        basins("Adam", "himmelblau")
    with pytest.raises(TypeError, match="GaussNewton needs a problem with"):
        basins(GaussNewton(), "himmelblau")
    with pytest.raises(ValueError, match="steps = 0 is not allowed: it must be ≥ 1"):
        basins(Adam(), "himmelblau", 0)
    with pytest.raises(ValueError, match="n = 1 is not allowed: it must be ≥ 2"):
        basins(Adam(), "himmelblau", n=1)
