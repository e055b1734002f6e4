"""The exercise checker: it says whether a function is right, and if not, where it goes wrong and which mistake that is.

* ``check(function)`` runs a student's function, guarded, and answers with points and feedback;
* ``hint(name)``, ``solution(name)``, ``progress()``: help, the answer, what is solved;
* ``ready(function)``: the guard of a demo, ``variant(exercise, student)``: a student's own numbers.

An exercise is one file in ``exercises/``: its tasks, the cases they are tried on, and their known mistakes. Each
mistake is written as a change of the solution's text. How the parts follow each other: ``guard`` runs code that may
do anything; ``observe`` notes what it does; ``tasks``, ``kinds`` and ``compare`` judge what was
noted; ``result`` puts it into words. ``own`` looks at rules that students invented themselves.
"""

from .reader import check, hint, progress, ready, solution, variant

__all__ = ["check", "hint", "progress", "ready", "solution", "variant"]
