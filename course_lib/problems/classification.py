"""What every classifier needs: labels that are labels."""

from __future__ import annotations

from .data import Data


def check_labels(classes: int, **parts: Data | None) -> None:
    """Raise if a data set's targets are not labels 0 … classes − 1; the sets are given by name.

    Raises:
        ValueError: naming the set and the labels found.
    """
    for name, data in parts.items():
        if data is None:
            continue
        labels = data.targets
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
            raise ValueError(
                f"{name}: labels run from {labels.min()} to {labels.max()} ({labels.dtype}), but they must be "
                f"whole numbers in 0 … {classes - 1}"
            )
