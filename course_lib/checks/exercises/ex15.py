"""Exercise 15: natural gradient and K-FAC."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Cases
from ..draw import drawn, near
from ..kinds import Code, Number
from ..observe import call
from ..tasks import Exercise, Mine, Mistake

FISHER, LABELS = "lesson 15, section 3, the Fisher matrix", "lesson 15, section 4, with the data's labels"
FACTORS, COST = "lesson 15, section 5, two factors", "lesson 15, section 8, what the factors cost"
MINUTES = "lesson 15, section 9, ten minutes"

# -- 1: the two factors ----------------------------------------------------------------------------------


def factors(inputs, slopes):
    n = len(inputs)
    rows = np.hstack([inputs, np.ones((n, 1))])
    A = rows.T @ rows / n
    G = slopes.T @ slopes / n
    return A, G


def _layers() -> Cases:
    rng = np.random.default_rng(15)

    def layer(n: int, a: int, g: int, size: float = 1.0, **about: str) -> dict[str, Any]:
        return {
            "inputs": size * (rng.normal(size=(n, a)) + 0.6),
            "slopes": size * (rng.normal(size=(n, g)) - 0.3),
            **about,
        }

    return Cases(
        [layer(7, 3, 2), layer(5, 4, 3), layer(9, 2, 5), layer(4, 3, 4, about="as many outputs as inputs with the bias")],
        [layer(1, 3, 2, about="a single example"), layer(6, 1, 1, about="one input, one output"),
         layer(6, 3, 2, 100.0, about="large inputs and slopes"), layer(60, 3, 2, about="many examples")],
    )  # fmt: skip


ROWS, OF_A, OF_G = "rows = np.hstack([inputs, np.ones((n, 1))])", "rows.T @ rows / n", "slopes.T @ slopes / n"
factor_mistakes = [
    Mistake("no 1 for the bias", {ROWS: "rows = inputs"}, "The bias is one more input that is always 1: append a column of ones.", FACTORS),
    Mistake("the 1 stands first", {"[inputs, np.ones((n, 1))]": "[np.ones((n, 1)), inputs]"}, "The 1 comes last: the bias is the last row of W.", FACTORS),
    Mistake("sums in place of means", {OF_A: "rows.T @ rows", OF_G: "slopes.T @ slopes"}, "Both factors are means over the examples: divide by N.", FACTORS),
    Mistake("A is a sum", {OF_A: "rows.T @ rows"}, "A is a mean over the examples: divide by N.", FACTORS),
    Mistake("G is a sum", {OF_G: "slopes.T @ slopes"}, "G is a mean over the examples: divide by N.", FACTORS),
    Mistake("N − 1", {OF_A: "rows.T @ rows / max(n - 1, 1)", OF_G: "slopes.T @ slopes / max(n - 1, 1)"}, "These are plain means, over N.", FACTORS),
    Mistake("the covariance of the inputs", {OF_A: "(rows - rows.mean(0)).T @ (rows - rows.mean(0)) / n"}, "Nothing is subtracted: A is the mean of a aᵀ itself.", FACTORS),
    Mistake("the covariance of the slopes", {OF_G: "(slopes - slopes.mean(0)).T @ (slopes - slopes.mean(0)) / n"}, "Nothing is subtracted: G is the mean of d dᵀ itself.", FACTORS),
    Mistake("the product of the means in A", {OF_A: "np.outer(rows.mean(0), rows.mean(0))"}, "First the products of each example, then their mean.", FACTORS),
    Mistake("the product of the means in G", {OF_G: "np.outer(slopes.mean(0), slopes.mean(0))"}, "First the products of each example, then their mean.", FACTORS),
    Mistake("the diagonal of A alone", {OF_A: "np.diag(np.mean(rows**2, axis=0))"}, "A has products of different inputs, too.", FACTORS),
    Mistake("the diagonal of G alone", {OF_G: "np.diag(np.mean(slopes**2, axis=0))"}, "G has products of different slopes, too.", FACTORS),
    Mistake("A and G exchanged", {"return A, G": "return G, A"}, "A, of the inputs, comes first.", FACTORS),
    Mistake("products of examples", {OF_A: "rows @ rows.T / n", OF_G: "slopes @ slopes.T / n"}, "That compares examples. Asked for are products of inputs with inputs, a matrix of (inputs + 1)².", FACTORS),
    Mistake("divided by the size of the layer", {OF_A: "rows.T @ rows / rows.shape[1]", OF_G: "slopes.T @ slopes / slopes.shape[1]"}, "The mean is over examples, the rows.", FACTORS),
    Mistake("a 1 in the slopes, too", {OF_G: "np.hstack([slopes, np.ones((n, 1))]).T @ np.hstack([slopes, np.ones((n, 1))]) / n"}, "Only the inputs get a 1.", FACTORS),
]  # fmt: skip

# -- 2: the preconditioned step --------------------------------------------------------------------------


def kfac_step(W, grad, A, G, lr, damping):
    pi = np.sqrt((np.trace(A) / len(A)) / (np.trace(G) / len(G)))
    A = A + pi * np.sqrt(damping) * np.eye(len(A))
    G = G + np.sqrt(damping) / pi * np.eye(len(G))
    return W - lr * np.linalg.inv(A) @ grad @ np.linalg.inv(G)


def _steps() -> Cases:
    rng = np.random.default_rng(25)

    def step(a: int, g: int, lr: float, damping: float, **about: Any) -> dict[str, Any]:
        rows, slopes = rng.normal(size=(3 * a, a)) + 0.5, 0.3 * rng.normal(size=(3 * g, g))
        given = {"W": rng.normal(size=(a, g)), "grad": rng.normal(size=(a, g)), "A": rows.T @ rows / (3 * a),
                 "G": slopes.T @ slopes / (3 * g), "lr": lr, "damping": damping}  # fmt: skip
        return {**given, **about}

    return Cases(
        [step(4, 3, 0.23, 0.09), step(3, 5, 0.7, 0.02), step(2, 2, 0.11, 0.3), step(3, 3, 0.4, 0.05)],
        [step(4, 1, 0.3, 0.1, about="one output"), step(1, 3, 0.3, 0.1, about="one input"),
         step(4, 3, 0.3, 1e-4, about="hardly any damping"), step(4, 3, 0.3, 25.0, about="a damping above 1"),
         step(3, 2, 0.3, 0.1, A=np.diag([2.0, 1.0, 0.0]), about="a factor that has no inverse without damping")],
    )  # fmt: skip


PI, TO_A, TO_G = (
    "np.sqrt((np.trace(A) / len(A)) / (np.trace(G) / len(G)))",
    "pi * np.sqrt(damping)",
    "np.sqrt(damping) / pi",
)
STEP = "np.linalg.inv(A) @ grad @ np.linalg.inv(G)"
step_mistakes = [
    Mistake("the traces without the sizes", {PI: "np.sqrt(np.trace(A) / np.trace(G))"}, "π² is the ratio of *mean* eigenvalues: each trace over its size.", FACTORS),
    Mistake("brackets missing in π", {PI: "np.sqrt(np.trace(A) / len(A) / np.trace(G) / len(G))"}, "a / b / c / d divides by all three. Put brackets around G's mean.", FACTORS),
    Mistake("no root in π", {PI: "(np.trace(A) / len(A)) / (np.trace(G) / len(G))"}, "π is the root of that ratio.", FACTORS),
    Mistake("π upside down", {PI: "np.sqrt((np.trace(G) / len(G)) / (np.trace(A) / len(A)))"}, "A stands above the line: the larger factor gets more damping.", FACTORS),
    Mistake("λ without its root", {TO_A: "pi * damping", TO_G: "damping / pi"}, "Each factor gets the root: the product of the two is then λ.", FACTORS),
    Mistake("π of a damped A", {TO_G: "np.sqrt(damping) / " + PI}, "π is made once, of A and G as they come, before either is damped.", FACTORS),
    Mistake("π at A alone", {TO_G: "np.sqrt(damping)"}, "G gets √λ over π.", FACTORS),
    Mistake("π at G alone", {TO_A: "np.sqrt(damping)"}, "A gets π times √λ.", FACTORS),
    Mistake("no π", {TO_A: "np.sqrt(damping)", TO_G: "np.sqrt(damping)"}, "π shares the damping out by the sizes of the two.", FACTORS),
    Mistake("π times √λ for both", {TO_G: "pi * np.sqrt(damping)"}, "G gets √λ over π.", FACTORS),
    Mistake("λ to both", {TO_A: "damping", TO_G: "damping"}, "A gets π√λ, G gets √λ/π.", FACTORS),
    Mistake("A alone is damped", {"G = G + " + TO_G + " * np.eye(len(G))": "G = G"}, "G is damped, too.", FACTORS),
    Mistake("G alone is damped", {"A = A + " + TO_A + " * np.eye(len(A))": "A = A"}, "A is damped, too.", FACTORS),
    Mistake("a damping for every entry", {"A = A + " + TO_A + " * np.eye(len(A))": "A = A + " + TO_A, "G = G + " + TO_G + " * np.eye(len(G))": "G = G + " + TO_G},
            "Damping is added on the diagonal: times the unit matrix.", FACTORS),
    Mistake("not inverted", {STEP: "A @ grad @ G"}, "The step goes through the inverses of A and G.", FACTORS),
    Mistake("A's inverse alone", {STEP: "np.linalg.inv(A) @ grad"}, "G's inverse stands on the right.", FACTORS),
    Mistake("G's inverse alone", {STEP: "grad @ np.linalg.inv(G)"}, "A's inverse stands on the left.", FACTORS),
    Mistake("every entry on its own", {STEP: "grad / np.outer(np.diag(A), np.diag(G))"}, "That is the diagonal. The inverses are matrices, multiplied from both sides.", FACTORS),
    Mistake("a step uphill", {"W - lr": "W + lr"}, "The gradient points uphill: subtract.", FACTORS),
    Mistake("W is missing", {"return W - lr * " + STEP: "return -lr * " + STEP}, "Return the new weights, not the step.", FACTORS),
    Mistake("W is preconditioned", {"@ grad @": "@ (W - grad) @"}, "Only the gradient goes through the inverses.", FACTORS),
    Mistake("the gradient as it is", {STEP: "grad"}, "Then it is gradient descent.", FACTORS),
]  # fmt: skip

# -- 3: labels drawn, or the data's ----------------------------------------------------------------------


def output_matrices(z, y):
    n = len(z)
    p = np.exp(z)
    p = p / p.sum(axis=1, keepdims=True)
    d = p - y
    F = np.diag(p.mean(axis=0)) - p.T @ p / n
    E = d.T @ d / n
    return F, E


def _outputs() -> Cases:
    rng = np.random.default_rng(35)

    def outputs(n: int, classes: int, sure: float = 1.0, **about: str) -> dict[str, Any]:
        labels = rng.integers(0, classes, n)
        return {"z": sure * rng.normal(size=(n, classes)), "y": np.eye(classes)[labels], **about}

    return Cases(
        [outputs(6, 3), outputs(9, 4, 2.0), outputs(5, 2), outputs(4, 4, 0.5, about="as many images as classes")],
        [outputs(1, 3, about="a single image"), outputs(7, 3, 9.0, about="a network that is sure"), outputs(50, 5, about="many images"),
         {"z": np.zeros((4, 3)), "y": np.eye(3)[[1, 1, 1, 1]], "about": "a network that guesses, and labels that are all alike"}],
    )  # fmt: skip


SLOPE, TRUE_F, OTHER = "p - y", "np.diag(p.mean(axis=0)) - p.T @ p / n", "d.T @ d / n"
output_mistakes = [
    Mistake("the data's labels in both", {TRUE_F: OTHER}, "F knows no labels of the data: it is the mean over labels drawn from p.", LABELS),
    Mistake("the model's labels in both", {OTHER: TRUE_F}, "E is made of the data's labels: slopes p − y.", LABELS),
    Mistake("exchanged", {"return F, E": "return E, F"}, "F comes first.", LABELS),
    Mistake("sums in place of means", {TRUE_F: "np.diag(p.sum(axis=0)) - p.T @ p", OTHER: "d.T @ d"}, "Both are means over the images.", FISHER),
    Mistake("E is a sum", {OTHER: "d.T @ d"}, "E is a mean over the images: divide by N.", LABELS),
    Mistake("F is a sum", {TRUE_F: "np.diag(p.sum(axis=0)) - p.T @ p"}, "F is a mean over the images: divide by N.", FISHER),
    Mistake("p's part is a sum in F", {TRUE_F: "np.diag(p.mean(axis=0)) - p.T @ p"}, "p pᵀ is averaged over the images, too.", FISHER),
    Mistake("the product of the mean probabilities", {TRUE_F: "np.diag(p.mean(axis=0)) - np.outer(p.mean(axis=0), p.mean(axis=0))"}, "p pᵀ of each image first, then the mean.", FISHER),
    Mistake("p pᵀ is missing", {TRUE_F: "np.diag(p.mean(axis=0))"}, "F is diag(p) − p pᵀ.", FISHER),
    Mistake("diag(p) is missing", {TRUE_F: "p.T @ p / n"}, "F is diag(p) − p pᵀ.", FISHER),
    Mistake("plus p pᵀ", {TRUE_F: "np.diag(p.mean(axis=0)) + p.T @ p / n"}, "F is diag(p) *minus* p pᵀ.", FISHER),
    Mistake("the diagonal of F alone", {TRUE_F: "np.diag(np.mean(p * (1 - p), axis=0))"}, "Different classes have a product, too: −pᵢpⱼ.", FISHER),
    Mistake("the diagonal of E alone", {OTHER: "np.diag(np.mean(d**2, axis=0))"}, "Different classes have a product, too.", LABELS),
    Mistake("the covariance of the slopes", {OTHER: "(d - d.mean(0)).T @ (d - d.mean(0)) / n"}, "Nothing is subtracted: E is the mean of d dᵀ itself.", LABELS),
    Mistake("probabilities in place of slopes", {SLOPE: "p"}, "The slope of the loss at the scores is p − y.", LABELS),
    Mistake("the product of the mean slopes", {OTHER: "np.outer(d.mean(axis=0), d.mean(axis=0))"}, "d dᵀ of each image first, then the mean.", LABELS),
    Mistake("the data's labels on F's diagonal", {TRUE_F: "np.diag(y.mean(axis=0)) - p.T @ p / n"}, "F's diagonal takes the model's p. The data's labels are in E alone.", LABELS),
    Mistake("labels in place of slopes", {SLOPE: "y"}, "The slope of the loss at the scores is p − y.", LABELS),
    Mistake("the most likely label", {SLOPE: "p - np.eye(p.shape[1])[p.argmax(axis=1)]"}, "E takes the labels of the data, not the model's favourites.", LABELS),
    Mistake("softmax over the images", {"axis=1, keepdims": "axis=0, keepdims"}, "The probabilities of one image add up to 1: sum over the classes, axis=1.", FISHER),
    Mistake("no softmax", {"p = np.exp(z)\n    p = p / p.sum(axis=1, keepdims=True)": "p = z"}, "z are scores. Their softmax is p: the exponentials, over their sum.", FISHER),
    Mistake("exponentials that are not divided", {"p / p.sum(axis=1, keepdims=True)": "p"}, "The softmax divides by the sum over the classes.", FISHER),
    Mistake("one sum for all images", {"p.sum(axis=1, keepdims=True)": "p.sum()"}, "Each image has its own sum: axis=1, keepdims=True.", FISHER),
    Mistake("p + y", {SLOPE: "p + y"}, "The slope is p *minus* y.", LABELS),
]  # fmt: skip

# -- 4: the size of the factors, 5: how long a step may take ---------------------------------------------


def factor_size():
    a, g = mine["kernel"] ** 2 * mine["channels"], mine["outputs"]
    return 4 * (a**2 + g**2) / 1e6


def longest_step():
    steps = mine["sgd_epochs"] / mine["sgd_batch"], mine["kfac_epochs"] / mine["kfac_batch"]
    return mine["sgd_seconds"] * steps[0] / steps[1]


SHORTCUTS = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 1.9, 2.0)
"""Answers that are right for nobody, so that none of them can be handed round."""


def _megabytes(mine: Mine) -> float:
    return 4 * ((mine["kernel"] ** 2 * mine["channels"]) ** 2 + mine["outputs"] ** 2) / 1e6


def _seconds(mine: Mine) -> float:
    ratio = mine["sgd_epochs"] * mine["kfac_batch"] / (mine["kfac_epochs"] * mine["sgd_batch"])
    return float(mine["sgd_seconds"] * ratio)


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    return drawn(
        lambda: {
            "kernel": int(rng.choice([3, 5, 7])), "channels": 8 * int(rng.integers(3, 13)), "outputs": 8 * int(rng.integers(61, 120)) + 4,
            "sgd_epochs": int(rng.integers(80, 121)), "kfac_epochs": int(rng.integers(30, 61)), "sgd_batch": 1024 * int(rng.integers(4, 9)),
            "kfac_batch": 1024 * int(rng.integers(10, 33)), "sgd_seconds": round(float(10 ** rng.uniform(-1.2, -0.51)), 3),
        },
        lambda found: "".join(near(f(found), SHORTCUTS, rtol=0.05, atol=1e-3) for f in (_megabytes, _seconds)),
    )  # fmt: skip


def _wrong_sizes(mine: Mine) -> list[tuple[float, str]]:
    k, c, g = mine["kernel"], mine["channels"], mine["outputs"]
    a = k**2 * c
    return [
        ((a**2 + g**2) / 1e6, "That counts numbers, in millions. A number in single precision has 4 bytes."),
        (4 * (a**2 + g**2), "Those are bytes. Asked for are MB, of 10⁶ bytes."),
        (4 * (a**2 + g**2) / 2**20, "Those are MiB, of 2²⁰ bytes. Asked for are MB, of 10⁶."),
        (8 * (a**2 + g**2) / 1e6, "A number in single precision has 4 bytes."),
        (4 * (c**2 + g**2) / 1e6, "The inputs of a convolution are a patch: kernel × kernel pixels of each channel."),
        (4 * ((k * c) ** 2 + g**2) / 1e6, "A patch has kernel × kernel pixels, not kernel."),
        (2 * (a * (a + 1) + g * (g + 1)) / 1e6, "Both matrices are symmetric, but the task counts them in full."),
        (4 * (a**2 + g**2) / 1e9, "Those are GB. Asked for are MB, of 10⁶ bytes."),
        (4 * a**2 / 1e6, "That is A alone. G has outputs² numbers."),
        (4 * g**2 / 1e6, "That is G alone. A has the square of the patch's numbers."),
        (4 * ((a + 1) ** 2 + g**2) / 1e6, "This convolution has no bias: A has no row of ones."),
        (4 * a * g / 1e6, "Those are the weights. The factors are square: one of the inputs, one of the outputs."),
        (4 * (a * g) ** 2 / 1e6, "That is the whole Fisher block, which K-FAC never forms."),
        (4 * (a + g) / 1e6, "The factors are square matrices: square both numbers."),
    ]  # fmt: skip


def _wrong_seconds(mine: Mine) -> list[tuple[float, str]]:
    s, right = mine["sgd_seconds"], _seconds(mine)
    epochs, batches = mine["sgd_epochs"] / mine["kfac_epochs"], mine["kfac_batch"] / mine["sgd_batch"]
    return [
        (s * epochs, "The batches differ, too: with the larger batch an epoch has fewer steps."),
        (s * batches, "The epochs differ, too."),
        (s / epochs * batches, "Fewer epochs leave *more* time for each step: SGD's epochs over K-FAC's."),
        (s * epochs / batches, "A larger batch makes fewer steps, so each may take longer."),
        (s / epochs / batches, "Upside down: fewer steps leave more time for each."),
        (s, "K-FAC takes fewer steps: each may take longer than SGD's."),
        (epochs * batches, "That is how many times longer a step may be. Multiply by SGD's seconds."),
        (right * 1000, "Those are milliseconds. Asked for are seconds."),
        (right / 60, "Those are minutes. Asked for are seconds."),
        (right * 60, "Asked for are seconds a step. No minutes are needed."),
    ]  # fmt: skip


EXERCISE = Exercise(
    "15_natural_gradient_kfac",
    [
        Code(solution=factors, title="The two factors", points=3, drive=call("A", "G"), cases=_layers(), wrong=factor_mistakes, reread=FACTORS, hints=[
            "First append a column of ones to the inputs: np.hstack. Then each factor is a matrix product over the examples.",
            "rows.T @ rows adds the products of all examples. Divide by their number."]),
        Code(solution=kfac_step, title="K-FAC's step", points=4, drive=call("W"), cases=_steps(), wrong=step_mistakes, reread=FACTORS, hints=[
            "Four lines: π, the damped A, the damped G, the step. np.trace adds a diagonal; len(A) is its size.",
            "np.linalg.inv(A) @ grad @ np.linalg.inv(G), with A + π√λ I and G + √λ/π I."]),
        Code(solution=output_matrices, title="Labels drawn, or the data's", points=3, drive=call("F", "E"), cases=_outputs(), wrong=output_mistakes, reread=LABELS, hints=[
            "First p: np.exp(z) over its sums, axis=1, keepdims=True. F needs no labels: the mean over the images of diag(p) − p pᵀ. np.diag makes a diagonal matrix of a vector.",
            "p.T @ p / n is the mean of p pᵀ. With d = p − y, E is d.T @ d / n."]),
        Number(solution=factor_size, title="The size of the factors", points=1, expected=_megabytes, rtol=2e-5, unit="MB", wrong=_wrong_sizes, reread=COST, hints=[
            "A patch has kernel × kernel × channels numbers. A is a square matrix of that size.", "4 · (a² + g²) / 10⁶ with a = kernel² · channels and g = outputs."]),
        Number(solution=longest_step, title="How long may a step take?", points=1, expected=_seconds, rtol=3e-3, unit="s", wrong=_wrong_seconds, reread=MINUTES, hints=[
            "Steps are epochs · images / batch. Write both times, set them equal; the number of images falls out.",
            "sgd_seconds · (sgd_epochs / sgd_batch) / (kfac_epochs / kfac_batch)."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
