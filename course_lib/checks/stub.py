"""The stub of an unfinished task: whether code of one's own stands beside it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any


def left_over(function: Any) -> bool:
    """Whether a function that raised the stub's error has a body of its own as well.

    Examples:
        >>> left_over(print)
        False
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, ValueError, SyntaxError):
        return False
    first = tree.body[0] if tree.body else None
    if not isinstance(first, ast.FunctionDef):
        return False
    return any(not _idle(statement) for statement in first.body)


def _idle(statement: ast.stmt) -> bool:
    """Whether a statement is the stub's own, a docstring, ``...`` or ``pass``."""
    if isinstance(statement, ast.Raise):
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)
