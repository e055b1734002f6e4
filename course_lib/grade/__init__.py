"""Grade submissions outside the notebook: ``python -m course_lib.grade FILE…``.

A notebook's own checks help the student; they run in a kernel that the student's code can bend. Here each submission
runs in a fresh process with limits of time and memory (`child`), which only reports what the functions returned; the
comparison with the solution happens in this process (`batch`), which never runs a line of the student's. The result
is a CSV and a page of feedback for each student (`report`).
"""
