"""Exercise 19: fewer knobs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Cases, loop_cases
from ..draw import alike, drawn, near
from ..kinds import Code, Number
from ..observe import call, loop
from ..tasks import Exercise, Mine, Mistake

DISTANCE, FREE = "lesson 19, section 2, distance over gradients", "lesson 19, section 4, Schedule-Free"
SECOND, SHARP = (
    "lesson 19, section 7, SAM: a second gradient",
    "lesson 19, section 8, sharp is not a property of the function",
)

# -- 1: Schedule-Free SGD --------------------------------------------------------------------------------


def schedule_free(grad, x, lr, beta, steps):
    z, path = x, [x]
    for t in range(1, steps + 1):
        y = (1 - beta) * z + beta * x
        z = z - lr * grad(y)
        x = x + (z - x) / t
        path.append(x)
    return np.array(path)


_A = np.array([[2.0, 0.5], [0.5, 1.0]])
PATHS = loop_cases(
    {"grad": lambda x: _A @ x + np.sin(x), "x": np.array([2.0, -1.5]), "lr": 0.43, "beta": 0.7, "steps": 6},
    {"grad": lambda x: x**3 - 1, "x": np.array([1.8, 0.3, -0.7]), "lr": 0.21, "beta": 0.45, "steps": 8},
    {"grad": lambda x: 2 * x + x.T, "x": np.array([[1.0, 2.0], [-3.0, 0.5]]), "lr": 0.27, "beta": 0.85, "steps": 7},
)  # fmt: skip
Y, Z, X = "(1 - beta) * z + beta * x", "z = z - lr * grad(y)", "x = x + (z - x) / t"
free_mistakes = [
    Mistake("β at the wrong one of the two", {Y: "beta * z + (1 - beta) * x"}, "y lies near the average: β belongs to x, 1 − β to z.", FREE),
    Mistake("the gradient at z", {"grad(y)": "grad(z)"}, "That is β = 0, SGD with an average beside it. The gradient is taken at y.", FREE),
    Mistake("the gradient at x", {"grad(y)": "grad(x)"}, "That is β = 1. The gradient is taken at y.", FREE),
    Mistake("z steps from y", {Z: "z = y - lr * grad(y)"}, "The gradient is taken at y, but the step starts from z.", FREE),
    Mistake("z steps from x", {Z: "z = x - lr * grad(y)"}, "The step starts from z.", FREE),
    Mistake("a step uphill", {"z - lr": "z + lr"}, "The step is subtracted.", FREE),
    Mistake("t counted from 2", {"(z - x) / t": "(z - x) / (t + 1)"}, "In the first step x becomes z: the start is no part of the mean. Divide by t, which is 1 then.", FREE),
    Mistake("divided by all steps", {"(z - x) / t": "(z - x) / steps"}, "x is the mean of the z so far: divide by t, not by steps.", FREE),
    Mistake("z is changed in place, and the start with it", {Z: "z -= lr * grad(y)"}, "z and x begin as one array, and -= changes both. Write z = z - …", FREE),
    Mistake("x is changed in place, and the path with it", {X: "x += (z - x) / t"}, "With += the list holds the same array many times, and all its rows show the end. Write x = x + …", FREE),
    Mistake("the average of x and z", {X: "x = x + (z - x) / 2"}, "Each z counts as much as every other: divide by t.", FREE),
    Mistake("an exponential average", {X: "x = beta * x + (1 - beta) * z"}, "x is the plain mean of all z: the new one weighs 1/t.", FREE),
    Mistake("no average", {X: "x = z"}, "x is the mean of all z, not the last one.", FREE),
    Mistake("the average of the y", {X: "x = x + (y - x) / t"}, "What is averaged is z.", FREE),
    Mistake("averaged before the step", {f"{Z}\n        {X}": f"{X}\n        {Z}"}, "First the new z, then x with it.", FREE),
    Mistake("the mean with the wrong sign", {"(z - x) / t": "(x - z) / t"}, "x moves towards z: x + (z − x)/t.", FREE),
    Mistake("lr at the average, too", {"(z - x) / t": "lr * (z - x) / t"}, "lr stands in the step of z alone.", FREE),
    Mistake("a learning rate that falls as well", {"lr * grad": "lr / t * grad"}, "lr stays: the average is the schedule.", FREE),
    Mistake("the path of z", {"path.append(x)": "path.append(z)"}, "Asked for are the averages x.", FREE),
    Mistake("the path of y", {"path.append(x)": "path.append(y)"}, "Asked for are the averages x. y is only where the gradient is taken.", FREE),
    Mistake("the start is missing from the path", {", [x]": ", []"}, "path[0] is the start, before any step.", FREE),
    Mistake("only the last point", {"np.array(path)": "x"}, "All points are asked for, the start first.", FREE),
    Mistake("it returns after the first step", {"    return": "        return"}, "The return stands inside the loop; move it to the left.", FREE),
    Mistake("one step too many", {"range(1, steps + 1)": "range(1, steps + 2)"}, "steps steps give steps + 1 points.", FREE),
    Mistake("one step too few", {"range(1, steps + 1)": "range(1, steps)"}, "range(1, steps) ends at steps − 1.", FREE),
]  # fmt: skip

# -- 2: DoG ----------------------------------------------------------------------------------------------


def dog_step(x, g, x0, r, G, eps):
    r = max(r, np.linalg.norm(x - x0))
    G = G + np.sum(g**2)
    return x - r / np.sqrt(G + eps) * g, r, G


def _places() -> Cases:
    rng = np.random.default_rng(19)
    x0, x, g = rng.normal(size=(3, 4))
    square, start, slope = rng.normal(size=(3, 2, 3))
    usual = {"x": x, "g": g, "x0": x0, "r": 0.3, "G": 2.5, "eps": 0.1}
    return Cases(
        [usual,
         {"x": x0 + 0.01 * x, "g": 3 * g, "x0": x0, "r": 0.7, "G": 1.3, "eps": 0.4, "about": "x is nearer to the start than it has been"},
         {"x": square, "g": 0.4 * slope, "x0": start, "r": 0.2, "G": 0.6, "eps": 0.05, "about": "a matrix"}],
        [{**usual, "x": x0, "r": 1e-6, "G": 0.0, "eps": 1e-8, "about": "the first step"},
         {**usual, "g": 0 * g, "about": "no gradient"},
         {**usual, "x": x0, "g": 0 * g, "r": 1e-6, "G": 0.0, "eps": 1e-8, "about": "no gradient in the first step"},
         {**usual, "g": 1e4 * g, "about": "a large gradient"},
         {**usual, "g": 1e-5 * g, "G": 0.0, "eps": 1e-8, "about": "a tiny gradient in the first step"},
         {"x": np.array([1.5]), "g": np.array([-2.0]), "x0": np.array([1.0]), "r": 0.1, "G": 3.0, "eps": 0.2, "about": "a single weight"}],
    )  # fmt: skip


R, SUM, MOVE = "max(r, np.linalg.norm(x - x0))", "G + np.sum(g**2)", "x - r / np.sqrt(G + eps) * g"
dog_mistakes = [
    Mistake("the distance can shrink", {R: "np.linalg.norm(x - x0)"}, "r is the largest distance so far: max(r, ‖x − x₀‖).", DISTANCE),
    Mistake("the smaller of the two", {"max(": "min("}, "r is the largest distance so far.", DISTANCE),
    Mistake("distances are added", {R: "r + np.linalg.norm(x - x0)"}, "r is the largest distance so far, no sum.", DISTANCE),
    Mistake("r stays", {R: "r"}, "The new distance is missing: max(r, ‖x − x₀‖).", DISTANCE),
    Mistake("the length of x", {"x - x0)": "x)"}, "Distance from the start: ‖x − x₀‖.", DISTANCE),
    Mistake("the distance without a root", {R: "max(r, np.sum((x - x0) ** 2))"}, "‖x − x₀‖ is the root of the sum of squares.", DISTANCE),
    Mistake("the distance by its sizes", {R: "max(r, np.abs(x - x0).sum())"}, "‖x − x₀‖ is the root of the sum of squares.", DISTANCE),
    Mistake("the distance of the farthest weight", {R: "max(r, np.abs(x - x0).max())"}, "‖x − x₀‖ is the root of the sum of squares over all weights.", DISTANCE),
    Mistake("the gradients are not summed", {SUM: "np.sum(g**2)"}, "G is a sum over all steps: the old one stays in it.", DISTANCE),
    Mistake("a sum of lengths", {SUM: "G + np.linalg.norm(g)"}, "What is summed is ‖g‖², without a root.", DISTANCE),
    Mistake("a sum of gradients", {SUM: "G + np.sum(g)"}, "What is summed is ‖g‖².", DISTANCE),
    Mistake("the square of a sum", {SUM: "G + np.sum(g) ** 2"}, "Square each entry first, then add: np.sum(g**2).", DISTANCE),
    Mistake("a mean of squares", {SUM: "G + np.mean(g**2)"}, "‖g‖² is a sum over all weights.", DISTANCE),
    Mistake("one sum for each weight", {SUM: "G + g**2"}, "That is Adagrad. DoG has one number for all weights.", DISTANCE),
    Mistake("the old G below the line", {"    G = G": "    old, G = G, G", "np.sqrt(G + eps)": "np.sqrt(old + eps)"}, "The newest gradient is in the sum already.", DISTANCE),
    Mistake("no root", {"np.sqrt(G + eps)": "(G + eps)"}, "The root of the summed squares stands below the line.", DISTANCE),
    Mistake("eps outside the root", {"np.sqrt(G + eps)": "(np.sqrt(G) + eps)"}, "Here ε stands inside the root.", DISTANCE),
    Mistake("no eps", {"G + eps)": "G)"}, "ε is missing inside the root: without it a first gradient of 0 gives 0/0.", DISTANCE),
    Mistake("upside down", {MOVE: "x - np.sqrt(G + eps) / r * g"}, "Distance *over* gradients.", DISTANCE),
    Mistake("a step uphill", {"x - r /": "x + r /"}, "The step is subtracted.", DISTANCE),
    Mistake("a step from the start", {MOVE: "x0 - r / np.sqrt(G + eps) * g"}, "The step starts from x.", DISTANCE),
    Mistake("steps of length r", {MOVE: "x - r / np.sqrt(np.sum(g**2) + eps) * g"}, "The summed squares stand below the line, not only the newest.", DISTANCE),
    Mistake("eps is kept in G", {SUM: "G + np.sum(g**2) + eps", "G + eps)": "G)"}, "ε is for the root alone: it does not stay in G.", DISTANCE),
    Mistake("G before r", {"* g, r, G": "* g, G, r"}, "Return x, r, G, in this order.", DISTANCE),
    Mistake("no gradient in the step", {MOVE: "x - r / np.sqrt(G + eps)"}, "The step goes along g: multiply by it.", DISTANCE),
    Mistake("the old G is returned", {"    G = G": "    old, G = G, G", "* g, r, G": "* g, r, old"}, "Return the new sum, or it is lost.", DISTANCE),
    Mistake("the distance after the step", {"* g, r, G": "* g, max(r, np.linalg.norm(x - r / np.sqrt(G + eps) * g - x0)), G"},
            "r is measured before the step; the next step will measure again.", DISTANCE),
]  # fmt: skip

# -- 3: SAM's gradient -----------------------------------------------------------------------------------


def sam_gradient(grad, x, rho):
    g = grad(x)
    length = np.linalg.norm(g)
    if length == 0:
        return g
    return grad(x + rho * g / length)


def _hills() -> Cases:
    bend = np.array([0.5, 2.0, 4.0])
    return Cases(
        [{"grad": lambda x: _A @ x + np.sin(x), "x": np.array([2.0, -1.5]), "rho": 0.3},
         {"grad": lambda x: x**3 - 1, "x": np.array([1.8, 0.3, -0.7]), "rho": 0.55},
         {"grad": lambda x: bend * x, "x": np.array([1.0, 0.0, 2.0]), "rho": 0.2, "about": "no slope along one coordinate, but along others"},
         {"grad": lambda x: 2 * x + x.T, "x": np.array([[1.0, 2.0], [-3.0, 0.5]]), "rho": 1.2, "about": "a matrix"}],
        [{"grad": lambda x: bend * x, "x": np.zeros(3), "rho": 0.2, "about": "no gradient: no direction is the worst"},
         {"grad": lambda x: bend * x, "x": np.array([1.0, -1.0, 2.0]), "rho": 0.0, "about": "rho = 0"},
         {"grad": lambda x: 1e-3 * bend * x, "x": np.array([1.0, -1.0, 2.0]), "rho": 0.2, "about": "a nearly flat place"},
         {"grad": lambda x: 1e3 * x, "x": np.array([-0.4]), "rho": 0.05, "about": "a single weight, steep"}],
    )  # fmt: skip


AWAY, WORST = "x + rho * g / length", "grad(x + rho * g / length)"
sam_mistakes = [
    Mistake("the gradient at x", {WORST: "g"}, "The gradient is taken at the worst point nearby, not at x.", SECOND),
    Mistake("downhill", {"x + rho": "x - rho"}, "The worst point lies uphill: + ρ g/‖g‖.", SECOND),
    Mistake("the length is not divided out", {AWAY: "x + rho * g"}, "The way is ρ long, however steep: divide by ‖g‖.", SECOND),
    Mistake("divided by the squared length", {"/ length)": "/ length**2)"}, "Divide by ‖g‖ once, so that the way is ρ long.", SECOND, same_as=("squares without a root",)),
    Mistake("squares without a root", {"np.linalg.norm(g)": "np.sum(g**2)"}, "‖g‖ is the root of the sum of squares.", SECOND, same_as=("divided by the squared length",)),
    Mistake("the root of the mean square", {"np.linalg.norm(g)": "np.sqrt(np.mean(g**2))"}, "‖g‖ is the root of the sum of squares.", SECOND),
    Mistake("a sum of sizes", {"np.linalg.norm(g)": "np.abs(g).sum()"}, "‖g‖ is the root of the sum of squares.", SECOND),
    Mistake("the sign of each coordinate", {AWAY: "x + rho * np.sign(g)"}, "That is the worst corner of a cube. Here the way has the direction of g.", SECOND),
    Mistake("ρ is forgotten", {AWAY: "x + g / length"}, "The way is ρ long.", SECOND),
    Mistake("the worst point itself", {WORST: AWAY}, "Asked for is the gradient there.", SECOND),
    Mistake("both gradients are added", {WORST: f"g + {WORST}"}, "The first gradient only shows the way. The second is the answer.", SECOND),
    Mistake("the mean of both gradients", {WORST: f"(g + {WORST}) / 2"}, "The first gradient only shows the way. The second is the answer.", SECOND),
    Mistake("the difference of the gradients", {WORST: f"{WORST} - g"}, "The second gradient is the answer.", SECOND),
    Mistake("the way from the origin", {AWAY: "rho * g / length"}, "The way starts from x.", SECOND),
    Mistake("the length of the whole point", {"np.linalg.norm(g)": "np.linalg.norm(x)"}, "Divide by the length of g.", SECOND),
    Mistake("one coordinate without slope is enough", {"length == 0": "np.any(g == 0)"}, "Return g only where all of it is 0, that is where ‖g‖ = 0.", SECOND),
    Mistake("two ways up", {"    return grad(": "    x = x + rho * g / length\n    g = grad(x)\n    length = np.linalg.norm(g)\n    return grad("}, "One way up is enough: two gradients in all.", SECOND),
    Mistake("twice as far", {AWAY: "x + 2 * rho * g / length"}, "The way is ρ long.", SECOND),
    Mistake("half as far", {AWAY: "x + rho / 2 * g / length"}, "The way is ρ long.", SECOND),
]  # fmt: skip

# -- 4: the same function, rescaled ----------------------------------------------------------------------


def rescale(W1, b1, W2, a):
    return W1 * a, b1 * a, W2 / a


def _networks() -> Cases:
    rng = np.random.default_rng(20)
    w1, b1, w2 = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(4, 2))
    return Cases(
        [{"W1": w1, "b1": b1, "W2": w2, "a": 2.5}, {"W1": w1.T, "b1": b1[:3], "W2": w1, "a": 0.3},
         {"W1": 3 * w1, "b1": -b1, "W2": w2[:, :1], "a": 7.0}],
        [{"W1": w1, "b1": b1, "W2": w2, "a": 1.0, "about": "a = 1"}, {"W1": w1, "b1": 0 * b1, "W2": w2, "a": 4.0, "about": "no biases"},
         {"W1": w1, "b1": b1, "W2": w2, "a": 1e-3, "about": "a tiny a"}, {"W1": w1[:1, :1], "b1": b1[:1], "W2": w2[:1], "a": 2.0, "about": "a single unit"}],
    )  # fmt: skip


scale_mistakes = [
    Mistake("the bias is forgotten", {"b1 * a": "b1"}, "The unit sees W1 and b1 together: both grow by a.", SHARP),
    Mistake("the bias is divided", {"b1 * a": "b1 / a"}, "The unit sees W1 and b1 together: both grow by a.", SHARP),
    Mistake("the second layer is forgotten", {"W2 / a": "W2"}, "The units now give a times as much: W2 has to take it back.", SHARP),
    Mistake("both layers grow", {"W2 / a": "W2 * a"}, "The units give a times as much: divide W2 by a.", SHARP),
    Mistake("upside down", {"W1 * a": "W1 / a", "b1 * a": "b1 / a", "W2 / a": "W2 * a"}, "That leaves the function alone as well. Asked for is a first layer that is a times as large.", SHARP),
    Mistake("a is squared in W2", {"W2 / a": "W2 / a**2"}, "ReLU passes the factor a on as it is.", SHARP),
    Mistake("the root of a in W2", {"W2 / a": "W2 / np.sqrt(a)"}, "ReLU passes the factor a on as it is.", SHARP),
    Mistake("a is subtracted", {"W2 / a": "W2 - a"}, "A factor is taken back by dividing.", SHARP),
    Mistake("a is added", {"W1 * a": "W1 + a", "b1 * a": "b1 + a"}, "Only a factor passes through a ReLU.", SHARP),
    Mistake("each row has its own length", {"W1 * a": "W1 * a / np.linalg.norm(W1, axis=1, keepdims=True)"}, "One factor a for the whole layer.", SHARP),
    Mistake("only the first unit", {"W1 * a": "np.concatenate([W1[:, :1] * a, W1[:, 1:]], axis=1)"}, "All units are scaled.", SHARP),
    Mistake("a through the ReLU", {"W1 * a": "np.maximum(W1, 0) * a"}, "The ReLU acts on what comes out of the layer, not on its weights.", SHARP),
    Mistake("the bias by a squared", {"b1 * a": "b1 * a**2"}, "The unit sees W1 and b1 together: both grow by a.", SHARP),
    Mistake("the layers are exchanged", {"W1 * a, b1 * a, W2 / a": "W1 / a, b1 * a, W2 * a"}, "The first layer is multiplied, the second divided.", SHARP),
]  # fmt: skip

# -- 5: SAM's edge of stability --------------------------------------------------------------------------


def largest_curvature():
    lr, rho, length = mine["lr"], mine["rho"], mine["length"]
    return length / (2 * rho) * (np.sqrt(1 + 8 * rho / (lr * length)) - 1)


def _edge(mine: Mine) -> float:
    return float(
        mine["length"]
        / (2 * mine["rho"])
        * (np.sqrt(1 + 8 * mine["rho"] / (mine["lr"] * mine["length"])) - 1)
    )


def _edges(mine: Mine) -> list[tuple[float, str]]:
    lr, rho, length = mine["lr"], mine["rho"], mine["length"]
    root = np.sqrt(1 + 8 * rho / (lr * length))
    return [
        (2 / lr, "That is gradient descent's edge, 2/lr. SAM's is lower."),
        (length / (2 * rho) * (root + 1), "The root of the quadratic with the other sign: the edge is the positive solution, with − 1."),
        (length / (2 * rho) * root, "The − 1 is missing."),
        (length / (2 * rho) * np.sqrt(8 * rho / (lr * length)), "The − 1 stands outside the root."),
        (length / (2 * rho) * (np.sqrt(1 + 8 * rho / lr * length) - 1), "In Python 8 * rho / lr * length is (8·rho/lr)·length: write 8 * rho / (lr * length)."),
        (length / rho * (root - 1), "A 2 is missing below the line."),
        (length / 2 * rho * (root - 1), "In Python length / 2 * rho is (length/2)·rho: write length / (2 * rho)."),
        (length / (2 * rho) * (np.sqrt(1 + 4 * rho / (lr * length)) - 1), "There is an 8 under the root, from 4·2."),
        (1 / (2 * rho) * (np.sqrt(1 + 8 * rho / lr) - 1), "That is the edge at ‖g‖ = 1."),
        (2 / (lr * (1 + rho / length)), "The factor is 1 + ρλ/‖g‖: λ stands in it as well, so it is a quadratic equation."),
        (2 / lr * (1 / (1 + 2 * rho / (lr * length))), "You put 2/lr into the factor 1 + ρλ/‖g‖. λ itself belongs there: a quadratic equation."),
    ]  # fmt: skip


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    def draw() -> dict[str, float]:
        return {
            "lr": round(rng.uniform(0.05, 0.6), 3),
            "rho": round(rng.uniform(0.03, 0.3), 3),
            "length": round(rng.uniform(0.1, 1.5), 2),
        }

    def against(found: Mine) -> str:
        right = _edge(found)
        return alike([(right, "the answer"), *_edges(found)], apart=0.03) or near(
            right, (0.1, 0.5, 1, 1.9, 2), rtol=0.03
        )

    return drawn(draw, against)


EXERCISE = Exercise(
    "19_fewer_knobs",
    [
        Code(solution=schedule_free, title="Schedule-Free SGD", points=4, drive=loop, cases=PATHS, wrong=free_mistakes, reread=FREE, hints=[
            "Three lines in the loop: y from z and x, the new z with the gradient at y, the new x from x and the new z.",
            "y = (1 - beta) * z + beta * x; z = z - lr * grad(y); x = x + (z - x) / t, with t = 1 in the first step."]),
        Code(solution=dog_step, title="DoG", points=3, drive=call("x", "r", "G"), cases=_places(), wrong=dog_mistakes, reread=DISTANCE, hints=[
            "First the new r and the new G. Both are single numbers. Then the step, with both.",
            "r = max(r, np.linalg.norm(x - x0)), and G grows by np.sum(g**2). The step is r / np.sqrt(G + eps) * g."]),
        Code(solution=sam_gradient, title="SAM's second gradient", points=2, drive=call("the gradient"), cases=_hills(), wrong=sam_mistakes, reread=SECOND, hints=[
            "Call grad twice. The first answer only shows the way up.", "grad(x + rho * g / np.linalg.norm(g)), and g itself where its length is 0."]),
        Code(solution=rescale, title="The same function, sharper", points=2, drive=call("W1", "b1", "W2"), cases=_networks(), wrong=scale_mistakes, reread=SHARP, hints=[
            "A unit gives max(0, input·W1 + b1). What makes this a times as large, for every input?", "W1 and b1 are multiplied, W2 is divided."]),
        Number(solution=largest_curvature, title="The edge with SAM", points=1, rtol=0.01, expected=_edge, wrong=_edges, reread=SECOND, hints=[
            "lr·λ·(1 + ρλ/‖g‖) = 2 is a quadratic equation for λ.", "λ = ‖g‖/(2ρ)·(√(1 + 8ρ/(lr·‖g‖)) − 1)."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
