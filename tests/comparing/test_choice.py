"""The decision guide says what the tables say: every answer is computed again here, from the CSV files alone."""

import csv
import itertools
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from course_lib.comparing.choice import (
    ALL,
    DATA,
    METRICS,
    MOST,
    NEAR,
    RUNS,
    STUDIED,
    choose,
    memory_of,
    outside,
)
from course_lib.comparing.studies import RESULTS

ANSWERS = [
    (data, run, MOST) for data, run in itertools.product(DATA, RUNS) if DATA[data] + RUNS[run] in STUDIED
]
ANSWERS += [(data, "annealed, three times as long", 1) for data in DATA]


@lru_cache(maxsize=2)
def signs(n):
    """Return all changes of sign of n numbers, the last one left as it is: the others say the same."""
    return 1.0 - 2 * (np.arange(2 ** (n - 1))[:, None] >> np.arange(n) & 1)


def p_value(rows, d):
    """By sign flips, or by the corrected t-test where the rows are of splits that overlap."""
    overlap = float(rows[0].get("overlap", 0))
    if overlap:
        error = d.std(ddof=1) * np.sqrt(1 / len(d) + overlap)
        return 2 * stats.t.sf(abs(d.mean()) / error, len(d) - 1)
    sums = np.abs(signs(len(d)) @ d)
    return np.mean(sums >= abs(d.sum()) - 3e-5)  # twenty results of six digits each


def read(study):
    with (RESULTS / f"{study}.csv").open() as file:
        return list(csv.DictReader(file))


def of_view(rows, method, view, column):
    """Return a method's results, ordered by seed."""
    own = sorted(
        (float(row["seed"]), row[column]) for row in rows if (row["method"], row["view"]) == (method, view)
    )
    return np.array([float(value) for _, value in own])


def settings_of(rows):
    names = list(rows[0])
    return names[names.index("criterion") + 1 : names.index("seed")]


def tuning_means(rows, method):
    """Return the mean validation loss of each setting that was tried, each run once."""
    found = {}
    for row in rows:
        if (row["method"], row["view"]) == (method, "tuning"):
            loss = float(row["valid_loss"])
            key = tuple(row[name] for name in settings_of(rows))
            found.setdefault(key, []).append(np.inf if np.isnan(loss) else loss)
    means = [float(np.mean(losses)) for losses in found.values()]
    return sorted({*filter(np.isfinite, means)}) + [mean for mean in means if not np.isfinite(mean)]


def corrected(p):
    """Holm's correction, one value after the other."""
    found, largest = {}, 0.0
    for rank, name in enumerate(sorted(p, key=p.get)):
        largest = max(largest, (len(p) - rank) * p[name])
        found[name] = min(1.0, largest)
    return found


@pytest.mark.parametrize(("data", "run", "memory"), ANSWERS)
def test_differences_and_standings_are_those_of_the_rows(data, run, memory):
    for metric, trials in itertools.product(METRICS, (0, ALL)):
        found = choose(data, run, trials, memory, metric)
        wanted = DATA[data] + RUNS[run]
        assert found.study == (wanted if wanted in STUDIED else DATA[data])
        assert found.asked == ("" if wanted in STUDIED else wanted)
        rows, view = read(found.study), "best" if trials else "defaults"
        room = [
            place.method for place in found.places if memory_of(found.study, place.method) <= memory + 0.05
        ]
        left_out = {place.method for place in found.places if place.standing == "left out"}
        assert left_out == {row["method"] for row in rows} - set(room)
        lowest = {
            name: tuning_means(rows, name)[0] if trials else of_view(rows, name, view, "valid_loss").mean()
            for name in room
        }
        assert found.first.method == min(lowest, key=lowest.get)
        column = metric.replace(" ", "_")
        first = of_view(rows, found.first.method, view, column)
        d = {name: of_view(rows, name, view, column) - first for name in room if name != found.first.method}
        p_holm = corrected({name: p_value(rows, each) for name, each in d.items()})
        good = 1 if metric == "test accuracy" else -1
        for place in found.places:
            if place.method in d:
                assert place.value == pytest.approx(d[place.method].mean(), abs=1e-12)
                assert place.low <= place.value <= place.high
                told = "better" if good * place.value > 0 else "worse"
                assert place.standing == (told if p_holm[place.method] <= 0.05 else "alike")


@pytest.mark.parametrize("run", [run for run in RUNS if "annealed" in run])
def test_what_is_called_annealed_was_annealed(run):
    names = [DATA[data] + RUNS[run] for data in DATA if DATA[data] + RUNS[run] in STUDIED]
    assert names and all(STUDIED[name].annealed for name in names)


@pytest.mark.parametrize("data", DATA)
def test_chances_are_counted_over_all_draws(data):
    rows = read(DATA[data])
    methods = list(dict.fromkeys(row["method"] for row in rows))
    tried = {name: tuning_means(rows, name) for name in methods}
    limit = NEAR * min(losses[0] for losses in tried.values())
    for trials in (1, 2, 4):
        found = choose(data, trials=trials)
        share = {
            name: np.mean([min(draw) <= limit for draw in itertools.combinations(losses, trials)])
            for name, losses in tried.items()
        }
        for place in found.places:
            assert place.value == pytest.approx(share[place.method])
            assert place.standing != "worse" or share[place.method] < max(share.values())
        assert share[found.first.method] == max(share.values())


def test_one_more_good_rate_makes_a_method_alike():
    found = {place.method: place for place in choose("images, small network", trials=2).places}
    assert found["Nadam"].standing == "first"  # two good ones of nine
    assert found["Adam"].standing == "alike" and found["SGD"].standing == "worse"  # one, and none


def test_memory_is_that_of_the_rule():
    keeps = {name: memory_of("mlp", name) for name in ("SGD", "Momentum", "Adam", "AMSGrad")}
    assert keeps == {"SGD": 0, "Momentum": 1, "Adam": 2, "AMSGrad": 3}
    assert memory_of("mlp", "Adafactor") == pytest.approx(2 / 64)  # a number for each row and column


def test_nothing_is_left_where_nothing_fits():
    nothing = choose("images, convolutional net", memory=0)
    assert [place.method for place in nothing.candidates] == ["SGD"] and not nothing.decides
    assert nothing.least_memory() == ("SGD",) and nothing.widest()[0] == "SGD"


def test_every_outside_row_has_a_source():
    for row in outside().rows:
        assert row["link"].startswith("https://") and row["finding"] and 2019 < row["year"] < 2027


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"data": "sound"}, "data = 'sound' is not allowed: it must be one of sparse text, "),
        ({"run": "short"}, "run = 'short' is not allowed: it must be one of lr constant, "),
        ({"metric": "loss"}, "metric = 'loss' is not allowed: it must be one of test accuracy, test loss"),
        ({"trials": 10}, "trials = 10 is not allowed: it must be in 0 … 9"),
        ({"memory": -1}, "memory = -1 is not allowed: it must be from 0 to 6"),
        ({"memory": float("nan")}, "memory = nan is not allowed"),
    ],
)
def test_an_answer_that_is_not_offered_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        choose(**arguments)
