# ruff: noqa: E501 – a table
"""One sentence for the errors that Python raises most often at beginners: what they mean, and what to do."""

from __future__ import annotations

import re

# (pattern of the error, pattern of the line that raised it, sentence); the first that fits is said.
_SENTENCES = [
    (r"UnboundLocalError: .*'([mvuh])'", r"", 'Python reads {0} as a new name of this function. The old {0} is state["{0}"].'),
    (r"UnboundLocalError: .*'(\w+)'", r"", "{0} is used in this function before it gets a value there."),
    (r"NameError: name '([mvtuh])'", r"", 'There is no {0} here yet. What is remembered stands in state: state["{0}"].'),
    (r"NameError: name '(np|math)'", r"", "Run the first cell of the notebook, which imports what is needed, or import {0} in the function."),
    (r"NameError: name '(\w+)'", r"", "There is no {0} here: a slip of the pen, quotes forgotten, or a cell above that was not run."),
    (r"inhomogeneous", r"\beig\(", "np.linalg.eig returns two things, the eigenvalues and the eigenvectors. np.linalg.eigvals returns the eigenvalues alone."),
    (r"inhomogeneous", r"", "numpy makes an array only of parts that have one shape."),
    (r"only (0-dimensional|length-1|size-1)", r"math\.", "The functions of math take one number; those of numpy, such as np.sqrt, take arrays too."),
    (r"only (0-dimensional|length-1|size-1)", r"", "One number was needed and an array was given."),
    (r"math domain error", r"sqrt|\*\*", "The root of a negative number is complex; math knows only real ones."),
    (r"math domain error", r"log", "There is no logarithm of zero or of a negative number."),
    (r"only integer scalar arrays|cannot be interpreted as an integer", r"np\.a?(max|min)\(", "np.max and np.min take one array; what stands second is an axis. For the larger of two arrays, np.maximum."),
    (r"truth value of an array", r"", "A comparison of arrays gives an array. For if, say .any() or .all(); for the larger of two arrays, np.maximum."),
    (r"could not be broadcast", r"", "The shapes do not fit together, coordinate by coordinate."),
    (r"matmul|mismatch in its core dimension|not aligned", r"", "In a matrix product the inner sizes must agree: (a, b) @ (b, c)."),
    (r"bitwise_xor|unsupported operand type\(s\) for \^", r"", "In Python a power is written **; ^ works on the bits of whole numbers."),
    (r"Cannot cast ufunc", r"", "The array holds whole numbers and cannot take others in place. Write x = x - … in place of x -= …."),
    (r"ZeroDivisionError", r"", "Something was divided by zero. For which input is the divisor 0?"),
    (r"KeyError: '?(\w+)", r"", "There is nothing of the name {0} in that dict."),
    (r"IndexError", r"", "The first element has the number 0, so the last one has the length minus 1."),
    (r"unsupported operand .*NoneType|'NoneType' object", r"", "None appeared where a value was needed: mostly a return is missing, or a method such as append was taken for a value."),
    (r"unsupported operand .*'dict'", r"", "A dict cannot be calculated with: take its parts by name, one after the other."),
    (r"unsupported operand .*'list'|multiply sequence", r"", "A list is no array. Make one with np.array(…)."),
    (r"'(numpy\.ndarray|ndarray|float|numpy\.float64|int|list|dict)' object is not callable", r"", "Round brackets call a function: a * may be missing, or square brackets are meant."),
    (r"takes? \d+ positional argument|missing \d+ required positional", r"", "A function is called with too many or too few arguments."),
    (r"has no attribute", r"", "That thing has no such part: look at its type and at the spelling."),
    (r"RecursionError", r"", "The function calls itself again and again."),
    (r"LinAlgError", r"", "Eigenvalues exist for square matrices of finite numbers only."),
    (r"OverflowError", r"", "The number got too large: does the run diverge, or is a sign wrong?"),
    (r"AssertionError", r"", "That is an assert of your own."),
]  # fmt: skip


def explained(error: str, code: str = "") -> str:
    """Return a sentence about an error, or nothing.

    Args:
        error: its type and its message.
        code: the line that raised it.

    Examples:
        >>> explained("ZeroDivisionError: division by zero")
        'Something was divided by zero. For which input is the divisor 0?'
        >>> explained("KeyError: 'v'")
        'There is nothing of the name v in that dict.'
        >>> explained("TypeError: only integer scalar arrays can be converted to a scalar index", "u = np.max(u, size)")[:35]
        'np.max and np.min take one array; w'
    """
    for pattern, line, sentence in _SENTENCES:
        found = re.search(pattern, error)
        if found and re.search(line, code):
            return sentence.format(*found.groups()) if found.groups() else sentence
    return ""
