"""The repository's root goes on the path, so that `tests.traces.loader` can be imported."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parents[2]))

# The same examples in every run: a red test is then always red.
settings.register_profile("course", max_examples=15, derandomize=True, deadline=None, database=None)
settings.load_profile("course")
