"""Look at what a student's function does: drivers call it on cases and note what they see.

What is seen is plain data – numbers, shapes, words –, so that it can be compared elsewhere: in the notebook by the
same process, in the lab's grading by another one that never runs the student's code.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .cases import Case, inputs
from .elsewhere import Far
from .guard import SECONDS, Outcome, Trouble, Unusable, guarded, readable, trusted
from .restore import builtins_kept
from .stub import left_over
from .values import Odd, Value, as_numbers, described
from .watchdog import Watchdog

Driver = Callable[[Callable[..., Any], Case, "Notes"], None]
"""Calls a function on a case and notes what it sees."""


@dataclass(frozen=True)
class Seen:
    """One quantity at one step (0 where there are no steps)."""

    step: int
    name: str
    value: Value


@dataclass
class Run:
    """What was seen in one case."""

    seen: list[Seen] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def trouble(self) -> Trouble | None:
        """Why the run did not come to its end."""
        return self.outcome.trouble


def stop_here(reason: str) -> None:
    """Stop the student's code that is running in this process, for a reason in words."""
    if Watchdog.current:
        Watchdog.current.expire(reason)
        Watchdog.current.wait()


class Notes:
    """Where a driver writes down what it sees, and the tools it needs.

    =============================  ==============================================  ===============  =================
    method                         what it notes                                   ends the run     what it returns
    =============================  ==============================================  ===============  =================
    ``see(name, value)``           numbers, or in words what they are instead      without numbers  an array
    ``say(name, value)``           a text, such as the letter of an answer         never            nothing
    ``odd(name, words)``           in words, what is not as it should be           always           nothing
    ``finding(words)``             a remark that costs no points                   never            nothing
    ``unpack(value, names)``       that there are more parts or fewer than names   if there are     the parts
    ``counted(grad, budget)``      that the gradient was asked for too often       if it was        the same gradient
    =============================  ==============================================  ===============  =================
    """

    def __init__(self, run: Run, stop: Callable[[str], None] = stop_here) -> None:
        self.run, self.stop = run, stop

    def see(self, name: str, value: Any, step: int = 0, go_on: bool = True) -> Any:
        """Note a value as numbers, and return it as an array.

        Raises:
            Unusable: if it is no array of real numbers, and the run cannot go on without.
        """
        numbers = as_numbers(value)
        self.run.seen.append(Seen(step, name, numbers))
        if isinstance(numbers, Odd) and go_on:
            raise Unusable
        return numbers if isinstance(numbers, Odd) else np.array(value)  # its own number type

    def say(self, name: str, value: Any) -> None:
        """Note a text, such as the letter of an answer."""
        self.run.seen.append(
            Seen(0, name, readable(value.strip()) if type(value) is str else Odd(described(value)))
        )

    def odd(self, name: str, words: str, wanted: str = "", step: int = 0) -> None:
        """Note that something is not what it should be, and end the run."""
        self.run.seen.append(Seen(step, name, Odd(words, wanted)))
        raise Unusable

    def finding(self, words: str) -> None:
        """Note a remark that costs no points."""
        if words not in self.run.findings:
            self.run.findings.append(words)

    def unpack(self, value: Any, names: tuple[str, ...], step: int = 0) -> tuple[Any, ...]:
        """Return the parts of a tuple, a list or an array, or note that it has not as many."""
        several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)
        if not several or len(value) != len(names):
            self.odd("the value returned", described(value), ", ".join(names), step)
        return tuple(value)

    def counted(self, grad: Callable[[np.ndarray], np.ndarray], budget: int) -> Callable[[Any], np.ndarray]:
        """Return a gradient that stops whoever asks for it more often than ``budget`` times."""
        calls = 0

        def counting(x: Any) -> np.ndarray:
            nonlocal calls
            calls += 1
            if calls > budget:
                self.stop(f"it asked for the gradient more than {budget} times")
            return np.array(grad(np.array(x, float)))

        return counting


def observe(
    drive: Driver,
    function: Callable[..., Any],
    cases: list[Case],
    seconds: float = SECONDS,
    ours: bool = False,
) -> list[Run]:
    """Call a function on cases, guarded, and return what was seen; it ends at the first case that cannot be finished.

    Args:
        drive: the driver.
        function: the student's function; one of another process guards itself.
        cases: what it is called with.
        seconds: the time for each case; where one runs out, the others are not tried.
        ours: the function is the course's own and needs no guard.
    """
    file = getattr(getattr(function, "__code__", None), "co_filename", "")
    far = function if isinstance(function, Far) else None
    student = function if ours or far else builtins_kept(function)
    runs = []
    for case in cases:
        run = Run()
        runs.append(run)

        def call(case: Case = case, run: Run = run) -> None:
            with contextlib.suppress(Unusable):
                drive(student, case, Notes(run, far.stop if far else stop_here))

        if far:
            run.outcome = far.guarded(call, seconds)
        else:
            run.outcome = trusted(call, file) if ours else guarded(call, seconds, file)
        if run.trouble and run.trouble.kind == "unattempted" and left_over(function):
            run.outcome.trouble = Trouble("left over")
        if run.trouble:
            break
    return runs


# -- drivers ---------------------------------------------------------------------------------------------


def call(*returned: str) -> Driver:
    """Call the function once with the case's values, in their order; note what it returns under these names."""

    def drive(function: Callable[..., Any], case: Case, notes: Notes) -> None:
        given = {name: _copy(value) for name, value in inputs(case).items()}
        value = function(*given.values())
        if len(returned) > 1:
            for name, part in zip(returned, notes.unpack(value, returned), strict=True):
                notes.see(name, part, go_on=False)
        else:
            notes.see(returned[0] if returned else "the value returned", value)
        _look_for_changes(given, case, notes)

    return drive


def say(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Call the function without arguments and note the text it returns."""
    notes.say("the answer", function())


def plot(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Call the function with an empty matplotlib ``Axes`` and the case's values; note what it drew.

    Noted are the scales of both axes, whether they have labels, and every line's points, in the order drawn.
    """
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    function(axes, *(_copy(value) for value in inputs(case).values()))
    notes.say("scales", f"{axes.get_xscale()}, {axes.get_yscale()}")
    labels = [name for name, label in (("x", axes.get_xlabel()), ("y", axes.get_ylabel())) if not label]
    notes.say("labels missing", " and ".join(labels) or "none")
    for number, line in enumerate(axes.get_lines(), 1):
        notes.see(f"x of line {number}", line.get_xdata(orig=False))
        notes.see(f"y of line {number}", line.get_ydata(orig=False))


def rule(*memory: str) -> Driver:
    """Take the steps of an update rule ``x, state = function(x, g, state, *hyper)``.

    The case names the start ``x``, the ``gradients`` (one for each step, whatever x is) or ``grad`` (a function of x)
    with ``steps``, and ``hyper``; ``state`` and ``t`` where a run does not begin at the beginning, and ``beside``, a
    second run whose steps are taken in turn. Noted at every step: what is remembered, by name, then x.
    """

    def drive(function: Callable[..., Any], case: Case, notes: Notes) -> None:
        walks = [_walk(function, case, memory, notes)]
        if "beside" in case:
            walks.append(_walk(function, case["beside"], memory, notes, " of the second run"))
        for _ in itertools.zip_longest(*walks):
            pass

    return drive


def _walk(
    function: Callable[..., Any], case: Case, memory: tuple[str, ...], notes: Notes, of: str = ""
) -> Iterator[None]:
    """Take a run's steps, one at every turn."""
    x = _copy(case["x"])
    state = case.get("state") or {name: np.zeros_like(x) for name in memory}
    for step, g in enumerate(_gradients(case), case.get("t", 1)):
        g = np.array(g(x) if callable(g) else g)
        given = {"x": _copy(x), "g": _copy(g)}
        remembered: dict[str, Any] = {name: _copy(value) for name, value in state.items()}
        answer = function(given["x"], given["g"], remembered | {"t": step}, *case.get("hyper", ()))
        if isinstance(answer, np.ndarray):
            notes.odd("the value returned", described(answer), "x, state", step)
        x_new, new = notes.unpack(answer, ("x", "state"), step)
        if isinstance(x_new, dict) and not isinstance(new, dict):
            notes.odd("the value returned", "the state first and x after it", "x, state", step)
        if not isinstance(new, dict):
            notes.odd("state", described(new), "the dict", step)
        for name in memory:
            if name not in new:
                notes.odd(
                    f"state[{name!r}]", "nothing: the state that was returned has no such part", step=step
                )
            new = new | {name: notes.see(name + of, new[name], step)}
        _look_for_changes(given, {"x": x, "g": g}, notes)
        x = notes.see("x" + of, x_new, step)
        if x.shape != np.shape(case["x"]):
            raise Unusable  # noted already; a further step would only fail
        state = {name: value for name, value in new.items() if name != "t"}
        yield


def loop(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Call ``function(grad, x, lr, …)``, all that the case has, and note the path; the gradient counts its calls."""
    steps, x = case["steps"], _copy(case["x"])
    calls: list[int] = []

    def grad(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return case["grad"](x)

    path = function(*{**inputs(case), "grad": notes.counted(grad, 20 * steps + 20), "x": x}.values())
    notes.see("path", path)
    _look_for_changes({"x": x}, case, notes)
    if len(calls) > steps + 1:
        notes.finding(f"It asked for {len(calls)} gradients in {steps} steps: one a step is enough.")


def _gradients(case: Case) -> Iterator[Any]:
    if "gradients" in case:
        return iter(case["gradients"])
    return iter([case["grad"]] * case["steps"])


def _look_for_changes(given: Mapping[str, Any], before: Mapping[str, Any], notes: Notes) -> None:
    for name, value in given.items():
        if isinstance(value, np.ndarray) and not np.array_equal(value, before[name], equal_nan=True):
            notes.finding(
                f"It changes {name} in place. That is harmless here, where it gets a copy; elsewhere "
                f"the caller's {name} would change with it."
            )


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
