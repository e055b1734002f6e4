"""Which answers are alike: a hint for the instructor, never points.

Answers are compared as sequences of tokens, in which every name that a student may choose is the same word, so that
renaming does not hide a copy. Each task has its own measure: where the reference itself is short, honest answers are
all alike, and nothing is said.

Sources: the idea of normalised tokens is that of Prechelt, Malpohl and Philippsen (2002), "Finding plagiarisms among
a set of programs with JPlag"; the comparison is Python's `difflib`.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import io
import keyword
import tokenize
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..checks.exercises import find_task
from .record import Row
from .submission import read

ALIKE = 0.95
"""Share of tokens in common from which two answers are called alike."""
SHORTEST = 60
"""An answer of fewer tokens is like many others by itself."""
USUAL = 4
"""An answer that so many students gave is the usual one, and says nothing."""


def tokens(answer: str) -> tuple[str, ...]:
    """Return the tokens of a function's body without comments, documentation and the student's choice of names.

    The line with the function's name and arguments is the template's and is left out.

    Args:
        answer: the function's text.

    Raises:
        SyntaxError: if it is no Python.

    Examples:
        >>> tokens("def f(x):\\n    total = 2 * x  # twice\\n    return total") == tokens(
        ...     "def f(x):\\n    '''Twice.'''\\n    y = 2*x\\n    return y")
        True
    """
    function = ast.parse(answer).body[0]
    assert isinstance(function, ast.FunctionDef)
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    names = {name: name for name in (*keyword.kwlist, *dir(builtins), "np")}
    found: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO("\n".join(map(ast.unparse, function.body))).readline):
        if token.type == tokenize.NAME and found[-1:] != ["."]:
            found.append(names.setdefault(token.string, f"name {len(names)}"))
        elif token.string.strip():
            found.append(token.string)
    return tuple(found)


def alike(answers: Mapping[str, tuple[str, ...]], reference: tuple[str, ...]) -> list[tuple[str, str, float]]:
    """Return pairs of files whose answers have nearly all tokens in common, with the share.

    Args:
        answers: tokens by file.
        reference: the tokens of the solution; what is like it, is like everyone's.
    """
    times, matcher = Counter(answers.values()), difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(reference)
    telling = {
        file: mine
        for file, mine in answers.items()
        if len(mine) >= SHORTEST and times[mine] < USUAL and _share(matcher, mine) < ALIKE
    }
    found, files = [], list(telling)
    for number, one in enumerate(files):
        matcher.set_seq2(telling[one])  # what is known of the second is kept
        shares = ((other, _share(matcher, telling[other])) for other in files[number + 1 :])
        found += [(one, other, share) for other, share in shares if share >= ALIKE]
    return found


def _share(matcher: difflib.SequenceMatcher[str], answer: tuple[str, ...]) -> float:
    """Return the share of tokens in common; 0 where a quicker measure tells that it is too small."""
    matcher.set_seq1(answer)
    enough = matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE
    return matcher.ratio() if enough else 0.0


def remarked(rows: Sequence[Row]) -> list[Row]:
    """Return the rows; where an answer is like another student's, both say so."""
    answers: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for row in rows:
        tried = [task.name for task in row.tasks if task.state != "unattempted"]
        for task, answer in _answers(Path(row.file), tried).items():
            answers[task][row.file] = answer
    by_file = {row.file: row for row in rows}
    remarks: dict[str, list[str]] = defaultdict(list)
    for task, those in answers.items():
        known = find_task(task)
        assert known
        for one, other, share in alike(those, tokens(known[1].source)):
            if by_file[one].whose != by_file[other].whose:
                for mine, theirs in ((one, other), (other, one)):
                    remarks[mine].append(f"{task} is {share:.0%} like that of {by_file[theirs].student}")
    return [replace(row, remarks=(*row.remarks, *remarks[row.file])) for row in rows]


def _answers(file: Path, tasks: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the tokens of a file's answers by task; what cannot be read has none."""
    found: dict[str, tuple[str, ...]] = {}
    for cell in read(file).cells if tasks else ():
        try:
            functions = [node for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
            found |= {f.name: tokens(ast.unparse(f)) for f in functions if f.name in tasks}
        except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
            continue
    return found
