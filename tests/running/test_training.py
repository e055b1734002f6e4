"""train over grids: every run equals the run alone; divergence, callbacks, interrupts and the record."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from course_lib.optimizers import (
    KFAC,
    REGISTRY,
    SAM,
    Adam,
    ClipByNorm,
    GradientDescent,
    Lookahead,
    Momentum,
    Partition,
)
from course_lib.problems import MLP, Data, SoftmaxRegression
from course_lib.running import Table, train
from course_lib.schedules import cosine, linear_warmup

SEEDS = (3, 0, 7)


def network(dtype=np.float64, examples=50, kind=MLP, **fields):
    """A small network on a small problem; its validation and test examples are others."""
    rng = np.random.default_rng(0)
    sets = [
        Data(rng.standard_normal((n, 5)).astype(dtype), rng.integers(3, size=n)) for n in (examples, 21, 22)
    ]
    train, valid, test = sets
    fields = {"classes": 3, "activation": "tanh"} | fields
    return kind(train=train, valid=valid, test=test, hidden=(4,), **fields)


def optimizers():
    """Every optimizer of the registry that takes a grid and runs on a network."""
    for entry in REGISTRY.values():
        if entry.takes_grid and entry.runs_on(network()):
            opt = Partition({"W*": entry.cls(), "*": Adam()}) if entry.needs_matrix else entry.cls()
            steady = {"damping": 10.0} if entry.name == "Newton" else {}  # near a saddle rounding grows
            yield pytest.param(opt.replace(**steady), id=entry.name)


def same(grid, alone, index, tolerance=1e-12):
    """Assert that one run of a grid is the run alone."""
    for name, part in alone.params.items():
        np.testing.assert_allclose(grid.params[name][(..., *index)], part, rtol=tolerance, atol=tolerance)
    for column in alone.rows[0]:
        if column != "seconds":
            found = grid[column][(slice(None), *index)] if grid[column].ndim > 1 else grid[column]
            np.testing.assert_allclose(found, alone[column], rtol=tolerance, atol=tolerance)


class TestGrid:
    @pytest.mark.parametrize("opt", list(optimizers()))
    def test_seeds_equal_each_run_alone(self, opt):
        problem = network()
        options = dict(epochs=2, batch_size=16, schedule=linear_warmup(4) * cosine(8))
        grid = train(opt, problem, seed=SEEDS, **options)
        assert grid["loss"].shape == (3, 3) and grid["step"].shape == (3,)
        assert len({*grid["loss"][-1]}) == 3
        for k, seed in enumerate(SEEDS):
            same(grid, train(opt, problem, seed=seed, **options), (k,))

    @pytest.mark.parametrize(
        "opt", [Adam(), Momentum(), Lookahead(Adam()), SAM(Momentum()), ClipByNorm(Adam())]
    )
    @pytest.mark.parametrize("order", ["shuffled", "once", "fixed", "replacement", "sorted"])
    def test_settings_times_seeds_equal_each_run_alone(self, opt, order):
        problem, lr = network(l2=0.01), np.array([0.003, 0.03])
        options = dict(epochs=2, batch_size=16, order=order, every=3)
        grid = train(opt.replace(lr=lr[:, None]), problem, seed=SEEDS, **options)
        assert grid["loss"].shape == (4, 2, 3) and (grid.diverged_at == -1).all()
        for i, rate in enumerate(lr):
            for k, seed in enumerate(SEEDS):
                same(grid, train(opt.replace(lr=rate), problem, seed=seed, **options), (i, k))

    def test_settings_with_one_seed(self):
        problem, lr = network(), np.array([0.003, 0.03])
        grid = train(Adam(lr=lr), problem, epochs=2, batch_size=16, seed=5)
        for i, rate in enumerate(lr):
            same(grid, train(Adam(lr=rate), problem, epochs=2, batch_size=16, seed=5), (i,))

    @pytest.mark.parametrize("size", [None, 50, 1])
    def test_batch_forms(self, size):
        grid = train(Adam(), network(), epochs=1, batch_size=size, seed=SEEDS)
        for k, seed in enumerate(SEEDS):
            same(grid, train(Adam(), network(), epochs=1, batch_size=size, seed=seed), (k,))

    def test_one_seed_in_a_list_is_a_grid_of_one(self):
        grid = train(Adam(), network(), epochs=1, seed=[4])
        assert grid["loss"].shape == (2, 1)
        same(grid, train(Adam(), network(), epochs=1, seed=4), (0,))

    def test_start_and_batches_have_streams_of_their_own(self):
        problem = network()
        for_start, _ = np.random.SeedSequence(3).spawn(2)
        start = problem.init(np.random.default_rng(for_start))
        grid = train(Adam(), problem, epochs=0, seed=SEEDS)
        assert all(np.array_equal(grid.params[name][..., 0], part) for name, part in start.items())

    def test_initial_parameters_are_for_all(self):
        problem = network()
        start = problem.init(np.random.default_rng(9))
        grid = train(Adam(), problem, epochs=0, seed=SEEDS, params=start)
        assert grid["loss"].tolist() == [[pytest.approx(problem.loss(start))] * 3]
        assert grid.params["W1"].shape == (5, 4, 3)

    def test_grid_is_first_in_memory(self):
        grid = train(Adam(), network(), epochs=1, batch_size=16, seed=SEEDS)
        assert all(np.moveaxis(grid.params[name], -1, 0).flags.c_contiguous for name in ("W1", "W2"))

    def test_float32_stays(self):
        lr = np.array([0.1, 0.2])[:, None]
        grid = train(Adam(lr=lr), network(np.float32), epochs=1, batch_size=16, seed=SEEDS)
        assert {part.dtype for part in grid.params.values()} == {np.dtype(np.float32)}

    def test_large_data_is_evaluated_in_pieces(self, monkeypatch):
        whole = train(Adam(), network(), epochs=1, seed=SEEDS)
        monkeypatch.setattr(sys.modules["course_lib.running.train"], "_EXAMPLES", 3 * 7)
        same(train(Adam(), network(), epochs=1, seed=SEEDS), whole, (slice(None),))

    def test_methods_that_take_no_grid_say_so(self):
        with pytest.raises(ValueError, match="KFAC takes no grid of runs"):
            train(KFAC(), network(), seed=range(2))
        with pytest.raises(ValueError, match="takes no grid"):
            train(KFAC(lr=np.ones(2)), network())


class TestDivergence:
    def test_is_marked_run_by_run(self):
        problem, lr = network(l2=10.0), np.array([0.01, 10.0, 1000.0])  # factors 1 − lr·l2
        grid = train(GradientDescent(lr=lr[:, None]), problem, epochs=12, batch_size=16, seed=SEEDS)
        assert (grid.diverged_at[0] == -1).all() and (grid.diverged_at[1:] > 0).all()
        assert np.isfinite(grid["loss"][:, 0]).all() and np.isinf(grid["loss"][-1, 1:]).all()
        assert (grid["accuracy"][-1, 1:] == 0).all() and (grid["test_loss"][-1, 1:] == np.inf).all()
        final = grid.final()
        for i, rate in enumerate(lr):
            for k, seed in enumerate(SEEDS):
                alone = train(GradientDescent(lr=rate), problem, epochs=12, batch_size=16, seed=seed)
                at = alone.diverged_at
                assert grid.diverged_at[i, k] == (-1 if at is None else at)
                for name in ("step", "epoch", "examples", "evaluations", "loss", "accuracy"):
                    assert final[name][i, k] == pytest.approx(alone.final()[name]), name

    def test_all_diverged_ends_the_whole(self):
        grid = train(GradientDescent(lr=100.0), network(l2=10.0), epochs=50, batch_size=16, seed=SEEDS)
        assert grid["step"][-1] == grid.diverged_at.max() < 20
        assert "3 runs, 3 diverged" in repr(grid)


class TestCallbacks:
    def test_see_every_row(self):
        seen = []
        history = train(Adam(), network(), epochs=2, batch_size=16, every=2, callbacks=[seen.append])
        assert [s.step for s in seen] == history["step"].tolist() == [0, 2, 4, 6, 8]
        assert [s.row["loss"] for s in seen] == history["loss"].tolist()
        assert seen[-1].params is history.params and seen[0].history is history
        with pytest.raises(AttributeError):
            seen[0].step = 3

    def test_true_ends_the_run(self):
        for last in (0, 4):
            history = train(
                Adam(), network(), epochs=5, batch_size=16, callbacks=[lambda s, n=last: s.step >= n]
            )
            assert history["step"].tolist() == [0, 4][: 1 + (last > 0)]

    def test_an_error_keeps_the_history(self):
        def fails(snapshot):
            if snapshot.step == 8:
                raise RuntimeError("no space")

        with pytest.raises(RuntimeError, match="no space") as caught:
            train(Adam(), network(), epochs=5, batch_size=16, callbacks=[fails])
        assert caught.value.history["step"].tolist() == [0, 4, 8]
        assert "step 8" in caught.value.__notes__[0] and "history" in caught.value.__notes__[0]


class TestRecord:
    def test_gradient_norm_is_that_of_the_last_gradient(self):
        problem = network()
        history = train(GradientDescent(lr=0.1), problem, epochs=1)
        start = train(GradientDescent(lr=0.1), problem, epochs=0).params
        g = problem.grad(start)
        assert np.isnan(history["grad_norm"][0])
        assert history["grad_norm"][1] == pytest.approx(np.sqrt(sum(np.sum(p**2) for p in g.values())))

    def test_interrupt_keeps_the_history_of_a_grid(self):
        class Interrupted(GradientDescent):
            def rule(self, x, g, s):
                if s.t == 4:
                    raise KeyboardInterrupt
                return super().rule(x, g, s)

        history = train(Interrupted(lr=0.1), network(), epochs=10, seed=SEEDS)
        assert history.interrupted and history["step"].tolist() == [0, 1, 2, 3]
        same(train(GradientDescent(lr=0.1), network(), epochs=3, seed=SEEDS), history, (slice(None),))

    def test_projection_is_applied_after_every_step(self):
        class Boxed(MLP):
            def project(self, params):
                return {name: np.clip(part, -0.1, 0.1) for name, part in params.items()}

        history = train(Adam(lr=0.3), network(kind=Boxed), epochs=1, batch_size=16)
        assert np.abs(history.params["W1"]).max() == 0.1

    def test_table_of_a_grid_survives_the_disk(self, tmp_path):
        history = train(Adam(lr=np.array([0.1, 0.2])[:, None]), network(), epochs=1, seed=SEEDS)
        table = history.table()
        assert len(table) == 2 * 2 * 3
        row = table.where(run_0=1, run_1=2, step=1).rows[0]
        assert row["loss"] == history["loss"][1, 1, 2] and row["seconds"] == history["seconds"][1]
        table.save(tmp_path / "run.csv")
        again = Table.load(tmp_path / "run.csv")
        assert all(np.array_equal(again[n], table[n], equal_nan=True) for n in table.columns)
        read = np.genfromtxt(tmp_path / "run.csv", delimiter=",", names=True)
        assert np.array_equal(read["loss"], table["loss"])
        single = train(Adam(), network(), epochs=1).table()
        assert next(iter(single.columns)) == "step" and len(single) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(seed=[]), ValueError, ["seed = []", "at least one"]),
        (dict(seed=[1, -1]), ValueError, ["seed[1] = -1", "≥ 0"]),
        (dict(seed=[1, 2.0]), TypeError, ["seed[1] = 2.0", "whole"]),
        (dict(seed=1.5), TypeError, ["seed = 1.5", "whole"]),
        (dict(seed="abc"), TypeError, ["seed[0] = 'a'"]),
        (dict(opt=Adam(lr=np.ones(4)), seed=range(3)), ValueError, ["3 seeds", "(4,)", "lr[:, None]"]),
        (dict(opt=Adam(lr=np.ones(4)), seed=range(1)), ValueError, ["1 seeds", "(4,)"]),
    ],
)
def test_bad_input_is_named(arguments, error, words):
    with pytest.raises(error) as caught:
        train(**{"opt": Adam(), "problem": network()} | arguments)
    assert not [word for word in words if word not in str(caught.value)]


def test_softmax_regression_takes_seeds_too():
    problem = SoftmaxRegression(train=network().train, classes=3)
    grid = train(Adam(), problem, epochs=2, batch_size=16, seed=SEEDS)
    for k, seed in enumerate(SEEDS):
        same(grid, train(Adam(), problem, epochs=2, batch_size=16, seed=seed), (k,))
