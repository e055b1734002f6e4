"""Figures that answer to a slider within tens of milliseconds, through the real optimizer.

Each explorer is one call and returns a widget with a trait for every setting:

* ``explore_path(opt, surface="quadratic", steps=200, *, start, noise, seed, target, tolerance, schedule, arrows,
  shared)``: contours, path and loss curve of one optimizer or of several side by side, step by step if one likes, with
  arrows for what a step was made of and a schedule above the loss;
* ``explore_stability(opt=Momentum(), eigenvalues=(1, 10), steps=100)``: the (lr, beta) plane of momentum on a
  quadratic, coloured by the rate of convergence, with the path at the cursor beside it;
* ``explore_eigenvalues(opt, eigenvalues=(0.01, 0.1, 1), steps=100)``: the error along each eigen-direction of a
  quadratic against the step;
* ``explore_moments(opt, gradients="steady", steps=120)``: for one coordinate everything an optimizer remembers,
  or several side by side, and the step they take, under a sequence of gradients;
* ``explore_map(opt, surface="rosenbrock", steps=200, *, x="lr", y=None)``: 64×64 runs over two hyperparameters, with
  the run at the cursor beside them;
* ``explore_race(opts=None, surface="double_well", steps=300)``: several optimizers leave one start together; plays,
  and is saved as an animation;
* ``explore_curvature(surface="rosenbrock", *, point, damping=0)``: the Hessian at a point that is dragged: its
  eigen-directions, its parabola, and the steps of gradient descent and Newton;
* ``explore_batches(problem=None, opt=None, *, size=32, epochs=10, own)``: full batch, one example and mini-batch on
  real data: their losses, the noise of their gradients and what they cost;
* ``explore_basins(opt, surface="himmelblau", steps=100)``: 96×96 starts, each in the colour of the minimum in which its
  run ends, for one optimizer or several side by side;
* ``explore_critical_points(dimension=2)``: which critical points are minima, saddles and maxima, in three models, and
  how high they lie, in 1 to 8 dimensions;
* ``explore_slices(surface="himmelblau", *, point, places, direction=0)``: a surface cut along a line, and its
  curvature in every direction;
* ``explore_rates(comparison, baseline="SGD", method="Adam")``: the ranking of a comparison's methods at a learning rate
  that was tried, or each at its own;
* ``explore_schedule(opt=None, schedule=None, steps=300, *, batch=10)``: a schedule's curve, the loss of 16 noisy runs
  beneath it, and what each peak learning rate ends at;
* ``explore_batch_size(lr=0.5, batch=32, target=0.05, rule="one lr for all")``: the steps that gradient descent needs to
  a target against the batch size, exactly and in real runs, and where doubling the batch stops to pay;
* ``explore_words(opt=None, problem=None, epochs=3, *, size=32, right, shared)``: for every word of a text, how far its
  weights move when it occurs and what they learn, against how often it occurs;
* ``explore_counterexample(opt=None, large=3, period=3, steps=3000, *, order="in turn", falling=True, shared)``: x in
  [−1, 1] under straight losses with a rare steep one, for Adam, AMSGrad and ADOPT, and for which beta2 each drifts to
  the worst point;
* ``explore_bounds(opt=AdaBound(), gradients="noise", sizes=(1, 0.01, 1e-4), step=100)``: the learning rates of single
  weights, squeezed between AdaBound's two bounds;
* ``explore_factored(matrices=None, patterns=1, kept="rows and columns")``: a matrix of mean squares beside a copy that
  keeps far fewer numbers, and how far they differ;
* ``explore_decay(lr=0.1, weight_decay=0.1, form="AdamW", after=400)``: the plane of learning rate and weight decay, for
  AdamW beside an L2 penalty in Adam: does the one have to move when the other does?
* ``explore_untuned(d0=1e-6, lr=0.1, after=400)``: DoG and Prodigy, which find their learning rate from a first guess,
  beside SGD, Adam and Schedule-Free SGD at every learning rate: how far from tuned?
* ``explore_factors(problem=None, examples=100, epoch=0, layer=2, labels="expected", damping=1e-6)``: a layer's Fisher
  matrix beside the Kronecker product that K-FAC puts in its place, and what each is worth as a step;
* ``explore_singular_values(matrices=None, steps=5, polynomial="jordan", coefficients=None)``: the singular
  values of a matrix under the steps of Newton–Schulz, and the polynomial that moves them;
* ``explore_minutes(chips=1024, batch=32768, seconds=0.34, epochs=35)``: how long ResNet-50 trains on ImageNet, beside
  published runs;
* ``explore_choice(data="images, small network", run="lr constant", trials=9, memory=6)``: the decision guide: told of
  a problem, it shows what the rows of the course's studies say of it;
* ``Target(loss=1e-6, steps=100)``: a challenge for ``explore_path``, which says when it is met.

All of them take ``sliders=("lr", "steps")`` or ``hide=("form",)`` for the controls that a lesson has introduced, and
``ranges={"lr": (0.05, 2.5)}`` for other ends of a slider.

Every figure: ``figure.lr = 0.1`` moves slider and picture, ``figure.set(lr=0.1, beta=0.9)`` moves several at once,
``figure.reset()`` returns to the defaults, ``figure.observe(f, "lr")`` and ``ipywidgets.link`` follow it;
``figure.ask(question, answers, happened)`` asks before it shows; ``figure.save("figure.svg")`` writes it to a file;
``figure_scale(1.6)`` makes the text of all figures larger; ``figure.canned()`` returns a file with which a page without
Python shows the figure, one slider at a time, by the script that ``player()`` returns.

While a slider is pointed at or moved, Python works out what the positions around it would show, so that a move finds
its picture ready. An optimizer of your own is therefore also run at settings that nobody has chosen.
"""

from .block.canned import player
from .block.figure import Figure, figure_scale
from .block.scene import Axis, Panel, Row, Scene
from .explorers.basins import BasinExplorer, explore_basins
from .explorers.batch_runs import BatchRun
from .explorers.batch_size import BatchSizeExplorer, explore_batch_size
from .explorers.batches import BatchExplorer, explore_batches
from .explorers.bounds import BoundsExplorer, explore_bounds
from .explorers.choice import ChoiceExplorer, explore_choice
from .explorers.counterexample import CounterexampleExplorer, explore_counterexample
from .explorers.critical import CriticalExplorer, explore_critical_points
from .explorers.curvature import CurvatureExplorer, explore_curvature
from .explorers.decay import DecayExplorer, explore_decay
from .explorers.eigenvalues import EigenvalueExplorer, explore_eigenvalues
from .explorers.factored import FactoredExplorer, explore_factored
from .explorers.factors import FactorsExplorer, explore_factors
from .explorers.microscope import Microscope, explore_moments
from .explorers.minutes import MinutesExplorer, explore_minutes
from .explorers.path import PathExplorer, Target, explore_path
from .explorers.race import Race, explore_race, runners
from .explorers.rates import RatesExplorer, explore_rates
from .explorers.schedule import ScheduleExplorer, explore_schedule
from .explorers.sequences import SEQUENCES
from .explorers.settings_map import MapExplorer, explore_map
from .explorers.singular_values import SingularValuesExplorer, explore_singular_values
from .explorers.slices import SliceExplorer, explore_slices
from .explorers.stability import StabilityExplorer, explore_stability, spectral_radius
from .explorers.untuned import UntunedExplorer, explore_untuned
from .explorers.words import WordExplorer, explore_words

__all__ = [
    "SEQUENCES",
    "Axis",
    "BasinExplorer",
    "BatchExplorer",
    "BatchRun",
    "BatchSizeExplorer",
    "BoundsExplorer",
    "ChoiceExplorer",
    "CounterexampleExplorer",
    "CriticalExplorer",
    "CurvatureExplorer",
    "DecayExplorer",
    "EigenvalueExplorer",
    "FactoredExplorer",
    "FactorsExplorer",
    "Figure",
    "MapExplorer",
    "Microscope",
    "MinutesExplorer",
    "Panel",
    "PathExplorer",
    "Race",
    "RatesExplorer",
    "Row",
    "Scene",
    "ScheduleExplorer",
    "SingularValuesExplorer",
    "SliceExplorer",
    "StabilityExplorer",
    "Target",
    "UntunedExplorer",
    "WordExplorer",
    "explore_basins",
    "explore_batch_size",
    "explore_batches",
    "explore_bounds",
    "explore_choice",
    "explore_counterexample",
    "explore_critical_points",
    "explore_curvature",
    "explore_decay",
    "explore_eigenvalues",
    "explore_factored",
    "explore_factors",
    "explore_map",
    "explore_minutes",
    "explore_moments",
    "explore_path",
    "explore_race",
    "explore_rates",
    "explore_schedule",
    "explore_singular_values",
    "explore_slices",
    "explore_stability",
    "explore_untuned",
    "explore_words",
    "figure_scale",
    "player",
    "runners",
    "spectral_radius",
]
