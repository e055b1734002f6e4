"""Adam in place is Adam: the same numbers to rounding, whatever the size of the pieces."""

import numpy as np
import pytest

from course_lib.optimizers import Adam
from course_lib.optimizers.in_place import adam_in_place

SETTINGS = {"lr": 0.02, "beta1": 0.8, "beta2": 0.97, "eps": 1e-3}


@pytest.mark.parametrize("chunk", [1, 7, 100, 10_000])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_equals_the_rule(chunk, dtype, tolerance):
    rng, opt = np.random.default_rng(0), Adam(**SETTINGS)
    x = rng.standard_normal((25, 4)).astype(dtype)
    mine, m, v = x.copy(), np.zeros_like(x), np.zeros_like(x)
    state = opt.init(x)
    for t in range(1, 30):
        g = rng.standard_normal(x.shape).astype(dtype)
        x, state = opt.update(x, g, state)
        kept = g.copy()
        adam_in_place(mine, g, m, v, t, chunk=chunk, **SETTINGS)
        assert np.array_equal(g, kept)
    for ours, rule in ((mine, x), (m, state.m), (v, state.v)):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, rule, rtol=0, atol=tolerance)


def test_bad_arrays_are_named():
    x = np.ones((4, 4))
    with pytest.raises(ValueError, match=r"g has shape \(4,\)"):
        adam_in_place(x, np.ones(4), x.copy(), x.copy(), 1)
    with pytest.raises(ValueError, match=r"m has shape .* contiguous"):
        adam_in_place(x, x.copy(), np.ones((4, 4)).T[:, ::-1], x.copy(), 1)
