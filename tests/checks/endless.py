"""Code that never ends: bodies of ``descend(grad, x, lr, steps)``. Read by pytest, and by the run under Pyodide."""

# ruff: noqa: E501 – tables of code

HEAD = "def descend(grad, x, lr, steps):\n"

ENDLESS = {
    "plain": "    while True: pass\n",
    "with gradients": "    while True: grad(x)\n",
    "bare except": "    while True:\n        try:\n            while True: grad(x)\n        except: pass\n",
    "try finally": "    while True:\n        try: grad(x)\n        finally: continue\n",
    "finally in finally": "    try:\n        while True: pass\n    finally:\n        while True: pass\n",
    "three times caught": "    while True:\n        try:\n            try:\n                while True: np.sqrt(2.0)\n"
    "            except: pass\n        except BaseException: continue\n",
    "asleep": "    while True:\n        try: time.sleep(100)\n        except: pass\n",
    "printing": "    while True: print('again')\n",
    "recursive with a loop": "    def again():\n        try: again()\n        except RecursionError: pass\n        while True: pass\n    again()\n",
    "for": "    for step in iter(int, 1): x = x - lr * x\n",
    "condition": "    while x is not None: x = x - lr * x\n",
    "generator": "    def forever():\n        while True: yield x\n    for x in forever(): pass\n",
    "comprehension": "    return [0 for step in iter(int, 1) if step]\n",
    "lambda for numpy": "    return np.vectorize(lambda v: [None for step in iter(int, 1) if step])(x)\n",
    "lambda for map": "    return sum(map(lambda step: 0, iter(int, 1)))\n",
    "in a library": "    import statistics\n    return statistics.fmean(iter(lambda: 0.0, 1.0))\n",
    "catching outside of the loop": "    try:\n        while True: pass\n    except BaseException: pass\n    while True: pass\n",
}  # fmt: skip

# Here Python takes no signal, so that a thread cannot stop them; events can.
DEAF = {
    "generator summed": "    def forever():\n        yield from iter(int, 1)\n    return sum(forever())\n",
    "its own handler": "    import signal\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    while True: pass\n",
}  # fmt: skip
