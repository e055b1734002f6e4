"""Exercise 01: landscapes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...surfaces import CriticalPoints, RandomField
from ..cases import Cases
from ..draw import alike, drawn
from ..kinds import Code, Goal, Number
from ..observe import Run, call
from ..tasks import Exercise, Mine, Mistake

HESSIAN, HAND = "lesson 01, section 5, the Hessian", "lesson 01, section 4, classify by hand"
MANY, SLOPES = "lesson 01, section 6, many dimensions", "lesson 01, section 7, a slope from two heights"

# -- 1: gradient and Hessian -----------------------------------------------------------------------------


def derivatives(x, y, a, b):
    gradient = np.array([4 * a * b * x**3 - 2 * (a + b) * x * y, 2 * y - (a + b) * x**2])
    mixed = -2 * (a + b) * x
    hessian = np.array([[12 * a * b * x**2 - 2 * (a + b) * y, mixed], [mixed, 2.0]])
    return gradient, hessian


PLACES = Cases(
    [{"x": 0.7, "y": -1.3, "a": 1.1, "b": 2.3}, {"x": -1.6, "y": 0.9, "a": 0.4, "b": 1.7},
     {"x": 2.1, "y": 3.4, "a": -0.8, "b": 1.9}],
    [{"x": 0.0, "y": 0.0, "a": 1.3, "b": 2.2, "about": "the origin: a critical point"},
     {"x": 0.0, "y": 1.7, "a": 1.3, "b": 2.2, "about": "x is zero"},
     {"x": 1.4, "y": 0.6, "a": 0.9, "b": -0.9, "about": "a + b is zero"},
     {"x": 40.0, "y": -30.0, "a": 1.2, "b": 0.7, "about": "a place far outside"}],
)  # fmt: skip
SECOND = "12 * a * b * x**2 - 2 * (a + b) * y"
derivatives_mistakes = [
    Mistake("gradient's parts exchanged", {"return gradient,": "return gradient[::-1],"}, "First ∂f/∂x, then ∂f/∂y.", HESSIAN),
    Mistake("the Hessian first", {"return gradient, hessian": "return hessian, gradient"}, "Return the gradient first.", HESSIAN),
    Mistake("x⁴ derived to x³", {"4 * a * b * x**3": "a * b * x**3"}, "The derivative of x⁴ is 4x³.", HESSIAN),
    Mistake("the 2 of x² forgotten in the gradient", {"x**3 - 2 * (a + b) * x * y": "x**3 - (a + b) * x * y"}, "The derivative of x²y by x is 2xy.", HESSIAN),
    Mistake("the term x²y forgotten in ∂f/∂y", {"2 * y - (a + b) * x**2": "2 * y"}, "x²y depends on y: its derivative by y is x².", HESSIAN),
    Mistake("a sign lost in ∂f/∂y", {"2 * y - (a + b) * x**2": "2 * y + (a + b) * x**2"}, "The mixed term −(a+b)x²y keeps its minus.", HESSIAN),
    Mistake("a sign lost in ∂f/∂x", {"x**3 - 2 * (a + b) * x * y": "x**3 + 2 * (a + b) * x * y"}, "The mixed term −(a+b)x²y keeps its minus.", HESSIAN),
    Mistake("no mixed derivatives", {"mixed = -2 * (a + b) * x": "mixed = 0.0 * x"}, "∂²f/∂x∂y is not zero: derive ∂f/∂x by y.", HESSIAN),
    Mistake("half of the mixed derivative", {"mixed = -2 *": "mixed = -1 *"}, "Derive −2(a+b)xy by y: the 2 stays.", HESSIAN),
    Mistake("a sign lost in the mixed derivative", {"mixed = -2 *": "mixed = 2 *"}, "Derive −2(a+b)xy by y: the minus stays.", HESSIAN),
    Mistake("y where x belongs in the mixed derivative", {"mixed = -2 * (a + b) * x": "mixed = -2 * (a + b) * y"},
            "Derive −2(a+b)xy by y: x is left.", HESSIAN),
    Mistake("a matrix that is not symmetric", {"[mixed, 2.0]": "[0.0 * x, 2.0]"},
            "∂²f/∂x∂y = ∂²f/∂y∂x: both corners of the Hessian carry the mixed derivative.", HESSIAN),
    Mistake("∂²f/∂x² without the factor 3", {"[[12 *": "[[4 *"}, "The derivative of 4x³ is 12x².", HESSIAN),
    Mistake("∂²f/∂x² without the term in y", {SECOND: "12 * a * b * x**2"}, "Derive −2(a+b)xy by x: −2(a+b)y is left.", HESSIAN),
    Mistake("∂²f/∂y² without the 2", {"mixed, 2.0]": "mixed, 1.0]"}, "The second derivative of y² is 2.", HESSIAN),
    Mistake("the Hessian's diagonal exchanged", {f"[[{SECOND}, mixed], [mixed, 2.0]]": f"[[2.0, mixed], [mixed, {SECOND}]]"},
            "∂²f/∂x² stands at the top left.", HESSIAN),
    Mistake("products of slopes for the Hessian", {"return gradient, hessian": "return gradient, np.outer(gradient, gradient)"},
            "The Hessian holds second derivatives, not products of first ones.", HESSIAN),
    Mistake("a sign lost in ∂²f/∂x²", {SECOND: "12 * a * b * x**2 + 2 * (a + b) * y"}, "Derive −2(a+b)xy by x: the minus stays.", HESSIAN),
    Mistake("y² derived to y", {"2 * y - (a + b) * x**2": "y - (a + b) * x**2"}, "The derivative of y² is 2y.", HESSIAN),
    Mistake("only half of the product rule", {"4 * a * b * x**3 - 2 * (a + b) * x * y, 2 * y - (a + b) * x**2": "-2 * a * x * (y - b * x**2), y - b * x**2"},
            "Both factors depend on x and on y: derive each, and add. Or multiply out first.", HESSIAN),
    Mistake("the gradient turned downhill", {"return gradient,": "return -gradient,"}, "The gradient points uphill; the minus stands in the step of a method.", HESSIAN),
]  # fmt: skip

# -- 2: classify -----------------------------------------------------------------------------------------


def count_directions(hessian, tiny):
    values = np.linalg.eigvalsh(hessian)
    flat = np.abs(values) <= tiny * np.abs(values).max()
    up = np.sum((values > 0) & ~flat)
    down = np.sum((values < 0) & ~flat)
    return up, down, flat.sum()


def _turned(values: list[float], seed: int) -> np.ndarray:
    """Return a symmetric matrix with these eigenvalues, in directions of its own."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))[0]
    matrix = q * np.array(values) @ q.T
    return (matrix + matrix.T) / 2


MATRICES = Cases(
    [{"hessian": _turned([4.0, 2.5, 1.0, 0.15, -0.08, -2.0], 1), "tiny": 0.05},
     {"hessian": np.array([[1.0, 3.0], [3.0, 2.0]]), "tiny": 1e-9},
     {"hessian": _turned([3.0, 1.0, 1e-12, -1e-12], 5), "tiny": 1e-9, "about": "two eigenvalues are zero up to rounding"},
     {"hessian": _turned([-50.0, -30.0, -7.0, 2.0, 0.6], 2), "tiny": 0.1},
     {"hessian": np.array([[-3.0, 1.0], [1.0, -2.0]]), "tiny": 1e-6},
     {"hessian": _turned([0.7, 0.5, 0.2, 0.004, -0.3, -0.006], 3), "tiny": 0.01},
     {"hessian": _turned([5.0, 2.0, 1.5], 4), "tiny": 1e-9},
     {"hessian": np.diag([6.0, 0.0]), "tiny": 1e-9, "about": "one eigenvalue is exactly zero"}],
    [{"hessian": np.zeros((2, 2)), "tiny": 1e-9, "about": "the monkey saddle's Hessian: all of it is zero"},
     {"hessian": np.array([[1.0, 1.0], [1.0, 1.0]]), "tiny": 1e-9, "about": "an eigenvalue is zero up to rounding"},
     {"hessian": 1e-12 * np.array([[1.0, 3.0], [3.0, 2.0]]), "tiny": 1e-9, "about": "small numbers"},
     {"hessian": 1e12 * np.array([[2.0, 1.0], [1.0, -3.0]]), "tiny": 1e-9, "about": "large numbers"},
     {"hessian": np.array([[-4.0]]), "tiny": 1e-9, "about": "one dimension"}],
)  # fmt: skip
EIGEN = "np.linalg.eigvalsh(hessian)"
count_mistakes = [
    Mistake("the diagonal in place of the eigenvalues", {EIGEN: "np.diag(hessian)"},
            "The diagonal tells the curvature along the axes only.", HESSIAN),
    Mistake("up and down exchanged", {"return up, down,": "return down, up,"}, "First the directions that go up.", HESSIAN),
    Mistake("flat listed first", {"up, down, flat.sum()": "flat.sum(), up, down"}, "The order is up, down, flat.", HESSIAN),
    Mistake("flat directions counted as up", {"np.sum((values > 0) & ~flat)": "np.sum((values > 0) | flat)"},
            "A flat direction is counted once, as flat.", HESSIAN),
    Mistake("flat directions counted twice", {"(values > 0) & ~flat": "values > 0", "(values < 0) & ~flat": "values < 0"},
            "A flat direction is counted once, as flat.", HESSIAN),
    Mistake("tiny taken as it is", {"tiny * np.abs(values).max()": "tiny"},
            "Small means small beside the largest eigenvalue: a Hessian of 10⁻¹² may be a fine minimum.", HESSIAN),
    Mistake("the largest eigenvalue, not the largest in size", {"tiny * np.abs(values).max()": "tiny * values.max()"},
            "At a maximum all eigenvalues are negative: compare their sizes, np.abs(values).max().", HESSIAN),
    Mistake("flat only if exactly zero", {"<= tiny * np.abs(values).max()": "== 0"},
            "Computed eigenvalues are hardly ever exactly zero: compare with tiny.", HESSIAN,
            same_as=("the smallest in place of the largest",)),
    Mistake("the smallest in place of the largest", {".max()": ".min()"}, "Compare with the largest in size.", HESSIAN,
            same_as=("flat only if exactly zero",)),
    Mistake("negative eigenvalues taken for flat", {"np.abs(values) <=": "values <="}, "Their size is compared: np.abs.", HESSIAN),
    Mistake("no flat directions", {"return up, down, flat.sum()": "return (values > 0).sum(), (values < 0).sum(), 0 * up"},
            "Where the curvature is zero, or as good as zero, count the direction as flat.", HESSIAN),
    Mistake("the size of the eigenvalues only", {EIGEN: "np.linalg.svd(hessian)[1]"},
            "Singular values have no sign, and the sign is what is asked for.", HESSIAN),
    Mistake("numbers of the matrix counted, not eigenvalues", {EIGEN: "hessian.ravel()"},
            "A single entry of the Hessian says little; its eigenvalues say all.", HESSIAN),
    Mistake("row sums in place of eigenvalues", {EIGEN: "hessian.sum(axis=1)"}, "Use np.linalg.eigvalsh.", HESSIAN),
    Mistake("a mean in place of the largest", {"np.abs(values).max()": "np.abs(values).mean()"}, "Compare with the largest.", HESSIAN),
    Mistake("a sum in place of the largest", {"np.abs(values).max()": "np.abs(values).sum()"}, "Compare with the largest.", HESSIAN),
    Mistake("up is what is left from one", {"np.sum((values > 0) & ~flat)": "1 - np.sum((values < 0) & ~flat)"},
            "A Hessian has n eigenvalues, not one: count each kind.", HESSIAN),
]  # fmt: skip

# -- 3: finite differences -------------------------------------------------------------------------------


def numerical_gradient(f, x, h):
    gradient = np.zeros(len(x))
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def _wave(x: np.ndarray) -> float:
    return float(np.sin(1.3 * x[0]) * x[1] ** 2 + np.exp(0.4 * x[-1]))


def _cubes(x: np.ndarray) -> float:
    return float((np.arange(1, len(x) + 1) * x**3).sum() + x.prod())


FUNCTIONS = Cases(
    [{"f": _cubes, "x": np.array([0.7, -1.2, 0.4]), "h": 0.3},
     {"f": _wave, "x": np.array([1.1, 0.6]), "h": 0.2},
     {"f": _wave, "x": np.array([-0.5, 1.4, 2.1, 0.8]), "h": 0.05}],
    [{"f": _cubes, "x": np.zeros(3), "h": 0.1, "about": "a critical point at which all is zero but the error"},
     {"f": lambda x: float(5 * x[0] ** 2), "x": np.array([3.0]), "h": 1e-4, "about": "one dimension"},
     {"f": lambda x: 7.0, "x": np.array([1.0, 2.0]), "h": 0.1, "about": "a constant: no slope at all"},
     {"f": lambda x: float(1e6 * x @ x), "x": np.arange(1.0, 31.0), "h": 1e-3, "about": "thirty dimensions, steep"}],
)  # fmt: skip
DIFFERENCE = "(f(x + step) - f(x - step)) / (2 * h)"
numerical_mistakes = [
    Mistake("forward differences", {DIFFERENCE: "(f(x + step) - f(x)) / h"}, "Asked for is the central difference.", SLOPES),
    Mistake("backward differences", {DIFFERENCE: "(f(x) - f(x - step)) / h"}, "Asked for is the central difference.", SLOPES),
    Mistake("divided by h, not 2h", {"/ (2 * h)": "/ h"}, "From x − h to x + h it is 2h.", SLOPES),
    Mistake("divided by 2, then multiplied by h", {"/ (2 * h)": "/ 2 * h"}, "Python reads / 2 * h from left to right: write / (2 * h).", SLOPES),
    Mistake("not divided at all", {" / (2 * h)": ""}, "A slope is a difference of heights divided by a distance.", SLOPES),
    Mistake("all coordinates moved at once", {"step[i] = h": "step[:] = h"}, "A partial derivative moves one coordinate.", SLOPES),
    Mistake("steps that add up", {"    for i in range(len(x)):\n        step = np.zeros(len(x))\n": "    step = np.zeros(len(x))\n    for i in range(len(x)):\n"},
            "A new step for each coordinate: the old one still moves the coordinates before it.", SLOPES),
    Mistake("left minus right", {"f(x + step) - f(x - step)": "f(x - step) - f(x + step)"}, "Right minus left, or all signs are turned.", SLOPES),
    Mistake("a step of 1", {"step[i] = h": "step[i] = 1"}, "The coordinate moves by h.", SLOPES),
    Mistake("half the step", {"step[i] = h": "step[i] = h / 2"}, "Then the distance is h, and 2h in the denominator is wrong.", SLOPES),
    Mistake("a step relative to x", {"step[i] = h": "step[i] = h * x[i]"}, "The distance is then 2h·x, and at x = 0 there is no step.", SLOPES),
    Mistake("a forward difference, divided by 2h", {"f(x - step)": "f(x)"}, "The second height stands at x − h.", SLOPES),
    Mistake("both heights at the same place", {"f(x - step)": "f(x + step)"},
            "left = x makes a second name, not a copy: write x.copy(), or x + step and x − step.", SLOPES),
    Mistake("x is not put back", {DIFFERENCE: DIFFERENCE + "\n        x = x - step"},
            "After x[i] += h and x[i] -= 2 * h it stands at x − h: add h again, or move a copy.", SLOPES),
    Mistake("the second derivative", {DIFFERENCE: "(f(x + step) - 2 * f(x) + f(x - step)) / h**2"}, "That is the curvature. Asked for is the slope.", SLOPES),
    Mistake("the last coordinate is missing", {"for i in range(len(x)):": "for i in range(len(x) - 1):"}, "range(n) already ends at n − 1.", SLOPES),
    Mistake("a plus between the heights", {"f(x + step) - f": "f(x + step) + f"}, "A slope is a difference.", SLOPES),
    Mistake("it returns after the first coordinate", {"    return gradient": "        return gradient"},
            "The return stands inside the loop: move it to the left.", SLOPES),
    Mistake("one number, the sum", {"return gradient": "return gradient.sum()"}, "Return one slope for each coordinate.", SLOPES),
]  # fmt: skip

# -- 4: the best step ------------------------------------------------------------------------------------


def best_step(size, third, eps):
    return (3 * eps * size / third) ** (1 / 3)


SIZES = Cases(
    [{"size": 2.0, "third": 5.0, "eps": 1e-10}, {"size": 0.3, "third": 40.0, "eps": 2e-16}, {"size": 700.0, "third": 0.6, "eps": 6e-8}],
    [{"size": 1.0, "third": 1.0, "eps": 1e-16, "about": "all is one"},
     {"size": 1e-8, "third": 1e6, "eps": 1e-16, "about": "small heights, strongly bent"}],
)  # fmt: skip
ROOT = "** (1 / 3)"
best_mistakes = [
    Mistake("the square root", {ROOT: "** 0.5"}, "That is the power for forward differences; here h³ stands alone.", SLOPES),
    Mistake("the factor 3 forgotten", {"3 * eps": "eps"}, "Set the derivative of the whole error to zero; a 3 remains.", SLOPES),
    Mistake("size and third exchanged", {"size / third": "third / size"}, "The more it bends, the smaller the step.", SLOPES),
    Mistake("no root", {ROOT: "** 1"}, "This is h³.", SLOPES),
    Mistake("0.33 for a third", {ROOT: "** 0.33"}, "The root of a tiny number feels the missing 0.0033: write 1 / 3.", SLOPES),
    Mistake("1/3 without brackets", {ROOT: "** 1 / 3"}, "Python takes the power first: write ** (1 / 3).", SLOPES),
    Mistake("the factor 6 of the error kept", {"3 * eps": "6 * eps"},
            "Both errors are not equal at the best step: derive their sum by h.", SLOPES),
    Mistake("3 in the denominator", {"3 * eps * size / third": "eps * size / (3 * third)"}, "h·third/3 = eps·size/h²: multiply by 3.", SLOPES),
    Mistake("eps forgotten", {"3 * eps * size": "3 * size"}, "Without rounding there would be no best step.", SLOPES),
    Mistake("the size forgotten", {"eps * size": "eps"}, "Rounding is relative: it grows with the height.", SLOPES),
    Mistake("the best step of forward differences", {"(3 * eps * size / third) ** (1 / 3)": "2 * (eps * size / third) ** 0.5"},
            "There the first error grows with h, here with h².", SLOPES),
    Mistake("the 3 outside the root", {"(3 * eps * size / third)": "3 * (eps * size / third)"}, "The 3 stands in h³.", SLOPES),
    Mistake("only the 2 of h² derived", {"3 * eps": "1.5 * eps"}, "h²/6 becomes h/3.", SLOPES),
]  # fmt: skip

# -- 5: count saddles, 6: find one ---------------------------------------------------------------------------


def saddles_found():
    field = RandomField(mine["dimension"], seed=mine["seed"])
    points = field.critical_points(starts=mine["starts"]).points
    counts = [count_directions(field.hessian(point), 1e-9) for point in points.T]
    return sum(up > 0 and down > 0 for up, down, flat in counts)


def saddle_point():
    field = RandomField(2, seed=mine["seed"])
    return field.surface(reach=3).saddles[0]


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    def draw() -> dict[str, Any]:
        return {
            "dimension": 3,
            "starts": int(np.exp(rng.uniform(np.log(25), np.log(150)))),
            "seed": int(rng.integers(100_000)),
        }

    def against(mine: Mine) -> str:
        index, saddles = _found(mine).index, _saddles(mine)
        kinds = [np.sum(index == 0), np.sum(index == mine["dimension"]), saddles]
        if min(kinds) < 2:
            return "minima, maxima or saddles are missing"
        # or a wrong answer would be right or misnamed
        return alike([(saddles, "the answer"), *_known(mine)])

    return drawn(draw, against)


@lru_cache(maxsize=1024)
def _searched(dimension: int, seed: int, starts: int) -> CriticalPoints:
    return RandomField(dimension, seed=seed).critical_points(starts=starts)


def _found(mine: Mine) -> CriticalPoints:
    return _searched(mine["dimension"], mine["seed"], mine["starts"])


def _saddles(mine: Mine) -> float:
    return float(np.sum((_found(mine).index > 0) & (_found(mine).index < mine["dimension"])))


def _known(mine: Mine) -> list[tuple[float, str]]:
    found, n = _found(mine), mine["dimension"]
    return [
        (len(found), "These are all critical points. Leave out the minima and the maxima."),
        (np.sum(found.index == 0), "These are the minima."),
        (np.sum(found.index > 0), "Maxima are among them: at a saddle some directions go up, too."),
        (np.sum(found.index < n), "Minima are among them: at a saddle some directions go down, too."),
        (_saddles(mine) / len(found), "That is their share. Asked for is how many there are."),
        (n, "That is the number of variables. Each column of points is a critical point: use points.T."),
        (mine["starts"], "That is how many searches there were. Not all found something new."),
    ]


def _at_a_saddle(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    x, y = (s.value for s in runs[0].seen)
    assert isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
    if x.ndim or y.ndim or not np.isfinite([x, y]).all():
        return False, "Return two numbers, x and y."
    field, point = RandomField(2, seed=mine["seed"]), np.array([float(x), float(y)])
    slope = float(np.linalg.norm(field.grad(point)))
    low, high = np.linalg.eigvalsh(field.hessian(point))
    place = f"At ({x:.4g}, {y:.4g}) the slope is {slope:.2g}"
    if slope > SLOPE:
        return False, f"{place}: that is no critical point yet. Get below {SLOPE:g}."
    kind = "a saddle" if low < 0 < high else "a minimum" if low > 0 else "a maximum"
    return low < 0 < high, f"{place}, and the curvatures are {low:.2g} and {high:.2g}: {kind}."


SLOPE = 0.1
"""So steep may it be at a saddle found with the mouse."""

EXERCISE = Exercise(
    "01_landscapes",
    [
        Code(solution=derivatives, title="Gradient and Hessian", points=4, drive=call("gradient", "hessian"), cases=PLACES, wrong=derivatives_mistakes, reread=HESSIAN,
             hints=[
            "Multiply out: f = y² − (a+b)x²y + ab·x⁴. Derive term by term.",
            "∂f/∂x = 4ab·x³ − 2(a+b)xy and ∂f/∂y = 2y − (a+b)x². Derive each once more, by x and by y."]),
        Code(solution=count_directions, title="Which directions go down?", points=3, drive=call("up", "down", "flat"), cases=MATRICES, wrong=count_mistakes, reread=HESSIAN, hints=[
            "np.linalg.eigvalsh gives the eigenvalues. First find out which are flat.",
            "flat = np.abs(values) <= tiny * np.abs(values).max(). Then count values > 0 and values < 0 among the others (~flat)."]),
        Code(solution=numerical_gradient, title="A slope from two heights", points=3, cases=FUNCTIONS, wrong=numerical_mistakes, reread=SLOPES, hints=[
            "One coordinate after the other: a step that is h there and 0 elsewhere.",
            "gradient[i] = (f(x + step) - f(x - step)) / (2 * h), with a new step for every i."]),
        Code(solution=best_step, title="The best step", points=2, cases=SIZES, wrong=best_mistakes, reread=SLOPES, hints=[
            "Derive the error by h and set it to zero.", "third·h/3 = eps·size/h². Solve for h³."]),
        Number(solution=saddles_found, title="Count saddles", points=1, expected=_saddles, rtol=0.005, wrong=_known, reread=MANY, hints=[
            "points.T gives one critical point after the other; field.hessian(point) is its Hessian.",
            "A point is a saddle if count_directions finds at least one direction up and one down."]),
        Goal(solution=saddle_point, title="Find a pass", points=1, drive=call("x", "y"), reached=_at_a_saddle, reread=HAND, hints=[
            "Look for a place between two dips and two humps; the map marks saddles with crosses.",
            "Drag the point until no slope is left, then turn the line: it must curve up one way and down another."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
