"""What a row of the registry says of an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .base import Optimizer


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of one optimizer beside its class.

    Args:
        cls: the class.
        family: the shelf it stands on, as in the syllabus.
        year: of the publication.
        paper: author and title, short.
        memory: what it remembers, in units of the parameters (2 for two arrays of the size of x).
        matrix_memory: the same for an r × c matrix, as a function of r and c, where that is another figure.
        lr: a learning rate that does well on the surfaces, None if it has none of its own; see `settings`.
        per_curvature: whether ``lr`` is in units of the surface's own recommendation for gradient descent (rules
            whose step grows with the gradient) and not in units of x.
        recommended: further settings for the surfaces.
        valid: settings that must work, beside the defaults.
        invalid: settings that must be refused with a ValueError naming the field.
    """

    cls: type[Optimizer]
    family: str
    year: int
    paper: str
    memory: float
    matrix_memory: Callable[[int, int], float] | None = None
    lr: float | None = None
    per_curvature: bool = False
    recommended: Mapping[str, Any] = field(default_factory=dict)
    valid: tuple[Mapping[str, Any], ...] = ()
    invalid: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The class's name."""
        return self.cls.__name__

    @property
    def coordinatewise(self) -> bool:
        """Whether each coordinate moves as if it were alone."""
        return self.cls.coordinatewise

    @property
    def takes_grid(self) -> bool:
        """Whether a grid of runs can be taken at once."""
        return self.cls.takes_grid

    @property
    def needs_matrix(self) -> bool:
        """Whether only matrices can be moved."""
        return self.cls.needs_matrix

    @property
    def needs_problem(self) -> bool:
        """Whether it takes more than a gradient (it then has `step` only)."""
        return self.cls.needs_problem

    def runs_on(self, problem: Any) -> bool:
        """Whether a problem (or its class) has what the optimizer asks for beside loss and gradient."""
        return all(hasattr(problem, name) for name in self.cls.needs)

    def settings(self, surface: Any) -> dict[str, Any]:
        """Return settings that do well on a surface.

        Examples:
            >>> from course_lib.optimizers import REGISTRY
            >>> from course_lib.surfaces import surface
            >>> REGISTRY["GradientDescent"].settings(surface("pseudo_huber"))
            {'lr': 0.5}
        """
        if self.lr is None:
            return dict(self.recommended)
        return {"lr": self.lr * (surface.lr if self.per_curvature else 1.0), **self.recommended}


def refused(**values: tuple[Any, ...]) -> tuple[dict[str, Any], ...]:
    """Return one setting for each value that a field must refuse.

    Examples:
        >>> refused(lr=(0, -1), beta=(1,))
        ({'lr': 0}, {'lr': -1}, {'beta': 1})
    """
    return tuple({name: value} for name, bad in values.items() for value in bad)
