"""sweep: the same numbers as train, run by run, however stacked, spread, killed or cached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

from course_lib.optimizers import KFAC, SAM, Adam, AdamW, GradientDescent, Lookahead, Momentum, as_optimizer
from course_lib.problems import MLP
from course_lib.running import SweepResult, Table, random_settings, sweep, train
from course_lib.schedules import cosine

from .test_training import network

SHORT = dict(epochs=2, batch_size=16)


def numbers(result):
    """The columns that must not depend on how a sweep was computed."""
    return {n: c for n, c in result.table.columns.items() if n not in ("seconds", "stack")} | result.curves


def equal(one, two):
    """Assert that two sweeps gave exactly the same numbers."""
    one, two = numbers(one), numbers(two)
    assert one.keys() == two.keys()
    for name in one:
        assert np.array_equal(one[name], two[name], equal_nan=one[name].dtype.kind == "f"), name


class TestTable:
    def test_words_stand_left_and_numbers_right(self):
        shown = Table({"method": ["Adam"], "loss": [0.5], "good": [True]})._repr_html_()
        for side, cells in (("left", ("method", "Adam", "good", "True")), ("right", ("loss", "0.5"))):
            for cell in cells:
                assert f'style="text-align:{side}">{cell}<' in shown

    @pytest.mark.parametrize("stack", [1, 2, 4, 7, 100])
    def test_every_row_is_the_run_alone(self, stack):
        problem, grid = network(l2=0.1), {"lr": [0.01, 0.1], "beta1": [0.0, 0.9]}
        result = sweep(Adam(), problem, grid, seeds=[5, 2, 9], stack=stack, **SHORT)
        assert len(result) == 12 and list(result.table.columns)[:4] == ["lr", "beta1", "seed", "step"]
        for k, row in enumerate(result.rows):
            alone = train(Adam(lr=row["lr"], beta1=row["beta1"]), problem, seed=row["seed"], **SHORT)
            for name in alone.rows[0]:
                if name == "seconds":
                    continue
                assert row[name] == pytest.approx(alone[name][-1], rel=1e-12), name
                if name in result.curves:
                    curve = result.curves[name]
                    np.testing.assert_allclose(
                        curve if curve.ndim == 1 else curve[k], alone[name], rtol=1e-12
                    )
        assert max(result["stack"]) == {1: 1, 2: 2, 4: 3, 7: 6, 100: 12}[stack]

    def test_diverged_runs_have_their_counts_however_stacked(self):
        problem, grid = network(l2=10.0), {"lr": [0.01, 100.0]}
        stacked, single = (
            sweep(GradientDescent(), problem, grid, seeds=range(2), stack=n, epochs=6, batch_size=16)
            for n in (9, 1)
        )
        for name, column in numbers(stacked).items():
            np.testing.assert_allclose(column, numbers(single)[name], rtol=1e-10)
        lost = stacked["diverged_at"] >= 0
        assert lost.tolist() == [False, False, True, True]
        assert (stacked["step"][lost] == stacked["diverged_at"][lost]).all()
        assert np.isinf(stacked.curves["loss"][lost][:, -1]).all()
        assert (stacked.curves["test_accuracy"][lost][:, -1] == 0).all()
        assert stacked.best("loss") == stacked.best("accuracy") == {"lr": 0.01}

    def test_what_cannot_be_stacked_goes_apart(self):
        forms = sweep(
            AdamW(), network(), {"lr": [0.1, 0.2, 0.3], "form": ["library", "paper"]}, seeds=[1, 2], **SHORT
        )
        assert forms.stacks == 2
        assert forms["form"].tolist() == (["library"] * 2 + ["paper"] * 2) * 3
        ahead = sweep(Lookahead(Adam()), network(), {"k": [2, 3], "lr": [0.1, 0.2]}, seeds=[1], **SHORT)
        assert ahead.stacks == 2 and ahead["stack"].tolist() == [2] * 4
        kfac = sweep(KFAC(), network(), {"lr": [0.1, 0.2]}, seeds=[1, 2], **SHORT)
        assert kfac.stacks == 4 and kfac["stack"].tolist() == [1] * 4
        for result, make in (
            (forms, AdamW),
            (ahead, lambda **h: Lookahead(Adam(lr=h["lr"]), k=h["k"])),
            (kfac, KFAC),
        ):
            for row in result.rows:
                setting = {name: row[name] for name in result.settings[0]}
                alone = train(make(**setting), network(), seed=row["seed"], **SHORT)
                assert row["loss"] == pytest.approx(alone["loss"][-1], rel=1e-12)

    def test_a_function_enters_unchanged(self):
        def mine(x, g, state, lr=0.1, beta=0.9):
            state["m"] = beta * state["m"] + g
            return x - lr * state["m"], state

        def coupled(x, g, state, lr=0.1):
            return x - lr * g / np.linalg.norm(g), state

        grid = {"lr": [0.01, 0.1]}
        same = sweep(as_optimizer(mine, ["m"]), network(), grid, seeds=[1, 2], **SHORT)
        np.testing.assert_allclose(
            same["loss"], sweep(Momentum(), network(), grid, seeds=[1, 2], **SHORT)["loss"]
        )
        opt = as_optimizer(coupled, [])
        for row in sweep(opt, network(), grid, seeds=[1, 2], **SHORT).rows:
            alone = train(opt.replace(lr=row["lr"]), network(), seed=row["seed"], **SHORT)
            assert row["loss"] == pytest.approx(alone["loss"][-1])

    def test_settings_may_be_a_list(self):
        settings = random_settings(Adam(), {"lr": (1e-3, 1e-1), "beta1": [0.0, 0.9]}, 5, seed=3)
        result = sweep(Adam(), network(), settings, seeds=[1, 2], **SHORT)
        assert result["lr"][::2].tolist() == [s["lr"] for s in settings] and result.stacks == 1
        mixed = sweep(Adam(), network(), [{"lr": 0.1}, {"beta1": 0.5}], seeds=[0], **SHORT)
        assert mixed["lr"].tolist() == [0.1, 0.001] and mixed["beta1"].tolist() == [0.9, 0.5]

    def test_survives_the_disk(self, tmp_path):
        result = sweep(
            AdamW(), network(), {"lr": [0.1, 0.3], "form": ["library", "paper"]}, seeds=[1, 2], **SHORT
        )
        result.save(tmp_path / "sweep.csv")
        again = SweepResult.load(tmp_path / "sweep.csv")
        assert again.rows == result.rows and again.best("loss") == result.best("loss")
        assert "<table>" in result._repr_html_() and "8 runs" in repr(result)

    def test_wrappers_and_schedules(self):
        opt, rule = SAM(Momentum()), cosine(8)
        result = sweep(opt, network(), {"lr": [0.01, 0.1]}, seeds=[3], schedule=rule, **SHORT)
        alone = train(opt.replace(lr=0.1), network(), seed=3, schedule=rule, **SHORT)
        assert result["loss"][1] == pytest.approx(alone["loss"][-1], rel=1e-12)
        assert result["evaluations"].tolist() == [16, 16] and result["step"].tolist() == [8, 8]


class TestRandomSettings:
    def test_scales(self):
        drawn = random_settings(
            Adam(), {"lr": (1e-4, 1.0), "beta1": (0.9, 0.999), "eps": [1e-8, 1e-3]}, 4000, seed=1
        )
        logs = np.log10([s["lr"] for s in drawn])
        assert np.histogram(logs, 4, (-4, 0))[0] == pytest.approx([1000] * 4, abs=120)
        assert np.histogram(np.log10([1 - s["beta1"] for s in drawn]), 2, (-3, -1))[0] == pytest.approx(
            2000, abs=150
        )
        assert {s["eps"] for s in drawn} == {1e-8, 1e-3}
        whole = {s["k"] for s in random_settings(Lookahead(Adam()), {"k": (2, 4)}, 50)}
        assert whole == {2, 3, 4}

    @pytest.mark.parametrize(
        ("ranges", "words"),
        [
            ({"rate": (1, 2)}, ["'rate'", "lr, beta1"]),
            ({"lr": (0.1, 0.01)}, ["lr", "(low, high)"]),
            ({"lr": (-1.0, 1.0)}, ["lr", "(0, inf)"]),
            ({"eps": (0.0, 1.0)}, ["eps", "logarithmic"]),
            ({"lr": []}, ["lr", "one value"]),
        ],
    )
    def test_bad_ranges_are_named(self, ranges, words):
        with pytest.raises(ValueError) as caught:
            random_settings(Adam(), ranges, 3)
        assert not [word for word in words if word not in str(caught.value)]


class TestCache:
    def test_second_time_nothing_is_computed(self, tmp_path):
        run = lambda **more: sweep(  # noqa: E731
            Adam(),
            network(),
            {"lr": [0.01, 0.1]},
            seeds=[1, 2],
            stack=2,
            cache=tmp_path / "cache",
            **(SHORT | more),
        )
        first, second = run(), run()
        assert (first.computed, second.computed) == (2, 0)
        equal(first, second)
        assert second["seconds"].tolist() == first["seconds"].tolist()
        for change in (
            dict(epochs=3),
            dict(batch_size=17),
            dict(order="fixed"),
            dict(every=2),
            dict(schedule=cosine(9)),
        ):
            assert run(**change).computed == 2 and run(**change).computed == 0

    def test_more_settings_compute_what_is_missing(self, tmp_path):
        options = dict(seeds=[1, 2], stack=2, cache=tmp_path, **SHORT)
        sweep(Adam(), network(), {"lr": [0.01]}, **options)
        wider = sweep(Adam(), network(), {"lr": [0.001, 0.01]}, **options)
        assert wider.computed == 1
        equal(wider, sweep(Adam(), network(), {"lr": [0.001, 0.01]}, **{**options, "cache": None}))

    def test_a_broken_file_is_named_and_computed_anew(self, tmp_path):
        options = dict(seeds=[1], stack=1, cache=tmp_path, **SHORT)
        first = sweep(Adam(), network(), {"lr": [0.01, 0.1]}, **options)
        for spoil in (
            lambda b: b[:100],
            lambda b: b[: len(b) // 2],
            lambda b: b"",
            lambda b: b[:400] + b"x" * 40 + b[440:],
        ):
            path = sorted(tmp_path.glob("*.npz"))[0]
            path.write_bytes(spoil(path.read_bytes()))
            with pytest.warns(UserWarning, match=rf"{path.name}.*computed anew"):
                again = sweep(Adam(), network(), {"lr": [0.01, 0.1]}, **options)
            assert again.computed == 1
            equal(first, again)

    def test_another_version_is_named(self, tmp_path):
        cache = tmp_path / "cache"
        sweep(Adam(), network(), {"lr": [0.1]}, seeds=[1], cache=cache, **SHORT)
        marker = next(cache.glob("*.txt"))
        marker.write_text("0123abcd\n")
        with pytest.raises(ValueError, match=r"another version.*0123abcd.*delete the directory") as caught:
            sweep(Adam(), network(), {"lr": [0.1]}, seeds=[1], cache=cache, **SHORT)
        assert str(cache) in str(caught.value)

    def test_a_directory_of_something_else_is_refused(self, tmp_path):
        (tmp_path / "thesis.tex").write_text("x")
        with pytest.raises(ValueError, match="is not a cache"):
            sweep(Adam(), network(), {"lr": [0.1]}, seeds=[1], cache=tmp_path, **SHORT)

    def test_a_changed_function_is_another_method(self, tmp_path):
        def made(factor):
            def helper(g):
                return factor * g

            def mine(x, g, state, lr=0.1):
                return x - lr * helper(g), state

            return as_optimizer(mine, [])

        counts = [
            sweep(made(factor), network(), {"lr": [0.1]}, seeds=[1], cache=tmp_path, **SHORT).computed
            for factor in (1.0, 2.0, 1.0)
        ]
        assert counts == [1, 1, 0]

    def test_what_has_no_fingerprint_is_named(self, tmp_path):
        stream = iter([1.0])

        def mine(x, g, state, lr=0.1):
            return x - lr * g * next(stream), state

        with pytest.raises(TypeError, match=r"'stream'.*no content"):
            sweep(as_optimizer(mine, []), network(), {"lr": [0.1]}, seeds=[1], cache=tmp_path, **SHORT)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(opt="adam"), TypeError, ["opt = 'adam'"]),
        (dict(opt=Adam(lr=np.ones(2))), ValueError, ["opt has the grid (2,)"]),
        (dict(grid={"rate": [1.0]}), ValueError, ["'rate'", "lr, beta1"]),
        (dict(grid={"lr": 0.1}), TypeError, ["grid['lr'] = 0.1"]),
        (dict(grid={"lr": []}), ValueError, ["grid['lr']", "one value"]),
        (dict(grid={"lr": [0.1, -1.0]}), ValueError, ["lr = -1", "(0, inf)"]),
        (dict(grid=[]), ValueError, ["grid = []"]),
        (dict(seeds=[]), ValueError, ["seeds = []"]),
        (dict(seeds=[1, 1]), ValueError, ["none twice"]),
        (dict(seeds=[1.5]), TypeError, ["seeds[0] = 1.5"]),
        (dict(stack=0), ValueError, ["stack = 0"]),
    ],
)
def test_bad_input_is_named(arguments, error, words):
    with pytest.raises(error) as caught:
        sweep(**{"opt": Adam(), "problem": network(), "grid": {"lr": [0.1]}, **SHORT} | arguments)
    assert not [word for word in words if word not in str(caught.value)]


LONG = dict(grid={"lr": np.logspace(-4, -1, 8)}, seeds=range(2), epochs=20, batch_size=32, stack=2)


def test_two_processes_give_the_same_numbers():
    options = dict(grid={"lr": [0.01, 0.1]}, seeds=range(2), stack=2, **SHORT)
    equal(sweep(Adam(), network(), jobs=2, **options), sweep(Adam(), network(), **options))


@pytest.mark.slow
def test_a_killed_sweep_is_finished_by_the_next(tmp_path):
    code = """
        from tests.running.test_sweep import *
        sweep(Adam(), MLP.on_digits(), cache=sys.argv[1], **LONG)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "cache")])
    done = lambda: len([*(tmp_path / "cache").glob("*.npz")])  # noqa: E731
    while done() < 3:
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    finished = done()
    assert 3 <= finished < 8
    rest = sweep(Adam(), MLP.on_digits(), cache=tmp_path / "cache", **LONG)
    assert (rest.computed, rest.stacks) == (8 - finished, 8)
    equal(rest, sweep(Adam(), MLP.on_digits(), **LONG))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_dask_loses_a_worker_and_no_number(tmp_path):
    distributed = pytest.importorskip("distributed")
    serial = sweep(Adam(), MLP.on_digits(), **LONG)
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = list(client.run(os.getpid).values())
        killed = []

        def kill_one():
            while len([*Path(tmp_path / "cache").glob("*.npz")]) < 2:
                time.sleep(0.01)
            os.kill(workers[0], signal.SIGKILL)
            killed.append(workers[0])

        thread = threading.Thread(target=kill_one)
        thread.start()
        with joblib.parallel_config(backend="dask"):
            spread = sweep(Adam(), MLP.on_digits(), cache=tmp_path / "cache", **LONG)
        thread.join()
        assert killed and killed[0] not in client.run(os.getpid).values()
    assert spread.computed == 8
    equal(spread, serial)
