"""Make the pictures of the README from the live figures themselves: ``make pictures``."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from sliding import sliding

from course_lib import live
from course_lib.comparing import Report, studies
from course_lib.comparing.board.__main__ import main as board
from course_lib.comparing.picture import differences_figure
from course_lib.optimizers import Adam, GradientDescent, Momentum
from course_lib.picture import to_png
from course_lib.schedules import cosine
from course_lib.surfaces import quadratic

FOLDER = Path(__file__).parent
FIGURES = {
    "path_explorer": lambda: live.explore_path(
        [GradientDescent(lr=1.9), Momentum(lr=1.9, beta=0.75)], quadratic(50, 0.35), steps=150, start=(2.4, 2.1),
        target=live.Target(1e-6, 100),
    ),
    "map": lambda: live.explore_map(Adam(lr=0.1), "himmelblau"),
    "microscope": lambda: live.explore_moments(Adam(lr=0.1), "steady with noise"),
    "stability": lambda: live.explore_stability(),
    "eigenvalues": lambda: live.explore_eigenvalues(Momentum(lr=0.5)),
    "curvature": lambda: live.explore_curvature("rosenbrock"),
    "batches": lambda: live.explore_batches(),
    "basins": lambda: live.explore_basins(GradientDescent(lr=0.012)),
    "words": lambda: live.explore_words(),
    "counterexample": lambda: live.explore_counterexample(),
    "bounds": lambda: live.explore_bounds(),
    "decay": lambda: live.explore_decay(lr=0.316),
    "untuned": lambda: live.explore_untuned(d0=1e-4),
    "factored": lambda: live.explore_factored(patterns=2),
    "factors": lambda: live.explore_factors(examples=1197, epoch=3),
    "minutes": lambda: live.explore_minutes(),
    "singular_values": lambda: live.explore_singular_values(),
    "schedule": lambda: live.explore_schedule(schedule=cosine(300)),
    "batch_size": lambda: live.explore_batch_size(lr=0.5, rule="lr ∝ B"),
    "choice": lambda: live.explore_choice("images, convolutional net"),
    "rates": lambda: live.explore_rates(studies.results("mlp")),
}  # fmt: skip


COMPARED = {
    "softmax regression": "softmax",
    "MLP, ten splits": "mlp_splits",
    "a real text": "docstrings",
    "convolutional net": "conv",
}


def differences() -> bytes:
    """Return the picture of what can be told from SGD, corrected for all that is in it."""
    report = Report.of({title: studies.results(name) for title, name in COMPARED.items()}, baseline="SGD")
    panels = {title: report.differences(title) for title in COMPARED}
    return to_png(differences_figure(panels, unit="points", scale=100), colors=64)


def main() -> None:
    """Write a PNG of each figure and of a class's board, and the race as a GIF."""
    for name, make in FIGURES.items():
        picture = Image.open(io.BytesIO(make().png(width=8.8))).convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
        print(f"docs/{name}.png")
    (FOLDER / "differences.png").write_bytes(differences())
    print("docs/differences.png")
    race = live.explore_race(surface="saddle", steps=60)
    (FOLDER / "race.gif").write_bytes(race.animation(frames=40, width=7.0))
    print("docs/race.gif")
    hand = live.explore_path(
        [GradientDescent(lr=1.0), Momentum(lr=1.0, beta=0.75)], quadratic(50, 0.35), steps=150, start=(2.4, 2.1),
        target=live.Target(1e-6, 100), ranges={"lr": (0.05, 2.5)},
    )  # fmt: skip
    for theme in ("light", "dark"):
        moving = sliding(
            hand, "lr", stops=[0.3, 1.9, 2.4, 1.2], frames=90, seconds=9.0, theme=theme, width=7.8
        )
        (FOLDER / f"sliding_{theme}.gif").write_bytes(moving)
        print(f"docs/sliding_{theme}.gif")
    board([str(studies.RESULTS / "board"), "--out", str(FOLDER / "board.png")])


if __name__ == "__main__":
    main()
