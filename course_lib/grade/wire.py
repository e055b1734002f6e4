"""What was seen, as JSON and back; what comes back is not trusted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks.guard import Outcome, Trouble
from ..checks.observe import LARGEST, Odd, Run, Seen, Value

KINDS = ("unattempted", "left over", "raised", "endless", "interrupted")


def packed(run: Run) -> dict[str, Any]:
    """Return a run as JSON."""
    trouble = run.trouble
    return {
        "seen": [[s.step, s.name, _packed_value(s.value)] for s in run.seen],
        "findings": run.findings,
        "trouble": [trouble.kind, trouble.error, trouble.line, trouble.code] if trouble else None,
        "printed": run.outcome.printed,
        "warned": run.outcome.warned,
    }


def unpacked(data: Any) -> Run:
    """Return a run from JSON.

    Raises:
        ValueError: if it is none.

    Examples:
        >>> run = Run([Seen(1, "x", np.array([1.0, 2.0])), Seen(0, "y", Odd("None"))])
        >>> unpacked(packed(run)).seen
        [Seen(step=1, name='x', value=array([1., 2.])), Seen(step=0, name='y', value=Odd(words='None', wanted=''))]
    """
    try:
        seen = [
            Seen(int(step), str(name)[:100], _unpacked_value(value)) for step, name, value in data["seen"]
        ]
        outcome = Outcome(
            printed=str(data["printed"])[:3000], warned=[str(w)[:500] for w in data["warned"]][:5]
        )
        if data["trouble"] is not None:
            kind, error, line, code = data["trouble"]
            if kind not in KINDS:
                raise ValueError(kind)
            outcome.trouble = Trouble(kind, str(error)[:1000], int(line), str(code)[:300])
        return Run(seen, [str(f)[:500] for f in data["findings"]][:10], outcome)
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise ValueError(f"not a run: {error}") from None


def _packed_value(value: Value) -> dict[str, Any]:
    if isinstance(value, Odd):
        return {"odd": value.words, "wanted": value.wanted}
    if isinstance(value, str):
        return {"text": value[:1000]}
    return {"shape": list(value.shape), "numbers": value.ravel().tolist()}


def _unpacked_value(data: dict[str, Any]) -> Value:
    if "odd" in data:
        return Odd(str(data["odd"])[:500], str(data.get("wanted", ""))[:500])
    if "text" in data:
        return str(data["text"])[:1000]
    numbers = data["numbers"]
    if len(numbers) > LARGEST or not all(type(v) in (int, float) for v in numbers):
        raise ValueError("not numbers")
    return np.array(numbers, float).reshape([int(n) for n in data["shape"]])
