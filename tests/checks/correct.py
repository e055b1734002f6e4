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
from course_lib.optimizers import Optimizer

STEP = "x = x - lr * grad(x)"
CORRECT: dict[str, list[dict[str, str] | str]] = {
    "derivatives": [
        {"x**3 - 2 * (a + b) * x * y": "x * x * x - 2 * (a + b) * x * y"},
        {"2 * y - (a + b) * x**2": "(y - a * x**2) + (y - b * x**2)"},
        {"4 * a * b * x**3 - 2 * (a + b) * x * y": "-2 * a * x * (y - b * x**2) - 2 * b * x * (y - a * x**2)"},
        {"mixed = -2 * (a + b) * x": "mixed = -2 * a * x - 2 * b * x"},
        {"2.0]])": "2]])"},
        {"return gradient, hessian": "return [gradient, hessian]"},
        {"return gradient, hessian": "return gradient.tolist(), hessian.tolist()"},
        "s, p = a + b, a * b\nreturn (4 * p * x**3 - 2 * s * x * y, 2 * y - s * x**2), ((12 * p * x**2 - 2 * s * y, -2 * s * x), (-2 * s * x, 2))",
    ],
    "count_directions": [
        {"np.linalg.eigvalsh(hessian)": "np.linalg.eigh(hessian)[0]"},
        {"np.linalg.eigvalsh(hessian)": "np.linalg.eigvals(hessian).real"},
        {"(values > 0) & ~flat": "values > tiny * np.abs(values).max()"},
        {"np.sum((values < 0) & ~flat)": "len(values) - up - flat.sum()"},
        {"np.abs(values).max()": "np.linalg.norm(hessian, 2)"},
        {"return up, down, flat.sum()": "return int(up), int(down), int(flat.sum())"},
        {"return up, down, flat.sum()": "return np.array([up, down, flat.sum()])"},
        "up = down = flat = 0\nvalues = np.linalg.eigvalsh(hessian)\nlargest = max(abs(values))\nfor value in values:\n"
        "    if abs(value) <= tiny * largest:\n        flat += 1\n    elif value > 0:\n        up += 1\n    else:\n        down += 1\n"
        "return up, down, flat",
    ],
    "numerical_gradient": [
        {"np.zeros(len(x))\n    for": "np.zeros_like(x)\n    for"},
        {"/ (2 * h)": "/ 2 / h"},
        {"(f(x + step) - f(x - step)) / (2 * h)": "0.5 / h * (f(x + step) - f(x - step))"},
        {"for i in range(len(x)):": "for i in reversed(range(len(x))):"},
        "return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])",
        "return [(f(x + e) - f(x - e)) / (2 * h) for e in h * np.eye(len(x))]",
        "g = np.empty(len(x))\nfor i in range(len(x)):\n    old = x[i]\n    x[i] = old + h\n    right = f(x)\n"
        "    x[i] = old - h\n    left = f(x)\n    x[i] = old\n    g[i] = (right - left) / (2 * h)\nreturn g",
        "g = []\nfor i in range(len(x)):\n    right, left = x.copy(), x.copy()\n    right[i] += h\n    left[i] -= h\n"
        "    g.append((f(right) - f(left)) / (right[i] - left[i]))\nreturn np.array(g)",
    ],
    "best_step": [
        {"** (1 / 3)": "** (1.0 / 3.0)"},
        {"(3 * eps * size / third) ** (1 / 3)": "np.cbrt(3 * eps * size / third)"},
        {"(3 * eps * size / third) ** (1 / 3)": "np.exp(np.log(3 * eps * size / third) / 3)"},
        {"3 * eps * size / third": "size / third * eps * 3"},
        {"(3 * eps * size / third) ** (1 / 3)": "(third / (3 * eps * size)) ** (-1 / 3)"},
        {"(3 * eps * size / third) ** (1 / 3)": "np.power(3 * eps * size / third, 1 / 3)"},
        {"3 * eps * size / third": "eps * size / (third / 3)"},
        "h = np.geomspace(1e-12, 1, 200_001)\nfor _ in range(2):\n    error = third * h**2 / 6 + eps * size / h\n    k = error.argmin()\n"
        "    h = np.geomspace(h[max(k - 1, 0)], h[min(k + 1, len(h) - 1)], 20_001)\nslope = third * h / 3 - eps * size / h**2\n"
        "return h[np.abs(slope).argmin()]",
    ],
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
    "epoch_batches": [
        {"order[first : first + size]": "order[first : min(first + size, len(inputs))]"},
        {"rng.permutation(len(inputs))": "rng.choice(len(inputs), len(inputs), replace=False)"},
        {"rng.permutation(len(inputs))": "np.argsort(rng.random(len(inputs)))"},
        {"return batches": "return tuple(batches)"},
        {"return batches": "return iter(batches)"},
        {"(inputs[rows], targets[rows])": "[inputs[rows], targets[rows]]"},
        {"(inputs[rows], targets[rows])": "(np.take(inputs, rows, axis=0), np.take(targets, rows))"},
        "order = np.arange(len(inputs))\nrng.shuffle(order)\ncuts = range(size, len(inputs), size)\n"
        "return [(inputs[rows], targets[rows]) for rows in np.split(order, cuts)]",
        "order = rng.permutation(len(inputs))\nx, y = inputs[order], targets[order]\n"
        "return [(x[i:i + size], y[i:i + size]) for i in range(0, len(x), size)]",
        "rows, batches = list(rng.permutation(len(inputs))), []\nwhile rows:\n"
        "    now, rows = rows[:size], rows[size:]\n    batches.append((inputs[now], targets[now]))\nreturn batches",
        "if size >= len(inputs):\n    return [(inputs, targets)]\norder = rng.permutation(len(inputs))\n"
        "return [(inputs[order[i:i + size]], targets[order[i:i + size]]) for i in range(0, len(order), size)]",
    ],
    "descend_in_batches": [
        {"x = x - lr * grad(x, batch)": "x = x + (-lr) * grad(x, batch)"},
        {"x = x - lr * grad(x, batch)": "x = np.subtract(x, np.multiply(lr, grad(x, batch)))"},
        {"x = x - lr * grad(x, batch)": "x -= lr * grad(x, batch)"},
        {"x = x - lr * grad(x, batch)": "g = grad(x, batch); x = x - lr * g"},
        {"in batches()": "in list(batches())"},
        {"steps += 1": "steps = steps + 1"},
        {"return x, steps": "return [x, steps]"},
        {"for _ in range(epochs)": "for epoch in range(1, epochs + 1)"},
        "steps = 0\nwhile epochs > 0:\n    for batch in batches():\n        x = x - grad(x, batch) * lr\n"
        "        steps += 1\n    epochs -= 1\nreturn x, steps",
        "steps = 0\nfor epoch in range(epochs):\n    for k, batch in enumerate(batches()):\n"
        "        x = x - lr * grad(x, batch)\n        steps = steps + 1\nreturn np.array(x), steps",
    ],
    "batch_noise": [
        {"np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1).mean()": "gradients.var(axis=0).sum()"},
        {"np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1).mean()":
            "(np.linalg.norm(gradients - gradients.mean(axis=0), axis=1) ** 2).mean()"},
        {"(1 / size - 1 / n) * n / (n - 1)": "(n - size) / (size * (n - 1))"},
        {"(1 / size - 1 / n) * n / (n - 1)": "(1 - size / n) / size * n / (n - 1)"},
        {"len(gradients)": "gradients.shape[0]"},
        {"sigma2 / size": "sigma2 * (1 / size)"},
        {"if replace:": "if replace is True or replace:"},
        {"np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1).mean()": "np.trace(np.atleast_2d(np.cov(gradients.T, bias=True)))"},
        "n = len(gradients)\nfull = sum(gradients) / n\nsigma2 = sum(np.dot(g - full, g - full) for g in gradients) / n\n"
        "return sigma2 / size if replace else sigma2 / size * (n - size) / (n - 1)",
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
    "nesterov_path": [
        {"g = grad(x - lr * beta * m)": "g = grad(x - beta * lr * m)"},
        {"m = beta * m + g\n        x = x - lr * m": "x, m = x - lr * (beta * m + g), beta * m + g"},
        {"m = beta * m + g\n        x = x - lr * m": "x = x - lr * beta * m - lr * g\n        m = beta * m + g"},
        {"np.array(path)": "path"},
        {"np.zeros_like(x)": "0.0"},
        "m, path = 0 * x, [x]\nfor _ in range(steps):\n    ahead = x - lr * beta * m\n    g = grad(ahead)\n"
        "    m = beta * m + g\n    x = ahead - lr * g\n    path.append(x)\nreturn np.array(path)",
        "v, path = np.zeros_like(x), [x]\nfor _ in range(steps):\n    v = beta * v - lr * grad(x + beta * v)\n"
        "    x = x + v\n    path.append(x)\nreturn np.array(path)",
        "before, path = x, [x]\nfor _ in range(steps):\n    ahead = x + beta * (x - before)\n"
        "    before, x = x, ahead - lr * grad(ahead)\n    path.append(x)\nreturn np.array(path)",
        "m, y, path = np.zeros_like(x), x, [x]\nfor _ in range(steps):\n    g = grad(y)\n    m = beta * m + g\n"
        "    y = y - lr * (g + beta * m)\n    path.append(y + lr * beta * m)\nreturn np.array(path)",
    ],
    "shifted_step": [
        {"(g + beta * m)": "(beta * m + g)"},
        {"x - lr * (g + beta * m)": "x - lr * g - lr * beta * m"},
        {"x - lr * (g + beta * m)": "x + (-lr) * (g + beta * m)"},
        {'{"m": m}': 'state | {"m": m}'},
        {'beta * state["m"] + g': 'g + state["m"] * beta'},
        {'{"m": m}': "dict(m=m)"},
        'state["m"] *= beta\nstate["m"] += g\nx -= lr * (g + beta * state["m"])\nreturn x, state',
        'old = x + lr * beta * state["m"]\nm = beta * state["m"] + g\nnew = old - lr * m\n'
        'return new - lr * beta * m, {"m": m}',
    ],
    "new_lookahead": [
        {"y + lr * beta * m": "lr * m * beta + y"},
        {"x - new_lr * beta * m": "y + (lr - new_lr) * beta * m"},
        {"return x, x - new_lr * beta * m": "return [x, x - new_lr * beta * m]"},
        {"x - new_lr * beta * m": "np.subtract(x, new_lr * beta * m)"},
        {"return x, x - new_lr * beta * m": "return x, x + beta * (-new_lr * m)"},
        {"y + lr * beta * m": "y - -lr * beta * m"},
        "y += lr * beta * m\nreturn y.copy(), y - new_lr * beta * m",
        "way = beta * m\nreturn y + lr * way, y + lr * way - new_lr * way",
    ],
    "nesterov_radius": [
        {"np.abs(np.linalg.eigvals(step)).max()": "max(abs(z) for z in np.linalg.eigvals(step))"},
        {"np.linalg.eigvals(step)": "np.linalg.eig(step).eigenvalues"},
        {"np.linalg.eigvals(step)": "np.linalg.eigvals(step.T)"},
        {"np.linalg.eigvals(step)": "np.roots([1, -(1 + beta) * (1 - lr * curvature), kept])"},
        {"np.array([[kept, curvature], [-lr * kept, 1 - lr * curvature]])":
         "np.array([[(1 + beta) * (1 - lr * curvature), -kept], [1, 0]])"},
        {"beta * (1 - lr * curvature)": "beta - lr * beta * curvature"},
        {"np.abs(np.linalg.eigvals(step)).max()": "sorted(np.abs(np.linalg.eigvals(step)))[-1]"},
        "s = 1 - lr * curvature\np = (1 + beta) * s / 2\nroot = np.emath.sqrt(p * p - beta * s)\n"
        "return float(max(abs(p + root), abs(p - root)))",
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
    "steps_to_leave": [
        {"np.log(1 + lr)": "np.log1p(lr)"},
        {"np.log(edge / abs(offset)) / np.log(1 + lr)": "np.log2(edge / abs(offset)) / np.log2(1 + lr)"},
        {"np.log(edge / abs(offset))": "(np.log(edge) - np.log(np.abs(offset)))"},
        {"max(0, np.ceil(": "np.maximum(0.0, np.ceil("},
        {"np.log(1 + lr)": "np.log(lr + 1.0)", "abs(offset)": "np.hypot(offset, 0)"},
        {"max(0, np.ceil(": "max(0, -np.floor(-1 * "},
        "y, k = offset, 0\nwhile abs(y) < edge:\n    y *= 1 + lr\n    k += 1\nreturn k",
        "return int(np.searchsorted(abs(offset) * (1 + lr) ** np.arange(40_000), edge))",
    ],
    "arrives": [
        {"~(losses <= target)": "np.logical_not(losses <= target)"},
        {"above[-1] + 1 if len(above) else 0": "1 + above.max(initial=-1)"},
        {"step if step < len(losses) else -1": "-1 if step == len(losses) else int(step)"},
        {"np.flatnonzero(~(losses <= target))": "np.where(~(losses <= target))[0]"},
        {"np.flatnonzero(~(losses <= target))": "[k for k, loss in enumerate(losses) if not loss <= target]"},
        "step = -1\nfor k, loss in enumerate(losses):\n    if not loss <= target:\n        step = -1\n    elif step < 0:\n        step = k\nreturn step",
        'for k in range(len(losses)):\n    if np.all(losses[k:] <= target):\n        return k\nreturn -1',
        "good = np.logical_and.accumulate((losses <= target)[::-1])[::-1]\nreturn np.argmax(good) if good[-1] else -1",
    ],
    "cosine_eta": [
        {"(1 - floor) * (1 + np.cos(np.pi * share)) / 2": "(1 + np.cos(np.pi * share)) * (0.5 - floor / 2)"},
        {"(t - 1) / steps": "t / steps - 1 / steps"},
        {"np.cos(np.pi * share)": "np.exp(1j * np.pi * share).real"},
        {"(1 + np.cos(np.pi * share)) / 2": "np.cos(np.pi * share / 2) ** 2"},
        {"(1 + np.cos(np.pi * share)) / 2": "0.5 * (1 + np.cos(share * np.pi))"},
        {"(1 + np.cos(np.pi * share)) / 2": "(1 - np.sin(np.pi * (share - 0.5))) / 2"},
        {"min(1, (t - 1) / steps)": "np.clip((t - 1) / steps, 0, 1)"},
        {"min(1, (t - 1) / steps)": "min(steps, t - 1) / steps"},
        "if t > steps:\n    return floor\nreturn 1 - (1 - floor) * (1 - np.cos(np.pi * (t - 1) / steps)) / 2",
    ],
    "cooled_eta": [
        {"min(1, max(0, 1 - (t - 1 - told) / fall))": "max(0, min(1, 1 - (t - 1 - told) / fall))"},
        {"1 - (t - 1 - told) / fall": "(fall - t + 1 + told) / fall"},
        {"1 - (t - 1 - told) / fall": "1 + (told + 1 - t) / fall"},
        {"1 - (t - 1 - told) / fall": "1 - (t - (told + 1)) * (1 / fall)"},
        "return float(np.median([0, 1, 1 - (t - 1 - told) / fall]))",
        "eta = 1.0\nfor step in range(told + 2, t + 1):\n    eta = max(0.0, eta - 1 / fall) if step <= told + fall else 0.0\nreturn eta",
        {"min(1, max(0, 1 - (t - 1 - told) / fall))": "np.clip((told + fall + 1 - t) / fall, 0, 1)"},
        {"min(1, max(0, 1 - (t - 1 - told) / fall))": "np.interp(t, [told + 1, told + 1 + fall], [1.0, 0.0])"},
        {"min(1, max(0, 1 - (t - 1 - told) / fall))": "1 - min(fall, max(0, t - told - 1)) / fall"},
        "if t <= told:\n    return 1\nleft = fall - (t - told - 1)\nreturn left / fall if left > 0 else 0",
    ],
    "warm_cosine_eta": [
        {"t <= warmup": "t <= warmup + 1", "return t / warmup": "return min(1, t / warmup)"},
        {"(1 + np.cos(np.pi * share)) / 2": "0.5 + 0.5 * np.cos(share * np.pi)"},
        {"(1 + np.cos(np.pi * share)) / 2": "1 - np.sin(np.pi * share / 2) ** 2"},
        {"t / warmup": "1 - (warmup - t) / warmup"},
        {"t / warmup": "t * (1 / warmup)"},
        {"(1 + np.cos(np.pi * share)) / 2": "np.cos(np.pi * share / 2) ** 2"},
        {"min(1, (t - warmup - 1) / (steps - warmup))": "np.minimum(t - warmup - 1, steps - warmup) / (steps - warmup)"},
        "rise = min(1, t / warmup)\ndone = np.clip((t - 1 - warmup) / (steps - warmup), 0, 1)\nreturn rise * (1 + np.cos(np.pi * done)) / 2",
    ],
    "range_test": [
        {"x = x - lr * grad(x)": "x = -lr * grad(x) + x"},
        {"low * (high / low) ** (np.arange(steps) / (steps - 1))": "low ** (1 - np.arange(steps) / (steps - 1)) * high ** (np.arange(steps) / (steps - 1))"},
        {"losses.append(loss(x))": "losses += [loss(x)]"},
        {"low * (high / low) ** (np.arange(steps) / (steps - 1))": "np.geomspace(low, high, steps)"},
        {"low * (high / low) ** (np.arange(steps) / (steps - 1))": "np.logspace(np.log10(low), np.log10(high), steps)"},
        {"low * (high / low) ** (np.arange(steps) / (steps - 1))": "np.exp(np.linspace(np.log(low), np.log(high), steps))"},
        {"np.array(losses)": "losses"},
        "rates, losses, factor = [low], [], (high / low) ** (1 / (steps - 1))\nfor _ in range(steps - 1):\n    rates.append(rates[-1] * factor)\n"
        "for lr in rates:\n    losses.append(loss(x))\n    x = x - lr * grad(x)\nreturn rates, losses",
    ],
    "chance_of_good": [
        {"1 - comb(n - w, k) / comb(n, k)": "(comb(n, k) - comb(n - w, k)) / comb(n, k)"},
        {"comb(n - w, k) / comb(n, k)": "comb(n - k, w) / comb(n, w)"},
        {"comb(n - w, k) / comb(n, k)": "np.prod([(n - w - i) / (n - i) for i in range(k)])"},
        {"comb(n - w, k) / comb(n, k)": "np.prod(1 - w / np.arange(n, n - k, -1))"},
        "return sum(comb(w, j) * comb(n - w, k - j) for j in range(1, min(w, k) + 1)) / comb(n, k)",
        "fail = 1.0\nfor i in range(k):\n    fail *= max(0, n - w - i) / (n - i)\nreturn 1 - fail",
        "below = comb(n, k)\nexactly = [comb(w, j) * comb(n - w, k - j) / below for j in range(k + 1)]\nreturn sum(exactly[1:])",
        {"comb(n - w, k) / comb(n, k)": "np.exp(sum(np.log(np.maximum(n - w - i, 0) / (n - i)) for i in range(k)))"},
    ],
    "flip_p": [
        {"np.mean(sums >= abs(np.sum(differences)) - rounding)": "np.sum(sums + rounding >= np.abs(differences.sum())) / 2 ** len(differences)"},
        {"np.array(list(product([-1, 1], repeat=len(differences))))": "1 - 2 * (np.arange(2 ** len(differences))[:, None] >> np.arange(len(differences)) & 1)"},
        {"np.abs(signs @ differences)": "np.abs((signs * differences).sum(axis=1))"},
        {"np.abs(signs @ differences)": "len(differences) * np.abs((signs * differences).mean(axis=1))"},
        {"product([-1, 1], repeat": "product((1.0, -1.0), repeat"},
        {"1e-9 * np.sum(np.abs(differences))": "1e-10 * np.abs(differences).sum()"},
        "sums = [0.0]\nfor d in differences:\n    sums = [s + d for s in sums] + [s - d for s in sums]\nseen = abs(sum(differences))\n"
        "small = 1e-9 * sum(abs(differences))\nreturn sum(abs(s) >= seen - small for s in sums) / len(sums)",
        "d = np.asarray(differences)\nsigns = np.stack(np.meshgrid(*[[1, -1]] * len(d)), axis=-1).reshape(-1, len(d))\ns = signs @ d\n"
        "t, e = abs(d.sum()), 1e-9 * abs(d).sum()\nreturn min(1, (s >= t - e).mean() + (s <= e - t).mean())",
    ],
    "holm_corrected": [
        {"(m - np.arange(m))": "np.arange(m, 0, -1)"},
        {"np.argsort(p)": 'np.argsort(p, kind="stable")'},
        {"np.minimum(1, np.maximum.accumulate((m - np.arange(m)) * p[order]))": "np.clip(np.maximum.accumulate((m - np.arange(m)) * p[order]), 0, 1)"},
        {"np.minimum(1, np.maximum.accumulate((m - np.arange(m)) * p[order]))": "np.maximum.accumulate(np.minimum(1, (m - np.arange(m)) * p[order]))"},
        "order = np.argsort(p)\nx = np.maximum.accumulate(np.arange(len(p), 0, -1) * p[order])\nreturn np.minimum(x, 1)[np.argsort(order)]",
        "m, out, worst = len(p), [0.0] * len(p), 0.0\nfor rank, i in enumerate(sorted(range(m), key=lambda i: p[i])):\n"
        "    worst = max(worst, (m - rank) * p[i])\n    out[i] = min(1.0, worst)\nreturn out",
        "return np.array([min(1, max(np.sum(p >= q) * q for q in p if q <= mine)) for mine in p])",
        "m, n = len(p), np.arange(len(p))\nrank = np.argsort(np.argsort(p))\nadjusted = (m - rank) * p\n"
        "return [min(1, max(adjusted[rank <= r])) for r in rank]",
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
    "factors": [
        {"np.hstack([inputs, np.ones((n, 1))])": "np.column_stack([inputs, np.ones(n)])"},
        {"np.hstack([inputs, np.ones((n, 1))])": "np.c_[inputs, np.ones(n)]"},
        {"np.hstack([inputs, np.ones((n, 1))])": "np.pad(inputs, ((0, 0), (0, 1)), constant_values=1.0)"},
        {"np.hstack([inputs, np.ones((n, 1))])": "np.append(inputs, np.ones((n, 1)), axis=1)"},
        {"rows.T @ rows / n": "np.einsum('ni,nj->ij', rows, rows) / n"},
        {"slopes.T @ slopes / n": "np.dot(slopes.T, slopes) / len(slopes)"},
        {"slopes.T @ slopes / n": "np.mean([np.outer(d, d) for d in slopes], axis=0)"},
        {"rows.T @ rows / n": "np.mean(rows[:, :, None] * rows[:, None, :], axis=0)"},
        {"rows.T @ rows / n": "(rows / n).T @ rows"},
        {"return A, G": "return [A, G]"},
        "a = np.vstack([inputs.T, np.ones(len(inputs))])\nreturn a @ a.T / a.shape[1], slopes.T @ slopes / a.shape[1]",
        "A = G = 0\nfor a, d in zip(inputs, slopes):\n    a = np.append(a, 1)\n    A, G = A + np.outer(a, a), G + np.outer(d, d)\nreturn A / len(inputs), G / len(inputs)",
        "m = inputs.mean(0)\nA = np.block([[inputs.T @ inputs / len(inputs), m[:, None]], [m[None], np.ones((1, 1))]])\nreturn A, np.tensordot(slopes, slopes, (0, 0)) / len(inputs)",
    ],
    "kfac_step": [
        {"np.trace(A) / len(A)": "np.mean(np.diag(A))", "np.trace(G) / len(G)": "np.mean(np.diag(G))"},
        {"np.trace(A) / len(A)": "np.linalg.eigvalsh(A).mean()"},
        {"np.linalg.inv(A) @ grad": "np.linalg.solve(A, grad)"},
        {"np.linalg.inv(A) @ grad @ np.linalg.inv(G)": "np.linalg.solve(G, np.linalg.solve(A, grad).T).T"},
        {"lr * np.linalg.inv(A)": "np.linalg.inv(A / lr)"},
        {"np.sqrt(damping) / pi": "damping**0.5 * pi**-1"},
        {"A = A + pi * np.sqrt(damping) * np.eye(len(A))": "A = A + np.diag(np.full(len(A), pi * np.sqrt(damping)))"},
        {"return W - lr *": "return -lr *", "@ np.linalg.inv(G)": "@ np.linalg.inv(G) + W"},
        "a, g = len(A), len(G)\npi = (A.trace() * g / (G.trace() * a)) ** 0.5\nAi = np.linalg.inv(A + pi * damping**0.5 * np.identity(a))\nGi = np.linalg.inv(G + damping**0.5 / pi * np.identity(g))\nreturn W - lr * (Ai @ grad @ Gi)",
        "a, g = len(A), len(G)\npi = (A.trace() / a) ** 0.5 / (G.trace() / g) ** 0.5\nboth = np.kron(A + pi * damping**0.5 * np.eye(a), G + damping**0.5 / pi * np.eye(g))\nreturn W - lr * np.linalg.solve(both, grad.ravel()).reshape(W.shape)",
        "pi = np.sqrt(np.trace(A) * len(G) / np.trace(G) / len(A))\nla, Qa = np.linalg.eigh(A)\nlg, Qg = np.linalg.eigh(G)\np = Qa.T @ grad @ Qg / np.outer(la + pi * np.sqrt(damping), lg + np.sqrt(damping) / pi)\nreturn W - lr * Qa @ p @ Qg.T",
        "r = np.sqrt(damping * np.trace(A) / len(A) / (np.trace(G) / len(G)))\nA, G = A.copy(), G.copy()\nA[np.diag_indices(len(A))] += r\nG[np.diag_indices(len(G))] += damping / r\nreturn W - lr * np.linalg.inv(A) @ grad @ np.linalg.inv(G)",
    ],
    "output_matrices": [
        {"p = np.exp(z)": "p = np.exp(z - z.max(axis=1, keepdims=True))"},
        {"p / p.sum(axis=1, keepdims=True)": "(p.T / p.sum(1)).T"},
        {"p.T @ p / n": "np.mean([np.outer(q, q) for q in p], axis=0)"},
        {"p.T @ p / n": "np.einsum('ni,nj->ij', p, p) / n"},
        {"d.T @ d / n": "np.mean(d[:, :, None] * d[:, None, :], axis=0)"},
        {"d.T @ d / n": "np.einsum('ni,nj->ij', d, d) / len(d)"},
        {"p - y": "y - p"},
        {"np.diag(p.mean(axis=0))": "np.eye(p.shape[1]) * p.mean(axis=0)"},
        {"np.diag(p.mean(axis=0))": "np.diag(np.sum(p, 0) / n)"},
        {"d.T @ d / n": "(p.T @ p - p.T @ y - y.T @ p + y.T @ y) / n"},
        {"d.T @ d / n": "np.cov(d.T, bias=True).reshape(p.shape[1], -1) + np.outer(d.mean(0), d.mean(0))"},
        {"return F, E": "return [F, E]"},
        "p = np.exp(z)\np = p / p.sum(1, keepdims=True)\nF = np.mean([np.diag(q) - np.outer(q, q) for q in p], axis=0)\nreturn F, np.mean([np.outer(q - t, q - t) for q, t in zip(p, y)], axis=0)",
        "p = np.exp(z)\np = p / p.sum(1, keepdims=True)\nn, c = p.shape\nF = 0\nfor k in range(c):\n    d = p - np.eye(c)[k]\n    F = F + (p[:, k, None] * d).T @ d / n\nreturn F, (p - y).T @ (p - y) / n",
        "p = np.exp(z)\np = p / p.sum(1, keepdims=True)\nF = np.zeros((p.shape[1],) * 2)\nE = np.zeros_like(F)\nfor q, t in zip(p, y):\n    F += np.diag(q) - np.outer(q, q)\n    E += np.outer(q - t, q - t)\nreturn F / len(p), E / len(p)",
    ],
    "bounded_rate": [
        {"np.clip(rate, lower, upper)": "np.minimum(np.maximum(rate, lower), upper)"},
        {"np.clip(rate, lower, upper)": "np.maximum(np.minimum(rate, upper), lower)"},
        {"np.clip(rate, lower, upper)": "rate.clip(lower, upper)"},
        {"final_lr * (1 - 1 / (gamma * step + 1))": "final_lr - final_lr / (gamma * step + 1)"},
        {"final_lr * (1 - 1 / (gamma * step + 1))": "final_lr * gamma * step / (gamma * step + 1)"},
        {"final_lr * (1 + 1 / (gamma * step))": "final_lr * (gamma * step + 1) / (gamma * step)"},
        {"np.clip(rate, lower, upper)": "np.where(rate < lower, lower, np.where(rate > upper, upper, rate))"},
        "s = gamma * step\nreturn final_lr * np.clip(rate / final_lr, s / (s + 1), (s + 1) / s)",
        "rate = np.array(rate)\nlow, high = final_lr * (1 - 1 / (gamma * step + 1)), final_lr * (1 + 1 / (gamma * step))\nrate[rate < low] = low\nrate[rate > high] = high\nreturn rate",
    ],
    "factored_mean": [
        {"np.mean(r)": "np.mean(c)"},
        {"np.outer(r, c) / np.mean(r)": "r[:, None] * c / r.mean()"},
        {"np.outer(r, c) / np.mean(r)": "np.outer(r / r.mean(), c)"},
        {"np.outer(r, c) / np.mean(r)": "np.einsum('i,j->ij', r, c) / (r.sum() / len(r))"},
        {"square = g**2": "square = g * g"},
        {"square.mean(axis=1)": "np.sum(square, 1) / square.shape[1]"},
        {"r, c = 0.0, 0.0": "r, c = np.zeros(gradients.shape[1]), np.zeros(gradients.shape[2])"},
        "squares, weights = gradients**2, (1 - beta2) * beta2 ** np.arange(len(gradients))[::-1]\n"
        "v = np.tensordot(weights, squares, 1)\nr, c = v.mean(1), v.mean(0)\nreturn r, c, np.outer(r, c) / v.mean()",
        "v = np.zeros(gradients[0].shape)\nfor g in gradients:\n    v = beta2 * v + (1 - beta2) * g**2\n"
        "r, c = v.mean(axis=1), v.mean(axis=0)\nreturn [r, c, np.outer(r, c) / r.mean()]",
    ],
    "switch": [
        {"(p @ p) / -(p @ g)": "-np.sum(p**2) / np.sum(p * g)"},
        {"(p @ p) / -(p @ g)": "np.dot(p, p) / np.dot(p, -g)"},
        {"(p @ p) / -(p @ g)": "np.linalg.norm(p) ** 2 / (-p @ g)"},
        {"beta2 * average + (1 - beta2) * gamma": "average + (1 - beta2) * (gamma - average)"},
        {"k > 1 and abs(corrected - gamma) < eps": "not (k == 1 or np.abs(gamma - corrected) >= eps)"},
        {"corrected if settled else 0.0": "corrected * settled"},
        {"corrected if settled else 0.0": "np.where(settled, corrected, 0)"},
        {"return average, corrected if settled else 0.0": "return [average, (0, corrected)[bool(settled)]]"},
        "rate = -p.dot(p) / p.dot(g)\nnew = beta2 * average + (1 - beta2) * rate\nhat = new / (1 - beta2**k)\nif k == 1:\n    return new, 0\n"
        "if -eps < hat - rate < eps:\n    return new, hat\nreturn new, 0",
    ],
    "trust_ratio": [
        {"if x_norm == 0:": "if not x_norm:"},
        {"if x_norm == 0:": "if not np.any(x):"},
        {"return 1.0": "return 1"},
        {"np.linalg.norm(x), np.linalg.norm(g)": "np.sqrt(np.sum(x**2)), np.sqrt(np.sum(g**2))"},
        {"np.linalg.norm(x), np.linalg.norm(g)": "np.sum(x * x) ** 0.5, np.sum(g * g) ** 0.5"},
        {"np.linalg.norm(x), np.linalg.norm(g)": "np.linalg.norm(x.ravel()), np.linalg.norm(g.ravel())"},
        {"np.linalg.norm(x), np.linalg.norm(g)": "np.hypot.reduce(x, axis=None), np.hypot.reduce(g, axis=None)"},
        {"trust * x_norm / (g_norm + weight_decay * x_norm)": "trust / (g_norm / x_norm + weight_decay)"},
        {"trust * x_norm / (g_norm + weight_decay * x_norm)": "np.float64(x_norm * trust) / (weight_decay * x_norm + g_norm)"},
        "size = float(np.sqrt(x.ravel() @ x.ravel()))\nbelow = float(np.sqrt(g.ravel() @ g.ravel())) + weight_decay * size\n"
        "return trust * size / below if size > 0 else 1.0",
        "a = np.linalg.norm(x)\nreturn np.where(a > 0, trust * a / (np.linalg.norm(g) + weight_decay * a + (a == 0)), 1.0)",
        "import math\na = math.sqrt(sum(float(i) ** 2 for i in np.ravel(x)))\nb = math.sqrt(sum(float(i) ** 2 for i in np.ravel(g)))\n"
        "return 1.0 if a == 0 else trust * a / (b + weight_decay * a)",
    ],
    "noise_estimate": [
        {"np.mean(small_squares), np.mean(large_squares)": "small_squares.mean(), large_squares.mean()"},
        {"np.mean(small_squares), np.mean(large_squares)": "sum(small_squares) / len(small_squares), sum(large_squares) / len(large_squares)"},
        {"np.mean(small_squares), np.mean(large_squares)": "np.average(small_squares), np.average(large_squares)"},
        {"(large * B_square - small * b_square) / (large - small)": "(small * b_square - large * B_square) / (small - large)"},
        {"(large * B_square - small * b_square) / (large - small)": "B_square - small * (b_square - B_square) / (large - small)"},
        {"(b_square - B_square) / (1 / small - 1 / large)": "(b_square - B_square) * small * large / (large - small)"},
        {"(b_square - B_square) / (1 / small - 1 / large)": "(B_square - b_square) / (1 / large - 1 / small)"},
        {"(b_square - B_square) / (1 / small - 1 / large)": "small * (b_square - square)"},
        {"(b_square - B_square) / (1 / small - 1 / large)": "large * (B_square - square)"},
        {"return square, trace, trace / square": "return [square, trace, trace / square]"},
        {"return square, trace, trace / square": "return np.array([square, trace, trace / square])"},
        "rows = np.array([[1, 1 / small], [1, 1 / large]])\nsquare, trace = np.linalg.solve(rows, [np.mean(small_squares), np.mean(large_squares)])\n"
        "return square, trace, trace / square",
    ],
    "lamb_step": [
        {"g**2": "g * g"},
        {"np.linalg.norm(x) / np.linalg.norm(r)": "np.sqrt(np.sum(x**2) / np.sum(r**2))"},
        {"np.linalg.norm(x) / np.linalg.norm(r)": "np.sum(x**2) ** 0.5 / np.sum(r**2) ** 0.5"},
        {"np.linalg.norm(x) / np.linalg.norm(r)": "np.linalg.norm(x.ravel()) / np.linalg.norm(r.ravel())"},
        {"np.sqrt(v_hat)": "v_hat**0.5"},
        {"np.sqrt(v_hat) + eps": "eps + np.sqrt(v) / np.sqrt(1 - beta2**t)"},
        {"x - lr * ratio * r": "x - r * (ratio * lr)"},
        {"x - lr * ratio * r": "x + -lr * ratio * r"},
        {'beta1 * state["m"] + (1 - beta1) * g': 'state["m"] + (1 - beta1) * (g - state["m"])'},
        {'beta2 * state["v"] + (1 - beta2) * g**2': 'state["v"] - (1 - beta2) * (state["v"] - g**2)'},
        {'{"m": m, "v": v}': '{**state, "m": m, "v": v}'},
        'state["m"] = beta1 * state["m"] + (1 - beta1) * g\nstate["v"] = beta2 * state["v"] + (1 - beta2) * g**2\nt = state["t"]\n'
        'r = state["m"] / (1 - beta1**t) / (np.sqrt(state["v"] / (1 - beta2**t)) + eps)\nr = r + weight_decay * x\n'
        'unit = r / np.linalg.norm(r)\nreturn x - lr * np.linalg.norm(x) * unit, state',
    ],
    "orthogonal": [
        {"np.linalg.norm(m)": "np.sqrt(np.sum(m**2))"},
        {"np.linalg.norm(m)": "np.linalg.norm(m, 'fro')"},
        {"np.linalg.norm(m)": "np.trace(m @ m.T) ** 0.5"},
        {"x @ x.T": "np.dot(x, np.transpose(x))"},
        {"(b * square + c * square @ square) @ x": "b * square @ x + c * square @ square @ x"},
        {"(b * square + c * square @ square) @ x": "square @ (b * x + c * square @ x)"},
        {"square @ square": "np.linalg.matrix_power(square, 2)"},
        {"square = x @ x.T": "square = x.T @ x", "(b * square + c * square @ square) @ x": "x @ (b * square + c * square @ square)"},
        {"a * x + (b * square + c * square @ square) @ x": "(a * np.eye(len(x)) + b * square + c * square @ square) @ x"},
        "u, s, vt = np.linalg.svd(m, full_matrices=False)\ns = s / np.sqrt(np.sum(s**2))\nfor _ in range(steps):\n"
        "    s = a * s + b * s**3 + c * s**5\nreturn u * s @ vt",
        "if len(m) > m.shape[1]:\n    return orthogonal(m.T, steps, a, b, c).T\nx, k = m / np.linalg.norm(m), 0\nwhile k < steps:\n"
        "    A = x @ x.T\n    x = a * x + (b * A + c * A @ A) @ x\n    k += 1\nreturn x",
    ],
    "muon_step": [
        {"newton_schulz(g + beta * m)": "newton_schulz(beta * m + g, 5)"},
        {"newton_schulz(g + beta * m)": "newton_schulz((g + beta * m).T).T"},
        {"newton_schulz(g + beta * m)": "newton_schulz(g + beta * (beta * state['m'] + g))"},
        {"inputs, outputs = x.shape": "inputs, outputs = g.shape"},
        {"inputs, outputs = x.shape": "inputs, outputs = len(x), len(x[0])"},
        {"np.sqrt(max(1, outputs / inputs))": "max(1, outputs / inputs) ** 0.5"},
        {"np.sqrt(max(1, outputs / inputs))": "max(1, np.sqrt(outputs / inputs))"},
        {"np.sqrt(max(1, outputs / inputs))": "np.sqrt(max(inputs, outputs) / inputs)"},
        {"x - lr * factor * o": "x + o * (-lr * factor)"},
        {'{"m": m}': '{**state, "m": m}'},
        'state["m"] = beta * state["m"] + g\no = newton_schulz(beta * state["m"] + g)\nif g.shape[1] > g.shape[0]:\n'
        '    o = o * (g.shape[1] / g.shape[0]) ** 0.5\nreturn x - lr * o, state',
    ],
    "hidden_only": [
        {'"W*": Muon(lr=lr)': '"W?": Muon(lr=lr)'},
        {'"W*": Muon(lr=lr)': '"W[12]": Muon(lr=lr)'},
        {'"W*": Muon(lr=lr)': '"W1": Muon(lr=lr), "W2": Muon(lr=lr)'},
        {'"*": Adam(lr=small)': '"embedding": Adam(lr=small), "*": Adam(lr=small)'},
        {'"*": Adam(lr=small)': '"[!W]*": Adam(lr=small)'},
        {'"*": Adam(lr=small)': '"embedding": Adam(lr=small), "head": Adam(lr=small), "gain1": Adam(lr=small), "b[12]": Adam(lr=small)'},
        {"Partition({": "Partition(parts={"},
        {"Muon(lr=lr)": "Muon().replace(lr=lr)", "Adam(lr=small)": "Adam().replace(lr=small)"},
        {"Muon(lr=lr)": "Muon(lr=lr, beta=0.95, nesterov=True)"},
        'parts = dict.fromkeys(["embedding", "head", "gain1", "b1", "b2"], Adam(lr=small))\nfor k in (1, 2):\n    parts[f"W{k}"] = Muon(lr=lr)\n'
        'return Partition(parts)',
    ],
    "shampoo_direction": [
        {"q @ np.diag(eigenvalues**-0.25) @ q.T": "(q * eigenvalues**-0.25) @ q.T"},
        {"q @ np.diag(eigenvalues**-0.25) @ q.T": "q / eigenvalues**0.25 @ q.T"},
        {"q @ np.diag(eigenvalues**-0.25) @ q.T": "np.einsum('ij,j,kj->ik', q, eigenvalues**-0.25, q)"},
        {"eigenvalues**-0.25": "1 / np.sqrt(np.sqrt(eigenvalues))"},
        {"eigenvalues**-0.25": "np.exp(-np.log(eigenvalues) / 4)"},
        {"np.linalg.eigh(a)": "np.linalg.eigh((a + a.T) / 2)"},
        {"root(L) @ g @ root(R)": "root(L) @ (g @ root(R))"},
        {"root(L) @ g @ root(R)": "np.dot(np.dot(root(L), g), root(R))"},
        {"root(L) @ g @ root(R)": "(root(R).T @ g.T @ root(L).T).T"},
        "for side in (0, 1):\n    u, s, _ = np.linalg.svd((L, R)[side])\n    half = u * s**-0.25 @ u.T\n    g = half @ g if side == 0 else g @ half\nreturn g",
        "l, P = np.linalg.eigh(L)\nr, Q = np.linalg.eigh(R)\ninside = P.T @ g @ Q / np.outer(l, r) ** 0.25\nreturn P @ inside @ Q.T",
    ],
    "neuron_step": [
        {"np.mean(g**2, axis=0)": "(g * g).mean(0)"},
        {"np.mean(g**2, axis=0)": "np.mean(g**2, axis=0, keepdims=True)"},
        {"np.mean(g**2, axis=0)": "np.sum(g**2, axis=0) / len(g)"},
        {"np.mean(g**2, axis=0)": "np.ones_like(g) * np.mean(g**2, axis=0)"},
        {"np.mean(g**2, axis=0)": "np.linalg.norm(g, axis=0) ** 2 / g.shape[0]"},
        {"x - lr * m_hat / (np.sqrt(v_hat) + eps)": "x - m_hat * (lr / (eps + v_hat**0.5))"},
        {'{"m": m, "v": v}': '{**state, "m": m, "v": v}'},
        'state["m"] = beta1 * state["m"] + (1 - beta1) * g\nfor j in range(g.shape[1]):\n'
        '    state["v"][:, j] = beta2 * state["v"][0, j] + (1 - beta2) * np.mean(g[:, j] ** 2)\nt = state["t"]\n'
        'root = np.sqrt(state["v"] / (1 - beta2**t))\nreturn x - lr * state["m"] / (1 - beta1**t) / (root + eps), state',
    ],
    "damped_newton": [
        {"hessian + damping * np.eye(len(x))": "hessian + np.diag(np.full(len(x), damping))"},
        {"hessian + damping * np.eye(len(x))": "hessian + np.identity(g.size) * damping"},
        {"hessian + damping * np.eye(len(x))": "np.where(np.eye(len(x)) > 0, hessian + damping, hessian)"},
        {"np.linalg.solve(damped, g)": "np.linalg.inv(damped) @ g"},
        {"np.linalg.solve(damped, g)": "np.linalg.solve(damped.T, g)"},  # it is symmetric
        {"np.linalg.solve(damped, g)": "np.linalg.solve(damped, g[:, None])[:, 0]"},
        {"np.linalg.solve(damped, g)": "np.linalg.lstsq(damped, g)[0]"},
        {"lr * np.linalg.solve(damped, g)": "np.linalg.solve(damped, lr * g)"},
        {"x - lr * np.linalg.solve(damped, g)": "x + lr * np.linalg.solve(damped, -g)"},
        {"x - lr * np.linalg.solve(damped, g)": "np.subtract(x, np.dot(np.linalg.inv(damped), g) * lr)"},
        "w, Q = np.linalg.eigh(hessian)\nreturn x - lr * Q @ ((Q.T @ g) / (w + damping))",
        "A = np.array(hessian)\nfor i in range(len(A)):\n    A[i, i] += damping\nreturn list(x - lr * np.linalg.solve(A, g))",
    ],
    "saddle_free": [
        {"np.abs(values)": "abs(values)"},
        {"np.abs(values)": "np.sqrt(values**2)"},
        {"np.abs(values)": "np.sign(values) * values"},
        {"np.abs(values)": "np.maximum(values, -values)"},
        {"np.linalg.eigh(hessian)": "np.linalg.eig(hessian)"},
        {"Q.T @ g": "g @ Q"},
        {"Q @ (Q.T @ g / (np.abs(values) + damping))": "Q @ np.diag(1 / (np.abs(values) + damping)) @ Q.T @ g"},
        {"Q @ (Q.T @ g / (np.abs(values) + damping))": "(Q / (np.abs(values) + damping)) @ (Q.T @ g)"},
        {"Q @ (Q.T @ g / (np.abs(values) + damping))": "np.linalg.solve(Q * np.abs(values) @ Q.T + damping * np.eye(len(x)), g)"},
        {"Q @ (Q.T @ g / (np.abs(values) + damping))": "sum(q * (q @ g) / (abs(v) + damping) for v, q in zip(values, Q.T))"},
        {"x - Q @": "x + Q @ -"},
        "U, s, Vt = np.linalg.svd(hessian)\nreturn x - Vt.T @ (Vt @ g / (s + damping))",
    ],
    "step_length": [
        {"range(30)": "np.arange(30)"},
        {"g @ p": "np.dot(p, g)"},
        {"g @ p": "np.sum(g * p)"},
        {"slope >= 0": "not slope < 0"},
        {"alpha = shrink * alpha": "alpha *= shrink"},
        {"f(x + alpha * p) <= f(x) + c * alpha * slope": "f(x + alpha * p) - f(x) <= c * alpha * slope"},
        {"f(x + alpha * p) <= f(x) + c * alpha * slope": "not f(x) + c * alpha * slope < f(x + alpha * p)"},
        {"for _ in range(30):": "here = f(x)\n    for _ in range(30):", "<= f(x) +": "<= here +"},
        {"if f(x + alpha * p)": "new = x + alpha * p\n        if f(new)"},
        "slope = np.inner(g, p)\nif slope >= 0:\n    return 0\nfor alpha in shrink ** np.arange(30):\n"
        "    if f(x + alpha * p) <= f(x) + c * alpha * slope:\n        return alpha\nreturn 0",
        "slope, alpha, tried = g.dot(p), 1, 0\nwhile slope < 0 and tried < 30:\n    if f(x + alpha * p) <= f(x) + c * alpha * slope:\n"
        "        return alpha\n    alpha, tried = alpha * shrink, tried + 1\nreturn 0",
        "slope = p @ g\nlengths = [shrink**k for k in range(30)] if slope < 0 else []\n"
        "return next((a for a in lengths if f(x + a * p) <= f(x) + c * a * slope), 0.0)",
    ],
    "two_loop_direction": [
        {"y @ s > 0": "s.dot(y) > 0"},
        {"y @ s > 0": "np.sum(s * y) > 0"},
        {"reversed(pairs)": "pairs[::-1]"},
        {"reversed(pairs)": "list(reversed(pairs))"},
        {"(s @ y) / (y @ y) * q": "q / ((y @ y) / (y @ s))"},
        {"(s @ y) / (y @ y) * q": "q * np.dot(s, y) / np.linalg.norm(y) ** 2"},
        {"(s @ q) / (y @ s)": "1 / (y @ s) * np.dot(s, q)"},
        {"q - alphas[-1] * y": "q - y * alphas[len(alphas) - 1]"},
        {"zip(steps, changes, strict=True)": "zip(list(steps), list(changes))"},
        {"q, alphas = g, []": "q, alphas = g.copy(), []"},
        {"alphas.append((s @ q) / (y @ s))\n": "alphas += [s @ q / (s @ y)]\n"},
        "def inverse(v, pairs):\n    if not pairs:\n        return v\n    (*old, (s, y)), n = pairs, len(v)\n    rho = 1 / (y @ s)\n"
        "    left = np.eye(n) - rho * np.outer(s, y)\n    inner = left.T @ v\n"
        "    before = inverse(inner, old) if old else scale * inner\n    return left @ before + rho * s * (s @ v)\n\n\n"
        "kept = [(s, y) for s, y in zip(steps, changes) if s @ y > 0]\n"
        "scale = kept[-1][0] @ kept[-1][1] / (kept[-1][1] @ kept[-1][1]) if kept else 1\nreturn inverse(g, kept)",
        "H, good = np.eye(len(g)), [k for k in range(len(steps)) if steps[k] @ changes[k] > 0]\nif good:\n"
        "    s, y = steps[good[-1]], changes[good[-1]]\n    H = H * (s @ y) / (y @ y)\nfor k in good:\n"
        "    s, y = steps[k], changes[k]\n    V = np.eye(len(g)) - np.outer(y, s) / (y @ s)\n"
        "    H = V.T @ H @ V + np.outer(s, s) / (y @ s)\nreturn H @ g",
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
    "amsgrad_step": [
        {"g**2": "g * g"},
        {'np.maximum(state["v_max"], v)': 'np.where(v > state["v_max"], v, state["v_max"])'},
        {'beta1 * state["m"] + (1 - beta1) * g': 'state["m"] + (1 - beta1) * (g - state["m"])'},
        {"x - lr * m / (np.sqrt(v_max) + eps)": "x - m * (lr / (eps + v_max**0.5))"},
        {'{"m": m, "v": v, "v_max": v_max}': 'state | {"v_max": v_max, "v": v, "m": m}'},
        {'np.maximum(state["v_max"], v)': 'np.max([state["v_max"], v], axis=0)'},
        {"np.sqrt(v_max)": "np.maximum(np.sqrt(state['v_max']), np.sqrt(v))"},
        'state["m"] += (1 - beta1) * (g - state["m"])\nstate["v"] += (1 - beta2) * (g**2 - state["v"])\n'
        'np.maximum(state["v_max"], state["v"], out=state["v_max"])\nx -= lr * state["m"] / (np.sqrt(state["v_max"]) + eps)\nreturn x, state',
    ],
    "adamw_step": [
        {"g**2": "g * g"},
        {"weight_decay * x": "x * weight_decay"},
        {"x - lr * step": "x + -lr * step"},
        {" + weight_decay * x\n    return x - lr * step": "\n    return x * (1 - lr * weight_decay) - lr * step"},
        {'beta1 * state["m"] + (1 - beta1) * g\n': 'state["m"] + (1 - beta1) * (g - state["m"])\n'},
        {"np.sqrt(v_hat) + eps": "eps + v_hat**0.5"},
        {'{"m": m, "v": v}': '{**state, "v": v, "m": m}'},
        {"m / (1 - beta1**t)": "m / (1 - np.power(beta1, t))"},
        'state["m"] += (1 - beta1) * (g - state["m"])\nstate["v"] += (1 - beta2) * (g**2 - state["v"])\nt = state["t"]\n'
        'x *= 1 - lr * weight_decay\nx -= lr * state["m"] / (1 - beta1**t) / (np.sqrt(state["v"] / (1 - beta2**t)) + eps)\nreturn x, state',
    ],
    "adam_l2_step": [
        {"g**2": "g * g"},
        {"g = g + weight_decay * x": "g = weight_decay * x + g"},
        {"g = g + weight_decay * x": "g = g - -weight_decay * x"},
        {'beta1 * state["m"] + (1 - beta1) * g\n': 'state["m"] + (1 - beta1) * (g - state["m"])\n'},
        {"np.sqrt(v_hat) + eps": "eps + v_hat**0.5"},
        {'{"m": m, "v": v}': '{**state, "v": v, "m": m}'},
        {"x - lr * m_hat / (": "x - m_hat * lr / ("},
        {"v / (1 - beta2**t)": "v / (1 - np.power(beta2, t))"},
        'g += weight_decay * x\nstate["m"] += (1 - beta1) * (g - state["m"])\nstate["v"] += (1 - beta2) * (g**2 - state["v"])\nt = state["t"]\n'
        'x -= lr * state["m"] / (1 - beta1**t) / (np.sqrt(state["v"] / (1 - beta2**t)) + eps)\nreturn x, state',
    ],
    "lion_step": [
        {"np.sign(c)": "(c > 0) * 1.0 - (c < 0)"},
        {"np.sign(c)": "np.where(c == 0, 0.0, np.copysign(1.0, c))"},
        {"weight_decay * x": "x * weight_decay"},
        {"x - lr * (np.sign(c) + weight_decay * x)": "x * (1 - lr * weight_decay) - lr * np.sign(c)"},
        {"x - lr * (np.sign(c) + weight_decay * x)": "x - lr * np.sign(c) - lr * weight_decay * x"},
        {'{"m": m}': '{**state, "m": m}'},
        {'beta2 * state["m"] + (1 - beta2) * g\n': 'state["m"] + (1 - beta2) * (g - state["m"])\n'},
        {'c = beta1 * state["m"] + (1 - beta1) * g': 'c = state["m"] * beta1 / (1 - beta1) + g'},
        'c = beta1 * state["m"] + (1 - beta1) * g\nstate["m"] *= beta2\nstate["m"] += (1 - beta2) * g\nx -= lr * (np.sign(c) + weight_decay * x)\nreturn x, state',
    ],
    "cautious": [
        {"u * g > 0": "np.sign(u) * np.sign(g) > 0"},
        {"u * g > 0": "((u > 0) & (g > 0)) | ((u < 0) & (g < 0))"},
        {"keep.mean()": "keep.sum() / keep.size"},
        {"keep.mean()": "np.count_nonzero(keep) / np.size(u)"},
        {"u * keep": "np.where(keep, u, 0.0)"},
        {"max(keep.mean(), 0.001)": "np.maximum(np.mean(keep), 1e-3)"},
        {"u * keep / max(keep.mean(), 0.001)": "np.where(keep, u / max(keep.mean(), 0.001), 0)"},
        {"keep = u * g > 0": "keep = (u * g > 0).astype(float)"},
        "u[u * g <= 0] = 0\nreturn u / max(np.mean(u != 0), 0.001)",
    ],
    "adamax_step": [
        {"np.abs(g) + eps": "eps + abs(g)"},
        {"lr / (1 - beta1**t) * m / u": "lr * (m / (1 - beta1**t)) / u"},
        {"lr / (1 - beta1**t) * m / u": "lr * m / (u * (1 - beta1**t))"},
        {'np.maximum(beta2 * state["u"], np.abs(g) + eps)': 'np.max([beta2 * state["u"], np.abs(g) + eps], axis=0)'},
        {'{"m": m, "u": u}': '{**state, "u": u, "m": m}'},
        {"np.abs(g)": "np.sqrt(g**2)"},
        {"np.abs(g)": "np.sign(g) * g"},
        'old, new = beta2 * state["u"], np.abs(g) + eps\nu = np.where(old > new, old, new)\nm = state["m"] * beta1 + g * (1 - beta1)\n'
        'm_hat = m / (1 - beta1 ** state["t"])\nreturn x - lr * m_hat / u, {"u": u, "m": m}',
    ],
    "nadam_step": [
        {"beta1 ** (t + 1)": "beta1 * beta1**t"},
        {"g**2": "np.square(g)"},
        {"np.sqrt(v_hat)": "v_hat**0.5"},
        {"ahead = beta1 * m": "ahead = m * beta1"},
        {"x - lr * ahead / (np.sqrt(v_hat) + eps)": "x - ahead * lr / (eps + np.sqrt(v_hat))"},
        {'{"m": m, "v": v}': '{**state, "m": m, "v": v}'},
        {"(1 - beta1) * g / (1 - beta1**t)": "g * ((1 - beta1) / (1 - beta1**t))"},
        'b = beta1 ** state["t"]\nm = state["m"] + (1 - beta1) * (g - state["m"])\nv = state["v"] + (1 - beta2) * (g * g - state["v"])\n'
        'up = m / (1 - b * beta1) * beta1 + g / (1 - b) * (1 - beta1)\nreturn x - lr * up / (np.sqrt(v / (1 - beta2 ** state["t"])) + eps), {"m": m, "v": v}',
    ],
    "adopt_step": [
        {'"v": g**2': '"v": g * g'},
        {"(1 - beta2) * g**2": "g**2 - beta2 * g**2"},
        {'"m": state["m"], "v": g**2': '"m": 0 * g, "v": g**2'},
        {'np.maximum(np.sqrt(state["v"]), eps)': 'np.sqrt(np.maximum(state["v"], eps**2))'},
        {'np.maximum(np.sqrt(state["v"]), eps)': 'np.where(state["v"] > eps**2, np.sqrt(state["v"]), eps)'},
        {"x - lr * m": "x + (-lr) * m"},
        {'state["t"] == 1': 'state["t"] <= 1'},
        {'{"m": m, "v": v}': 'state | {"m": m, "v": v}'},
        'old = state["v"]\nif state["t"] == 1:\n    return x, dict(m=np.zeros_like(g), v=g**2)\nstate["v"] = old + (1 - beta2) * (g**2 - old)\n'
        'state["m"] = state["m"] + (1 - beta1) * (g / np.maximum(old**0.5, eps) - state["m"])\nreturn x - lr * state["m"], state',
    ],
    "one_round": [
        {"steps.sum()": "sum(steps)"},
        {"1 / np.sqrt(v)": "v**-0.5"},
        {"1 - beta2**period": "(1 - beta2) * sum(beta2**i for i in range(period))"},
        {"C**2 - 1": "(C - 1) * (C + 1)"},
        {"steps[0] = -C / np.sqrt(v[0])": "steps[0] *= -C"},
        {"return steps.sum()": "return float(np.sum(steps))"},
        "k = np.arange(period)\ng = np.where(k == 0, C, -1.0)\nv = 1 + (C**2 - 1) * (1 - beta2) * beta2**k / (1 - beta2**period)\nreturn -(g / np.sqrt(v)).sum()",
        "v = total = 0.0\nfor t in range(80_000 // period * period):\n    g = C if t % period == 0 else -1.0\n    if t % period == 0:\n        total = 0.0\n"
        "    v = beta2 * v + (1 - beta2) * g * g\n    total -= g / v**0.5\nreturn total",
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
CORRECT["schedule_free"] = [
    {"(1 - beta) * z + beta * x": "z + beta * (x - z)"},
    {"(1 - beta) * z + beta * x": "x * beta - (beta - 1) * z"},
    {"x + (z - x) / t": "(1 - 1 / t) * x + z / t"},
    {"x + (z - x) / t": "((t - 1) * x + z) / t"},
    {"x + (z - x) / t": "x - (x - z) / t"},
    {"z - lr * grad(y)": "-lr * grad(y) + z"},
    {"z - lr * grad(y)": "np.subtract(z, lr * grad(y))"},
    {"range(1, steps + 1)": "np.arange(1, steps + 1)"},
    {"np.array(path)": "np.stack(path)"},
    {"np.array(path)": "path"},
    {"z, path = x, [x]": "z, path = x.copy(), [x.copy()]"},
    {"path.append(x)": "path = [*path, x]"},
    "z, x, total, path = x, x, 0 * x, [x]\nfor t in range(steps):\n    z = z - lr * grad((1 - beta) * z + beta * x)\n"
    "    total = total + z\n    x = total / (t + 1)\n    path.append(x)\nreturn np.array(path)",
    "path, zs = np.zeros((steps + 1, *x.shape)), []\npath[0] = z = x\nfor t in range(steps):\n"
    "    z = z - lr * grad(beta * path[t] + (1 - beta) * z)\n    zs.append(z)\n    path[t + 1] = np.mean(zs, axis=0)\nreturn path",
]
CORRECT["dog_step"] = [
    {"np.sum(g**2)": "np.sum(g * g)"},
    {"np.sum(g**2)": "(g**2).sum()"},
    {"np.sum(g**2)": "np.linalg.norm(g) ** 2"},
    {"np.sum(g**2)": "np.vdot(g, g)"},
    {"np.linalg.norm(x - x0)": "np.sqrt(np.sum((x - x0) ** 2))"},
    {"np.linalg.norm(x - x0)": "np.linalg.norm(x0 - x)"},
    {"np.linalg.norm(x - x0)": "np.sum(np.square(x - x0)) ** 0.5"},
    {"max(r, np.linalg.norm(x - x0))": "np.maximum(r, np.linalg.norm(x - x0))"},
    {"max(r, np.linalg.norm(x - x0))": "r if r > np.linalg.norm(x - x0) else np.linalg.norm(x - x0)"},
    {"r / np.sqrt(G + eps) * g": "r * g / (G + eps) ** 0.5"},
    {"r / np.sqrt(G + eps) * g": "g * (r / np.sqrt(eps + G))"},
    {"* g, r, G": "* g, float(r), float(G)"},
    "way = np.linalg.norm((x - x0).ravel())\nif way > r:\n    r = way\nG += float(np.sum(np.square(g)))\nlr = r / np.sqrt(G + eps)\nx = x - lr * g\nreturn x, r, G",
]
CORRECT["sam_gradient"] = [
    {"np.linalg.norm(g)": "np.sqrt(np.sum(g**2))"},
    {"np.linalg.norm(g)": "np.sum(g * g) ** 0.5"},
    {"np.linalg.norm(g)": "np.linalg.norm(g.ravel())"},
    {"x + rho * g / length": "x + g * (rho / length)"},
    {"x + rho * g / length": "x + rho * (g / length)"},
    {"x + rho * g / length": "x - -rho / length * g"},
    {"length == 0": "not length"},
    {"length == 0": "length < 1e-300"},
    {"length == 0": "not g.any()"},
    {"        return g\n": "        return np.zeros_like(x)\n"},
    {"        return g\n": "        return grad(x)\n"},
    "g = grad(x)\nsize = np.linalg.norm(g)\nup = g / size if size > 0 else 0 * g\nreturn grad(x + rho * up)",
    "g = grad(x)\nreturn grad(x + rho * g / max(np.linalg.norm(g), 1e-300))",
]
CORRECT["rescale"] = [
    {"W1 * a": "a * W1"},
    {"W2 / a": "W2 * (1 / a)"},
    {"W2 / a": "a**-1 * W2"},
    {"b1 * a": "a * b1"},
    {"W1 * a, b1 * a, W2 / a": "(W1 * a), (b1 * a), (W2 / a)"},
    {"W1 * a": "np.multiply(W1, a)"},
    {"W2 / a": "np.divide(W2, a)"},
    {"return W1 * a, b1 * a, W2 / a": "return [W1 * a, b1 * a, W2 / a]"},
    {"W1 * a": "W1 @ (a * np.eye(W1.shape[1]))"},
    {"W2 / a": "np.linalg.solve(a * np.eye(len(W2)), W2)"},
    "first = np.vstack([W1, b1]) * a\nreturn first[:-1], first[-1], W2 / a",
    "W1, b1, W2 = W1.copy(), b1.copy(), W2.copy()\nW1 *= a\nb1 *= a\nW2 /= a\nreturn W1, b1, W2",
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
        if isinstance(value, (tuple, list)):
            return type(value)(map(through, value))
        if isinstance(value, dict):
            return {name: through(part) for name, part in value.items()}
        return change(value)

    @functools.wraps(function)
    def changed(*args: Any) -> Any:
        return through(function(*args))

    return changed


def float32(function: Callable[..., Any]) -> Callable[..., Any]:
    return _mapped(
        function, lambda value: value if isinstance(value, Optimizer) else np.asarray(value, np.float32)
    )


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
