"""Break every rule in every small way one can think of, and see whether its tests notice.

    python -m tests.mutations                 # all rules, two at a time
    python -m tests.mutations Adam Nadam      # some
    python -m tests.mutations --list          # what would be tried

A mutation is a small change of a rule's text: a sign turned, a hat dropped, eps moved, beta1 and beta2 swapped, t
counted from 0, and so on. It is applied to a copy of the package in a temporary directory. First the recorded traces of
the rule are replayed there; what these do not notice meets the other tests. A mutation that survives both is listed,
and the script then ends with 1. The unbroken copy must pass both, too. The working tree is not changed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing import Process, Queue
from pathlib import Path

ROOT = Path(__file__).parents[1]

OPERATORS = (
    ("step uphill", r"\bx - (?=self|step|rate|m\b|np)", "x + "),
    ("sign turned", r"(?<=[\w)\]]) \+ (?=[\w(])", " - "),
    ("sign turned", r"(?<=[\w)\]]) - (?=[\w(])", " + "),
    ("divided for multiplied", r"(?<=[\w)\]]) / (?=[\w(])", " * "),
    ("multiplied for divided", r"(?<=[\w)\]]) \* (?=[\w(])", " / "),
    ("weight of the new dropped", r"\(1 - self\.beta[12]?\) \* ", ""),
    ("beta1 for beta2", r"self\.beta2\b", "self.beta1"),
    ("beta2 for beta1", r"self\.beta1\b", "self.beta2"),
    ("t from 0", r"\bs\.t\b", "(s.t - 1)"),
    ("t from 2", r"\bs\.t\b", "(s.t + 1)"),
    ("hat of m dropped", r"(?<=\* )m_hat\b", "m"),
    ("hat of v dropped", r"np\.sqrt\(v_hat\)", "np.sqrt(v)"),
    ("eps inside the root", r"np\.sqrt\((\w+|s\.\w+)\) \+ self\.eps", r"np.sqrt(\1 + self.eps)"),
    ("eps dropped", r" \+ self\.eps\w*\b", ""),
    ("root dropped", r"np\.sqrt\(", "("),
    ("square dropped", r"\*\*2\b", ""),
    ("root of a number dropped", r" ?\*\* ?0\.5", ""),
    ("largest for smallest", r"np\.minimum\(", "np.maximum("),
    ("smallest for largest", r"np\.maximum\(", "np.minimum("),
    ("memory not carried", r"\bs\.(?=(m|v|u|r|c|z|s|average|product|total|v_max|slow|d)\b(?!\())\w+", "0"),
    ("memory not kept", r"s\.next\((\w+)=[^,()]+(?:, )?", "s.next("),
    ("gradient not absolute", r"np\.abs\(", "("),
    ("sign dropped", r"np\.sign\(", "("),
    ("lr dropped", r"(?<![\w.])self\.lr \* ", ""),
    ("decay dropped", r" \+ (?:rate \* )?self\.weight_decay \* [xy]\b", ""),
    ("greater for less", r" < (?=[\w(])", " > "),
    ("less for greater", r" > (?=[\w(])", " < "),
    ("equal for unequal", r" != ", " == "),
    ("unequal for equal", r" == ", " != "),
    ("the other way round", r"np\.where\((\w+), ([^,()]+), ([^,()]+)\)", r"np.where(\1, \3, \2)"),
    ("a half for one", r"(?<![\w.])1\.0\b", "0.5"),
    ("the other axis", r"axes - 1\b", "axes - 2"),
    ("the other axis", r"axes - 2\b", "axes - 1"),
)
"""Name, pattern, replacement: each match in the code of a rule is one mutation."""

BY_HAND = {
    "Nadam": (("0.004", "0.04"), ("0.96", "0.9"), ("self.mu(s.t + 1)", "self.mu(s.t)")),
    "RAdam": (("(rho - 2)", "(rho - 3)"), ("rho_inf - 2 * t", "rho_inf - t")),
    "AMSGrad": (("np.maximum(s.v_max, v)", "v"), ("v_max / (1", "v / (1")),
    "ADOPT": (
        ("np.maximum(np.sqrt(s.v), self.eps)", "(np.sqrt(s.v) + self.eps)"),
        ("s.t - 1", "s.t"),
        ("0.25", "1 / 3"),
    ),
    "AdEMAMix": (
        ("alpha * slow", "alpha * slow / (1 - self.beta1**s.t)"),
        ("t / self.warmup", "(t - 1) / self.warmup"),
        ("self.alpha * share", "self.alpha"),
        ("float(beta3)", "self.beta3"),
    ),
    "MARS": (
        ("np.maximum(1, norm(c, s))", "norm(c, s)"),
        ("(g - s.last)", "(s.last - g)"),
        ("c**2", "g**2"),
        ("and state.t > 1", ""),
        ("_last(state), batch", "x, batch"),
    ),
    "Cautious": (
        ("u * g > 0", "u * g >= 0"),
        ("1e-3", "0.9"),
        ("u * x >= 0", "u * x > 0"),
        ("u * x >= 0", "u * x <= 0"),
        ("lr * self.weight_decay * x", "self.weight_decay * x"),
        ("range(x.ndim - s.grid)", "range(1)"),
    ),
    "Hyperball": (
        ("lr * s.radius", "lr"),
        ("!= 2", "!= 1"),
        ("norm(y, s)", "norm(x, s)"),
        ("ratio(u, norm(u, s))", "u"),
    ),
    "Muon": (
        ("self.weight_decay * x", "self.weight_decay * g"),
        ("0.2 * max", "0.2 * min"),
        ('"spectral"', '"original"'),
        ("outputs / inputs", "inputs / outputs"),
        ("self.coefficients", '"jordan"'),
        ("self.steps", "5"),
    ),
    "NorMuon": (
        ("axis=-2", "axis=-1"),
        ("np.mean(o**2", "np.mean(m**2"),
        ("0.2 * (inputs", "0.2 * 2 * (inputs"),
        ("outputs / inputs", "inputs / outputs"),
        ("* _frobenius(o)", ""),
        ("ratio(u, _frobenius(u))", "u"),
        ("(1 - self.beta) * g + self.beta * m,", "m,"),
        ("self.coefficients", '"jordan"'),
        ("self.steps", "5"),
        ("self.weight_decay * x", "self.weight_decay * g"),
    ),
    "GaLore": (
        ("(s.t - 1) % self.every", "s.t % self.every"),
        ("(s.t - 1) % self.every", "False"),
        ("directions(g, s.P)", "directions(g, 0 * s.P)"),
        ("directions(g, s.P)", "directions(g, -s.P)"),
        ("inputs <= outputs", "inputs >= outputs"),
        ("inputs <= outputs", "inputs < outputs"),
        ("self.scale * (", "("),
        ("self.weight_decay * x", "self.scale * self.weight_decay * x"),
        ("min(self.rank, inputs, outputs)", "self.rank"),
    ),
    "DoG": (
        ("np.maximum(s.r, ", "np.maximum(0, "),
        ("norm(x - s.x0, s)", "norm(x, s)"),
        ("1 + norm(x,", "0 + norm(x,"),
        ("norm(x, State", "0 * norm(x, State"),
        ("x = x - self.lr * ratio(r", "x = x - self.lr * ratio(s.r"),
        ("np.sqrt(G + self.eps)", "(np.sqrt(G) + self.eps)"),
        ("np.sqrt(G +", "np.sqrt(s.G +"),
        ("(x - s.mean)", "(g - s.mean)"),
        ("s.t + self.gamma", "s.t"),
        ("1 + self.gamma", "1"),
        ("s.mean if self.average else x", "x if self.average else s.mean"),
        ("s.mean if self.average else x", "x"),
        ('scope = "all"', 'scope = "array"'),
    ),
    "AdaMax": (("np.abs(g) + self.eps", "np.abs(g)"), ("ratio(m, u)", "m / (u + 1e-9)")),
    "Adadelta": (("np.sqrt(v + self.eps)", "(np.sqrt(v) + self.eps)"), ("d**2", "g**2")),
    "Adafactor": (
        ("r / r.mean(rows, keepdims=True)", "r"),
        ("max(1, ", "max(2, "),
        ("s.t**-", "(s.t + 1)**-"),
    ),
    "AdamW": (
        ("self.lr,", "1,"),
        ("self.lr * eta", "self.lr"),
        ('"paper": eta', '"paper": 1'),
        ("self.weight_decay * x", "self.weight_decay * g"),
    ),
    "Lion": (("s.m + (1 - self.beta2) * g", "s.m + (1 - self.beta2) * direction"),),
    "SWATS": (
        ('"Lambda": zero', '"Lambda": zero + 1e-9'),
        ("np.where(Lambda != s.Lambda, 0, m)", "m"),
        ("& (s.t > 1) ", ""),
        ("& (downhill != 0) ", ""),
        ("(s.Lambda == 0) & ", ""),
        ("downhill * self.schedule_factor", "downhill"),
        ("self.schedule_factor * (1", "(1"),
        ('scope = "all"', 'scope = "array"'),
    ),
    "LARS": (("trust * (g", "(g"), ("x_norm), 1)", "x_norm), 0)"), ("norm(g, s)", "norm(g + x, s)")),
    "LAMB": (("otherwise=1), 1)", "otherwise=1), 0)"), ("norm(r, s)", "norm(m_hat, s)")),
    "ScheduleFreeSGD": (("x + c * (z - x)", "x + c * (s.z - x)"), ('"z": x.copy()', '"z": 0 * x')),
    "ScheduleFreeAdamW": (("x + c * (z - x)", "x + c * (s.z - x)"), ("** 0.5, v", "** 0.5, v_hat")),
    "Prodigy": (
        ("d, beta3 = s.d, self.beta2**0.5", "d, beta3 = s.d, self.beta2"),
        ("s.x0 - x", "x"),
        ('scope = "all"', 'scope = "array"'),
        ("d_next = np.maximum(d, ", "d_next = np.maximum(0, "),
    ),
    "Lookahead": (
        ("s.t % self.k", "(s.t - 1) % self.k"),
        ("return state.slow", "return x"),
        ("self.alpha", "1"),
    ),
    "SAM": (
        ("p + scale * part", "p - scale * part"),
        ("norm(g, s)", "1"),
        ("ratio(self.rho, norm(g, s))", "self.rho"),
    ),
    "ClipByValue": (("-self.limit", "0"),),
    "ClipByNorm": (("np.minimum(1, ", "("), ("norm(g, s)", "inner(g, g, s)")),
    "IterateAverage": (("count > 1 else", "count > 2 else"), ("self.inner.output(x, inner)", "x")),
    "Partition": (("fnmatchcase(name, p)", "name == p"), ("opt.at(eta)", "opt")),
    "Nesterov": (("self.lr * self.beta * s.m", "self.lr * s.m"),),
    "Momentum": (('self.form == "sum"', 'self.form != "sum"'),),
}
"""Changes that no pattern makes, by class: text and what it becomes."""

HARMLESS = {
    # r keeps one sign, which the division by its mean removes
    "Adafactor": ("s.r - (1 - beta2) * square.mean",),
    # s has the other sign throughout, and only its norm is used
    "Prodigy": ("s.s - (1 - beta3) * self.lr",),
}
"""Results that change nothing that a rule promises, by class."""


@dataclass(frozen=True)
class Mutation:
    """One change in the text of one class."""

    cls: str
    file: str
    kind: str
    start: int
    end: int
    new: str
    shown: str


def mutations(names: list[str]) -> list[Mutation]:
    """All mutations of these classes (of all that the registry knows, if none is named)."""
    sys.path.insert(0, str(ROOT))
    registry = importlib.import_module("course_lib.optimizers").REGISTRY
    found: list[Mutation] = []
    for name, entry in registry.items():
        if names and name not in names:
            continue
        file = importlib.import_module(entry.cls.__module__).__file__
        text = Path(file).read_text(encoding="utf-8")
        for start, end in bodies(text, name):
            found += of_text(name, str(Path(file).relative_to(ROOT)), text, start, end)
    unique = {(m.file, text_after(m)): m for m in found}
    return list(unique.values())


def bodies(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Where the code of a class stands: its methods without their docstrings, and its plain settings."""
    lines = [0]
    for line in text.encode().splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    raw = text.encode()

    def at(line: int, column: int) -> int:
        return len(raw[: lines[line - 1] + column].decode())

    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    code = part.body[1:] if ast.get_docstring(part) else part.body
                    yield (
                        at(code[0].lineno, code[0].col_offset),
                        at(code[-1].end_lineno or 0, code[-1].end_col_offset or 0),
                    )
                elif isinstance(part, ast.Assign):
                    yield at(part.lineno, part.col_offset), at(part.end_lineno or 0, part.end_col_offset or 0)


def of_text(name: str, file: str, text: str, start: int, end: int) -> Iterator[Mutation]:
    """The mutations of one stretch of code."""
    code = text[start:end]
    for kind, pattern, replacement in OPERATORS:
        for match in re.finditer(pattern, code):
            yield from mutation(
                name, file, text, kind, start + match.start(), start + match.end(), match.expand(replacement)
            )
    for old, new in BY_HAND.get(name, ()):
        if (position := code.find(old)) >= 0:
            yield from mutation(
                name, file, text, "by hand", start + position, start + position + len(old), new
            )


def mutation(
    name: str, file: str, text: str, kind: str, start: int, end: int, new: str
) -> Iterator[Mutation]:
    """One mutation, unless it is harmless, no Python, or within a message or a comment."""
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    line = text[line_start:line_end]
    mutated = text[line_start:start] + new + text[end:line_end]
    if any(part in mutated for part in HARMLESS.get(name, ())):
        return
    if re.match(r"\s*(raise|#|f?\")", line) or "#" in text[line_start:start]:
        return
    try:
        ast.parse(text[:start] + new + text[end:])
    except SyntaxError:
        return
    shown = f"{line.strip()}  →  {mutated.strip()}"
    yield Mutation(name, file, kind, start, end, new, shown)


def text_after(m: Mutation) -> str:
    """The file's text with the mutation made."""
    text = (ROOT / m.file).read_text(encoding="utf-8")
    return text[: m.start] + m.new + text[m.end :]


@cache
def passes(check: Callable[[str], bool], name: str, folder: Path) -> None:
    """Make sure that the unbroken copy is not found broken."""
    if in_child(lambda: check(name), folder):
        raise RuntimeError(f"{name}: {check.__name__} fails without any mutation")


def caught_by(m: Mutation, folder: Path) -> str:
    """Who noticed the mutation in a copy of the repository: "traces", "tests" or nobody (empty)."""
    passes(traces_notice, m.cls, folder)
    target = folder / m.file
    target.write_text(text_after(m), encoding="utf-8")
    try:
        if in_child(lambda: traces_notice(m.cls), folder):
            return "traces"
        caught = in_child(lambda: tests_notice(m.cls), folder)
    finally:
        shutil.copy(ROOT / m.file, target)
    return "tests" if caught else ""


def in_child(check: Callable[[], bool], folder: Path) -> bool:
    """Whether a check, run in a process of its own inside a folder, is true."""
    child = os.fork()
    if child == 0:
        for name in [n for n in sys.modules if n.startswith("course_lib")]:
            del sys.modules[name]
        os.chdir(folder)
        sys.path[:] = [str(folder), *(p for p in sys.path if p not in (str(ROOT), ""))]
        with open(os.devnull, "w") as null:
            os.dup2(null.fileno(), 1)
            os.dup2(null.fileno(), 2)
        try:
            os._exit(1 if check() else 0)
        except BaseException:
            os._exit(1)  # it does not even run
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def traces_notice(name: str) -> bool:
    """Whether a recorded trace of the rule is missed."""
    import warnings

    from tests.optimizers.test_parity import CASES, run

    warnings.simplefilter("ignore")
    return any(not case.error(run(case)) <= case.tolerance for case in CASES if case.optimizer == name)


def tests_notice(name: str) -> bool:
    """Whether another test fails, or the rule's own example."""
    import pytest

    for module in [n for n in sys.modules if n == "tests" or n.startswith("tests.")]:
        del sys.modules[module]  # they were read from another folder
    quiet = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
    folder = Path("tests/optimizers")
    generic = [str(folder / f"test_{part}.py") for part in ("contract", "convergence")]
    others = [
        str(path) for path in sorted(folder.glob("test_*.py"), reverse=True) if "parity" not in path.name
    ]
    own = [path for path in others if path not in generic]
    source = "course_lib/optimizers"
    return any(pytest.main([*quiet, *what]) not in (0, 5) for what in (own, [source, *generic, "-k", name]))


def work(todo: Queue[Mutation | None], done: Queue[tuple[Mutation, str]]) -> None:
    """Take mutations until there are none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keep_out = shutil.ignore_patterns("__pycache__", "browser", "notebooks")
        for part in ("course_lib", "tests"):
            shutil.copytree(ROOT / part, folder / part, ignore=keep_out)
        shutil.copy(ROOT / "pyproject.toml", folder)
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        controlled = False
        while (m := todo.get()) is not None:
            try:
                catcher = caught_by(m, folder)
                if catcher == "tests" and not controlled:
                    passes(tests_notice, m.cls, folder)
                    controlled = True
                done.put((m, catcher))
            except Exception as error:  # else the others would wait for ever
                done.put((m, f"error: {error}"))


def main() -> int:
    """Try them and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="classes; all if none is named")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="only show them")
    options = parser.parse_args()
    found = mutations(options.names)
    if options.list:
        for m in found:
            print(f"{m.cls:20} {m.kind:26} {m.shown}")
        print(len(found), "mutations")
        return 0

    import tests.traces.loader  # in every child already: it does not depend on the rules

    with contextlib.suppress(KeyError):
        tests.traces.loader.cases()
    todo: Queue[Mutation | None] = Queue()
    done: Queue[tuple[Mutation, str]] = Queue()
    for m in [*found, *[None] * options.jobs]:
        todo.put(m)
    began = time.perf_counter()
    workers = [Process(target=work, args=(todo, done)) for _ in range(options.jobs)]
    for worker in workers:
        worker.start()
    by, survivors = Counter[str](), []
    for number in range(1, len(found) + 1):
        m, catcher = done.get()
        by[catcher] += 1
        if catcher not in ("traces", "tests"):
            survivors.append(m)
            print(f"SURVIVED  {m.cls} ({m.kind}) {catcher}: {m.shown}", flush=True)
        if sys.stdout.isatty() or number % 25 == 0:
            print(f"{number} of {len(found)}", end="\r" if sys.stdout.isatty() else "\n", flush=True)
    for worker in workers:
        worker.join()
    caught = len(found) - len(survivors)
    print(f"{caught} of {len(found)} mutations caught: {by['traces']} by traces, {by['tests']} by other tests, "
          f"in {time.perf_counter() - began:.0f} s; {len(survivors)} survived")  # fmt: skip
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
