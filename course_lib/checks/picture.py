"""A small picture: the student's path beside the right one."""

from __future__ import annotations

import numpy as np

from .observe import Run

WIDTH, HEIGHT, EDGE = 260.0, 150.0, 12.0


def paths(runs: list[Run], right: list[Run], case: int) -> str:
    """Return an SVG of both paths in a case, or nothing if there are none to draw."""
    yours, wanted = (_points(all_runs[case]) if case < len(all_runs) else None for all_runs in (runs, right))
    if yours is None or wanted is None or len(yours) < 2:
        return ""
    low, high = wanted.min(axis=0), wanted.max(axis=0)
    middle, size = (low + high) / 2, np.maximum((high - low).max(), 1e-12)
    yours = np.clip(yours, middle - 3 * size, middle + 3 * size)  # a wrong path may run away
    low, high = np.minimum(low, yours.min(axis=0)), np.maximum(high, yours.max(axis=0))
    scale = (np.array([WIDTH, HEIGHT]) - 2 * EDGE) / np.maximum(high - low, 1e-12)

    def line(points: np.ndarray, color: str, dash: str, mark: str) -> str:
        at = (points - low) * scale * (1, -1) + (EDGE, HEIGHT - EDGE)
        listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        marks = "".join(mark.format(x=x, y=y) for x, y in at)
        return (f'<polyline points="{listed}" fill="none" stroke="{color}" stroke-width="2" {dash}/>'
                f'<g fill="{color}" stroke="{color}">{marks}</g>')  # fmt: skip

    disc = '<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    square = '<rect x="{x:.1f}" y="{y:.1f}" width="6" height="6" transform="translate(-3 -3)" fill="none"/>'
    return (
        f'<svg width="{WIDTH:.0f}" height="{HEIGHT:.0f}" role="img" aria-label="your path and the right one">'
        + line(wanted, "#0072b2", "", disc)
        + line(yours, "#d55e00", 'stroke-dasharray="5 4"', square)
        + "</svg><div><small>first two coordinates; ● solid: right, ▫ dashed: yours</small></div>"
    )


def _points(run: Run) -> np.ndarray | None:
    """Return the first two coordinates at every step."""
    found = [s.value for s in run.seen if s.name == "x"] or [
        v for s in run.seen if s.name == "path" for v in _rows(s)
    ]
    if not found or not all(isinstance(v, np.ndarray) and v.size >= 2 for v in found):
        return None
    points = np.array([v.ravel()[:2] for v in found if isinstance(v, np.ndarray)])
    finite = np.isfinite(points).all(axis=1)
    return points[: len(points) if finite.all() else int(np.argmin(finite))]


def _rows(seen: object) -> list[np.ndarray]:
    value = getattr(seen, "value", None)
    return list(value) if isinstance(value, np.ndarray) and value.ndim > 1 else []
