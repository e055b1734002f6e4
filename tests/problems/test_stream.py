"""Data from files: windows, orders, checks; and a child process that trains on more than its memory holds."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from course_lib.optimizers import Adam
from course_lib.problems import MLP, Data, SoftmaxRegression, Stream, get_batches
from course_lib.running import train


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.standard_normal((23, 4)).astype(np.float32))
    np.save(tmp_path / "y.npy", np.arange(23) % 3)
    return tmp_path / "x.npy", tmp_path / "y.npy"


def whole(files):
    return Data(*map(np.load, files))


class TestStream:
    def test_parts_are_the_file(self, files):
        stream = Stream(*files, window=6, classes=3)
        parts = list(stream.parts())
        assert len(stream) == 23 and [len(part) for part in parts] == [6, 6, 6, 5]
        np.testing.assert_array_equal(np.concatenate([part.inputs for part in parts]), whole(files).inputs)
        np.testing.assert_array_equal(np.concatenate([part.targets for part in parts]), whole(files).targets)
        assert stream.features == 4 and stream.dtype == np.float32
        assert [len(part) for part in whole(files).parts()] == [23]

    def test_fixed_order_is_the_datas(self, files):
        rngs = [np.random.default_rng(k) for k in range(2)]
        for rng in (rngs[0], rngs):
            ours = list(get_batches(Stream(*files, window=6), 3, rng, "fixed"))
            for a, b in zip(ours, get_batches(whole(files), 3, rng, "fixed"), strict=True):
                np.testing.assert_array_equal(a.inputs, b.inputs)

    def test_shuffled_shows_every_example_once_and_mixes_windows(self, files):
        np.save(files[1], np.arange(23))
        stream = Stream(*files, window=6)
        rng = np.random.default_rng(1)
        epochs = [[b.targets.tolist() for b in get_batches(stream, 2, rng)] for _ in range(5)]
        assert len({tuple(dict.fromkeys(batch[0] // 6 for batch in epoch)) for epoch in epochs}) > 2
        for epoch in epochs:
            assert len(epoch) == 12 and sorted(n for batch in epoch for n in batch) == list(range(23))
            assert all(len({number // 6 for number in batch}) == 1 for batch in epoch)

    def test_loss_and_accuracy_window_by_window(self, files):
        stream, data = Stream(*files, window=6, classes=3), whole(files)
        a, b = (
            SoftmaxRegression(train=stream, classes=3, l2=0.1),
            SoftmaxRegression(train=data, classes=3, l2=0.1),
        )
        x = {"W": np.ones((4, 3), np.float32), "b": np.arange(3, dtype=np.float32)}
        assert a.init()["W"].dtype == np.float32
        assert a.loss(x) == pytest.approx(b.loss(x), rel=1e-6) and a.loss(x).dtype == np.float32
        assert a.accuracy(x) == pytest.approx(b.accuracy(x))

    def test_a_gradient_of_everything_is_refused_in_words(self, files):
        stream = Stream(*files, window=6, classes=3)
        for problem in (SoftmaxRegression(train=stream, classes=3), MLP(train=stream, classes=3)):
            x = problem.init()
            with pytest.raises(
                ValueError, match="batch is None, which stands for all 23 examples of a Stream"
            ):
                problem.grad(x)
            with pytest.raises(ValueError, match=r"batch is Stream, .* never in memory at once"):
                problem.grad(x, stream)

    def test_trains_as_on_the_same_numbers_in_memory(self, files):
        histories = [
            train(Adam(), MLP(train=data, hidden=(4,), classes=3), epochs=2, batch_size=3, order="fixed")
            for data in (Stream(*files, window=6, classes=3), whole(files))
        ]
        for column in ("step", "examples", "loss", "accuracy", "grad_norm"):
            np.testing.assert_allclose(*(history[column] for history in histories), rtol=1e-5)
        assert (
            histories[0]["step"].tolist() == [0, 8, 16] and histories[0]["loss"][-1] < histories[0]["loss"][0]
        )
        shuffled = train(Adam(), MLP(train=Stream(*files, window=6, classes=3), classes=3), 1, batch_size=3)
        assert shuffled["examples"].tolist() == [0, 23]

    @pytest.mark.parametrize(
        ("how", "error", "words"),
        [
            ("missing", FileNotFoundError, "targets: there is no file"),
            ("text", ValueError, "inputs: .* is not a .npy file"),
            ("cut", ValueError, r"inputs: .* is cut off: it has \d+ bytes, but an array \(23, 4\) needs"),
            ("lengths", ValueError, r"holds \(23, 4\) and targets .* \(22,\)"),
            ("words", ValueError, "targets: .* holds <U1, but it must hold numbers"),
            ("columns", ValueError, "by columns, but it must hold numbers, by rows"),
        ],
    )
    def test_bad_files_are_named(self, files, how, error, words):
        x, y = files
        if how == "missing":
            y.unlink()
        elif how == "text":
            x.write_text("1, 2, 3, 4, 5, 6, 7, 8")
        elif how == "cut":
            x.write_bytes(x.read_bytes()[:-10])
        elif how == "lengths":
            np.save(y, np.arange(22))
        elif how == "words":
            np.save(y, np.array(["a"] * 23))
        elif how == "columns":
            np.save(x, np.asfortranarray(np.load(x)))
        with pytest.raises(error, match=words):
            Stream(*files, window=6)

    def test_numbers_are_checked_as_they_are_read(self, files):
        x = np.load(files[0])
        x[13, 2] = np.nan
        np.save(files[0], x)
        windows = Stream(*files, window=6).parts()
        next(windows), next(windows)
        with pytest.raises(ValueError, match=r"examples 12 … 17 .*inputs row 1 is not finite"):
            next(windows)

    def test_labels_are_checked_as_they_are_read(self, files):
        windows = Stream(*files, window=6, classes=2).parts()
        with pytest.raises(ValueError, match=r"examples 0 … 5 .* labels run from 0 to 2"):
            next(windows)
        for stream in (Stream(*files), Stream(*files, classes=4)):
            with pytest.raises(ValueError, match=r"train: the stream has classes = (None|4), but"):
                SoftmaxRegression(train=stream, classes=3)

    @pytest.mark.parametrize("window", [0, -1, 2.5, True])
    def test_window_is_checked(self, files, window):
        with pytest.raises(ValueError, match=f"window = {window} is not allowed"):
            Stream(*files, window=window)

    def test_sizes_and_orders_are_checked(self, files):
        stream, rng = Stream(*files, window=6), np.random.default_rng(0)
        for size, order, rngs, words in (
            (4, "shuffled", rng, "batch size 4 is not allowed: it must divide the stream's window, 6"),
            (None, "fixed", rng, "batch size 23 is not allowed"),
            (3, "replacement", rng, "order = 'replacement' is not allowed"),
            (3, "sorted", rng, "order = 'sorted' is not allowed: a stream has 'shuffled' and 'once'"),
            (3, "shuffled", [rng, rng], "for a single generator"),
        ):
            with pytest.raises(ValueError, match=words):
                list(get_batches(stream, size, rngs, order))


CHILD = """
import resource, sys
import numpy as np
from course_lib.problems import SoftmaxRegression, Stream, get_batches

stream = Stream(sys.argv[1], sys.argv[2], window=16_000, classes=4)
problem = SoftmaxRegression(train=stream, classes=4)
params = problem.init()
problem.grad(params, stream._read(0)[:2])  # starts BLAS, which takes memory of its own
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    np.load(sys.argv[1])
    raise SystemExit("the whole file fits: the limit limits nothing")
except MemoryError:
    pass
before, seen = problem.loss(params), 0
for batch in get_batches(stream, 1000, np.random.default_rng(0)):
    grads, seen = problem.grad(params, batch), seen + len(batch)
    params = {name: part - np.float32(0.1) * grads[name] for name, part in params.items()}
# not ru_maxrss: that begins with the size of the process that started this one
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seen, before, problem.loss(params), peak)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space as Linux does")
def test_trains_on_more_than_memory_holds(tmp_path, capsys):
    """One epoch over 205 MB with 64 MB to spare, where the whole file cannot be loaded."""
    examples, features = 200_000, 256
    paths = tmp_path / "x.npy", tmp_path / "y.npy"
    rng = np.random.default_rng(0)
    try:
        labels = rng.integers(4, size=examples)
        out = np.lib.format.open_memmap(paths[0], "w+", np.float32, (examples, features))
        for first in range(0, examples, 20_000):
            rows = slice(first, first + 20_000)
            out[rows] = rng.random((20_000, features), np.float32) - 0.5
            out[rows, :4] += labels[rows, None] == np.arange(4)
        out.flush()
        np.save(paths[1], labels)
        run = subprocess.run(
            [sys.executable, "-c", CHILD, *map(str, paths)], capture_output=True, text=True, timeout=120,
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": ""},
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    seen, before, after, peak = map(float, run.stdout.split())
    assert seen == examples and after < 0.9 * before
    with capsys.disabled():
        print(f"\na file of {examples * features * 4 / 1e6:.0f} MB, peak memory {peak / 1024:.0f} MB")
