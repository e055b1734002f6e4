"""The polynomials of Newton–Schulz, and NorMuon, beyond the traces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.optimizers import Muon, NorMuon, Shampoo, newton_schulz, polar_express, polynomials
from tests.optimizers.common import close, end, gradients, point, walk

SHAPES = [(4, 3), (3, 5), (1, 4), (6, 1)]
SIGMA = np.geomspace(1e-3, 1, 20_001)


def through(sigma: np.ndarray, coefficients: str, steps: int) -> np.ndarray:
    """Singular values after so many steps."""
    for a, b, c in polynomials(coefficients, steps):
        sigma = a * sigma + b * sigma**3 + c * sigma**5
    return sigma


class TestPolynomials:
    @given(st.integers(0, 99), st.sampled_from(SHAPES), st.integers(0, 9))
    @pytest.mark.parametrize("coefficients", ["tuned", "polar_express", "quintic", "cubic"])
    def test_each_step_applies_its_own(self, coefficients, seed, shape, steps):
        m = np.random.default_rng(seed).standard_normal(shape)
        u, s, vt = np.linalg.svd(m, full_matrices=False)
        s = through(s / np.linalg.norm(s), coefficients, steps)
        close(newton_schulz(m, steps, 1e-30, coefficients), u * s @ vt)

    @pytest.mark.parametrize(
        ("coefficients", "steps", "start", "low", "high"),
        [
            ("jordan", 5, 1e-2, 0.6818, 1.1344),
            ("jordan", 12, 1e-2, 0.6818, 1.1344),  # more steps help nothing
            ("jordan", 5, 1e-3, 0.4705, 1.2024),
            ("tuned", 5, 1e-2, 0.9778, 1.0318),
            ("tuned", 5, 1e-3, 0.4750, 1.1450),
            ("polar_express", 5, 1e-3, 0.8628, 1.1309),
            ("polar_express", 8, 1e-3, 1, 1),
            ("quintic", 14, 1e-3, 1, 1),
            ("cubic", 22, 1e-3, 1, 1),
        ],
    )
    def test_where_the_singular_values_end(self, coefficients, steps, start, low, high):
        values = through(SIGMA[start <= SIGMA], coefficients, steps)
        allowed = 1e-12 if low == high else 1e-4
        assert values.min() == pytest.approx(low, abs=allowed)
        assert values.max() == pytest.approx(high, abs=allowed)

    @pytest.mark.parametrize("lower", [1e-3, 0.05, 0.5])
    def test_each_polynomial_of_polar_express_is_the_best_for_what_is_left(self, lower):
        """Its error has the same size and changing signs at four points; no odd quintic can then be nearer to 1."""
        at = np.linspace(lower, 1, 400_001)
        for a, b, c in polar_express(4, lower, cushion=0.0, safety=1.0):
            error = 1 - (a * at + b * at**3 + c * at**5)
            extremes = error[np.r_[0, np.flatnonzero(np.diff(np.sign(np.diff(error)))) + 1, -1]]
            largest = np.abs(error).max()
            if largest < 1e-4:
                break  # from here on rounding hides the extremes
            assert len(extremes) == 4 and (np.sign(extremes) == [1, -1, 1, -1]).all()
            np.testing.assert_allclose(np.abs(extremes), largest, atol=1e-9)
            at = np.linspace(1 - largest, 1 + largest, 400_001)

    def test_the_table_printed_in_the_paper(self):
        """Without the division by 1.01, which follows there."""
        printed = [
            (8.28721201814563, -23.595886519098837, 17.300387312530933),
            (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
            (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
            (3.3184196573706015, -2.488488024314874, 0.51004894012372),
            (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
            (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
            (1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
        ]
        ours = polar_express(8, cushion=0.02407327424182761, safety=1.0)
        np.testing.assert_allclose(ours[:7], printed, atol=1e-9)

    def test_safety_leaves_room_above_one(self):
        assert through(np.array([1.009]), "polar_express", 12) == pytest.approx(1.0)

    def test_a_set_of_ones_own(self):
        m = np.random.default_rng(0).standard_normal((4, 3))
        own = [(2.0, -1.5, 0.5), (15 / 8, -10 / 8, 3 / 8)]
        assert polynomials(own, 4) == [own[0], own[1], own[1], own[1]]
        close(newton_schulz(m, 1, coefficients=own), newton_schulz(m, 1, coefficients=own[:1]))

    @pytest.mark.parametrize("wrong", ["polar", "", (1.5, -0.5, 0.0), [], [(1.5, -0.5)]])
    def test_what_is_no_set_is_refused(self, wrong):
        with pytest.raises(ValueError, match=r"coefficients = .* is not allowed: it must be"):
            newton_schulz(np.eye(2), coefficients=wrong)
        with pytest.raises(ValueError, match="steps = -1 is not allowed"):
            newton_schulz(np.eye(2), -1)

    @given(st.integers(0, 99), st.sampled_from(SHAPES))
    def test_muon_and_shampoo_without_memory_meet(self, seed, shape):
        """Both are −UVᵀ: Muon with an iteration that converges, Shampoo in its first step."""
        g, x = gradients(shape, 1, seed)[0], np.zeros(shape)
        u, _, vt = np.linalg.svd(g, full_matrices=False)
        muon = Muon(lr=1.0, beta=0.0, eps=1e-30, coefficients="polar_express", steps=14)
        factor = np.sqrt(max(1, shape[1] / shape[0]))
        close(muon.update(x, g, muon.init(x))[0] / factor, -u @ vt, 1e-8)
        shampoo = Shampoo(lr=1.0, eps=1e-14)
        close(shampoo.update(x, g, shampoo.init(x))[0], -u @ vt, 1e-5)


class TestNorMuon:
    @given(st.integers(0, 99), st.sampled_from([(4, 3), (3, 5)]), st.floats(0, 0.99))
    def test_keeps_the_norm_of_muons_step(self, seed, shape, beta2):
        g, x = gradients(shape, 8, seed), point(shape)
        path = walk(NorMuon(lr=0.1, beta2=beta2, eps=1e-30), x, g)
        muon, m = Muon(lr=0.1, beta=0.0, eps=1e-30), np.zeros(shape)
        for step, (new, _) in zip(g, path, strict=True):
            slope = 0.2 * x + step
            m = 0.95 * m + 0.05 * slope
            o = x - muon.update(x, 0.05 * slope + 0.95 * m, muon.init(x))[0]
            close(np.linalg.norm(new - x), np.linalg.norm(o), 1e-10)
            x = new

    @given(st.integers(0, 99), st.sampled_from([(4, 3), (3, 5)]))
    def test_without_memory_all_neurons_move_as_far(self, seed, shape):
        opt, x, g = NorMuon(lr=0.1, beta2=0.0), np.zeros(shape), gradients(shape, 1, seed)[0]
        lengths = np.linalg.norm(opt.update(x, g, opt.init(x))[0], axis=0)
        close(lengths, np.full(shape[1], lengths[0]), 1e-10)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_the_papers_step_has_a_root_mean_square_of_a_fifth_of_lr(self, shape):
        opt, x = NorMuon(lr=0.1, form="paper"), point(shape)
        for new, _ in walk(opt, x, gradients(shape, 6)):
            close(np.sqrt(np.mean((new - x) ** 2)), 0.02)
            x = new

    @given(st.integers(0, 99), st.floats(1e-6, 1e6))
    def test_is_blind_to_the_scale_of_the_gradients(self, seed, scale):
        opt, g, x = NorMuon(lr=0.1, eps=1e-30), gradients((4, 3), 6, seed), point((4, 3))
        ends = []
        for factor in (1.0, scale):
            at, state = x, opt.init(x)
            for part in g:
                at, state = opt.update(at, factor * part, state)
            ends.append(at)
        close(*ends, 1e-10)

    def test_a_neuron_without_gradient_rests_and_wakes(self):
        opt, x = NorMuon(lr=0.1), np.zeros((4, 3))
        dead = np.where(np.arange(3) == 1, 0.0, gradients((4, 3), 1)[0])
        state = opt.init(x)
        for _ in range(5):
            x, state = opt.update(x, dead, state)
        assert not x[:, 1].any() and x[:, 0].all()
        x, _ = opt.update(x, gradients((4, 3), 1)[0], state)
        assert x.all() and np.isfinite(x).all()

    def test_decay_stands_apart(self):
        x, g = point((4, 3)), gradients((4, 3), 1)
        plain = end(NorMuon(lr=0.1), x, g)
        close(end(NorMuon(lr=0.1, weight_decay=0.3), x, g), plain - 0.1 * 0.3 * x)

    @pytest.mark.parametrize("coefficients", ["jordan", "cubic"])
    def test_v_is_a_running_mean_square_of_each_neuron(self, coefficients):
        opt = NorMuon(beta=0.0, beta2=0.9, eps=1e-30, coefficients=coefficients, steps=4)
        x, g = np.zeros((4, 3)), gradients((4, 3), 1)[0]
        state = opt.init(x)
        for _ in range(2):
            x, state = opt.update(x, g, state)
        o = newton_schulz(g, 4, 1e-30, coefficients)
        close(state.v, (1 - 0.9**2) * np.mean(o**2, axis=0, keepdims=True))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"count": 0}, "count = 0"), ({"lower": 1.0}, "lower = 1.0"), ({"lower": 0.0}, "lower = 0.0"),
     ({"cushion": 1.0}, "cushion = 1.0"), ({"safety": 0.9}, "safety = 0.9")],
)  # fmt: skip
def test_polynomials_that_cannot_be_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        polar_express(**wrong)
