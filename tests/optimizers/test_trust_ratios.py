"""Trust ratios are those that LARS and LAMB step by."""

import numpy as np
import pytest

from course_lib.optimizers import LAMB, LARS, Adam, trust_ratios

RNG = np.random.default_rng(2)
PARAMS = {"W": RNG.standard_normal((4, 3)), "b": np.zeros(3), "c": RNG.standard_normal(3)}


def gradients():
    return {name: RNG.standard_normal(part.shape) for name, part in PARAMS.items()}


def test_lars_steps_by_its_ratio():
    opt = LARS(lr=0.7, beta=0.0, weight_decay=0.02, trust=0.03)
    g, state = gradients(), opt.init(PARAMS)
    ratios = trust_ratios(opt, PARAMS, g, state)
    new, _ = opt.update(PARAMS, g, state)
    for name, x in PARAMS.items():
        np.testing.assert_allclose(new[name], x - 0.7 * ratios[name] * (g[name] + 0.02 * x), rtol=1e-13)
    size = np.linalg.norm(PARAMS["W"])
    assert ratios["W"] == pytest.approx(0.03 * size / (np.linalg.norm(g["W"]) + 0.02 * size), rel=1e-13)
    assert ratios["b"] == 1


def test_lamb_moves_each_array_by_lr_times_its_size_at_every_step():
    opt, x = LAMB(lr=0.01, weight_decay=0.1), PARAMS
    state = opt.init(x)
    for _ in range(5):
        g = gradients()
        ratios = trust_ratios(opt, x, g, state)
        new, state = opt.update(x, g, state)
        step = np.linalg.norm(new["W"] - x["W"])
        assert step == pytest.approx(0.01 * np.linalg.norm(x["W"]), rel=1e-12)
        m_hat, v_hat = (
            getattr(state.parts["W"], name) / (1 - beta ** (state.t - 1))
            for name, beta in (("m", 0.9), ("v", 0.999))
        )
        r = m_hat / (np.sqrt(v_hat) + 1e-6) + 0.1 * x["W"]
        assert ratios["W"] == pytest.approx(np.linalg.norm(x["W"]) / np.linalg.norm(r), rel=1e-10)
        x = new


def test_a_larger_gradient_makes_no_longer_step_of_lars():
    opt = LARS(weight_decay=0.0, beta=0.0)
    g = gradients()["W"]
    steps = [opt.update(PARAMS["W"], scale * g, opt.init(PARAMS["W"]))[0] for scale in (1, 1000)]
    np.testing.assert_allclose(*steps, rtol=1e-12)
    ratio, other = (float(trust_ratios(opt, PARAMS["W"], s * g, opt.init(PARAMS["W"]))) for s in (1, 1000))
    assert ratio == pytest.approx(1000 * other)


def test_a_grid_of_runs_has_a_ratio_each():
    lr = np.array([0.1, 0.2, 0.4])
    x = np.stack([PARAMS["W"], 2 * PARAMS["W"], 3 * PARAMS["W"]], axis=-1)
    g = np.repeat(gradients()["W"][..., None], 3, axis=-1)
    for opt in (LARS(lr=lr, weight_decay=0), LAMB(lr=lr, weight_decay=0)):
        ratios = trust_ratios(opt, x, g, opt.init(x))
        np.testing.assert_allclose(ratios / ratios[0], [1, 2, 3], rtol=1e-12)


def test_others_have_none():
    with pytest.raises(TypeError, match=r"Adam.* has no trust ratio: it must be LARS or LAMB"):
        trust_ratios(Adam(), PARAMS, PARAMS, Adam().init(PARAMS))
