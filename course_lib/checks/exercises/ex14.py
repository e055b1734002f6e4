"""Exercise 14: second order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Cases
from ..draw import drawn, near
from ..kinds import Code, Number
from ..tasks import Exercise, Mine, Mistake

STEP, DAMP = "lesson 14, section 2, the step", "lesson 14, section 5, damping, or the absolute value"
SEARCH, LOOPS = (
    "lesson 14, section 4, convex is not enough",
    "lesson 14, section 8, L-BFGS: curvature from two gradients",
)
COST = "lesson 14, section 10, what it costs"

# -- 1: Newton, damped -----------------------------------------------------------------------------------


def damped_newton(x, g, hessian, damping, lr):
    damped = hessian + damping * np.eye(len(x))
    return x - lr * np.linalg.solve(damped, g)


X2, X3 = np.array([1.5, -0.7]), np.array([0.4, 2.0, -1.1])
G2, G3 = np.array([2.0, 5.0]), np.array([-1.0, 3.0, 0.6])
UP = np.array([[3.0, 1.2], [1.2, 0.9]])
MIXED = np.array([[1.0, 0.8, -0.3], [0.8, -2.5, 0.5], [-0.3, 0.5, 4.0]])
NEWTONS = Cases(
    [{"x": X2, "g": G2, "hessian": UP, "damping": 0.3, "lr": 0.7}, {"x": X3, "g": G3, "hessian": MIXED, "damping": 0.4, "lr": 0.45,
      "about": "a Hessian with a negative eigenvalue, larger than the damping"},
     {"x": X3, "g": G3, "hessian": MIXED, "damping": 4.5, "lr": 1.3, "about": "a damping larger than every eigenvalue"}],
    [{"x": X2, "g": G2, "hessian": UP, "damping": 0.0, "lr": 1.0, "about": "no damping and lr 1: Newton's own step"},
     {"x": np.array([2.0]), "g": np.array([3.0]), "hessian": np.array([[4.0]]), "damping": 0.5, "lr": 0.6, "about": "a single number"},
     {"x": X2, "g": G2, "hessian": np.diag([1e-3, 50.0]), "damping": 0.2, "lr": 0.6, "about": "very unequal curvatures"},
     {"x": X2, "g": 0 * G2, "hessian": UP, "damping": 0.2, "lr": 0.6, "about": "no slope: x stays"}],
)  # fmt: skip
RIDGE, SOLVE = "hessian + damping * np.eye(len(x))", "np.linalg.solve(damped, g)"
newton_mistakes = [
    Mistake("damping added to every number of H", {"damping * np.eye(len(x))": "damping"}, "λI has λ on the diagonal only: np.eye.", DAMP),
    Mistake("damping subtracted", {"hessian + damping": "hessian - damping"}, "Damping makes the eigenvalues larger.", DAMP),
    Mistake("damping multiplies H", {RIDGE: "hessian * (1 + damping)"}, "λI is added to H. A multiple of H has the same signs as H.", DAMP),
    Mistake("damping times the diagonal of H", {"damping * np.eye(len(x))": "damping * np.diag(np.diag(hessian))"},
            "That is Marquardt's form for least squares. Here λ itself is added.", DAMP),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "The step is subtracted.", STEP),
    Mistake("H times g", {SOLVE: "damped @ g"}, "The slope is divided by the curvature: solve the system.", STEP),
    Mistake("only the diagonal of H", {SOLVE: "g / np.diag(damped)"}, "The numbers beside the diagonal belong to the system, too.", STEP),
    Mistake("one divided by each number of H", {SOLVE: "(1 / damped) @ g"}, "The inverse of a matrix is not the matrix of inverses.", STEP),
    Mistake("solved for x in place of g", {SOLVE: "np.linalg.solve(damped, x)"}, "The right side of the system is the gradient.", STEP),
    Mistake("divided by lr", {"lr * np.linalg.solve(damped, g)": "np.linalg.solve(lr * damped, g)"}, "lr multiplies the step, not the matrix.", STEP),
    Mistake("the step alone", {"x - lr": "-lr"}, "Return the new x.", STEP),
    Mistake("eigenvalues without their eigenvectors", {SOLVE: "g / np.linalg.eigvalsh(damped)"}, "An eigenvalue belongs to its eigenvector, not to a coordinate.", STEP),
    Mistake("absolute values of the numbers of H", {"hessian + damping": "np.abs(hessian) + damping"}, "Damped Newton leaves H as it is, and adds λI.", DAMP),
    Mistake("lr times the gradient, and no curvature", {SOLVE: "g"}, "That is gradient descent.", STEP),
]  # fmt: skip

# -- 2: saddle-free --------------------------------------------------------------------------------------


def saddle_free(x, g, hessian, damping):
    values, Q = np.linalg.eigh(hessian)
    return x - Q @ (Q.T @ g / (np.abs(values) + damping))


DOWN = np.array([[-2.0, 0.6], [0.6, -0.5]])
SADDLES = Cases(
    [{"x": X3, "g": G3, "hessian": MIXED, "damping": 0.3}, {"x": X2, "g": G2, "hessian": np.array([[0.5, 2.0], [2.0, -1.0]]), "damping": 0.7},
     {"x": X2, "g": G2, "hessian": DOWN, "damping": 0.2, "about": "a hilltop: both curvatures are negative"}],
    [{"x": X2, "g": G2, "hessian": UP, "damping": 0.2, "about": "no negative curvature: this is Newton"},
     {"x": X3, "g": G3, "hessian": MIXED, "damping": 0.0, "about": "no damping"},
     {"x": X3, "g": G3, "hessian": np.diag([-3.0, 0.5, 2.0]), "damping": 0.2, "about": "a diagonal matrix"},
     {"x": np.array([2.0]), "g": np.array([3.0]), "hessian": np.array([[-4.0]]), "damping": 0.5, "about": "a single number, curving down"}],
)  # fmt: skip
TURNED, SIZES = "Q @ (Q.T @ g / (np.abs(values) + damping))", "np.abs(values)"
saddle_mistakes = [
    Mistake("no absolute value", {SIZES: "values"}, "That is damped Newton. Take the size of each eigenvalue.", DAMP),
    Mistake("damping before the absolute value", {"np.abs(values) + damping": "np.abs(values + damping)"}, "First the size of the curvature, then the damping.", DAMP),
    Mistake("Q and its transpose exchanged", {"Q @ (Q.T @ g": "Q.T @ (Q @ g"}, "The columns of Q are the eigenvectors: Qᵀg are the slopes along them.", DAMP),
    Mistake("the step is not turned back", {"Q @ (Q.T @ g / (np.abs(values) + damping))": "(Q.T @ g / (np.abs(values) + damping))"},
            "What you divided are slopes along the eigenvectors. Multiply with Q to return to x.", DAMP),
    Mistake("g is not turned first", {"Q.T @ g": "g"}, "The slopes along the eigenvectors are Qᵀg.", DAMP),
    Mistake("no eigenvectors", {TURNED: "g / (np.abs(values) + damping)"}, "An eigenvalue belongs to its eigenvector, not to a coordinate.", DAMP),
    Mistake("negative curvatures become 0", {SIZES: "np.maximum(values, 0)"}, "A negative curvature keeps its size, and loses its sign.", DAMP),
    Mistake("the absolute value of each number of H", {"np.linalg.eigh(hessian)": "np.linalg.eigh(np.abs(hessian))"}, "|H| has the sizes of the eigenvalues, not of the numbers in H.", DAMP),
    Mistake("a step uphill", {"x - Q": "x + Q"}, "The step is subtracted.", DAMP),
    Mistake("multiplied by the curvature", {"g / (": "g * ("}, "The slope is divided by the size of the curvature.", DAMP),
    Mistake("the step alone", {"x - Q": "-Q"}, "Return the new x.", DAMP),
    Mistake("squared eigenvalues", {SIZES: "values**2"}, "The size, not the square.", DAMP),
    Mistake("the size of the slopes, too", {"Q.T @ g /": "np.abs(Q.T @ g) /"}, "The slopes keep their signs: they say which way is down.", DAMP),
    Mistake("damping subtracted", {"(np.abs(values) + damping)": "(np.abs(values) - damping)"}, "Damping makes every divisor larger.", DAMP),
    Mistake("the largest curvature for all", {SIZES: "np.abs(values).max()"}, "Every direction is divided by its own curvature.", DAMP),
]  # fmt: skip

# -- 3: the two loops ------------------------------------------------------------------------------------


def two_loop_direction(g, steps, changes):
    pairs = [(s, y) for s, y in zip(steps, changes, strict=True) if y @ s > 0]
    q, alphas = g, []
    for s, y in reversed(pairs):
        alphas.append((s @ q) / (y @ s))
        q = q - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        q = (s @ y) / (y @ y) * q
    for s, y in pairs:
        q = q + (alphas.pop() - (y @ q) / (y @ s)) * s
    return q


def _loops() -> Cases:
    rng = np.random.default_rng(14)
    steps, g = rng.normal(size=(3, 4)), rng.normal(size=4)
    changes = steps @ np.array([[3, 0.5, 0, 0.2], [0.5, 1, 0.3, 0], [0, 0.3, 2, 0.1], [0.2, 0, 0.1, 0.6]])
    bent = changes.copy()
    bent[1] = -changes[1]
    late, early = changes.copy(), changes.copy()
    late[2], early[0] = -changes[2], -changes[0]
    level = (np.array([steps[0], np.eye(4)[0], steps[2]]), np.array([changes[0], np.eye(4)[1], changes[2]]))
    return Cases(
        [{"g": g, "steps": steps, "changes": changes}, {"g": 2 * g[::-1], "steps": steps[:2], "changes": changes[:2]},
         {"g": g, "steps": steps, "changes": bent, "about": "the middle pair has yᵀs < 0"},
         {"g": g, "steps": steps, "changes": late, "about": "the newest pair has yᵀs < 0"}],
        [{"g": g, "steps": steps[:0], "changes": changes[:0], "about": "no pair yet: the answer is g"},
         {"g": g, "steps": steps[:1], "changes": changes[:1], "about": "one pair"},
         {"g": g, "steps": steps[:1], "changes": -changes[:1], "about": "one pair, with yᵀs < 0: the answer is g"},
         {"g": g, "steps": steps, "changes": early, "about": "the oldest pair has yᵀs < 0"},
         {"g": g, "steps": level[0], "changes": level[1], "about": "the middle pair has yᵀs = 0"},
         {"g": np.array([1.0, 1.0]), "steps": np.eye(2), "changes": np.diag([1.0, 4.0]), "about": "pairs along the axes of a quadratic: the answer is Newton's"},
         {"g": g, "steps": 1e-3 * steps, "changes": 1e-3 * changes, "about": "short steps"}],
    )  # fmt: skip


GOOD, SCALE, BACK = " if y @ s > 0", "(s @ y) / (y @ y)", "(alphas.pop() - (y @ q) / (y @ s))"
SECOND = f"    for s, y in pairs:\n        q = q + {BACK} * s\n"
loop_mistakes = [
    Mistake("the first loop from oldest to newest", {"reversed(pairs)": "pairs"}, "The first loop begins with the newest pair, the last in the list.", LOOPS),
    Mistake("the second loop from newest to oldest", {"for s, y in pairs:\n        q = q +": "for s, y in reversed(pairs):\n        q = q +"},
            "The second loop goes back up: it begins with the oldest pair.", LOOPS),
    Mistake("another pair's α", {"alphas.pop()": "alphas.pop(0)"}, "Each pair needs its own α: the second loop meets the pairs in the other order.", LOOPS),
    Mistake("no scaling between the loops", {SCALE + " * q": "q"}, "Between the loops q is multiplied by sᵀy/yᵀy.", LOOPS),
    Mistake("the scaling upside down", {SCALE: "(y @ y) / (s @ y)"}, "An inverse curvature is needed: yᵀy stands below the line.", LOOPS),
    Mistake("the other scaling", {SCALE: "(s @ s) / (s @ y)"}, "That is another estimate of 1/curvature. Here it is sᵀy/yᵀy.", LOOPS),
    Mistake("scaled by the oldest pair", {"s, y = pairs[-1]": "s, y = pairs[0]"}, "The newest pair knows the curvature here.", LOOPS),
    Mistake("scaled by a pair that was left out", {"s, y = pairs[-1]": "s, y = steps[-1], changes[-1]"}, "Scale with the newest of the pairs that are left.", LOOPS),
    Mistake("y in place of s in α", {"(s @ q) / (y @ s))": "(y @ q) / (y @ s))"}, "α = ρ sᵀq.", LOOPS),
    Mistake("s subtracted in the first loop", {"alphas[-1] * y": "alphas[-1] * s"}, "The first loop subtracts α times y.", LOOPS),
    Mistake("y added in the second loop", {BACK + " * s": BACK + " * y"}, "The second loop adds multiples of s.", LOOPS),
    Mistake("α alone in the second loop", {BACK: "alphas.pop()"}, "The factor is α − ρ yᵀq.", LOOPS),
    Mistake("a plus in the second loop", {"alphas.pop() - ": "alphas.pop() + "}, "The factor is α − ρ yᵀq.", LOOPS),
    Mistake("g in place of q in α", {"(s @ q) / (y @ s))": "(s @ g) / (y @ s))"}, "α is made from the q that the newer pairs have left.", LOOPS),
    Mistake("all pairs kept", {GOOD: ""}, "A pair with yᵀs ≤ 0 saw a curvature that is not positive: leave it out.", LOOPS),
    Mistake("the direction downhill", {"return q": "return -q"}, "Asked for is B times g; the step is minus that.", LOOPS),
    Mistake("s in place of y in the second loop", {"(y @ q)": "(s @ q)"}, "The factor is α − ρ yᵀq.", LOOPS),
    Mistake("α without ρ", {"(s @ q) / (y @ s))": "(s @ q))"}, "α = ρ sᵀq with ρ = 1/yᵀs.", LOOPS),
    Mistake("no second loop", {SECOND: ""}, "The second loop adds the steps again.", LOOPS),
    Mistake("only the newest pair", {f"strict=True){GOOD}]": f"strict=True){GOOD}][-1:]"}, "All pairs take part.", LOOPS),
    Mistake("negative curvature turned", {GOOD: "", "zip(steps, changes, strict=True)": "zip(steps, np.array(changes) * np.sign(np.sum(steps * changes, axis=1))[:, None], strict=True)"},
            "A pair with yᵀs ≤ 0 is left out, not turned around.", LOOPS),
]  # fmt: skip

# -- 4: line search --------------------------------------------------------------------------------------


def step_length(f, x, p, g, shrink, c):
    alpha, slope = 1.0, g @ p
    if slope >= 0:
        return 0.0
    for _ in range(30):
        if f(x + alpha * p) <= f(x) + c * alpha * slope:
            return alpha
        alpha = shrink * alpha
    return 0.0


def _bowl(x: np.ndarray) -> float:
    return float(2 * x[0] ** 2 + 0.5 * x[1] ** 2 + 3)


def _cone(x: np.ndarray) -> float:
    return float(np.sqrt(1 + x @ x))


def _wells(x: np.ndarray) -> float:
    return float((x[0] ** 2 - 1) ** 2 - 300)


SLOPE2, EAST = np.array([6.0, -0.7]), np.array([1.0, 0.0])
SEARCHES = Cases(  # first a case in which no argument matters: α jumps, so that little can be told from a twin
    [{"f": _cone, "x": np.array([2.0]), "p": np.array([-0.5]), "g": np.array([2 / np.sqrt(5)]), "shrink": 0.5, "c": 0.1},
     {"f": _bowl, "x": X2, "p": -SLOPE2, "g": SLOPE2, "shrink": 0.7, "c": 0.05},
     {"f": _cone, "x": X3, "p": np.array([-8.0, -30.0, 9.0]), "g": X3 / _cone(X3), "shrink": 0.4, "c": 0.2},
     {"f": _bowl, "x": X2, "p": -0.52 * SLOPE2, "g": SLOPE2, "shrink": 0.8, "c": 0.6, "about": "c above ½: a parabola's full step is refused"},
     {"f": _wells, "x": np.array([0.3]), "p": np.array([3.0]), "g": np.array([-1.092]), "shrink": 0.6, "c": 0.1, "about": "two wells: f is low on both sides of x"},
     {"f": _wells, "x": np.array([0.3]), "p": np.array([-3.0]), "g": np.array([-1.092]), "shrink": 0.6, "c": 0.1, "about": "p leads uphill, to a well behind the hill"},
     {"f": lambda x: 1.0, "x": X2, "p": -SLOPE2, "g": SLOPE2, "shrink": 0.9, "c": 0.1, "about": "f is flat, and no α is good"},
     {"f": _bowl, "x": EAST, "p": -36.2 * EAST, "g": 4 * EAST, "shrink": 0.9, "c": 0.1, "about": "the last of 30 lengths is good"},
     {"f": _bowl, "x": EAST, "p": -40.4 * EAST, "g": 4 * EAST, "shrink": 0.9, "c": 0.1, "about": "the 31st length would be good"},
     {"f": _wells, "x": np.array([0.0]), "p": np.array([0.8]), "g": np.array([0.0]), "shrink": 0.5, "c": 0.1, "about": "no slope, between two wells"}],
    [{"f": _bowl, "x": X2, "p": -1e4 * SLOPE2, "g": SLOPE2, "shrink": 0.3, "c": 1e-4, "about": "a step a thousand times too long"},
     {"f": _cone, "x": np.array([2.0]), "p": np.array([-5.0]), "g": np.array([2 / np.sqrt(5)]), "shrink": 0.5, "c": 1e-3, "about": "one variable"}],
)  # fmt: skip
ENOUGH, TRIED = "f(x) + c * alpha * slope", "f(x + alpha * p)"
search_mistakes = [
    Mistake("any decrease is enough", {"+ c * alpha * slope": ""}, "f must fall by a share c of what the slope promises.", SEARCH),
    Mistake("halving, whatever shrink is", {"shrink * alpha": "0.5 * alpha"}, "The new α is shrink times the old one.", SEARCH),
    Mistake("c without α", {"c * alpha * slope": "c * slope"}, "Half a step must lower f by half as much: α belongs to the condition.", SEARCH),
    Mistake("a minus before c", {"+ c * alpha": "- c * alpha"}, "gᵀp is negative: f(x) + c α gᵀp lies below f(x).", SEARCH),
    Mistake("it shrinks by the other factor", {"shrink * alpha": "(1 - shrink) * alpha"}, "The new α is shrink times the old one.", SEARCH),
    Mistake("α shrinks by subtraction", {"shrink * alpha": "alpha - shrink"}, "The new α is shrink times the old one.", SEARCH),
    Mistake("one shrink too many", {"return alpha\n": "return shrink * alpha\n"}, "Return the α that passed.", SEARCH),
    Mistake("one shrink too few", {"return alpha\n": "return alpha / shrink\n"}, "Return the α that passed, not the one before.", SEARCH),
    Mistake("the step without x", {TRIED: "f(alpha * p)"}, "f is tried at x + αp.", SEARCH),
    Mistake("backwards", {TRIED: "f(x - alpha * p)"}, "p is the proposed step already: add it.", SEARCH),
    Mistake("the slope along −g", {"slope = 1.0, g @ p": "slope = 1.0, -g @ g"}, "The slope along p is gᵀp.", SEARCH),
    Mistake("the slope per unit of length", {"slope = 1.0, g @ p": "slope = 1.0, g @ p / np.linalg.norm(p)"}, "gᵀp is for the whole of p: do not divide by its length.", SEARCH),
    Mistake("a step uphill is tried", {"    if slope >= 0:\n        return 0.0\n": ""}, "Where p does not lead downhill return 0 at once.", SEARCH),
    Mistake("a step along the level is tried", {"slope >= 0": "slope > 0"}, "Where gᵀp = 0, p does not lead downhill either: return 0 at once.", SEARCH),
    Mistake("more than 30 trials", {"for _ in range(30):": "while alpha > 0:"}, "Try 30 lengths at most: the whole step is the first.", SEARCH),
    Mistake("one trial too few", {"range(30)": "range(29)"}, "Try 30 lengths: the whole step is the first.", SEARCH),
    Mistake("it stops where f rises", {"<= f(x)": "> f(x)"}, "An α is good if f has fallen enough.", SEARCH),
    Mistake("the last α, where none is good", {"shrink * alpha\n    return 0.0": "shrink * alpha\n    return alpha"}, "If none of 30 is good, return 0.", SEARCH),
    Mistake("the whole step is never tried", {"alpha, slope = 1.0,": "alpha, slope = shrink,"}, "Begin with α = 1.", SEARCH),
    Mistake("c at f(x)", {ENOUGH: "c * f(x) + alpha * slope"}, "c multiplies the decrease that the slope promises.", SEARCH),
    Mistake("1 where p leads uphill", {"    if slope >= 0:\n        return 0.0": "    if slope >= 0:\n        return 1.0"}, "Where p does not lead downhill the answer is 0.", SEARCH),
]  # fmt: skip

# -- 5: the exponent -------------------------------------------------------------------------------------


def cost_exponent():
    n, seconds = np.array(mine["n"]), np.array(mine["seconds"])
    large = n >= n.max() / 30
    return np.polyfit(np.log(n[large]), np.log(seconds[large]), 1)[0]


SHORTCUTS = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 1.5, 1.9, 2.0, 2.5, 3.0)
"""Answers that are right for nobody, so that none of them can be handed round."""


def _slope(x: Any, y: Any) -> float:
    return float(np.polyfit(x, y, 1)[0])


def _exponent(mine: Mine) -> float:
    n, seconds = np.array(mine["n"]), np.array(mine["seconds"])
    large = n >= n.max() / 30
    return _slope(np.log(n[large]), np.log(seconds[large]))


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    """Draw the seconds of a step at twelve sizes: an overhead, a power of n, and some noise."""

    def draw() -> dict[str, Any]:
        n = np.rint(np.geomspace(50, rng.uniform(4, 9) * 1e4, 12)).astype(int)
        power = rng.uniform(1.15, 3.2)
        noise = np.exp(0.12 * rng.standard_normal(12))
        seconds = noise * (3e-4 + rng.uniform(0.02, 0.4) * (n / n[-1]) ** power)
        return {"n": n.tolist(), "seconds": [float(f"{second:.3g}") for second in seconds]}

    def against(found: Mine) -> str:
        exact, wrong = _exponent(found), (number for number, _ in _known(found))
        return near(exact, wrong, rtol=0.02, atol=0) or near(exact, SHORTCUTS, rtol=0, atol=0.04)

    return drawn(draw, against)


def _known(mine: Mine) -> list[tuple[float, str]]:
    n, seconds = np.array(mine["n"], float), np.array(mine["seconds"])
    large, exact = n >= n.max() / 30, _exponent(mine)
    x, y = np.log(n), np.log(seconds)
    return [
        (_slope(x, y), "That fits all sizes. The small ones cost what calling numpy costs: keep n ≥ largest/30."),
        (_slope(x[~large], y[~large]), "That fits the small sizes, where n hardly matters. Keep those with n ≥ largest/30."),
        (_slope(x[-2:], y[-2:]), "That is the slope between the last two points: it follows their noise. Fit a line to all large sizes."),
        ((y[-1] - y[large][0]) / (x[-1] - x[large][0]), "That uses the first and last of the large sizes only. Fit a line to all of them."),
        (_slope(y[large], x[large]), "n and seconds are exchanged: fit log seconds against log n."),
        (_slope(n[large], seconds[large]), "That is a slope without logarithms. The exponent is the slope of log seconds against log n."),
        (_slope(n[large], y[large]), "The logarithm of n is missing: a power is a straight line only if both axes are logarithmic."),
        (_slope(x[large], seconds[large]), "The logarithm of the seconds is missing."),
        (exact * float(np.log(10)), "One logarithm is natural and the other has base 10. Take the same for both."),
        (float(np.polyfit(x[large], y[large], 1)[1]), "That is the line's height at log n = 0. np.polyfit lists the slope first."),
        (float(np.mean(y[large] / x[large])), "A quotient of logarithms is no slope: the factor in front of the power spoils it."),
        (exact - 1, "One less: that is the exponent of seconds per parameter."),
    ]  # fmt: skip


EXERCISE = Exercise(
    "14_second_order",
    [
        Code(solution=damped_newton, title="Newton, damped", points=2, cases=NEWTONS, wrong=newton_mistakes, reread=DAMP, hints=[
            "Two lines: the damped matrix, then the step.", "np.eye(len(x)) is the identity; np.linalg.solve(A, b) gives A⁻¹b."]),
        Code(solution=saddle_free, title="Saddle-free", points=3, cases=SADDLES, wrong=saddle_mistakes, reread=DAMP, hints=[
            "values, Q = np.linalg.eigh(hessian). The slopes along the eigenvectors are Q.T @ g.",
            "Divide each slope by np.abs(values) + damping, then multiply with Q."]),
        Code(solution=step_length, title="Line search", points=3, cases=SEARCHES, wrong=search_mistakes, reread=SEARCH, hints=[
            "First the slope g @ p. A loop over 30 trials with a return inside, and return 0.0 behind it.",
            "The condition: f(x + alpha * p) <= f(x) + c * alpha * slope. If it fails, alpha = shrink * alpha."]),
        Code(solution=two_loop_direction, title="Two loops", points=4, cases=_loops(), wrong=loop_mistakes, reread=LOOPS, hints=[
            "First make a list of the pairs with y @ s > 0. If it is empty the answer is g.",
            "First loop over reversed(pairs): append α to a list, and subtract α·y from q. Then the scaling with pairs[-1].",
            "Second loop over pairs: alphas.pop() takes the α that was appended last, and that is the oldest pair's."]),
        Number(solution=cost_exponent, title="The exponent", points=2, expected=_exponent, rtol=0.005, wrong=_known, reread=COST, hints=[
            "Make arrays, and keep the sizes with n >= n.max() / 30.", "np.polyfit(x, y, 1) returns slope and height of the line; x and y are logarithms."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
