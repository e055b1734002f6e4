"""Exercise 06: Adagrad."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...optimizers import Adagrad, GradientDescent, Optimizer, RMSprop
from ...problems import Data, SoftmaxRegression
from ...problems.datasets import zipf_text
from ...running import train
from ..cases import Cases, update_rule
from ..kinds import Code, Goal
from ..observe import Run, call, rule
from ..tasks import Exercise, Mine, Mistake

RULE, WAY = "lesson 06, section 2, the rule", "lesson 06, section 3, how far it gets"
STALL, FULL = "lesson 06, section 4, when it stalls", "lesson 06, section 6, the full matrix"
UNITS = "lesson 06, section 2, units cancel"

# -- 1: fill in the formula ------------------------------------------------------------------------------


def adagrad_step(x, g, state, lr=0.01, eps=1e-10):
    v = state["v"] + g**2
    return x - lr * g / (np.sqrt(v) + eps), {"v": v}


STEPS = update_rule((0.23, 0.05), (0.4, 0.3), (0.11, 0.12), memory=["v"], seed=6)
SUM, ROOT = 'state["v"] + g**2', "np.sqrt(v) + eps"
step_mistakes = [
    Mistake("no square", {"g**2": "g"}, "v adds up squares: gradients of both signs would cancel.", RULE),
    Mistake("sizes in place of squares", {"g**2": "np.abs(g)"}, "v adds up squares, and the root follows.", RULE),
    Mistake("no root", {"np.sqrt(v)": "v"}, "Divide by the root of v: then the unit of g cancels.", RULE),
    Mistake("no memory", {SUM: "g**2"}, "Then every step is as long as lr: the old v is missing.", RULE),
    Mistake("eps inside the root", {ROOT: "np.sqrt(v + eps)"}, "Here ε stands beside the root, as in the paper.", RULE),
    Mistake("eps squared inside the root", {ROOT: "np.sqrt(v + eps**2)"}, "Here ε stands beside the root.", RULE),
    Mistake("no eps", {" + eps": ""}, "Where there has been no gradient this is 0/0.", RULE),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "g points uphill: subtract.", RULE),
    Mistake("eps outside the fraction", {"/ (np.sqrt(v) + eps)": "/ np.sqrt(v) + eps"},
            "The brackets are missing: √v + ε is the divisor.", RULE),
    Mistake("divided by the old v", {"np.sqrt(v)": 'np.sqrt(state["v"])'}, "First v, then x with the new v.", RULE),
    Mistake("RMSprop with 0.9", {SUM: '0.9 * state["v"] + 0.1 * g**2'},
            "That forgets; it is the method of lesson 07. Adagrad adds up.", RULE),
    Mistake("the mean in place of the sum", {ROOT: 'np.sqrt(v / state["t"]) + eps'},
            "Divided by t the step does not shrink. Adagrad takes the sum.", RULE),
    Mistake("divided by the root of t besides", {"lr * g": 'lr / np.sqrt(state["t"]) * g'},
            "The sum under the root does that already.", RULE),
    Mistake("one v for all coordinates", {"g**2": "np.sum(g**2)"}, "Every coordinate has a sum of its own.", RULE),
    Mistake("the mean over all coordinates", {"g**2": "np.mean(g**2)"}, "Every coordinate has a sum of its own.", RULE),
    Mistake("only the sign of the gradient", {"lr * g": "lr * np.sign(g)"}, "g itself is divided, not its sign.", RULE),
    Mistake("g is missing", {"lr * g": "lr"}, "The gradient stands above the line: without it every step goes the same way.", RULE),
    Mistake("the old state is returned", {'{"v": v}': "state"}, "Return the new v, or it is lost.", RULE),
    Mistake("the root is returned as v", {'{"v": v}': '{"v": np.sqrt(v)}'}, "v stays the sum; the root is only the divisor.", RULE),
    Mistake("lr inside v", {"g**2": "(lr * g) ** 2"}, "v adds up squares of bare gradients: lr would cancel.", RULE),
    Mistake("multiplied in place of divided", {"g / (np.sqrt(v) + eps)": "g * (np.sqrt(v) + eps)"},
            "What has had large gradients takes short steps: divide.", RULE),
    Mistake("the maximum in place of the sum", {SUM: 'np.maximum(state["v"], g**2)'}, "Add the square to v.", RULE),
    Mistake("x in place of g", {"g**2": "x**2"}, "v adds up the squares of the gradients.", RULE),
]  # fmt: skip

# -- 2: how far ------------------------------------------------------------------------------------------


def distance(lr, steps):
    return lr * np.sum(1 / np.sqrt(np.arange(1, steps + 1)))


WAYS = Cases(
    [{"lr": 0.1, "steps": 10}, {"lr": 0.7, "steps": 3}, {"lr": 0.03, "steps": 400}],
    [{"lr": 0.2, "steps": 0, "about": "no step at all"}, {"lr": 0.2, "steps": 1, "about": "one step"},
     {"lr": 5.0, "steps": 20_000, "about": "a long run"}],
)  # fmt: skip
EACH = "np.sum(1 / np.sqrt(np.arange(1, steps + 1)))"
way_mistakes = [
    Mistake("gradient descent's way", {EACH: "steps"}, "That is lr·T. Adagrad's steps get shorter.", WAY),
    Mistake("the approximation", {EACH: "2 * np.sqrt(steps)"}, "2·lr·√T is near for large T. Asked for is the sum.", WAY),
    Mistake("the integral", {EACH: "2 * (np.sqrt(steps + 1) - 1)"}, "The integral is near the sum, not equal to it.", WAY),
    Mistake("no root", {"np.sqrt(np.arange(1, steps + 1))": "np.arange(1, steps + 1)"},
            "Step k is lr/√k: v is k by then, and the root of it divides.", WAY),
    Mistake("the last step is missing", {"steps + 1": "steps"}, "np.arange ends before its second number.", WAY),
    Mistake("one step too many", {"steps + 1": "steps + 2"}, "np.arange ends before its second number.", WAY),
    Mistake("the last step alone", {EACH: "(steps**-0.5 if steps else 0)"}, "Add up all steps.", WAY),
    Mistake("the root of the steps", {EACH: "np.sqrt(steps)"}, "Each step has a divisor of its own, √k; their sum is about 2√T.", WAY),
    Mistake("lr is missing", {"lr * ": ""}, "Every step is lr times 1/√k.", WAY),
    Mistake("lr squared", {"lr * ": "lr**2 * "}, "Every step is lr times 1/√k: lr stands in it once.", WAY),
    Mistake("the mean step", {"np.sum": "np.mean"}, "Add the steps up; do not average.", WAY),
    Mistake("roots that grow", {"1 / np.sqrt": "np.sqrt"}, "Step k is divided by √k.", WAY),
    Mistake("the root of the sum", {EACH: "np.sqrt(np.sum(1 / np.arange(1, steps + 1)))"},
            "First the root of each step's v, then the sum.", WAY),
]  # fmt: skip

# -- 3: stall it -----------------------------------------------------------------------------------------


def stalling():
    return np.r_[np.full(10, 200.0), np.ones(90)]


def _last_step(opt: Optimizer, gradients: np.ndarray) -> float:
    x, state = np.zeros(1), opt.init(np.zeros(1))
    for g in gradients:
        before = x
        x, state = opt.update(x, np.array([g]), state)  # type: ignore[assignment]
    return float(abs(x - before)[0])


def _stalls(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    (value,) = (s.value for s in runs[0].seen)
    assert isinstance(value, np.ndarray)
    if value.shape != (100,) or not np.isfinite(value).all():
        return False, f"Return 100 finite numbers; this has shape {value.shape}."
    if not (value[-90:] == 1).all():
        return False, "The last 90 gradients must all be 1."
    if np.abs(value).max() > 200:
        return False, f"No gradient may be larger than 200; one is {np.abs(value).max():g}."
    adagrad, rmsprop = (_last_step(opt, value) for opt in (Adagrad(lr=1.0), RMSprop(lr=1.0)))
    words = f"With lr 1 the last step is {adagrad:.2g} long for Adagrad and {rmsprop:.2g} for RMSprop"
    if adagrad < 0.002 and rmsprop > 0.5:
        return True, words + "."
    return False, words + "; wanted: below 0.002, and above 0.5."


# -- 4: a text, tuned ------------------------------------------------------------------------------------


def text_settings():
    return 0.45 / mine["unit"] ** 2, 0.13 / mine["unit"]


METHODS: dict[str, tuple[Optimizer, int]] = {"SGD": (GradientDescent(), 2), "Adagrad": (Adagrad(), 1)}
"""Each method, and the power of the counts' unit by which its lr must be smaller."""

_LOG = np.linspace(np.log(0.05), np.log(5), 25)


@lru_cache(maxsize=1)
def _text() -> SoftmaxRegression:
    """Return the small text with its counts a hundred times as large, so that the biases hardly move."""
    read, valid, _ = zipf_text(1000, 400, length=20, common=40, dtype=np.float32)
    return SoftmaxRegression(
        train=Data(100 * read.inputs, read.targets), valid=Data(100 * valid.inputs, valid.targets), classes=3
    )


@lru_cache(maxsize=512)
def _loss(name: str, rate: float) -> float:
    """Return the loss at a learning rate told for plain counts; in a larger unit it is the same at a smaller lr."""
    method, power = METHODS[name]
    run = train(method.replace(lr=rate / 100**power), _text(), epochs=3, batch_size=60, seed=0, every=30)
    return float(run["valid_loss"][-1])


@lru_cache(maxsize=2)
def _best(name: str) -> float:
    return float(np.nanmin([_loss(name, float(rate)) for rate in np.exp(_LOG)]))


def _tuned(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    told, good = [], True
    for (name, (_, power)), seen in zip(METHODS.items(), runs[0].seen, strict=True):
        lr = seen.value
        assert isinstance(lr, np.ndarray)
        if lr.ndim or not 0 < lr < np.inf:
            return False, "Return two numbers, both > 0: lr of SGD and lr of Adagrad."
        rate = float(np.clip(lr * mine["unit"] ** power, 1e-3, 1e3))  # beyond it learns nothing, or diverges
        loss = _loss(name, float(f"{rate:.3g}"))
        good = good and loss <= 1.05 * _best(name)
        told.append(f"{name} with lr {lr:.3g}: loss {loss:.3g}, the best is {_best(name):.3g}.")
        if not good:
            break
    return good, " ".join([*told, "Both are within 5 %." if good else "Come within 5 %."])


# -- 5: the full matrix ----------------------------------------------------------------------------------


def full_matrix_step(gradients, lr=1.0):
    G = gradients.T @ gradients
    values, Q = np.linalg.eigh(G)
    return lr * Q @ (Q.T @ gradients[-1] / np.sqrt(values))


def _gradients() -> Cases:
    rng = np.random.default_rng(16)
    some, more = rng.normal(size=(5, 2)) @ [[1, 0.8], [0, 0.5]], rng.normal(size=(8, 3))
    axes = np.diag([3.0, 0.5, 2.0])[[0, 1, 2, 1, 0]]
    return Cases(
        [{"gradients": some, "lr": 0.3}, {"gradients": more, "lr": 1.7}, {"gradients": more[:5, :2] - 0.4, "lr": 0.6}],
        [{"gradients": axes, "lr": 0.3, "about": "gradients along the axes: this is Adagrad"},
         {"gradients": 500 * some, "lr": 0.3, "about": "large gradients"},
         {"gradients": 1e-3 * more, "lr": 0.3, "about": "tiny gradients"},
         {"gradients": np.array([[2.0], [-1.0], [3.0]]), "lr": 0.3, "about": "a single coordinate"},
         {"gradients": rng.normal(size=(60, 4)), "lr": 0.3, "about": "a long run"}],
    )  # fmt: skip


PRODUCT, INVERSE = "gradients.T @ gradients", "Q @ (Q.T @ gradients[-1] / np.sqrt(values))"
full_mistakes = [
    Mistake("the diagonal alone", {PRODUCT: "np.diag(np.sum(gradients**2, axis=0))"},
            "That is Adagrad: what stands beside the diagonal is missing.", FULL),
    Mistake("the root of each number", {INVERSE: "np.linalg.solve(np.sqrt(np.abs(G)), gradients[-1])"},
            "The root of a matrix is not the matrix of roots: take it of the eigenvalues.", FULL),
    Mistake("the root of each number, signs kept", {INVERSE: "np.linalg.inv(np.sqrt(G)) @ gradients[-1]"},
            "The root of a matrix is not the matrix of roots: take it of the eigenvalues.", FULL),
    Mistake("no root", {"np.sqrt(values)": "values"}, "Divide by the root of the eigenvalues.", FULL),
    Mistake("multiplied in place of divided", {"/ np.sqrt": "* np.sqrt"}, "The root is in the divisor.", FULL),
    Mistake("not turned back", {INVERSE: "(Q.T @ gradients[-1] / np.sqrt(values))"},
            "After the division turn back with Q.", FULL),
    Mistake("turned the wrong way", {INVERSE: "Q.T @ (Q @ gradients[-1] / np.sqrt(values))"},
            "The eigenvectors are Q's columns: Q.T turns to them, Q turns back.", FULL),
    Mistake("not turned to the eigenvectors", {"(Q.T @ gradients[-1] /": "(gradients[-1] /"},
            "First turn g to the eigenvectors with Q.T.", FULL),
    Mistake("the first gradient", {"gradients[-1]": "gradients[0]"}, "The step is that of the last gradient.", FULL),
    Mistake("the mean of the products", {PRODUCT: "gradients.T @ gradients / len(gradients)"},
            "G is the sum, so that steps shrink.", FULL),
    Mistake("the last gradient missing in G", {PRODUCT: "gradients[:-1].T @ gradients[:-1]"},
            "First G with the new gradient, then the step.", FULL),
    Mistake("the last gradient alone in G", {PRODUCT: "np.outer(gradients[-1], gradients[-1]) + 1e-9 * np.eye(gradients.shape[1])"},
            "G remembers all gradients.", FULL),
    Mistake("the covariance", {PRODUCT: "np.cov(gradients.T).reshape(-1, gradients.shape[1])"},
            "G is the sum of outer products: the mean gradient is not subtracted.", FULL),
    Mistake("the sum of all gradients is moved", {"gradients[-1]": "gradients.sum(axis=0)"},
            "G remembers the past; what is divided is the last gradient.", FULL),
    Mistake("lr is missing", {"lr * Q": "Q"}, "The step is lr long at first.", FULL),
    Mistake("a minus", {"lr * Q": "-lr * Q"}, "Return what is subtracted from x: lr·G^(−1/2)·g.", FULL),
    Mistake("a Cholesky factor", {INVERSE: "np.linalg.solve(np.linalg.cholesky(G), gradients[-1])"},
            "A Cholesky factor is no symmetric root: it turns the step.", FULL),
    Mistake("the length of g in place of the root", {INVERSE: "gradients[-1] / np.sqrt(values.sum())"},
            "One divisor for all directions is not enough.", FULL),
]  # fmt: skip


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    return {"unit": float(f"{10 ** rng.uniform(1, 4.5):.3g}")}


EXERCISE = Exercise(
    "06_adagrad",
    [
        Code(solution=adagrad_step, title="Fill in the formula", points=4, drive=rule("v"), cases=STEPS, wrong=step_mistakes, reread=RULE, hints=[
            "Two lines: the new v from the old one and g², then the new x.",
            'v = state["v"] + g**2. Divide g by the root of v, with eps added to the root.']),
        Code(solution=distance, title="How far does it get?", points=2, cases=WAYS, wrong=way_mistakes, reread=WAY, hints=[
            "After k gradients of 1, v is k. How long is step k?", "The sum of lr/√k for k = 1 … steps: np.arange(1, steps + 1)."]),
        Goal(solution=stalling, title="Stall it", points=1, reached=_stalls, reread=STALL, hints=[
            "v must be large when the ones begin. Only the first ten gradients are yours.",
            "1/√v < 0.002 means v > 250,000."]),
        Code(solution=full_matrix_step, title="The full matrix", points=3, drive=call("step"), cases=_gradients(), wrong=full_mistakes, reread=FULL, hints=[
            "G is gradients.T @ gradients. np.linalg.eigh gives its eigenvalues and, as columns, its eigenvectors Q.",
            "Turn g to the eigenvectors (Q.T @ g), divide by the roots of the eigenvalues, turn back with Q."]),
        Goal(solution=text_settings, title="Rare words, tuned", points=2, drive=call("SGD's lr", "Adagrad's lr"), reached=_tuned, reread=UNITS, hints=[
            "Counts that are u times as large have gradients u times as large, and need weights 1/u as large.",
            "SGD's lr goes with 1/u², Adagrad's with 1/u. With u = 1 they are near 0.45 and 0.13."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
