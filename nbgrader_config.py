"""Settings of nbgrader for a class; docs/instructors.md says how they are used."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "optimizers"
# The solutions are copied into source/ (see the guide); submissions and grades stay outside the course's folders.
c.CourseDirectory.root = str(Path(__file__).absolute().parent / "lab")

# The student's version is the same as exercises/, which a test compares cell by cell.
c.ClearSolutions.begin_solution_delimeter = "### BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "### END SOLUTION"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}

# A check stops what does not end by itself; this is for code outside of functions.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.interrupt_on_timeout = True
