"""Figures that answer to a slider within tens of milliseconds, through the real optimizer.

Each explorer is one call and returns a widget with a trait for every setting:

* ``explore_path(opt, surface="quadratic", steps=200, *, start, noise, seed, target, tolerance, sliders, shared,
  ranges)``: contours, path and loss curve of one optimizer or of several side by side;
* ``explore_stability(opt=Momentum(), eigenvalues=(1, 10), steps=100)``: the (lr, beta) plane of momentum on a
  quadratic, coloured by the rate of convergence, with the path at the cursor beside it;
* ``explore_eigenvalues(opt, eigenvalues=(0.01, 0.1, 1), steps=100)``: the error along each eigen-direction of a
  quadratic against the step;
* ``Target(loss=1e-6, steps=100)``: a challenge for ``explore_path``, which says when it is met.

Every figure: ``figure.lr = 0.1`` moves slider and picture, ``figure.set(lr=0.1, beta=0.9)`` moves several at once,
``figure.reset()`` returns to the defaults, ``figure.observe(f, "lr")`` and ``ipywidgets.link`` follow it.
"""

from .eigenvalues import EigenvalueExplorer, explore_eigenvalues
from .figure import Figure
from .path import PathExplorer, Target, explore_path
from .scene import Axis, Panel, Row, Scene
from .stability import StabilityExplorer, explore_stability, spectral_radius

__all__ = [
    "Axis",
    "EigenvalueExplorer",
    "Figure",
    "Panel",
    "PathExplorer",
    "Row",
    "Scene",
    "StabilityExplorer",
    "Target",
    "explore_eigenvalues",
    "explore_path",
    "explore_stability",
    "spectral_radius",
]
