"""GaLore and DoG beyond the traces: identities, subspaces, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.optimizers import Adam, DoG, GaLore, GradientDescent
from course_lib.optimizers.galore import directions
from tests.optimizers.common import close, end, gradients, point, walk

SEED = st.integers(0, 99)


def prescribed(opt: Any, x: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
    """The points after every step with these gradients."""
    state, path = opt.init(x), []
    for part in g:
        x, state = opt.update(x, part, state)
        path.append(x)
    return path


class TestGaLore:
    @given(SEED, st.sampled_from([(4, 3), (3, 5), (4, 4), (1, 3), (3, 1)]))
    def test_of_full_rank_is_adam_in_a_turned_basis(self, seed, shape):
        x, g = point(shape, seed), gradients(shape, 12, seed)
        u, _, vt = np.linalg.svd(g[0], full_matrices=False)
        left = shape[0] <= shape[1]
        turn = (lambda a: u.T @ a) if left else (lambda a: a @ vt.T)
        back = (lambda a: u @ a) if left else (lambda a: a @ vt)
        h = {"lr": 0.1, "beta1": 0.8, "beta2": 0.95}
        adam = prescribed(Adam(**h), turn(x), turn(g))
        close(prescribed(GaLore(**h, scale=1.0), x, g)[-1], back(adam[-1]), 1e-10)
        if min(shape) > 1:
            assert np.abs(back(adam[-1]) - prescribed(Adam(**h), x, g)[-1]).max() > 1e-3

    @pytest.mark.parametrize("side", ["shorter", "longer"])
    @pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
    def test_moves_in_rank_directions_until_they_are_renewed(self, shape, side):
        opt, x, g = GaLore(lr=0.1, rank=2, every=4, side=side), point(shape), gradients(shape, 12)
        path = [x, *prescribed(opt, x, g)]
        inputs = (shape[0] <= shape[1]) == (side == "shorter")
        for first in (0, 4, 8):
            moves = np.stack([path[t + 1] - path[t] for t in range(first, first + 4)])
            wide = np.concatenate(moves, axis=1 if inputs else 0)
            assert np.linalg.matrix_rank(wide, tol=1e-10) == 2
            u, _, vt = np.linalg.svd(g[first])
            outside = u[:, 2:].T @ wide if inputs else wide @ vt[2:].T
            assert np.abs(outside).max() < 1e-12
        assert np.linalg.matrix_rank(path[5] - path[0], tol=1e-10) > 2

    @pytest.mark.parametrize("side", ["shorter", "longer"])
    def test_a_transposed_weight_takes_the_transposed_step(self, side):
        opt, x, g = GaLore(lr=0.1, rank=2, every=5, side=side), point((3, 5)), gradients((3, 5), 12)
        close(prescribed(opt, x.T, np.swapaxes(g, 1, 2))[-1].T, prescribed(opt, x, g)[-1])

    @given(SEED)
    def test_the_signs_of_singular_vectors_do_not_matter(self, seed):
        g = np.random.default_rng(seed).standard_normal((5, 3))
        old = np.linalg.svd(gradients((5, 3), 1, seed)[0])[2][:2].T
        found = directions(g, old)
        assert (np.sum(found * old, axis=0) >= 0).all()
        close(directions(-g, old), found)
        close(directions(g, -old), -found)

    def test_scale_is_not_that_of_the_decay(self):
        x, g = point((4, 3)), gradients((4, 3), 1)
        step = x - end(GaLore(lr=0.1, scale=1.0, rank=2), x, g)
        close(end(GaLore(lr=0.1, scale=0.5, rank=2, weight_decay=0.3), x, g), x - 0.5 * step - 0.03 * x)

    @pytest.mark.parametrize("shape", [(4096, 11008), (11008, 4096)])
    def test_memory_of_a_large_layer(self, shape):
        """(shorter + 2·longer)·rank numbers: 13 MiB in float32, where Adam has 344."""
        state = GaLore().init(np.broadcast_to(np.float32(0), shape))
        assert sum(a.size for a in state.arrays.values()) == 128 * (4096 + 2 * 11008)

    def test_a_run_that_diverges_does_not_stop_the_others(self):
        x = np.stack([point((4, 3))] * 2, -1)
        opt, g = GaLore(lr=0.1, rank=2, every=1), np.stack([gradients((4, 3), 1)[0]] * 2, -1)
        g[..., 1] = np.inf
        with np.errstate(invalid="ignore"):
            new, _ = opt.update(x, g, opt.init(x, grid=1))
        assert np.isfinite(new[..., 0]).all() and np.isnan(new[..., 1]).all()

    def test_vectors_are_refused_with_a_way_out(self):
        with pytest.raises(ValueError, match=r"GaLore moves matrices only, .*Partition"):
            GaLore().init(np.ones(3))


class TestDoG:
    @given(SEED, st.floats(1e-3, 1e3))
    def test_does_not_see_the_scale_of_the_loss(self, seed, scale):
        opt, x, g = DoG(reps=1e-2, eps=0.0), point((4, 3), seed), gradients((4, 3), 12, seed)
        close(prescribed(opt, x, scale * g)[-1], prescribed(opt, x, g)[-1], 1e-10)

    @given(SEED)
    def test_eps_is_in_units_of_the_squared_gradient(self, seed):
        x, g = point((4, 3), seed), gradients((4, 3), 12, seed)
        a, b = DoG(reps=1e-2, eps=0.5), DoG(reps=1e-2, eps=0.5 * 7**2)
        close(prescribed(b, x, 7 * g)[-1], prescribed(a, x, g)[-1], 1e-10)

    def test_the_first_step_is_as_long_as_it_says(self):
        x, g = point((4, 3)), gradients((4, 3), 1)
        step = np.linalg.norm(end(DoG(reps=1e-3, eps=0.0), x, g) - x)
        close(step, 1e-3 * (1 + np.linalg.norm(x)))

    def test_the_distance_never_shrinks_and_is_the_largest_so_far(self):
        x, g = point((4, 3)), gradients((4, 3), 60)
        far, before = 0.0, x
        for new, state in walk(DoG(reps=0.5), x, g):
            far = max(far, np.linalg.norm(before - x))
            close(state.r, max(far, 0.5 * (1 + np.linalg.norm(x))))
            before = new

    @pytest.mark.parametrize("gamma", [0.0, 1.0, 8.0])
    def test_the_average_weighs_points_by_the_power_gamma(self, gamma):
        """Weight of x_k of t points in proportion to k(k + 1)…(k + γ − 1)."""
        opt, x, g = DoG(reps=0.1, gamma=gamma), point((3,)), gradients((3,), 20)
        path = list(walk(opt, x, g))
        k = np.arange(1, 21, dtype=float)
        weights = np.prod([k + i for i in range(int(gamma))], axis=0) * np.ones(20)
        mean = np.average([at for at, _ in path], axis=0, weights=weights)
        close(opt.output(*path[-1]), mean)

    def test_the_last_point_can_be_had(self):
        x, g = point((3,)), gradients((3,), 20)
        (last, state), (same, _) = (
            list(walk(DoG(reps=0.1, average=flag), x, g))[-1] for flag in (False, True)
        )
        assert np.array_equal(last, same)
        assert np.array_equal(DoG(average=False).output(last, state), last)
        assert "mean" not in state.arrays

    def test_one_distance_for_a_whole_model(self):
        model = {"W": point((4, 3)), "b": point((3,))}
        g = {"W": gradients((4, 3), 1)[0], "b": np.zeros(3)}
        _, state = DoG().update(model, g, DoG().init(model))
        assert state.G.shape == () and pytest.approx(np.sum(g["W"] ** 2)) == state.G

    def test_is_normalised_descent_by_the_first_distance_while_that_is_large(self):
        """As long as x has not gone farther than r0 the rule is that of scalar Adagrad."""
        x, g = point((4, 3)), 1e-3 * gradients((4, 3), 5)
        r = 10 * (1 + np.linalg.norm(x))
        total, at = 0.0, x
        for part, new in zip(g, prescribed(DoG(reps=10.0, lr=1e-3, eps=0.0), x, g), strict=True):
            total += np.sum(part**2)
            step = GradientDescent(lr=1e-3 * r / np.sqrt(total))
            at = step.update(at, part, step.init(at))[0]
            close(new, at)
