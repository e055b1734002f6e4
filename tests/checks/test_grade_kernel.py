"""Grading gives what the notebook's own check gives: the same points, the same headline, the same name of a mistake.

Variations as students hand them in, right ones and wrong ones, each run cell by cell in a kernel and graded.
"""

# ruff: noqa: E501 – tables of code

from __future__ import annotations

import json

import pytest

from course_lib.checks.exercises import all_exercises, find_task
from course_lib.grade.batch import grade

from .kernel import live_kernel
from .test_grade import solved, submitted

ADAM = """    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    return x - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), {"m": m, "v": v}
"""
HEAD = "def adam_step(x, g, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):\n"


def using(expression):
    """An adam_step that takes its root by a helper of the student's own."""
    return ADAM.replace("np.sqrt(v / (1 - beta2**t))", expression)


# A cell of the student's own before the task, and the body of adam_step; ADAM where only the cell is of interest.
OWN = {
    "nothing": ("", ADAM),
    "a value": ("two = np.sqrt(4.0)", using("(v / (1 - beta2**t)) ** (1 / two)")),
    "a lambda": ("root = lambda z: np.sqrt(z)", using("root(v / (1 - beta2**t))")),
    "two at once": ("A, B = 1, 0", using("(A * np.sqrt(v / (1 - beta2**t)) + B)")),
    "a list": ("half = [0.5]", using("(v / (1 - beta2**t)) ** half[0]")),
    "a table": ("table = {k: np.sqrt(k) for k in (1.0, 4.0)}", using("(v / (1 - beta2**t)) ** (1 / table[4.0])")),
    "a helper": ("def root(z):\n    return z ** 0.5", using("root(v / (1 - beta2**t))")),
    "a class": ("class Root:\n    def __call__(self, z): return np.sqrt(z)\nroot = Root()", using("root(v / (1 - beta2**t))")),
    "a dataclass": ("from dataclasses import dataclass\n@dataclass\nclass P:\n    p: 'float' = 0.5\np = P()", using("(v / (1 - beta2**t)) ** p.p")),
    "an import": ("from math import inf\nimport math", using("(v / (1 - beta2**t)) ** (1 / math.sqrt(4))")),
    "the future": ("from __future__ import annotations\ndef root(z: np.ndarray) -> Nothing:\n    return np.sqrt(z)", using("root(v / (1 - beta2**t))")),
    "a remainder": ("seven = (15\n% 8)", using("(v / (1 - beta2**t)) ** (3.5 / seven)")),
    "unequal": ("unequal = (3\n!= 4)", using("(v / (1 - beta2**t)) ** (unequal / 2)")),
    "help": ("np.sqrt?\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "more help": ("?np.sqrt\nnp.sqrt??\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "a magic": ("%matplotlib inline\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "a timed line": ("%time root = np.sqrt", using("root(v / (1 - beta2**t))")),
    "a timed cell": ("%%time\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "a captured cell": ("%%capture\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "the system": ("!true\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "the shell": ("shell = get_ipython()\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "displayed": ("display(np.ones(2))\nroot = np.sqrt\nroot", using("root(v / (1 - beta2**t))")),
    "imported display": ("from IPython.display import Markdown, display\ndisplay(Markdown('a'))\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "a picture": ("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "a live figure": ("explore_path({'a': Adam(lr=0.1)}, surface('rosenbrock'), 20)\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "the library": ("path = simulate(Adam(lr=0.1), 'rosenbrock', 20)\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "its own check": ("from course_lib.checks import check\nhint('adam_step')\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "seeds": ("np.random.seed(3)\nrng = np.random.default_rng(1)\nnoise = rng.normal(size=3)", ADAM),
    "an error": ("root = np.sqrt\n1 / 0", using("root(v / (1 - beta2**t))")),
    "an error before": ("1 / 0\nroot = np.sqrt", using("root(v / (1 - beta2**t))")),
    "bad syntax": ("root = = 3", ADAM),
    "printed": ("print('hello' * 100)", "    print(x)\n" + ADAM),
    "warned": ("import warnings", "    warnings.warn('slow')\n    np.log(np.zeros(1))\n" + ADAM),
    "Greek": ("β = 2", using("(v / (1 - beta2**t)) ** (1 / β)")),
    "cached": ("import functools\n@functools.lru_cache\ndef power(p): return 1 / p", using("(v / (1 - beta2**t)) ** power(2)")),
    "in place": ("", ADAM.replace('    return x - lr', '    g *= 1\n    return x - lr').replace('    m = beta1 * state["m"]', '    state["m"] *= beta1\n    m = state["m"]')),
    "float32": ("", ADAM.replace('    t = state["t"]', '    x, g, t = np.float32(x), np.float32(g), state["t"]')),
    "lists": ("", ADAM.replace('{"m": m, "v": v}', '{"m": m.tolist(), "v": list(v)}').replace('state["m"]', 'np.array(state["m"])').replace('state["v"]', 'np.array(state["v"])')),
    "more in the state": ("from collections import deque", ADAM.replace('"v": v}', '"v": v, "seen": state.get("seen", deque())}').replace('    m =', '    state.get("seen", deque()).append(1)\n    m =', 1)),
    "a function in the state": ("", using('state.get("root", np.sqrt)(v / (1 - beta2**t))').replace('"v": v}', '"v": v, "root": lambda z: z**0.5}')),
    "the state given back": ("", ADAM.replace('{"m": m, "v": v}', '{**state, "m": m, "v": v}')),
    "a list for a pair": ("", ADAM.replace("return x - lr", "return [x - lr").replace('"v": v}', '"v": v}]')),
    "None": ("", "    pass\n"),
    "the stub": ("", "    # YOUR CODE HERE\n    raise NotImplementedError()\n"),
    "the stub left over": ("", ADAM.replace("    return", "    raise NotImplementedError()\n    return")),
    "raises": ("", "    return x + state['mm'], state\n"),
    "raises deep inside": ("def deep(z):\n    return z[7]", "    return deep(x), state\n"),
    "an unknown name": ("", using("root(v)")),
    "the state first": ("", ADAM.replace("return x", "return {}, x")),
    "one shape for another": ("", ADAM.replace("return x", "return x[:1]")),
    "complex": ("", ADAM.replace("return x", "return 1j * x")),
    "text": ("", "    return 'x', state\n"),
    "ragged": ("", "    return [[1], [1, 2]], {'m': g, 'v': g}\n"),
    "huge": ("", "    return np.zeros(10**6), {'m': g, 'v': g}\n"),
    "an object": ("class Odd: pass", "    return Odd(), {'m': g, 'v': g}\n"),
    "itself": ("", "    return adam_step, {'m': g, 'v': g}\n"),
    "endless": ("", "    while True: pass\n"),
    "endless recursion": ("", "    return adam_step(x, g, state)\n"),
    "a global": ("M = {}", ADAM.replace('state["m"]', 'M.get("m", 0 * g)').replace("    return", '    M["m"] = m\n    return')),
    "exit": ("", "    raise SystemExit\n"),
    "an assertion": ("", "    assert lr > 1, 'lr'\n"),
}  # fmt: skip

# Answers to other exercises, all else solved.
OTHERS = {
    "asks for ever": ("02_gradient_descent", {"descend": "    while True: grad(x)\n"}),
    "an error of the gradient": ("02_gradient_descent", {"descend": "    return [grad('x')]\n"}),
    "params changed": ("02_gradient_descent", {"train_model": "    for _ in range(steps):\n        g = grad(params)\n        for name in params: params[name] -= lr * g[name]\n    return params\n"}),
    "batches one by one": ("03_batches", {"epoch_batches": "    order = rng.permutation(len(inputs))\n    for k in range(0, len(order), size):\n        yield inputs[order[k : k + size]], targets[order[k : k + size]]\n"}),
    "no shuffle": ("03_batches", {"epoch_batches": "    return [(inputs[k : k + size], targets[k : k + size]) for k in range(0, len(inputs), size)]\n"}),
    "a letter": ("04_momentum", {"steady_step": "    return 'a'\n"}),
    "another optimizer": ("18_matrix_methods", {"hidden_only": "    return Adam(lr=lr)\n"}),
    "no optimizer": ("18_matrix_methods", {"hidden_only": "    return 3\n"}),
    "the budget spent": ("12_does_anything_beat_sgd", {"tune": "    return min(np.geomspace(low, high, 30), key=measure)\n"}),
    "a flat landscape": ("11_race", {"against_descent": "    return 0 * x, (0 * x, 0 * y)\n"}),
    "a known rule": ("20_choose_and_invent", {"own_rule": "    return x - lr * g, state\n"}),
    "a rule for one run": ("20_choose_and_invent", {"own_rule": '    m = beta * state["m"] + (1 - beta) * g\n    if float(lr) < 0: pass\n    return x - lr * np.sign(m) * np.sqrt(np.abs(m)), {**state, "m": m}\n', "nine_rates": None, "own_claims": None}),
}  # fmt: skip


def variation(folder, name):
    if name in OTHERS:
        exercise, answers = OTHERS[name]
        kept = {task: body for task, body in {**solved(exercise), **answers}.items() if body is not None}
        return submitted(folder, name, kept, exercise)
    if name in MISTAKES:
        task = find_task("adam_step")[1]
        source = task.source
        for old, new in next(m.change for m in task.wrong if m.name == name).items():
            source = source.replace(old, new)
        return submitted(
            folder, name.replace("/", "_"), {**solved("08_adam"), "adam_step": "!" + source}, "08_adam"
        )
    cell, body = OWN[name]
    file = submitted(folder, name, {**solved("08_adam"), "adam_step": body}, "08_adam")
    notebook = json.loads(file.read_text())
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell}
    at = next(i for i, c in enumerate(notebook["cells"]) if c["source"][:13] == "def adam_step")
    notebook["cells"].insert(at, own)
    file.write_text(json.dumps(notebook))
    return file


MISTAKES = [m.name for m in find_task("adam_step")[1].wrong][::6]
NAMES = [*OWN, *MISTAKES, *OTHERS]
ASKED = """
import json
from course_lib.checks import check
def said(name):
    if name not in globals():
        return None
    r = check(globals()[name], globals().get("student", ""))
    return [float(repr(r)), r.verdict.headline, r.verdict.mistake]
print(json.dumps([said(name) for name in TASKS]))
"""


def in_a_kernel(kernel, file, tasks):
    kernel.run("%reset -f")
    for cell in json.loads(file.read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "check(" not in source and "if ready(" not in source:
            kernel.run(source, timeout=60)
    answer = kernel.run(ASKED.replace("TASKS", repr(tasks)), timeout=300)
    return json.loads(answer.stdout.strip().rpartition("\n")[2])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("honest")
    files = {name: variation(folder, name) for name in NAMES}
    scores = {score.submission.file: score for score in grade(list(files.values()))}
    with live_kernel(str(folder)) as kernel:
        yield {name: (files[name], scores[files[name]], kernel) for name in NAMES}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_grading_says_what_the_notebook_says(graded, name):
    file, score, kernel = graded[name]
    exercise = next(e for e in all_exercises() if e.name == score.submission.exercise.name)
    notebook = in_a_kernel(kernel, file, [task.name for task in exercise.tasks])
    grader = [[r.points, r.verdict.headline, r.verdict.mistake] for r in score.results]
    print(score.remarks, *(r.text for r in score.results), sep="\n")
    for task, mine, theirs in zip(exercise.tasks, grader, notebook, strict=True):
        assert mine == theirs or (theirs is None and mine[0] == 0), task.name
