"""Muon, Shampoo and SOAP beyond the traces: what their matrices are, shapes, grids, identities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.axes import to_back, to_front
from course_lib.optimizers import SOAP, Adagrad, Adam, AdamW, Muon, Partition, Shampoo, newton_schulz
from course_lib.optimizers.linear import eigen, solve, spectral
from course_lib.optimizers.shampoo import power_iteration
from tests.optimizers.common import close, end, gradients, point
from tests.traces.loader import cases

SHAPES = [(4, 3), (3, 5), (1, 4), (6, 1), (2, 2)]


class TestNewtonSchulz:
    @pytest.mark.parametrize("case", cases("newton_schulz"), ids=lambda case: case.name)
    def test_agrees_with_the_peer(self, case):
        ours = np.stack([newton_schulz(g, **case.hyper) for g in case.gradients])
        assert case.error(ours) <= case.tolerance

    @given(st.integers(0, 99), st.sampled_from(SHAPES), st.integers(0, 7))
    def test_applies_its_polynomial_to_the_singular_values(self, seed, shape, steps):
        m = np.random.default_rng(seed).standard_normal(shape)
        u, s, vt = np.linalg.svd(m, full_matrices=False)
        s = s / np.sqrt(np.sum(s**2))
        for _ in range(steps):
            s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
        np.testing.assert_allclose(newton_schulz(m, steps, eps=1e-30), u * s @ vt, atol=1e-12)

    def test_five_steps_bring_all_but_the_smallest_near_one(self):
        rng = np.random.default_rng(0)
        q, r = (np.linalg.qr(rng.standard_normal((40, 40)))[0] for _ in range(2))
        sizes = np.geomspace(0.02, 1, 40)
        m = q * sizes @ r
        share = sizes / np.linalg.norm(sizes)
        values = np.linalg.svd(newton_schulz(m), compute_uv=False)
        assert values.max() < 1.14 and (values > 0.68).sum() >= (share >= 0.01).sum()

    def test_stacks_and_zeros(self):
        m = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
        np.testing.assert_allclose(newton_schulz(m)[1, 2], newton_schulz(m[1, 2]), atol=1e-14)
        assert not newton_schulz(np.zeros((3, 2))).any()
        assert newton_schulz(m.astype(np.float32)).dtype == np.float32


class TestMuon:
    @given(st.integers(0, 99), st.floats(1e-6, 1e6), st.booleans())
    def test_is_blind_to_the_scale_of_the_gradients(self, seed, scale, nesterov):
        g, opt = gradients((4, 3), 6, seed), Muon(eps=1e-30, nesterov=nesterov)
        x = point((4, 3))

        def run(factor: float) -> np.ndarray:
            y, state = x, opt.init(x)
            for part in g:
                y, state = opt.update(y, factor * part, state)
            return y

        close(run(scale), run(1.0), 1e-10)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_the_step_has_the_spectral_size_of_lr(self, shape):
        x, opt = np.zeros(shape), Muon(lr=0.5, beta=0.0)
        new, _ = opt.update(x, gradients(shape)[0], opt.init(x))
        inputs, outputs = shape
        values = np.linalg.svd(new, compute_uv=False) / (0.5 * np.sqrt(max(1, outputs / inputs)))
        assert values.max() < 1.21 and values[0] > 0.6

    def test_vectors_are_refused_with_a_way_out(self):
        for shape in ((3,), (2, 3, 4), ()):
            with pytest.raises(
                ValueError, match=r"Muon moves matrices only, .* another optimizer with Partition"
            ):
                Muon().init(np.ones(shape))
        with pytest.raises(ValueError, match=r"x has shape \(3,\)"):
            Muon(lr=np.full(4, 0.1)).init(np.ones((3, 4)))

    def test_matrices_to_muon_the_rest_to_adamw(self):
        x = {"W1": point((4, 3)), "b1": point((3,))}
        g = {"W1": gradients((4, 3))[0], "b1": gradients((3,))[0]}
        opt = Partition({"W*": Muon(), "*": AdamW()})
        new, _ = opt.update(x, g, opt.init(x))
        np.testing.assert_array_equal(new["W1"], Muon().update(x["W1"], g["W1"], Muon().init(x["W1"]))[0])
        np.testing.assert_array_equal(new["b1"], AdamW().update(x["b1"], g["b1"], AdamW().init(x["b1"]))[0])


class TestShampoo:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_is_the_kronecker_form(self, shape):
        """ravel by rows: L^(−1/4) G R^(−1/4) is (L^(−1/4) ⊗ R^(−1/4)) times ravel(G)."""
        opt, x, g = Shampoo(lr=0.3, eps=0.1), point(shape), gradients(shape, 5)
        path, state, left, right = x, opt.init(x), 0.1 * np.eye(shape[0]), 0.1 * np.eye(shape[1])
        for part in g:
            left, right = left + part @ part.T, right + part.T @ part
            both = np.kron(spectral(left, lambda v: v**-0.25), spectral(right, lambda v: v**-0.25))
            expected = path - 0.3 * (both @ part.ravel()).reshape(shape)
            path, state = opt.update(path, part, state)
            close(path, expected)

    def test_first_step_is_orthogonal(self):
        g = gradients((4, 3))[0]
        u, _, vt = np.linalg.svd(g, full_matrices=False)
        new, _ = Shampoo(lr=1.0, eps=1e-14).update(
            np.zeros((4, 3)), g, Shampoo(eps=1e-14).init(np.zeros((4, 3)))
        )
        close(new, -u @ vt, 1e-6)

    def test_diagonal_vectors_are_adagrad_whose_sum_starts_at_eps(self):
        g, x = gradients((5,), 8), point((5,))
        close(end(Shampoo(lr=0.1, eps=1e-12), x, g), end(Adagrad(lr=0.1, eps=0.0), x, g), 1e-9)

    def test_a_vector_of_one_is_the_same_in_both_forms(self):
        g, x = gradients((1,), 8), point((1,))
        close(end(Shampoo(vectors="full"), x, g), end(Shampoo(), x, g))

    def test_full_vectors_do_not_mind_a_turn(self):
        q = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
        g, x = gradients((4,), 8), point((4,))

        def run(opt: Any, turn: np.ndarray) -> np.ndarray:
            y, state = turn @ x, opt.init(x)
            for part in g:
                y, state = opt.update(y, turn @ part, state)
            return turn.T @ y

        full, diagonal = Shampoo(lr=0.1, vectors="full"), Shampoo(lr=0.1)
        close(run(full, q), run(full, np.eye(4)), 1e-10)
        assert np.abs(run(diagonal, q) - run(diagonal, np.eye(4))).max() > 1e-2

    def test_rounding_below_eps_is_no_nan(self):
        x = np.zeros((6, 2), np.float32)
        state, opt = Shampoo().init(x), Shampoo()
        for _ in range(20):
            x, state = opt.update(x, 1e4 * np.ones((6, 2), np.float32), state)
        assert np.isfinite(x).all()

    @pytest.mark.parametrize("cls", [Shampoo, SOAP])
    def test_other_shapes_are_refused(self, cls):
        with pytest.raises(
            ValueError, match=rf"{cls.__name__} moves vectors and matrices, .*\(2, 3, 4\).*Partition"
        ):
            cls().init(np.ones((2, 3, 4)))


class TestSOAP:
    def test_first_step_only_finds_the_bases(self):
        x, g = point((4, 3)), gradients((4, 3))
        new, state = SOAP().update(x, g[0], SOAP().init(x))
        assert np.array_equal(new, x) and not state.m.any() and not state.v.any()
        close(state.QL @ state.QL.T, np.eye(4))
        slopes = np.diag(state.QL.T @ g[0] @ g[0].T @ state.QL)
        assert (np.diff(slopes) <= 1e-12).all()

    def test_on_vectors_is_adam_one_step_late(self):
        """With eps beside the uncorrected root."""
        x, g = point((5,)), gradients((5,), 9)
        late = end(Adam(lr=0.01, beta1=0.9, beta2=0.99, eps=0.0), x, g[1:])
        close(end(SOAP(lr=0.01, beta1=0.9, beta2=0.99, eps=0.0), x, g), late)

    def test_does_not_mind_turned_inputs_and_outputs(self):
        rng = np.random.default_rng(0)
        p, q = (np.linalg.qr(rng.standard_normal((n, n)))[0] for n in (4, 4))
        g, x, opt = rng.standard_normal((25, 4, 4)), point((4, 4)), SOAP(lr=0.1, refresh=5)

        def run(p: np.ndarray, q: np.ndarray) -> np.ndarray:
            y, state = p @ x @ q, opt.init(x)
            for part in g:
                y, state = opt.update(y, p @ part @ q, state)
            return p.T @ y @ q.T

        close(run(p, q), run(np.eye(4), np.eye(4)), 1e-8)

    def test_renewed_bases_come_near_the_eigenvectors(self):
        a = np.diag([1.0, 100.0, 10.0])
        q = np.eye(3)
        turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
        for _ in range(60):
            q, order = power_iteration(turn @ a @ turn.T, q)
        close(np.abs(q.T @ turn[:, [1, 2, 0]]), np.eye(3), 1e-10)
        assert order.tolist() == [0, 1, 2]

    def test_refresh_counts_steps(self):
        x, opt, g = point((4, 3)), SOAP(refresh=3, shampoo_beta=0.8), gradients((4, 3), 9)
        state, changed, left, right = opt.init(x), [], 0.0, 0.0
        for part in g:
            _, new = opt.update(x, part, state)
            changed.append(not np.array_equal(new.QL, state.QL))
            left, right = 0.8 * left + 0.2 * part @ part.T, 0.8 * right + 0.2 * part.T @ part
            close(new.L, left), close(new.R, right)
            state = new
        assert changed == [True, False, False] * 3  # at t = 1, 4, 7


class TestLinear:
    def test_front_and_back(self):
        a = np.arange(120).reshape(2, 3, 4, 5)
        assert to_front(a, 2).shape == (4, 5, 2, 3) and np.array_equal(to_back(to_front(a, 2), 2), a)
        assert to_front(a, 0) is a

    def test_a_bad_matrix_spoils_only_itself(self):
        a = np.stack([np.eye(3), np.full((3, 3), np.inf), 4 * np.eye(3)])  # numpy alone raises here
        values, _ = eigen(a)
        assert np.isnan(values).all(axis=1).tolist() == [False, True, False]
        roots = spectral(a, np.sqrt)
        np.testing.assert_array_equal(roots[[0, 2]], [np.eye(3), 2 * np.eye(3)])
        p = solve(a, np.ones((3, 3)), lambda v: v)
        np.testing.assert_array_equal(np.isnan(p).any(axis=1), [False, True, False])


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1.0, 1e8, 1e300])
def test_eigenvalues_of_pairs_are_those_of_any_matrix(scale):
    a = scale * np.random.default_rng(0).normal(size=(7, 500, 2, 2))
    a = (a + a.mT) / 2
    a[0, :100] = scale * np.diag([3.0, 1.0])
    a[1, :100] = scale * np.diag([-1.0, 2.0])
    a[2, :100] = scale * np.eye(2)
    a[3, :100] = 0
    a[4, :100] = scale * np.ones((2, 2))
    values, vectors = eigen(a)
    close(values / scale, np.linalg.eigvalsh(a) / scale, 1e-13)
    close((vectors * (values / scale)[..., None, :]) @ vectors.mT, a / scale, 1e-13)
    close(vectors @ vectors.mT, np.broadcast_to(np.eye(2), a.shape), 1e-14)
    assert np.isnan(eigen(np.array([[np.inf, 0.0], [0.0, 1.0]]))[0]).all()
