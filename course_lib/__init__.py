"""The reference library of the course: optimizers from scratch and what is needed to watch them at work.

The parts load when first used, so that ``import course_lib`` itself is instant:

* ``course_lib.optimizers`` – the update rules, each one an algorithm box;
* ``course_lib.surfaces`` – two-dimensional test functions;
* ``course_lib.problems`` – data, batches and models with hand-written gradients;
* ``course_lib.running`` – `simulate` a rule on a surface, `train` it on a problem, `sweep` its settings;
* ``course_lib.comparing`` – `compare` methods fairly;
* ``course_lib.bridge`` – optimizers of PyTorch and optax, for all of these;
* ``course_lib.live`` – figures that answer to a slider;
* ``course_lib.plotting`` – static pictures in one style.
"""

import logging
import sys

if sys.platform == "emscripten":  # each visit builds the fonts' list anew; red words about it would alarm
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
