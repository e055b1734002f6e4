"""What `compare` found: tables, rankings, differences, sensitivity; all of it computed from one table of runs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..running import Table
from .differences import Difference, judged
from .paired import CorrectedT, PairedTest, SignFlip, paired
from .sensitivity import Sensitivity
from .statistics import bootstrap_interval

CRITERIA = ("valid_loss", "valid_accuracy", "loss", "accuracy")
"""What settings may be chosen by."""

DIGITS = 2e-6
"""Tables are rounded to six digits: means closer than this, by the size of the results, count as equal."""

METRICS = ("test_accuracy", "test_loss", *CRITERIA)
"""What a comparison may be decided by."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` returns.

    Args:
        runs: one row for each run: method, view ("tuning", "best", …), criterion, the settings that were tuned, and
            from ``seed`` on what `SweepResult` has. Tuning rows hold no test results. All else is computed from it.
    """

    runs: Table

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods, in the order given."""
        return tuple(dict.fromkeys(self.runs["method"].tolist()))

    @property
    def views(self) -> tuple[str, ...]:
        """The names of the views; "shared" alone also stands for the only shared learning rate."""
        return tuple(view for view in dict.fromkeys(self.runs["view"].tolist()) if view != "tuning")

    @property
    def criterion(self) -> str:
        """What the settings were chosen by."""
        return str(self.runs["criterion"][0])

    @property
    def metric(self) -> str:
        """What is reported by default: what was declared, else the accuracy on test data, or the nearest to it."""
        if "metric" in self.runs:
            return str(self.runs["metric"][0])
        return next(name for name in ("test_accuracy", "test_loss", self.criterion) if name in self.runs)

    @property
    def test(self) -> PairedTest:
        """The test that suits the pairs: by sign flips, or corrected for splits that overlap."""
        overlap = float(self.runs["overlap"][0]) if "overlap" in self.runs else 0.0
        return CorrectedT(overlap) if overlap else SignFlip()

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the hyperparameters that were tuned or shared."""
        names = list(self.runs.columns)
        return tuple(names[names.index("criterion") + 1 : names.index("seed")])

    def results(self, method: str, view: str = "best", metric: str | None = None) -> np.ndarray:
        """Return one number for each seed, ``(seeds,)``, in the order of the seeds."""
        rows = self._rows(method, self._view(view))
        return rows[metric or self.metric][np.argsort(rows["seed"])]

    def table(self, view: str = "best", metric: str | None = None) -> Table:
        """Return one row for each method, the best first.

        Columns: the settings; ``edge``, whether the chosen lr is the smallest or the largest that was tried, so that a
        better one may lie beyond ("best" only); mean of the metric with the ``low`` and ``high`` end of its 95 %
        interval; runs ``diverged``; and the cost of a run: gradients asked for (``evaluations``), ``examples``,
        ``seconds``, and milliseconds per step (``ms_per_step``). Times are those of a stack divided by its runs, and
        ``stack`` says how many ran together, 1 meaning alone: times with different stacks cannot be compared.
        """
        metric, view = metric or self.metric, self._view(view)
        lines = []
        for method in self._in(view):
            rows, values = self._rows(method, view), self.results(method, view, metric)
            low, high = bootstrap_interval(values)
            line: dict[str, Any] = {"method": method}
            line |= {name: rows[name].tolist()[0] for name in self.settings}
            if view == "best":
                line["edge"] = self.sensitivity[method].edge if method in self.sensitivity else ""
            line |= {metric: _mean(values), "low": float(low), "high": float(high)}
            line["diverged"] = int(np.sum(rows["diverged_at"] >= 0))
            line |= {name: float(rows[name].mean()) for name in ("evaluations", "examples", "seconds")}
            line["ms_per_step"] = 1e3 * float(rows["seconds"].sum() / max(1, rows["step"].sum()))
            lines.append(line | {"stack": int(rows["stack"].min())})
        sign = -1 if metric.endswith("accuracy") else 1
        return Table.of_rows(sorted(lines, key=lambda line: sign * line[metric]))

    def ranking(self, view: str = "best", metric: str | None = None) -> list[str]:
        """Return the names of the methods, the best mean first; whether neighbours differ, `differences` says."""
        return [str(name) for name in self.table(view, metric)["method"]]

    def differences(
        self, view: str = "best", baseline: str | None = None, metric: str | None = None
    ) -> Table:
        """Return what can be said of pairs of methods, seed by seed (or split by split).

        The columns are those of `judged`: difference, interval, p-values, what was detectable, verdict. The correction
        is for the pairs in the table; for all that a text reports there is `Report`.

        Args:
            view: of which view.
            baseline: the method that all others are held against; by default all pairs.
            metric: by default the one declared before the run, else test accuracy, or the nearest to it that there is.

        Raises:
            ValueError: for a view or a method that does not exist.
        """
        return judged(self.pairs(view, baseline, metric))

    def pairs(
        self, view: str = "best", baseline: str | None = None, metric: str | None = None
    ) -> list[Difference]:
        """Return the differences that `differences` judges, with the numbers behind them."""
        metric, view = metric or self.metric, self._view(view)
        names = self._in(view)
        if baseline is not None and baseline not in names:
            raise ValueError(f"baseline = {baseline!r} is not allowed: it must be one of {', '.join(names)}")
        against = [(name, baseline) for name in names if name != baseline]
        chosen = against if baseline else itertools.combinations(names, 2)
        found = {name: self.results(name, view, metric) for name in names}
        test = self.test
        if isinstance(test, SignFlip):
            numbers = np.concatenate([*found.values()])
            test = SignFlip(DIGITS * float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0)))
        return [
            Difference(one, str(other), metric, paired(found[one], found[str(other)]), test)
            for one, other in chosen
        ]

    @cached_property
    def sensitivity(self) -> dict[str, Sensitivity]:
        """How each method's result depends on lr alone, from the tuning runs; not of methods tuned over more."""
        tuning = self.runs.where(view="tuning")
        found = {}
        for method in self.methods:
            rows = tuning.where(method=method)
            others = [name for name in self.settings if name != "lr" and not _blank(rows[name])]
            if "lr" in rows and not others and not _blank(rows["lr"]):
                found[method] = Sensitivity.of(rows, self.criterion)
        return found

    def notes(self) -> list[str]:
        """Return what a reader of the tables must know, in sentences."""
        n = len(self.results(self.methods[0], self.views[0]))
        pairs = len(self.methods) * (len(self.methods) - 1) // 2
        of = {"corrected t": "splits of one data set"}.get(self.test.name, "data sets")
        what = of if "overlap" in self.runs else "fresh seeds"
        said = [
            f"Settings were chosen by {self.criterion} on tuning seeds; the tables are of {n} {what}, and "
            f"differences are judged by the {self.test.name} test."
        ]
        if pairs and self.test.least_p(n):
            against = max(1, len(self.methods) - 1)
            least = [f"{min(1, many * self.test.least_p(n)):.2g}" for many in (1, against, pairs)]
            said.append(
                f"With {n} pairs no p-value is below {least[0]}; corrected, none below {least[1]} against one "
                f"baseline and {least[2]} for all pairs."
            )
        edges = [f"{name} ({found.edge})" for name, found in self.sensitivity.items() if found.edge]
        if edges:
            said.append(
                f"The best lr is at the edge of its grid, so a better one may lie beyond: {', '.join(edges)}."
            )
        same = {name: len(found.repeated) for name, found in self.sensitivity.items() if len(found.repeated)}
        if same:
            counted = ", ".join(f"{name} ({n})" for name, n in same.items())
            said.append(
                f"Learning rates that gave the run of a smaller one over again, and count once: {counted}."
            )
        final = self.runs.take(self.runs["view"] != "tuning")
        alone = dict.fromkeys(final.where(stack=1)["method"].tolist())
        if alone and len(alone) < len(self.methods):
            said.append(f"Run one by one, so that their times are not those of a stack: {', '.join(alone)}.")
        return said

    def save(self, path: str | Path) -> None:
        """Write the runs as one CSV file."""
        self.runs.save(path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote."""
        return cls(Table.load(path))

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.methods)}; views {', '.join(map(repr, self.views))})"

    def _repr_html_(self) -> str:
        tables = "".join(f"<h4>{view}</h4>{self.table(view)._repr_html_()}" for view in self.views)
        return f"{tables}<p>{' '.join(self.notes())}</p>"

    def _view(self, view: str) -> str:
        """Return a view's full name."""
        shared = [name for name in self.views if name.startswith("shared")]
        if view == "shared" and len(shared) == 1:
            return shared[0]
        if view not in self.views:
            raise ValueError(
                f"view = {view!r} is not allowed: it must be one of {', '.join(map(repr, self.views))}"
            )
        return view

    def _in(self, view: str) -> list[str]:
        """Return the methods that a view has: one without an lr has no shared one."""
        return list(dict.fromkeys(self.runs.where(view=view)["method"].tolist()))

    def _rows(self, method: str, view: str) -> Table:
        rows = self.runs.where(method=method, view=view)
        if not len(rows):
            raise ValueError(f"method = {method!r} is not in {view!r}: there are {', '.join(self._in(view))}")
        return rows


def _mean(values: np.ndarray) -> float:
    """Return the mean; infinite differences of both signs make none."""
    with np.errstate(invalid="ignore"):
        return float(values.mean())


def _blank(column: np.ndarray) -> bool:
    """Return whether a method has no such setting."""
    return bool((column == "").all() if column.dtype.kind == "U" else np.isnan(column.astype(float)).all())
