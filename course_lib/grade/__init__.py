"""Grade submissions outside the notebook: ``python -m course_lib.grade FILE…``.

A notebook's own checks help the student; they run in a kernel that the student's code can bend. Here the grader holds
the cases, fresh ones among them, and all that is right, and drives the student's functions call by call: "this
function, these arguments", and a value comes back. So there is no report that could be forged.

From the file to the score: `notebook` reads whatever was handed in; `submission` says whose it is and which code is
run; `sandbox` starts a process for it, from a `template`, shut in by `enclosure`; `session` is the conversation with
it, `child` the other end, and `wire` what values look like on the way; `far` is what stays there; `examine` runs,
drives and judges one submission; `batch` many. Checks and grading share the drivers and the judgement of
`course_lib.checks`.

What an instructor has is found by `collect`, `identity` and `roster`. What is known of each file is kept by `record`.
`tables` and `report` write grades and a page for each student, and `classes` what the whole class can do, without
names. `alike` sees answers that are alike. For classes with nbgrader, `mend` makes submissions fit for it, and `both`
holds its grades and ours side by side.
"""
