# ruff: noqa: E501 – a table
"""Right answers in other words: none of them may be refused.

Each is a change of the solution's text (a dict) or a whole body (text). To these come ways of returning the same numbers,
which hold for every task.
"""

from __future__ import annotations

import functools
import textwrap
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_lib.checks.kinds import Code

STEP = "x = x - lr * grad(x)"
CORRECT: dict[str, list[dict[str, str] | str]] = {
    "descend": [
        {STEP: "x = x + (-lr) * grad(x)"},
        {STEP: "x = np.subtract(x, np.multiply(lr, grad(x)))"},
        {STEP: "x = x.copy(); x -= lr * grad(x)"},
        {"np.array(path)": "np.stack(path)"},
        {"np.array(path)": "path"},
        {"for _ in range(steps)": "for t in range(1, steps + 1)"},
        {"path.append(x)": "path = [*path, x]"},
        "path = np.empty((steps + 1, *x.shape))\npath[0] = x\nfor t in range(steps):\n"
        "    path[t + 1] = path[t] - lr * grad(path[t])\nreturn path",
        "path = [x]\nwhile len(path) <= steps:\n    path.append(path[-1] - lr * grad(path[-1]))\nreturn np.array(path)",
        "path = [x.copy()]\nfor _ in range(steps):\n    x -= lr * grad(x)\n    path.append(x.copy())\nreturn np.array(path)",
    ],
    "largest_lr": [
        {"[-1]": ".max()"},
        {"eigvalsh(hessian)[-1]": "eigvals(hessian).real.max()"},
        {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.norm(hessian, 2)"},
        {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.svd(hessian)[1].max()"},
        {"2 / np.linalg.eigvalsh(hessian)[-1]": "(2 / np.linalg.eigvalsh(hessian)).min()"},
        {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.eigh(hessian).eigenvalues[-1]"},
        {"[-1]": "[len(hessian) - 1]"},
        "low, high = 0.0, 1e9\nfor _ in range(100):\n    lr = (low + high) / 2\n"
        "    good = np.abs(1 - lr * np.linalg.eigvalsh(hessian)).max() < 1\n"
        "    low, high = (lr, high) if good else (low, lr)\nreturn low",
    ],
    "steps_needed": [
        {"math.ceil": "np.ceil"},
        {"math.ceil": "-math.floor", "math.log(shrink) /": "-math.log(shrink) /"},
        {"math.log(shrink)": "np.log(shrink)"},
        {"math.log(shrink)": "math.log10(shrink)", "math.log(factor)": "math.log10(factor)"},
        {"math.log(shrink)": "math.log(1 / shrink)", "math.log(factor)": "math.log(1 / factor)"},
        {"(condition - 1) / (condition + 1)": "1 - 2 / (condition + 1)"},
        {"math.log(shrink) / math.log(factor)": "math.log(shrink, factor)"},
        "error, steps = 1.0, 0\nwhile error > shrink:\n"
        "    error *= (condition - 1) / (condition + 1)\n    steps += 1\nreturn steps",
    ],
    "train_model": [
        {"{name: params[name] - lr * g[name] for name in params}": "{n: p - lr * g[n] for n, p in params.items()}"},
        {"params[name] - lr * g[name]": "params[name] + -lr * g[name]"},
        {"for name in params}": "for name in reversed(list(params))}"},
        {"{name: params[name] - lr * g[name] for name in params}": "dict(W=params['W'] - lr * g['W'], b=params['b'] - lr * g['b'])"},
        "params = dict(params)\nfor _ in range(steps):\n    g = grad(params)\n    for name in params:\n"
        "        params[name] = params[name] - lr * g[name]\nreturn params",
        "for _ in range(steps):\n    g = grad(params)\n    for name in params:\n        params[name] -= lr * g[name]\nreturn params",
        "for _ in range(steps):\n    g = grad(params)\n    W = params['W'] - lr * g['W']\n    b = params['b'] - lr * g['b']\n"
        "    params = {'b': b, 'W': W}\nreturn params",
        "t = 0\nwhile t < steps:\n    g, t = grad(params), t + 1\n"
        "    params = {n: np.add(params[n], -lr * g[n]) for n in params}\nreturn params",
    ],
    "momentum_step": [
        {"+ g": "+ 1.0 * g"},
        {'beta * state["m"] + g': 'g + state["m"] * beta'},
        {"x - lr * m": "x + (-lr) * m"},
        {"x - lr * m": "np.subtract(x, lr * m)"},
        {'{"m": m}': 'state | {"m": m}'},
        {'{"m": m}': "dict(m=m)"},
        'state["m"] = beta * state["m"] + g\nreturn x - lr * state["m"], state',
        'state["m"] *= beta\nstate["m"] += g\nx -= lr * state["m"]\nreturn x, state',
        'state["u"] = beta * state.get("u", 0) - lr * g\nreturn x + state["u"], {**state, "m": -state["u"] / lr}',
    ],
    "spectral_radius": [
        {"np.abs(np.linalg.eigvals(step)).max()": "max(abs(z) for z in np.linalg.eigvals(step))"},
        {"np.linalg.eigvals(step)": "np.linalg.eig(step).eigenvalues"},
        {"np.linalg.eigvals(step)": "np.linalg.eigvals(step.T)"},
        {"np.linalg.eigvals(step)": "np.roots([1, -(1 + beta - lr * curvature), beta])"},
        {"np.abs(np.linalg.eigvals(step)).max()": "sorted(np.abs(np.linalg.eigvals(step)))[-1]"},
        {"np.array([[beta, curvature], [-lr * beta, 1 - lr * curvature]])":
         "np.array([[1 - lr * curvature, -lr * beta], [curvature, beta]])"},
        {"np.array([[beta, curvature], [-lr * beta, 1 - lr * curvature]])":
         "np.array([[1 + beta - lr * curvature, -beta], [1, 0]])"},
        "p = (1 + beta - lr * curvature) / 2\nroot = np.emath.sqrt(p * p - beta)\nreturn float(max(abs(p + root), abs(p - root)))",
    ],
    "best_settings": [
        {"** 2\n    beta": "** 2.0\n    beta"},
        {"(2 / (np.sqrt(largest) + np.sqrt(smallest))) ** 2": "4 / (largest**0.5 + smallest**0.5) ** 2"},
        {"((root - 1) / (root + 1)) ** 2": "(1 - 2 / (root + 1)) ** 2"},
        {"((root - 1) / (root + 1)) ** 2": "(1 - np.sqrt(lr * smallest)) ** 2"},
        {"((root - 1) / (root + 1)) ** 2": "(1 - np.sqrt(lr * largest)) ** 2"},
        {"np.sqrt(largest / smallest)": "np.sqrt(smallest / largest)"},
        {"return lr, beta": "return [lr, beta]"},
        {"return lr, beta": "return np.float32(lr), np.float32(beta)"},
    ],
    "adam_step": [
        {"g**2": "g * g"},
        {"g**2": "np.square(g)"},
        {"np.sqrt(v_hat)": "v_hat**0.5"},
        {"(1 - beta1) * g\n": "g - beta1 * g\n"},
        {'beta1 * state["m"] + (1 - beta1) * g': 'state["m"] + (1 - beta1) * (g - state["m"])'},
        {"x - lr * m_hat / (np.sqrt(v_hat) + eps)": "x - lr / (np.sqrt(v_hat) + eps) * m_hat"},
        {'{"m": m, "v": v}': '{**state, "m": m, "v": v, "t": t + 1}'},
        {'{"m": m, "v": v}': '{"v": v, "m": m, "m_hat": m_hat}'},
        'state["m"] *= beta1\nstate["m"] += (1 - beta1) * g\nstate["v"] *= beta2\nstate["v"] += (1 - beta2) * g**2\n'
        'm_hat = state["m"] / (1 - beta1 ** state["t"])\nv_hat = state["v"] / (1 - beta2 ** state["t"])\n'
        "x -= lr * m_hat / (np.sqrt(v_hat) + eps)\nreturn x, state",
    ],
    "adagrad_step": [
        {"g**2": "g * g"},
        {"g**2": "np.square(g)"},
        {"g**2": "np.abs(g) ** 2"},
        {"np.sqrt(v)": "v**0.5"},
        {"x - lr * g / (np.sqrt(v) + eps)": "x - lr / (eps + np.sqrt(v)) * g"},
        {"x - lr * g / (np.sqrt(v) + eps)": "x + -lr * (g / (np.sqrt(v) + eps))"},
        {'{"v": v}': "state | dict(v=v)"},
        {'{"v": v}': '{**state, "v": v, "t": state["t"] + 1}'},
        'state["v"] += g**2\nx -= lr * g / (np.sqrt(state["v"]) + eps)\nreturn x, state',
        'sizes = np.hypot(np.sqrt(state["v"]), g)\nreturn x - lr * g / (sizes + eps), {"v": sizes**2}',
    ],
    "distance": [
        {"np.sum(1 / np.sqrt(np.arange(1, steps + 1)))": "sum(k**-0.5 for k in range(1, steps + 1))"},
        {"1 / np.sqrt(np.arange(1, steps + 1))": "np.arange(1, steps + 1) ** -0.5"},
        {"np.arange(1, steps + 1)": "(1 + np.arange(steps))"},
        {"lr * np.sum(1 /": "np.sum(lr /"},
        {"np.arange(1, steps + 1)": "np.cumsum(np.ones(steps))"},
        "x, v = 0.0, 0.0\nfor _ in range(steps):\n    v += 1\n    x -= lr / np.sqrt(v)\nreturn abs(x)",
        "way = 0\nfor k in range(steps):\n    way += lr / (k + 1) ** 0.5\nreturn way",
        "return np.r_[0, np.cumsum(lr / np.sqrt(np.arange(1, steps + 1)))][-1]",
    ],
    "full_matrix_step": [
        {"gradients.T @ gradients": "sum(np.outer(g, g) for g in gradients)"},
        {"gradients.T @ gradients": "np.einsum('ti,tj->ij', gradients, gradients)"},
        {"np.sqrt(values)": "values**0.5"},
        {"lr * Q @ (Q.T @ gradients[-1] / np.sqrt(values))": "lr * (Q / np.sqrt(values)) @ Q.T @ gradients[-1]"},
        {"lr * Q @ (Q.T @ gradients[-1] / np.sqrt(values))": "lr * Q @ np.diag(values**-0.5) @ Q.T @ gradients[-1]"},
        {"lr * Q @ (Q.T @ gradients[-1] / np.sqrt(values))": "np.linalg.solve(Q * np.sqrt(values) @ Q.T, lr * gradients[-1])"},
        {"gradients[-1]": "gradients[len(gradients) - 1]"},
        "_, sizes, Qt = np.linalg.svd(gradients, full_matrices=False)\nreturn lr * Qt.T @ (Qt @ gradients[-1] / sizes)",
        "G = np.zeros((gradients.shape[1],) * 2)\nfor g in gradients:\n    G += np.outer(g, g)\n"
        "Q, values, _ = np.linalg.svd(G)\nreturn Q @ ((Q.T @ g) / np.sqrt(values)) * lr",
    ],
    "rmsprop_step": [
        {"g**2": "g * g"},
        {"(1 - beta) * g**2": "g**2 - beta * g**2"},
        {'beta * state["v"] + (1 - beta) * g**2': 'state["v"] + (1 - beta) * (g**2 - state["v"])'},
        {"np.sqrt(v)": "v**0.5"},
        {"x - lr * g / (np.sqrt(v) + eps)": "x - g * (lr / (eps + np.sqrt(v)))"},
        {'{"v": v}': '{**state, "v": v}'},
        'state["v"] *= beta\nstate["v"] += (1 - beta) * g**2\nx -= lr * g / (np.sqrt(state["v"]) + eps)\nreturn x, state',
        'size = np.hypot(np.sqrt(beta * state["v"]), np.sqrt(1 - beta) * g)\n'
        'return x - lr * g / (size + eps), {"v": size**2}',
    ],
    "adadelta_step": [
        {"g**2": "g * g"},
        {"d**2": "np.square(d)"},
        {'np.sqrt(state["u"] + eps) / np.sqrt(v + eps) * g': 'np.sqrt((state["u"] + eps) / (v + eps)) * g'},
        {'np.sqrt(state["u"] + eps) / np.sqrt(v + eps) * g': 'g * (state["u"] + eps) ** 0.5 / (v + eps) ** 0.5'},
        {"return x - d,": "return x + (-d),"},
        {'{"v": v, "u": u}': '{"u": u, "v": v, "d": d}'},
        {'{"v": v, "u": u}': 'state | {"u": u, "v": v}'},
        'def rms(a):\n    return np.sqrt(a + eps)\nstate["v"] = beta * state["v"] + (1 - beta) * g**2\n'
        'd = -rms(state["u"]) / rms(state["v"]) * g\nstate["u"] = beta * state["u"] + (1 - beta) * d**2\nreturn x + d, state',
    ],
    "in_new_unit": [
        {"lr * c**2": "c * lr * c"},
        {"eps / c**2": "eps * c**-2"},
        {"newton = lr": "newton = 1.0 * lr"},
        {"return descent, rmsprop, newton, beside_u, beside_v": "return [descent, rmsprop, newton, beside_u, beside_v]"},
        {"eps * c**2": "c**2 * eps"},
        {"eps / c**2": "eps / c / c"},
        {"rmsprop = lr * c": "rmsprop = descent / c"},
        "u = c * c\nreturn u * lr, c * lr, lr, u * eps, eps / u",
    ],
}  # fmt: skip
CORRECT["adam_efficient"] = [
    *({"g**2": other} for other in ("g * g", "np.square(g)", "np.abs(g) ** 2")),
    {"np.sqrt(1 - beta2**t)": "(1 - beta2**t) ** 0.5"},
    {"rate * m / (np.sqrt(v) + eps * fill)": "m * rate / (eps * fill + np.sqrt(v))"},
    {"lr * fill / (1 - beta1**t)": "lr / (1 - beta1**t) * fill"},
    {
        "rate * m / (np.sqrt(v) + eps * fill)": "lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)"
    },
    {"rate * m / (np.sqrt(v) + eps * fill)": "rate / fill * m / (np.sqrt(v) / fill + eps)"},
]


def variants(task: Code) -> Iterator[tuple[str, Callable[..., Any]]]:
    """All right versions of a task, with names."""
    header = task.source.splitlines()[0]
    for change in CORRECT[task.name]:
        if isinstance(change, str):
            rest = task.source[len(header) :]
            change = {rest: "\n" + textwrap.indent(change, "    ") + "\n"}
        yield str(change)[:60], task.version(change)
    for way in (float32, as_lists, noisy, reseeding):
        yield way.__name__, way(task.solution)


def _mapped(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    def through(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(through, value))
        if isinstance(value, dict):
            return {name: through(part) for name, part in value.items()}
        return change(value)

    @functools.wraps(function)
    def changed(*args: Any) -> Any:
        return through(function(*args))

    return changed


def float32(function: Callable[..., Any]) -> Callable[..., Any]:
    return _mapped(function, lambda value: np.asarray(value, np.float32))


def as_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    return _mapped(function, lambda value: np.asarray(value).tolist())


def noisy(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def changed(*args: Any) -> Any:
        print("here I am", args)
        warnings.warn("careful", stacklevel=1)
        np.array([1.0]) / np.array([0.0])
        return function(*args)

    return changed


def reseeding(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def changed(*args: Any) -> Any:
        np.random.seed(3)  # noqa: NPY002
        np.seterr(all="ignore")
        return function(*args)

    return changed
