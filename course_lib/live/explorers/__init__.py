"""The explorers: live figures of optimizers, one file each, built on `course_lib.live.block`."""
