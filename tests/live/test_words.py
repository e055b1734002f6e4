"""The word explorer: its numbers are those of a plain loop over the same batches, and it says what it is shown."""

import numpy as np
import pytest

from course_lib.live import explore_words
from course_lib.live.block import ahead as ahead_module
from course_lib.live.block.ahead import foresee
from course_lib.live.explorers import words as words_module
from course_lib.live.explorers.word_runs import learn_words, small_text
from course_lib.optimizers import (
    KFAC,
    Adagrad,
    Adam,
    GradientDescent,
    Lookahead,
    Muon,
    Nesterov,
    Newton,
)
from course_lib.problems import Data, LinearRegression, SoftmaxRegression, get_batches

from .common import Wire, check, marks, opened

RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(0.3, size=(40, 6)).astype(float)
COUNTS[:, 5] = 0  # a word that never occurs
FEW = SoftmaxRegression(train=Data(COUNTS, RNG.integers(3, size=40)), classes=3)


@pytest.mark.parametrize(
    "opt", [GradientDescent(lr=0.5), Adagrad(lr=0.3), Nesterov(lr=0.1), Lookahead(GradientDescent(lr=0.5))]
)
def test_steps_and_weights_are_those_of_a_loop(opt):
    (run,) = learn_words(opt, FEW, epochs=3, size=7, seed=5)
    x, rng = FEW.init(), np.random.default_rng(5)
    state, lengths = opt.init(x), [[] for _ in range(6)]
    for _ in range(3):
        for batch in get_batches(FEW.train, 7, rng):
            new, state = opt.update(x, FEW.grad(opt.query(x, state), batch), state)
            for word in range(6):
                if any(document[word] for document in batch.inputs):
                    lengths[word].append(np.linalg.norm(new["W"][word] - x["W"][word]))
            x = new
    w = opt.output(x, state)["W"]
    for word in range(6):
        assert run[-1].steps[word] == pytest.approx(np.mean(lengths[word]) if lengths[word] else 0, rel=1e-12)
        *others, most = sorted(w[word])
        assert run[-1].weights[word] == pytest.approx(most - np.mean(others), rel=1e-12, abs=1e-15)
    final = opt.output(x, state)
    assert (run[-1].loss, run[-1].accuracy) == pytest.approx(
        (FEW.loss(final), FEW.accuracy(final)), rel=1e-12
    )


def test_a_grid_of_runs_is_each_run_alone_and_a_long_run_holds_the_short_ones():
    together = learn_words(Adagrad(lr=np.array([0.05, 0.4])), FEW, epochs=3, size=7, seed=1)
    for lr, runs in zip((0.05, 0.4), together, strict=True):
        for epochs in (1, 3):
            (alone,) = learn_words(Adagrad(lr=lr), FEW, epochs=epochs, size=7, seed=1)
            np.testing.assert_allclose(runs[epochs - 1].steps, alone[-1].steps, rtol=1e-12)
            np.testing.assert_allclose(runs[epochs - 1].weights, alone[-1].weights, rtol=1e-12)


def test_a_setting_that_was_shown_is_not_run_again(monkeypatch):
    figure = explore_words(problem=FEW)
    runs = []
    from course_lib.live.explorers import words

    learn = words.learn_words
    monkeypatch.setattr(words, "learn_words", lambda *a: (runs.append(a[0]), learn(*a))[1])
    figure.rare = (3.0, 0.0)
    figure.epochs = 2
    assert runs == []
    figure.adagrad_lr = 0.5
    assert [type(opt) for opt in runs] == [Adagrad]
    figure.reset()
    assert len(runs) == 1
    figure.epochs = 7
    assert len(runs) == 3


def test_read_outs_are_medians_of_the_words_on_either_side_of_the_point():
    figure = explore_words(problem=FEW, right=np.ones(6))
    limit = sorted(figure.count)[3]
    Wire(figure).move(rare=[limit + 0.2, 0.3])
    rare = (figure.count > 0) & (figure.count <= limit)
    others = figure.count > limit
    assert rare.any() and others.any() and figure.count[5] == 0
    for row, name in zip(figure._scene["rows"], figure.names, strict=True):
        run = figure.run(name)
        told = [np.median(run.steps[rare]), np.median(run.steps[others]), np.median(run.weights[rare])]
        assert [float(cell) for cell in row["cells"][:3]] == pytest.approx(told, rel=0.06)
    assert f"these are {rare.sum()} words" in figure._scene["notice"] and "Grey" in figure._scene["notice"]
    figure.rare = (1e6, 0.0)
    assert [row["cells"][1] for row in figure._scene["rows"]] == ["–", "–"]
    check(figure._scene)


def test_the_lines_are_medians_of_words_an_octave_apart():
    figure = explore_words()
    line = marks(figure, "line")[1]  # after the grey one
    run = figure.run("SGD")
    for low, (centre, height) in zip(2.0 ** np.arange(10), line, strict=True):
        group = (figure.count >= low) & (figure.count < 2 * low)
        assert low <= centre < 2 * low and height == pytest.approx(np.median(run.steps[group]), rel=1e-5)


def test_on_the_small_text_adagrad_learns_the_rare_words_and_sgd_does_not():
    problem, right = small_text()
    count = (problem.train.inputs != 0).sum(axis=0)
    rare, known = count <= 8, (count > 16) & (right > 0)
    for seed in range(3):
        (sgd,) = learn_words(GradientDescent(lr=0.5), problem, 3, 32, seed)
        (adagrad,) = learn_words(Adagrad(lr=0.15), problem, 3, 32, seed)
        share = [
            np.median(run[-1].weights[rare]) / np.median(run[-1].weights[known]) for run in (sgd, adagrad)
        ]
        assert share[0] < 0.35 and share[1] > 0.6
        assert sgd[-1].accuracy + 0.05 < adagrad[-1].accuracy


def test_what_diverges_says_so():
    figure = explore_words({"far": GradientDescent(lr=1e300), "near": GradientDescent(lr=0.1)}, FEW)
    cells = {row["name"]: row["cells"] for row in figure._scene["rows"]}
    assert cells["far"][3] == "∞: diverged" and "∞" not in cells["near"][3]
    check(figure._scene)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"opt": Adam}, TypeError, "an instance such as"),
        ({"opt": []}, ValueError, "at least one"),
        ({"opt": Muon(), "problem": FEW}, ValueError, "moves matrices only"),
        ({"opt": Newton(), "problem": FEW}, ValueError, "cannot run here"),
        (
            {"opt": KFAC(), "problem": FEW},
            ValueError,
            "cannot run here: it needs a problem with layer_statistics",
        ),
        ({"problem": "text"}, TypeError, "must be a SoftmaxRegression"),
        ({"problem": LinearRegression.on_diabetes()}, TypeError, "must be a SoftmaxRegression"),
        ({"problem": FEW, "epochs": 0}, ValueError, "epochs = 0 is not allowed"),
        ({"problem": FEW, "epochs": 2.5}, TypeError, "epochs = 2.5"),
        ({"problem": FEW, "size": 0}, ValueError, "size = 0 is not allowed"),
        ({"problem": FEW, "size": 41}, ValueError, "size = 41 is not allowed"),
        ({"problem": FEW, "right": np.ones(5)}, ValueError, r"right has shape \(5,\), but there are 6 words"),
        ({"problem": FEW, "hide": ("beta",)}, ValueError, "hide names 'beta'"),
        (
            {"problem": SoftmaxRegression(train=Data(0 * COUNTS, FEW.train.targets), classes=3)},
            ValueError,
            "no words",
        ),
    ],
)
def test_what_it_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        explore_words(**arguments)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_still_picture(theme):
    assert np.ptp(np.asarray(opened(explore_words(problem=FEW).png(theme)))) > 100


def test_values_are_run_side_by_side_and_never_twice(monkeypatch):
    monkeypatch.setattr(ahead_module, "_MOMENT", 60.0)
    runs = []
    monkeypatch.setattr(
        words_module, "learn_words", lambda opt, *a: (runs.append(opt.grid), learn_words(opt, *a))[1]
    )
    figure = explore_words(GradientDescent(lr=0.5), FEW, epochs=2, size=7)
    values = figure.controls["lr"].values[:16]
    runs.clear()
    told = [foresee(figure, {"ahead": "lr", "values": asked})[0]["values"] for asked in (values, values[8:])]
    assert told == [values[:12], values[8:12]] and runs == [(12,)]
    foresee(figure, {"ahead": "lr", "values": values[9:]})
    assert runs == [(12,), (4,)]
    figure.epochs = 3
    foresee(figure, {"ahead": "lr", "values": values[:12]})
    assert runs[-1] == (12,), "a longer run is another one"
