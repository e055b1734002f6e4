"""Exercise 18: matrix methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...optimizers import Adam, Muon, Optimizer, Partition, newton_schulz
from ..cases import Case, Cases
from ..kinds import Code, Number
from ..observe import Notes, rule
from ..tasks import Exercise, Mine, Mistake
from ..values import described

SCHULZ = "lesson 18, section 5, Newton–Schulz"
MUON = "lesson 18, section 6, Muon"
SHAMPOO = "lesson 18, section 4, Shampoo"

# -- 1: Newton–Schulz ------------------------------------------------------------------------------------


def orthogonal(m, steps, a, b, c):
    x = m / np.linalg.norm(m)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x


def _matrices() -> Cases:
    rng = np.random.default_rng(18)
    wide, tall, square = (rng.normal(size=shape) for shape in ((2, 4), (5, 3), (3, 3)))
    return Cases(
        [{"m": wide, "steps": 3, "a": 2.6, "b": -2.9, "c": 1.1},
         {"m": tall, "steps": 2, "a": 1.4, "b": -0.6, "c": 0.3, "about": "more rows than columns"},
         {"m": square, "steps": 1, "a": 3.1, "b": -4.2, "c": 2.3}],
        [{"m": square, "steps": 0, "a": 2.6, "b": -2.9, "c": 1.1, "about": "no step: m is only divided"},
         {"m": 1e4 * wide, "steps": 5, "a": 3.4445, "b": -4.775, "c": 2.0315, "about": "large numbers, Jordan's polynomial"},
         {"m": 1e-5 * tall, "steps": 4, "a": 1.5, "b": -0.5, "c": 0.0, "about": "tiny numbers, the cubic polynomial"},
         {"m": square[:1], "steps": 6, "a": 1.875, "b": -1.25, "c": 0.375, "about": "a single row"}],
    )  # fmt: skip


START, SQUARE, POLYNOMIAL = (
    "m / np.linalg.norm(m)",
    "square = x @ x.T",
    "(b * square + c * square @ square) @ x",
)
LOOP = "    for _ in range(steps):\n        square = x @ x.T"
schulz_mistakes = [
    Mistake("m is not divided", {START: "1.0 * m"}, "Divide by the Frobenius norm first. Beyond σ = 1 the polynomial explodes.", SCHULZ),
    Mistake("divided by the largest σ", {START: "m / np.linalg.norm(m, 2)"}, "np.linalg.norm(m, 2) is the largest σ. np.linalg.norm(m) is the root of the sum of squares.", SCHULZ),
    Mistake("divided by the largest entry", {START: "m / np.abs(m).max()"}, "The Frobenius norm is the root of the sum of all squares.", SCHULZ),
    Mistake("divided by the squared norm", {START: "m / np.sum(m**2)"}, "The root of the sum of squares, not the sum.", SCHULZ),
    Mistake("every row divided by its own length", {START: "m / np.linalg.norm(m, axis=1, keepdims=True)"}, "One norm for the whole matrix.", SCHULZ),
    Mistake("divided anew in every step", {SQUARE: "x = x / np.linalg.norm(x)\n        square = x @ x.T"}, "Divide once, before the first step. Later division undoes the growth.", SCHULZ),
    Mistake("one step too many", {"range(steps)": "range(steps + 1)"}, "Exactly so many steps as asked for.", SCHULZ),
    Mistake("one step too few", {"range(steps)": "range(1, steps)"}, "Exactly so many steps as asked for.", SCHULZ),
    Mistake("A from the start is kept", {LOOP: "    square = x @ x.T\n    for _ in range(steps):\n        pass"}, "A = XXᵀ belongs to the X of this step.", SCHULZ),
    Mistake("A in place of A²", {"c * square @ square": "c * square"}, "c stands at A², the matrix product of A with itself.", SCHULZ),
    Mistake("A² entry by entry", {"square @ square": "square * square"}, "A² is A @ A. With * every entry is squared.", SCHULZ),
    Mistake("entries in place of matrices", {SQUARE: "square = x * x", POLYNOMIAL: "(b * square + c * square * square) * x"}, "Matrix products: @. So it is σ that goes through the polynomial, and not every entry.", SCHULZ),
    Mistake("a is forgotten", {"a * x": "x"}, "The first term is aX.", SCHULZ),
    Mistake("X is forgotten at the end", {"a * x + " + POLYNOMIAL: "(b * square + c * square @ square) @ x"}, "aX is missing.", SCHULZ),
    Mistake("b and c exchanged", {POLYNOMIAL: "(c * square + b * square @ square) @ x"}, "b goes with A, c with A².", SCHULZ),
    Mistake("a minus before b", {"a * x + (b": "a * x + (-b"}, "The sign is in b already.", SCHULZ),
    Mistake("c is forgotten", {POLYNOMIAL: "(b * square) @ x"}, "cA² is missing.", SCHULZ),
    Mistake("the old size comes back", {"return x": "return x * np.linalg.norm(m)"}, "The result forgets how large m was. That is its purpose.", SCHULZ),
    Mistake("transposed at the end", {"return x": "return x.T"}, "The result has the shape of m.", SCHULZ),
]  # fmt: skip

# -- 2: Muon ---------------------------------------------------------------------------------------------


def muon_step(x, g, state, lr=0.02, beta=0.95):
    m = beta * state["m"] + g
    o = newton_schulz(g + beta * m)
    inputs, outputs = x.shape
    factor = np.sqrt(max(1, outputs / inputs))
    return x - lr * factor * o, {"m": m}


def _weights() -> Cases:
    rng = np.random.default_rng(19)
    sets = (0.13, 0.7), (0.24, 0.4), (0.07, 0.85)
    shapes = (2, 5), (4, 2), (3, 3)
    named: list[Case] = [{"x": rng.normal(size=shape), "gradients": rng.normal(size=(5, *shape)), "hyper": hyper}
                         for shape, hyper in zip(shapes, sets, strict=True)]  # fmt: skip
    first, second = named[:2]
    late = first["gradients"].copy()
    late[0] = 0.0
    return Cases(
        named,
        [{**first, "gradients": 200 * first["gradients"], "about": "large gradients"},
         {**second, "gradients": 1e-2 * second["gradients"], "about": "small gradients"},
         {**first, "gradients": rng.normal(size=(30, 2, 5)), "about": "a long run"},
         {**first, "gradients": late, "about": "a first step of zero: there is no gradient yet"},
         {**first, "beside": second, "about": "two runs, stepped in turn; each must find all that it remembers in its own state"}],
        [{"x": rng.normal(size=(2, 3)), "gradients": rng.normal(size=(2, 2, 3)), "hyper": sets[0],
          "state": {"m": rng.normal(size=(2, 3))}, "t": 5}],
    )  # fmt: skip


MEAN, AHEAD = 'beta * state["m"] + g', "newton_schulz(g + beta * m)"
FACTOR, MOVED = "np.sqrt(max(1, outputs / inputs))", "x - lr * factor * o"
muon_mistakes = [
    Mistake("no look-ahead", {AHEAD: "newton_schulz(m)"}, "Muon orthogonalises g + βm with the new m, Nesterov's look-ahead.", MUON),
    Mistake("g and m exchanged in the look-ahead", {AHEAD: "newton_schulz(beta * g + m)"}, "β stands at m: g + βm.", MUON),
    Mistake("the look-ahead without β", {AHEAD: "newton_schulz(g + m)"}, "β stands at m: g + βm.", MUON),
    Mistake("momentum as an average", {MEAN: 'beta * state["m"] + (1 - beta) * g'}, "Here m is a sum: βm + g, without 1 − β.", MUON),
    Mistake("nothing is forgotten", {MEAN: 'state["m"] + g'}, "The old m is multiplied by β.", MUON),
    Mistake("no memory", {AHEAD: "newton_schulz(g)"}, "The gradient of one step alone is orthogonalised. It should be g + βm.", MUON),
    Mistake("the step is not orthogonalised", {AHEAD: "g + beta * m"}, "newton_schulz is missing: this is Nesterov's momentum.", MUON),
    Mistake("divided by its norm only", {AHEAD: "(g + beta * m) / (np.linalg.norm(g + beta * m) + 1e-7)"}, "newton_schulz makes all σ about 1, not their sum of squares.", MUON),
    Mistake("signs in place of the matrix sign", {AHEAD: "np.sign(g + beta * m)"}, "That is Signum. newton_schulz does it for directions, not for entries.", MUON),
    Mistake("orthogonalised before it is averaged", {MEAN: 'beta * state["m"] + newton_schulz(g)', AHEAD: "newton_schulz(g) + beta * m"},
            "First the momentum of the gradients, then newton_schulz.", MUON),
    Mistake("no factor", {MOVED: "x - lr * o"}, "The factor √max(1, outputs/inputs) is missing. Inside newton_schulz it has no effect.", MUON),
    Mistake("the factor upside down", {"outputs / inputs": "inputs / outputs"}, "x is (inputs, outputs). PyTorch stores it the other way round.", MUON),
    Mistake("the spectral factor", {FACTOR: "np.sqrt(outputs / inputs)"}, "The factor is never below 1: max(1, outputs/inputs).", MUON),
    Mistake("Moonlight's factor", {FACTOR: "0.2 * np.sqrt(max(inputs, outputs))"}, "That is Moonlight's. Asked for is √max(1, outputs/inputs).", MUON),
    Mistake("no root in the factor", {FACTOR: "max(1, outputs / inputs)"}, "The root is missing.", MUON),
    Mistake("never above 1", {"max(1,": "min(1,"}, "The factor is never below 1: max, not min.", MUON),
    Mistake("the longer side alone", {FACTOR: "np.sqrt(max(inputs, outputs))"}, "The quotient of the sides: outputs/inputs.", MUON),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "g points uphill: subtract.", MUON),
    Mistake("the orthogonal matrix is remembered", {'{"m": m}': '{"m": o}'}, "What is kept is m, before newton_schulz.", MUON),
    Mistake("the look-ahead is remembered", {'{"m": m}': '{"m": g + beta * m}'}, "What is kept is m.", MUON),
    Mistake("the old state is returned", {'{"m": m}': "state"}, "Return the new m, or it is lost.", MUON),
]  # fmt: skip

# -- 3: Muon for hidden matrices only ---------------------------------------------------------------------

SHAPES = {
    "embedding": (5, 3),
    "W1": (3, 4),
    "gain1": (4,),
    "b1": (4,),
    "W2": (4, 3),
    "b2": (3,),
    "head": (3, 5),
}
"""The parameters of a small language model, from the input to the output."""


def hidden_only(lr, small):
    return Partition({"W*": Muon(lr=lr), "*": Adam(lr=small)})


def _moved(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Take three steps with the optimizer that is returned, and note where every parameter ends."""
    opt = function(case["lr"], case["small"])
    if not isinstance(opt, Optimizer):
        notes.odd("the value returned", described(opt), "a Partition")
    rng = np.random.default_rng(20)
    x: Any = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    state = opt.init(x)
    for _ in range(3):
        x, state = opt.update(x, {name: rng.normal(size=shape) for name, shape in SHAPES.items()}, state)
    for name in SHAPES:
        notes.see(name, x[name])


PARTS, HIDDEN, REST = '{"W*": Muon(lr=lr), "*": Adam(lr=small)}', '"W*": Muon(lr=lr)', '"*": Adam(lr=small)'
partition_mistakes = [
    Mistake("Adam for all", {PARTS: '{"*": Adam(lr=small)}'}, "The hidden matrices W1 and W2 go to Muon.", MUON, same_as=("the rest comes first",)),
    Mistake("the rest comes first", {PARTS: '{"*": Adam(lr=small), "W*": Muon(lr=lr)}'}, 'The first pattern that fits counts, and "*" fits all names: it comes last.', MUON,
            same_as=("Adam for all",)),
    Mistake("the head goes to Muon", {HIDDEN: '"W*": Muon(lr=lr), "head": Muon(lr=lr)'}, "The last layer goes to Adam: its outputs are classes, each with a row of its own.", MUON),
    Mistake("the embedding goes to Muon", {HIDDEN: '"W*": Muon(lr=lr), "embedding": Muon(lr=lr)'}, "The rows of an embedding are looked up, not multiplied: Adam.", MUON),
    Mistake("every matrix goes to Muon", {HIDDEN: '"W*": Muon(lr=lr), "embedding": Muon(lr=lr), "head": Muon(lr=lr)'}, "Hidden matrices only: neither the embedding nor the head.", MUON),
    Mistake("W1 alone goes to Muon", {HIDDEN: '"W1": Muon(lr=lr)'}, "W2 is a hidden matrix, too.", MUON),
    Mistake("W2 alone goes to Muon", {HIDDEN: '"W2": Muon(lr=lr)'}, "W1 is a hidden matrix, too.", MUON),
    Mistake("the rates exchanged", {PARTS: '{"W*": Muon(lr=small), "*": Adam(lr=lr)}'}, "lr is Muon's, small is Adam's.", MUON),
    Mistake("one rate for both", {REST: '"*": Adam(lr=lr)'}, "Adam has a rate of its own, small.", MUON),
    Mistake("Muon with Adam's rate", {HIDDEN: '"W*": Muon(lr=small)'}, "Muon has a rate of its own, lr.", MUON),
    Mistake("the two rules exchanged", {PARTS: '{"W*": Adam(lr=small), "embedding": Muon(lr=lr), "head": Muon(lr=lr), "*": Adam(lr=small)}'},
            "Muon is for what lies between the embedding and the head.", MUON),
    Mistake("another factor", {"Muon(lr=lr)": 'Muon(lr=lr, form="moonlight")'}, "Muon as it is by default: form and beta are not asked for.", MUON),
]  # fmt: skip

# -- 4: Shampoo's roots ------------------------------------------------------------------------------------


def shampoo_direction(L, R, g):
    def root(a):
        eigenvalues, q = np.linalg.eigh(a)
        return q @ np.diag(eigenvalues**-0.25) @ q.T

    return root(L) @ g @ root(R)


def _sums() -> Cases:
    rng = np.random.default_rng(21)

    def pair(rows: int, columns: int, scale: float = 1.0) -> dict[str, Any]:
        left, right = rng.normal(size=(rows, 2 * rows)), rng.normal(size=(columns, 2 * columns))
        return {
            "L": scale * left @ left.T,
            "R": scale * right @ right.T,
            "g": rng.normal(size=(rows, columns)),
        }

    square = pair(3, 3)
    return Cases(
        [pair(2, 3), square, pair(4, 2)],
        [{**pair(3, 2, 1e4), "about": "large sums"}, {**pair(2, 2, 1e-4), "about": "small sums"},
         {"L": np.diag([16.0, 1.0]), "R": np.diag([1.0, 81.0]), "g": np.ones((2, 2)), "about": "diagonal sums"},
         {"L": np.array([[16.0]]), "R": np.array([[81.0]]), "g": np.array([[6.0]]), "about": "a single number"}],
    )  # fmt: skip


ROOT, BOTH = "eigenvalues**-0.25", "root(L) @ g @ root(R)"
WHOLE = "q @ np.diag(eigenvalues**-0.25) @ q.T"
shampoo_mistakes = [
    Mistake("the root −1/2", {ROOT: "eigenvalues**-0.5"}, "Two sides share the root: −1/4 each.", SHAMPOO),
    Mistake("no root: the inverse", {ROOT: "eigenvalues**-1.0"}, "The power is −1/4.", SHAMPOO),
    Mistake("the root +1/4", {ROOT: "eigenvalues**0.25"}, "The power is −1/4: loud directions are made quieter.", SHAMPOO),
    Mistake("the root −1/8", {ROOT: "eigenvalues**-0.125"}, "The power is −1/4 on each side.", SHAMPOO),
    Mistake("the root of every entry", {WHOLE: "a**-0.25"}, "The power of a matrix is taken of its eigenvalues, not of its entries.", SHAMPOO),
    Mistake("the root of the size of every entry", {WHOLE: "np.abs(a) ** -0.25"}, "The power of a matrix is taken of its eigenvalues, not of its entries.", SHAMPOO),
    Mistake("the diagonal alone", {WHOLE: "np.diag(np.diag(a) ** -0.25)"}, "That leaves out what lies beside the diagonal: take eigenvalues and eigenvectors.", SHAMPOO),
    Mistake("not turned back", {WHOLE: "np.diag(eigenvalues**-0.25)"}, "The eigenvalues belong to the eigenvectors: q D qᵀ.", SHAMPOO),
    Mistake("turned only once", {WHOLE: "q @ np.diag(eigenvalues**-0.25)"}, "qᵀ is missing on the right.", SHAMPOO),
    Mistake("turned the wrong way", {WHOLE: "q.T @ np.diag(eigenvalues**-0.25) @ q"}, "Eigenvectors are the columns of q: q D qᵀ.", SHAMPOO),
    Mistake("only L", {BOTH: "root(L) @ g"}, "R^(−1/4) on the right is missing.", SHAMPOO),
    Mistake("only R", {BOTH: "g @ root(R)"}, "L^(−1/4) on the left is missing.", SHAMPOO),
    Mistake("a minus", {BOTH: "-root(L) @ g @ root(R)"}, "Asked for is the direction; the step subtracts it.", SHAMPOO),
    Mistake("the roots added", {BOTH: "root(L) @ g + g @ root(R)"}, "A product: one on the left, one on the right.", SHAMPOO),
    Mistake("the largest eigenvalue for all", {ROOT: "np.full(len(a), eigenvalues[-1]) ** -0.25"}, "Each direction has an eigenvalue of its own.", SHAMPOO),
    Mistake("divided by the trace first", {"np.linalg.eigh(a)": "np.linalg.eigh(a / np.trace(a))"}, "L and R are taken as they are.", SHAMPOO),
]  # fmt: skip

# -- 5: which lr belongs to which factor -------------------------------------------------------------------


def other_lr():
    inputs, outputs = mine["inputs"], mine["outputs"]
    jordan = np.sqrt(max(1, outputs / inputs))
    moonlight = 0.2 * np.sqrt(max(inputs, outputs))
    return mine["lr"] * jordan / moonlight


def _rate(mine: Mine) -> float:
    return float(mine["lr"] * np.sqrt(mine["outputs"] / mine["inputs"]) / (0.2 * np.sqrt(mine["outputs"])))


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    inputs = 16 * int(rng.integers(3, 20))
    return {"lr": round(float(rng.uniform(0.041, 0.09)), 4), "inputs": inputs, "outputs": inputs * int(rng.choice((2, 3, 4, 6)))}  # fmt: skip


def _known(mine: Mine) -> list[tuple[float, str]]:
    lr, inputs, outputs = mine["lr"], mine["inputs"], mine["outputs"]
    jordan, moonlight = np.sqrt(outputs / inputs), 0.2 * np.sqrt(outputs)
    return [
        (lr, "That is the old lr. The factors differ, so the steps would differ as much."),
        (lr * moonlight / jordan, "Upside down: a larger factor wants a smaller lr."),
        (lr / moonlight, "Jordan's factor is missing. It is above 1 here, where there are more outputs than inputs."),
        (lr * jordan, "That is the whole step of Jordan's. Divide by Moonlight's factor."),
        (lr * moonlight, "That is Moonlight's step with the old lr. The two steps have to be equal."),
        (lr * jordan * moonlight, "Divide by Moonlight's factor: the steps have to be equal."),
        (lr / jordan / moonlight, "Jordan's factor multiplies the old lr."),
        (0.2 * lr * jordan / moonlight, "The 0.2 is missing in Moonlight's factor."),
        (lr * jordan / (0.2 * np.sqrt(inputs)), "Moonlight takes the longer side. (Or the root is missing in Jordan's factor: that gives the same number.)"),
        (jordan / moonlight, "That carries any lr over. Multiply it by the old one."),
        (lr * jordan / np.sqrt(0.2 * outputs), "The 0.2 stands before the root, not under it."),
        (lr * jordan / (0.2 * outputs), "The root is missing in Moonlight's factor."),
        (lr * jordan / (0.2 * np.sqrt(inputs * outputs)), "The roots are missing. (Or the product of both sides stands where the longer one belongs: that gives the same number.)"),
    ]  # fmt: skip


EXERCISE = Exercise(
    "18_matrix_methods",
    [
        Code(solution=orthogonal, title="Newton–Schulz", points=3, cases=_matrices(), wrong=schulz_mistakes, reread=SCHULZ, hints=[
            "Divide by np.linalg.norm(m) once. In every step build A = X @ X.T anew.", "x = a * x + (b * A + c * A @ A) @ x"]),
        Code(solution=muon_step, title="Muon", points=3, drive=rule("m"), cases=_weights(), wrong=muon_mistakes, reread=MUON, hints=[
            "m is a sum: beta * m + g. Then the look-ahead g + beta * m, with the new m, through newton_schulz.",
            "x.shape is (inputs, outputs). The factor is np.sqrt(max(1, outputs / inputs))."]),
        Code(solution=hidden_only, title="Hidden matrices only", points=2, drive=_moved, wrong=partition_mistakes, reread=MUON,
             cases=Cases([{"lr": 0.3, "small": 0.04}, {"lr": 0.05, "small": 0.2}], [{"lr": 0.01, "small": 0.01, "about": "equal rates"}]), hints=[
                 "Partition takes a dict of patterns. The first one that fits a name counts.",
                 '"W*" fits W1 and W2. "*" fits all the others, and comes last.']),
        Code(solution=shampoo_direction, title="Shampoo's roots", points=3, cases=_sums(), wrong=shampoo_mistakes, reread=SHAMPOO, hints=[
            "np.linalg.eigh(L) returns eigenvalues and, as columns of q, eigenvectors.", "L^(−1/4) is q @ np.diag(eigenvalues**-0.25) @ q.T. R alike, on the right."]),
        Number(solution=other_lr, title="Another library's lr", points=2, expected=_rate, rtol=5e-3, wrong=_known, reread=MUON, hints=[
            "The steps are equal if lr times factor is equal.", "Multiply by Jordan's factor, divide by Moonlight's."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
