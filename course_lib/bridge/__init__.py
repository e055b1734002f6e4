"""The bridge to other libraries: their optimizers run in every explorer, race, sweep and comparison of the course.

=========================================================  ======================================================
``from_torch(torch.optim.Adam, lr=0.1)``                   an optimizer of PyTorch, or of a package built on it
``from_optax(optax.adam, learning_rate=0.1)``              one of optax, or a chain of your own
=========================================================  ======================================================

What comes back keeps the contract of `course_lib.optimizers.Optimizer`, so ``simulate``, ``train``, ``sweep``,
``compare``, ``explore_path`` and the others take it as it is, beside the course's own. Neither library is part of the
course: they are loaded when one of these functions is called, and an error says what to install.

Which call of which library gives the numbers of which class here is a table: `course_lib.optimizers.forms_table` with
``show="calls"``.

A step of another library has a price that has nothing to do with the rule: some tenths of a millisecond for two
numbers, where the course's own takes hundredths. One path of 200 steps still follows a slider. A map of 64 × 64
settings is drawn at once by optax, which runs them all in one call, and takes minutes with PyTorch, which runs them
one by one.
"""

from .optax import from_optax
from .pytorch import from_torch

__all__ = ["from_optax", "from_torch"]
