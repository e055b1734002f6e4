"""Nothing stumbles: every explorer with every optimizer it admits on every surface, at extreme and random settings.

The pairs are listed, so that none is left to chance; Hypothesis draws settings for them, so that what fails is shrunk.
"""

import itertools
import random
from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.comparing.studies import STUDIES, results
from course_lib.live import (
    SEQUENCES,
    Target,
    explore_basins,
    explore_batch_size,
    explore_batches,
    explore_bounds,
    explore_choice,
    explore_counterexample,
    explore_critical_points,
    explore_curvature,
    explore_decay,
    explore_eigenvalues,
    explore_factored,
    explore_factors,
    explore_map,
    explore_minutes,
    explore_moments,
    explore_path,
    explore_race,
    explore_rates,
    explore_schedule,
    explore_singular_values,
    explore_slices,
    explore_stability,
    explore_untuned,
    explore_words,
)
from course_lib.live.explorers import basins as basin_explorer
from course_lib.live.explorers.batch_size import RULES
from course_lib.live.explorers.bounds import LONG
from course_lib.live.explorers.counterexample import ORDERS
from course_lib.optimizers import REGISTRY, AdaBound, Adam, AMSBound, GradientDescent, Momentum, Newton
from course_lib.problems import Data, SoftmaxRegression
from course_lib.schedules import (
    constant,
    cosine,
    exponential,
    linear_warmup,
    one_cycle,
    step_decay,
    warm_restarts,
    warmup_stable_decay,
)
from course_lib.surfaces import SURFACES, surface

from .common import check, foreseen, move_and_check, set_at_random

RNG = np.random.default_rng(0)
SMALL = SoftmaxRegression(train=Data(RNG.normal(size=(40, 5)), RNG.integers(3, size=40)), classes=3)
SPARSE = SoftmaxRegression(train=Data(RNG.poisson(0.3, (40, 6)) * 1.0, RNG.integers(3, size=40)), classes=3)
QUADRATIC = surface("quadratic")
OWN = {"steep": [1e8, -1e-8, 0.0, 1e8] * 5, "nothing": np.zeros(20)}
MATRICES = {"wide": np.eye(3, 700), "one": np.full((1, 1), 1e-30), "large": RNG.exponential(1e12, (90, 80))}
SPECTRA = ([1.0], [0.1, 1.0], [1e-6, 1.0, 1e6], list(np.geomspace(0.01, 1, 12)))
LEAST = 5_000
SCHEDULES = (
    linear_warmup(5).then(cosine(20)),
    one_cycle(20),
    warmup_stable_decay(20),
    warm_restarts(5),
    exponential(0.9),
    constant(0.5).then(step_decay(5) * cosine(20), after=4),
)
checked = Counter()


@pytest.fixture(autouse=True)
def few_starts(monkeypatch):
    """What can go wrong in a map of 96×96 starts goes wrong in a small one."""
    monkeypatch.setattr(basin_explorer, "CELLS", 10)


def pairs(*several):
    """Every combination of entries and surfaces that can run together."""
    entries = [entry for entry in REGISTRY.values() if not entry.needs_matrix]
    return [
        (entry, ground)
        for entry, ground in itertools.product(entries, SURFACES.values())
        if entry.runs_on(ground) and all(admits(entry) for admits in several)
    ]


def alone(entry):
    return not (entry.needs_problem or entry.needs_matrix)


def takes_map(entry):
    specs = entry.cls.specs()
    return entry.takes_grid and "lr" in specs and any(spec.scale == "decay" for spec in specs.values())


def opt(entry, ground=QUADRATIC):
    return entry.cls(**entry.settings(ground))


def path(entry, ground):
    return explore_path(opt(entry, ground), ground, steps=30, target=Target(1e-3, 20))


def scheduled(entry, ground):
    schedules = {"each": SCHEDULES[0], "other": SCHEDULES[len(entry.name) % len(SCHEDULES)]}
    return explore_path(opt(entry, ground), ground, steps=30, arrows=True, schedule=schedules)


def race(entry, ground):
    other = REGISTRY["Momentum" if entry.name == "Adam" else "Adam"]
    return explore_race({one.name: opt(one, ground) for one in (entry, other)}, ground, steps=30)


def chart(entry, ground):
    return explore_map(opt(entry, ground), ground, steps=20)


def land(entry, ground):
    return explore_basins(opt(entry, ground), ground, steps=20)


def watch(entry, gradients):
    return explore_moments(opt(entry), OWN if gradients == "own" else gradients, steps=40)


def decay(entry, eigenvalues):
    return explore_eigenvalues(opt(entry), eigenvalues, steps=30)


def plane(form, eigenvalues):
    return explore_stability(Momentum(lr=0.1, form=form), eigenvalues, steps=30)


def bend(ground, place):
    return explore_curvature(ground, point=tuple(place))


def turn(ground, place):
    return explore_slices(ground, point=tuple(place), places={"start": tuple(ground.start)})


def feed(entry, size):
    return explore_batches(SMALL, opt(entry), size=size, epochs=2)


def rank(study):
    return explore_rates(results(study))


def read(entry, epochs):
    return explore_words({"SGD": GradientDescent(), "other": opt(entry)}, SPARSE, epochs, size=9)


def err(entry, order):
    return explore_counterexample({"Adam": Adam(), "other": opt(entry)}, steps=40, order=order, hide=())


def squeeze(cls, gradients):
    return explore_bounds(cls(), gradients)


def copy(matrices):
    return explore_factored(matrices)


def fall(entry, schedule):
    return explore_schedule(opt(entry), schedule, steps=20)


on_quadratic = [entry for entry, ground in pairs() if ground is QUADRATIC]
scheduled_runs = [
    entry
    for entry in on_quadratic
    if entry.takes_grid
    and "lr" in entry.cls.specs()
    and not (entry.cls.needs or issubclass(entry.cls, Newton))
]
training = [
    entry
    for entry in REGISTRY.values()
    if not entry.needs_matrix and entry.runs_on(SMALL) and not issubclass(entry.cls, Newton)
]
walking = [entry for entry in training if alone(entry)]
FIGURES = {
    "path": [partial(path, *pair) for pair in pairs()],
    "scheduled": [partial(scheduled, *pair) for pair in pairs()][::3],
    "race": [partial(race, *pair) for pair in pairs()],
    "map": [partial(chart, *pair) for pair in pairs(takes_map)],
    "basins": [partial(land, entry, ground) for entry, ground in pairs(lambda entry: entry.takes_grid)
               if len(ground.minima)],
    "moments": [partial(watch, *pair) for pair in
                itertools.product(filter(alone, on_quadratic), ["own", *SEQUENCES])],
    "eigenvalues": [partial(decay, *pair) for pair in itertools.product(on_quadratic, SPECTRA)],
    "stability": [partial(plane, *pair) for pair in itertools.product(("sum", "average"), SPECTRA)],
    "curvature": [partial(bend, ground, place) for ground in SURFACES.values()
                  for place in (*ground.minima[:3], *ground.saddles[:3], *ground.maxima[:3], ground.start, (0, 0))],
    "slices": [partial(turn, ground, place) for ground in SURFACES.values()
               for place in (*ground.minima[:2], *ground.saddles[:2], ground.start, (0, 0))],
    "critical": [partial(explore_critical_points, dimension) for dimension in (1, 2, 5, 8)],
    "rates": [partial(rank, study) for study in STUDIES],
    "counterexample": [partial(err, *pair) for pair in itertools.product(walking, ORDERS)],
    "schedule": [partial(fall, *pair) for pair in itertools.product(scheduled_runs, (None, *SCHEDULES))][::5],
    "words": [partial(read, *pair) for pair in itertools.product(training, (1, 3))],
    "bounds": [partial(squeeze, *pair) for pair in itertools.product((AdaBound, AMSBound), LONG)],
    "batch size": [partial(explore_batch_size, rule=rule) for rule in RULES],
    "factored": [partial(copy, one) for one in (None, MATRICES)],
    "decay": [explore_decay],
    "untuned": [explore_untuned],
    "factors": [explore_factors],
    "minutes": [explore_minutes],
    "singular values": [explore_singular_values],
    "choice": [explore_choice],
    "batches": [partial(feed, *pair) for pair in itertools.product(training, (2, 39))],
}  # fmt: skip


def extremes(figure, rng):
    """Everything at its lower end, at its upper end, and each at one or the other; points in and far outside."""
    ends = {name: (control.values[0], control.values[-1]) for name, control in figure.controls.items()}
    ends |= {name: ((-1e3, 1e3), place) for name, place in figure.points.items()}
    yield {name: low for name, (low, _) in ends.items()}
    yield {name: high for name, (_, high) in ends.items()}
    yield {name: rng.choice(both) for name, both in ends.items()}


def drive(name, makers, seed):
    for maker, rng in zip(makers, map(random.Random, itertools.count(seed)), strict=False):
        figure = maker()
        try:
            for values in extremes(figure, rng):
                move_and_check(figure, values)
                checked[name] += 1
            sliders = [(n, c.values) for n, c in figure.controls.items() if not c.spec.choices]
            for slider, offered in rng.sample(sliders, min(len(sliders), 1)):
                for scene in foreseen(figure, slider, rng.sample(offered, min(len(offered), 4))).values():
                    check(scene)
        except Exception as error:
            error.add_note(f"{maker} with {values}")
            raise
        finally:
            figure.close()


def draw(name, data):
    figure = data.draw(st.sampled_from(FIGURES[name]), label="figure")()
    try:
        for _ in range(2):
            set_at_random(figure, data)
            checked[name] += 1
        if data.draw(st.integers(0, 20)) == 0:
            assert figure.png().startswith(b"\x89PNG\r\n\x1a\n")
    finally:
        figure.close()


@pytest.mark.parametrize("name", FIGURES)
def test_some_pairs_at_the_ends(name):
    drive(name, FIGURES[name][:: max(len(FIGURES[name]) // 8, 1) | 1], seed=0)


@pytest.mark.parametrize("name", FIGURES)
@given(data=st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_some_pairs_at_any_setting(name, data):
    draw(name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_every_pair_at_the_ends(name):
    drive(name, FIGURES[name], seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_pairs_at_any_setting(name, data):
    draw(name, data)


@pytest.mark.slow
def test_there_were_thousands_of_cases():
    """Holds after the tests above, in one process."""
    print(f"{checked.total():,} cases: {dict(checked)}")
    assert checked.total() >= LEAST and all(checked[name] >= 24 for name in FIGURES)
