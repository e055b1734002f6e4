"""Recommended settings find the minimum of convex surfaces."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.optimizers import Entry
from course_lib.running import simulate
from course_lib.schedules import cosine
from course_lib.surfaces import SURFACES, Surface
from tests.optimizers.common import ENTRIES, named


@pytest.mark.parametrize("surface", ["quadratic", "pseudo_huber"])
@pytest.mark.parametrize("entry", named(e for e in ENTRIES if not e.needs_matrix and e.runs_on(Surface)))
def test_reaches_the_minimum_with_recommended_settings(entry: Entry, surface: str) -> None:
    target = SURFACES[surface]
    path = simulate(entry.cls(**entry.settings(target)), target, steps=400, schedule=cosine(400))
    assert not path.diverged
    assert np.abs(path.points[-1] - target.minima[0]).max() < 0.01
    assert path.final_loss < 1e-4
