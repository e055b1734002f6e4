"""Exercise 03: batches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ...optimizers import GradientDescent
from ...problems import SoftmaxRegression
from ...running import train
from ..cases import Case, Cases
from ..draw import drawn
from ..kinds import Code, Goal, Number
from ..observe import Notes, Run, call
from ..tasks import Exercise, Mine, Mistake
from ..values import described

LOOP, SECONDS = "lesson 03, section 3, the loop", "lesson 03, section 4, examples and seconds"
LAW, ORDER = "lesson 03, section 5, the law of the noise", "lesson 03, section 6, the order"

# -- 1: cut an epoch into batches ------------------------------------------------------------------------


def epoch_batches(inputs, targets, size, rng):
    order = rng.permutation(len(inputs))
    batches = []
    for first in range(0, len(inputs), size):
        rows = order[first : first + size]
        batches.append((inputs[rows], targets[rows]))
    return batches


def cut(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Note of two epochs what holds for every right shuffle: sizes, who is there, who stands beside whom."""
    n, size, rng = case["n"], case["size"], np.random.default_rng(5)
    inputs, targets = np.arange(n)[:, None] * [1.0, 10.0], n - np.arange(n)
    orders = []
    for epoch in ("in the first epoch, ", "in the second epoch, "):
        before = rng.bit_generator.state
        batches = function(inputs.copy(), targets.copy(), size, rng)
        if not isinstance(batches, Iterable) or isinstance(batches, (str, dict)):
            notes.odd("the value returned", described(batches), "a list of batches")
        pairs = [_pair(batch, notes) for batch in islice(batches, 2 * n + 2)]
        notes.see(epoch + "the number of batches", len(pairs))
        notes.see(epoch + "the sizes of the batches", [len(x) for x, _ in pairs])
        order = np.array([row for x, _ in pairs for row in x[:, 0]])
        same = len({tuple(sorted(x[:, 0])) for x, _ in pairs}) < min(len(pairs), 2)
        notes.see(epoch + "all batches are the same (1 for yes)", same)
        shown, matched = set(order), [bool(np.array_equal(n - x[:, 0], y)) for x, y in pairs]
        notes.see(epoch + "an example comes twice (1 for yes)", len(shown) < len(order))
        notes.see(epoch + "an example is missing (1 for yes)", bool(set(range(n)) - shown))
        notes.see(epoch + "targets stand beside their inputs (1 for yes)", all(matched))
        if 1 < size < n:
            together = all((np.diff(x[:, 0]) == 1).all() for x, _ in pairs)
            notes.see(epoch + "batches are pieces of the file (1 for yes)", together)
            notes.see(epoch + "the generator was used (1 for yes)", rng.bit_generator.state != before)
        orders.append(order)
    if 1 < size < n:
        notes.see("both epochs have the same order (1 for yes)", np.array_equal(orders[0], orders[1]))


def _pair(batch: Any, notes: Notes) -> tuple[np.ndarray, np.ndarray]:
    x, y = (np.asarray(part) for part in notes.unpack(batch, ("inputs", "targets")))
    if x.ndim != 2 or x.shape[1] != 2 or y.ndim != 1:
        notes.odd("a batch", f"shapes {x.shape} and {y.shape}", "rows of inputs, and their targets")
    return x, y


EPOCHS = Cases(
    [{"n": 23, "size": 5}, {"n": 24, "size": 6}],
    [{"n": 9, "size": 9, "about": "all examples in one batch"}, {"n": 6, "size": 1, "about": "one example at a time"},
     {"n": 11, "size": 10, "about": "a last batch of one example"}, {"n": 1, "size": 1, "about": "a single example"}],
)  # fmt: skip
PERMUTED, PIECE = "rng.permutation(len(inputs))", "order[first : first + size]"
cut_mistakes = [
    Mistake("the last, smaller batch is dropped", {"len(inputs), size": "len(inputs) - size + 1, size"},
            "Its examples would never be seen in this epoch: keep it.", LOOP),
    Mistake("no shuffling", {PERMUTED: "np.arange(len(inputs))"}, "Draw a new order with rng.permutation.", ORDER),
    Mistake("examples drawn with replacement", {PERMUTED: "rng.integers(len(inputs), size=len(inputs))"},
            "Some come twice, others not at all; an epoch shows each once.", LAW),
    Mistake("every batch drawn for itself", {PIECE: "rng.choice(len(inputs), size, replace=False)"},
            "Within a batch nobody comes twice, but in the epoch some do. Draw one order and cut it.", LOOP),
    Mistake("targets in another order than their inputs", {"targets[rows]": "targets[first : first + size]"},
            "Each input then gets somebody else's label: draw one order, and take the same rows of both.", LOOP),
    Mistake("inputs left in the file's order", {"inputs[rows]": "inputs[first : first + size]"},
            "Each target then stands beside somebody else's input: take the same rows of both.", LOOP),
    Mistake("the first batch again and again", {PIECE: "order[:size]"}, "Cut from first to first + size.", LOOP),
    Mistake("overlapping batches", {"range(0, len(inputs), size)": "range(0, len(inputs))"},
            "The next batch begins where this one ends: step by size.", LOOP),
    Mistake("batches one too short", {PIECE: "order[first : first + size - 1]"},
            "The end of a slice is not included: first : first + size has size rows.", LOOP),
    Mistake("batches one too long", {PIECE: "order[first : first + size + 1]"},
            "The end of a slice is not included: first : first + size has size rows.", LOOP),
    Mistake("the same order in every epoch", {PERMUTED: "np.random.default_rng(0).permutation(len(inputs))"},
            "A generator made anew begins anew: use the one that is handed in.", ORDER),
    Mistake("a generator of its own", {PERMUTED: "np.random.default_rng().permutation(len(inputs))"},
            "Nobody can repeat such a run: use the generator that is handed in.", ORDER),
    Mistake("only the batches are shuffled", {PERMUTED: "np.arange(len(inputs))", "    return batches": "    rng.shuffle(batches)\n    return batches"},
            "The same examples stay together for ever. Shuffle the examples, then cut.", ORDER),
    Mistake("size taken for the number of batches", {"(0, len(inputs), size)": "(size)", PIECE: "np.array_split(order, size)[first]"},
            "size says how many examples a batch has.", LOOP),
    Mistake("the last batch filled up from the front", {PIECE: 'order.take(range(first, first + size), mode="wrap")'},
            "Then some examples come twice. The last batch may be smaller.", LOOP),
    Mistake("one batch only", {"    return batches": "        break\n    return batches"}, "An epoch shows all examples.", LOOP),
    Mistake("the first batch is left out", {"range(0, len(inputs), size)": "range(size, len(inputs), size)"},
            "Begin at 0.", LOOP),
]  # fmt: skip

# -- 2: the loop -----------------------------------------------------------------------------------------


def descend_in_batches(grad, x, lr, epochs, batches):
    steps = 0
    for _ in range(epochs):
        for batch in batches():
            x = x - lr * grad(x, batch)
            steps += 1
    return x, steps


POINTS = np.array([[1.0, 2.0], [-1.0, 0.5], [3.0, -2.0], [0.5, 4.0], [-2.0, 1.0], [2.5, 0.3], [0.2, -1.7]])


def descent(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Run the loop on points that pull, in batches of 3, 3 and 1; note the end and the steps."""
    rng, steps = np.random.default_rng(3), case["epochs"] * 3
    counted = notes.counted(lambda x: x, 20 * steps + 20)

    def batches() -> Iterator[np.ndarray]:
        order = rng.permutation(len(POINTS))
        return iter([POINTS[order[first : first + 3]] for first in (0, 3, 6)])

    def grad(x: Any, batch: Any) -> np.ndarray:
        return np.array([1.0, 0.3]) * (counted(x) - np.mean(batch, axis=0))

    end, taken = notes.unpack(
        function(grad, case["x"].copy(), case["lr"], case["epochs"], batches), ("x", "steps")
    )
    notes.see("x", end)
    notes.see("steps", taken)


LOOPS = Cases(
    [{"x": np.array([2.0, -1.0]), "lr": 0.23, "epochs": 2}, {"x": np.array([0.4, 5.0]), "lr": 0.4, "epochs": 3}],
    [{"x": np.array([2.0, -1.0]), "lr": 0.23, "epochs": 0, "about": "no epoch at all"},
     {"x": np.array([200.0, -100.0]), "lr": 0.23, "epochs": 1, "about": "large gradients"},
     {"x": np.array([2.0, -1.0]), "lr": 0.05, "epochs": 40, "about": "a long run"}],
)  # fmt: skip
STEP, COUNT, DRAWN = "x - lr * grad(x, batch)", "            steps += 1", "for batch in batches():"
loop_mistakes = [
    Mistake("a step uphill", {"x - lr": "x + lr"}, "The gradient points uphill: subtract it.", LOOP),
    Mistake("the first epoch's batches in every epoch", {"steps = 0": "steps, kept = 0, list(batches())", "in batches()": "in kept"},
            "Call batches() in every epoch: it shuffles anew.", LOOP),
    Mistake("the gradient at the beginning of the epoch", {DRAWN: "for start, batch in ((x, b) for x in [x] for b in batches()):", "grad(x, batch)": "grad(start, batch)"},
            "Each step asks for the gradient where x is now; the others would be out of date.", LOOP),
    Mistake("the gradient always at the start", {"steps = 0": "steps, start = 0, x", "grad(x, batch)": "grad(start, batch)"},
            "Each step asks for the gradient where x is now.", LOOP),
    Mistake("one step for each epoch, with its last batch", {"            x =": "            pass\n        x =", COUNT: "        steps += 1"},
            "The step belongs into the inner loop: one for each batch.", LOOP),
    Mistake("one step for each epoch, with the mean gradient", {f"{DRAWN}\n            x = {STEP}\n{COUNT}": "x = x - lr * np.mean([grad(x, batch) for batch in batches()], axis=0)\n        steps += 1"},
            "That is batch descent again: step after every batch.", LOOP),
    Mistake("only the first batch of an epoch", {COUNT: f"{COUNT}\n            break"}, "An epoch goes through all of them.", LOOP),
    Mistake("a return inside the loop", {COUNT: f"{COUNT}\n        return x, steps"}, "After the first epoch it is over.", LOOP),
    Mistake("epochs counted in place of steps", {COUNT: "        steps += 1"}, "A step is made for every batch: count there.", LOOP),
    Mistake("steps counted from 1", {"steps = 0": "steps = 1"}, "Before the first step there were none.", LOOP),
    Mistake("one epoch too many", {"range(epochs)": "range(epochs + 1)"}, "range(epochs) has as many turns as there are epochs.", LOOP),
    Mistake("lr divided by the size of the batch", {"- lr *": "- lr / len(batch) *"},
            "The gradient of a batch is a mean already.", LOOP),
    Mistake("lr times the size of the batch", {"- lr *": "- lr * len(batch) *"}, "The gradient of a batch is a mean, and stays one.", LOOP),
    Mistake("lr shrinks from step to step", {"- lr *": "- lr / (steps + 1) *"}, "Here lr stays what it is.", LOOP),
    Mistake("examples counted in place of steps", {"steps += 1": "steps += len(batch)"}, "Count the steps, one for each batch.", LOOP),
]  # fmt: skip

# -- 3: the law of the noise -------------------------------------------------------------------------------


def batch_noise(gradients, size, replace):
    n = len(gradients)
    sigma2 = np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1).mean()
    if replace:
        return sigma2 / size
    return sigma2 * (1 / size - 1 / n) * n / (n - 1)


_DRAWS = np.array([1.0, -3.0]) + np.random.default_rng(3).normal(size=(9, 2))
NOISES = Cases(
    [{"gradients": _DRAWS, "size": 3, "replace": False}, {"gradients": _DRAWS[:7, ::-1] * 2, "size": 4, "replace": True},
     {"gradients": np.array([[1.0, 0.0, 2.0], [3.0, -1.0, 0.5], [0.0, 2.0, 2.0], [1.0, 5.0, 9.0]]), "size": 2, "replace": False}],
    [{"gradients": _DRAWS, "size": 9, "replace": False, "about": "all examples, none twice: no noise"},
     {"gradients": _DRAWS, "size": 9, "replace": True, "about": "as many draws as there are examples"},
     {"gradients": _DRAWS, "size": 1, "replace": False, "about": "one example"},
     {"gradients": 1e4 * _DRAWS[:2], "size": 1, "replace": True, "about": "two examples, large gradients"}],
)  # fmt: skip
SIGMA, WITHOUT = (
    "np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1).mean()",
    "(1 / size - 1 / n) * n / (n - 1)",
)
noise_mistakes = [
    Mistake("the factor N/(N − 1) forgotten", {" * n / (n - 1)": ""}, "Without replacement the draws are not independent; for few examples one sees it.", LAW),
    Mistake("the factor upside down", {"* n / (n - 1)": "* (n - 1) / n"}, "It is larger than 1: N/(N − 1).", LAW),
    Mistake("with and without replacement exchanged", {"if replace": "if not replace"}, "σ²/B is the law with replacement.", LAW),
    Mistake("the noise of one example, whatever the size", {"sigma2 / size": "sigma2", "1 / size - 1 / n": "1 - 1 / n"},
            "A mean of B examples is less noisy: divide by B.", LAW),
    Mistake("the root in place of the square", {f"sigma2 = {SIGMA}": f"sigma2 = np.sqrt({SIGMA})"}, "Asked for is the mean squared distance.", LAW),
    Mistake("a mean over the coordinates", {SIGMA: "np.mean((gradients - gradients.mean(axis=0)) ** 2)"},
            "The squared distance is the sum over the coordinates.", LAW),
    Mistake("the variance of all numbers together", {SIGMA: "np.var(gradients)"},
            "np.var without an axis has one mean for all: take it along axis 0, and sum over the coordinates.", LAW),
    Mistake("the mean is not subtracted", {"gradients - gradients.mean(axis=0)": "gradients"},
            "Noise is the distance from the full gradient, not from zero.", LAW),
    Mistake("one mean for all coordinates", {".mean(axis=0)": ".mean()"}, "The full gradient is a vector: the mean over the examples, axis=0.", LAW),
    Mistake("divided by N − 1", {SIGMA: "np.sum((gradients - gradients.mean(axis=0)) ** 2) / (n - 1)"},
            "These are all examples, not a sample of them: σ² is the mean, over N.", LAW),
    Mistake("a sum over the examples", {"axis=1).mean()": "axis=1).sum()"}, "σ² is a mean over the examples.", LAW),
    Mistake("the root of the size", {"sigma2 / size": "sigma2 / np.sqrt(size)", "1 / size - 1 / n": "1 / np.sqrt(size) - 1 / np.sqrt(n)"},
            "The distance shrinks like 1/√B, its square like 1/B.", LAW),
    Mistake("a wrong sign", {"1 / size - 1 / n": "1 / n - 1 / size"}, "A squared distance is not negative: 1/B − 1/N.", LAW),
    Mistake("1 − B/N, and not divided by B", {"1 / size - 1 / n": "1 - size / n"}, "1/B − 1/N is (1 − B/N)/B.", LAW),
    Mistake("the size squared", {"sigma2 / size": "sigma2 / size**2", "1 / size - 1 / n": "1 / size**2 - 1 / n**2"},
            "Variances of B draws add up to Bσ²; the mean divides that by B².", LAW),
    Mistake("N in place of the size", {"sigma2 / size": "sigma2 / n"}, "With replacement N does not matter.", LAW),
]  # fmt: skip

# -- 4: the order that ruins training, 5: predict the time ------------------------------------------------------


def ruinous_order(targets):
    return np.argsort(targets, kind="stable")


@functools.cache
def _digits() -> SoftmaxRegression:
    return SoftmaxRegression.on_digits()


class _Labels(Sequence[Case]):
    """The one case of task 4: the digits' labels, which are read only when it is tried."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, place: Any) -> Any:
        return [{"targets": _digits().train.targets}][place]


def _ruined(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    problem, order = _digits(), runs[0].seen[0].value
    n = len(problem.train)
    if not isinstance(order, np.ndarray) or order.shape != (n,) or set(order.tolist()) != set(range(n)):
        return False, f"Return the rows 0 … {n - 1}, each exactly once, in the order in which they are shown."
    shown = SoftmaxRegression(train=problem.train[order.astype(int)], test=problem.test)
    history = train(GradientDescent(lr=0.1), shown, epochs=1, batch_size=1, order="fixed")
    right = history["test_accuracy"][-1]
    words = f"After one epoch in this order, the test accuracy is {right:.0%}"
    return right < 0.3, words + ("." if right < 0.3 else "; get below 30 %.")


def epoch_time():
    steps = -(-mine["examples"] // mine["size"])
    return steps * mine["per_step"] + mine["examples"] * mine["per_example"]


def _time(mine: Mine) -> float:
    return -(-mine["examples"] // mine["size"]) * mine["per_step"] + mine["examples"] * mine["per_example"]


def _known(mine: Mine) -> list[tuple[float, str]]:
    n, size, step, example = (mine[name] for name in ("examples", "size", "per_step", "per_example"))
    return [
        (step + n * example, "That is one step with all examples. How many steps has the epoch?"),
        (n * (step + example), "That is one example at a time. A batch has several, and one step."),
        (-(-n // size) * step, "That is the fixed part of each step. Every example costs something, too."),
        (-(-n // size) * (step + example), "In each step all examples of the batch cost, not just one."),
        (n * example, "That is the part for the examples. Every step costs something, too."),
        (step + size * example, "That is one step. An epoch has many."),
        (n // size * step + n * example, "The last batch is smaller, but it is a step, too."),
        (-(-n // size) * (step + size * example), "The last batch has fewer examples than the others."),
    ]


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    def draw() -> dict[str, Any]:
        found = {
            "examples": int(10 ** rng.uniform(2.2, 3.2)),
            "size": int(2 ** rng.uniform(4, 7)),
            "per_step": float(f"{10 ** rng.uniform(-1.3, 0):.2g}"),
        }
        # the two parts of a step are of one size, or one of them could be forgotten
        found["per_example"] = float(f"{found['per_step'] / found['size'] * rng.uniform(0.4, 2.5):.2g}")
        return found

    def against(found: Mine) -> str:
        right = _time(found)
        if right <= 2.5:
            return "a small round number may be right by chance"
        if found["examples"] % found["size"] == 0:
            return "the last batch is full"
        alike = (reason for number, reason in _known(found) if abs(number / right - 1) <= 0.015)
        return next(
            (f"another number is too near to the answer {right:.4g}: {reason}" for reason in alike), ""
        )

    return drawn(draw, against)


EXERCISE = Exercise(
    "03_batches",
    [
        Code(solution=epoch_batches, title="Cut an epoch into batches", points=4, drive=cut, cases=EPOCHS, wrong=cut_mistakes, reread=LOOP, hints=[
            "Draw an order of all rows with rng.permutation, then cut it into slices.",
            "order[first : first + size] for first in range(0, len(inputs), size); take these rows of both arrays."]),
        Code(solution=descend_in_batches, title="The loop of all three forms", points=3, drive=descent, cases=LOOPS, wrong=loop_mistakes, reread=LOOP, hints=[
            "Two loops: over the epochs, and inside it over batches().", "In the inner one: x = x - lr * grad(x, batch), and count the step."]),
        Code(solution=batch_noise, title="The law of the noise", points=3, cases=NOISES, wrong=noise_mistakes, reread=LAW, hints=[
            "σ²: subtract the mean over axis 0, square, sum over axis 1, take the mean.",
            "With replacement σ²/B; without, σ²·(1/B − 1/N)·N/(N − 1)."]),
        Goal(solution=ruinous_order, title="Ruin the training", points=2, drive=call("order"), cases=Cases(_Labels()), reached=_ruined, reread=ORDER, hints=[
            "Which order carries the label?", "np.argsort(targets) puts all zeros first, then all ones."]),
        Number(solution=epoch_time, title="Predict the time", points=1, expected=_time, unit="ms", rtol=0.005, wrong=_known, reread=SECONDS, hints=[
            "How many steps has an epoch? The last batch may be smaller.", "Every step costs per_step, every example per_example."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
