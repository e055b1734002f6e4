"""A class's board: `enter` writes result files, ``python -m course_lib.comparing.board FILE…`` compares them.

`challenge` is the comparison that all go through; `entry` writes, `reading` reads; `numbers` holds the numbers
against each other; `verify` runs some of them again in a guarded process; `table` and `page` show what stood up.
"""

from .challenge import Challenge
from .entry import Entry, enter
from .numbers import problems
from .reading import read

__all__ = ["Challenge", "Entry", "enter", "problems", "read"]
