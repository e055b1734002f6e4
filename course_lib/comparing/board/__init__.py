"""A class's board: `enter` writes result files, ``python -m course_lib.comparing.board FILE…`` compares them.

`challenge` is the comparison that all go through; `entering` and `entry` write a file, `reading` reads it; `numbers`
holds its numbers against each other; `verify` runs some of them again in a guarded process; `table` and `page` show
what stood up.
"""

from .challenge import Challenge
from .entering import enter
from .entry import Entry
from .numbers import problems
from .reading import read

__all__ = ["Challenge", "Entry", "enter", "problems", "read"]
