"""`Report`: everything that a text compares, corrected once for all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from ..running import Table
from .differences import Difference, judged
from .result import Comparison


class Report:
    """The comparisons that a text reports, over several studies and metrics.

    A table by itself corrects for its own rows. A reader who has seen five tables has seen more chances to be
    lucky than each table knows of. So collect what is told, and judge it together: the more you look at, the more
    each difference has to show. What is added twice counts once.

    Examples:
        >>> from course_lib.comparing.studies import results
        >>> report = Report()
        >>> report.add("mlp", results("mlp"), baseline="SGD")
        >>> report.add("mlp", results("mlp"), baseline="SGD", metric="test_loss")
        >>> len(report), sorted(set(report.table()["role"].tolist()))
        (28, ['primary', 'secondary'])
        >>> len(report.differences("mlp"))  # corrected for 28, not for 14
        14
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str, str], tuple[str, Difference]] = {}

    @classmethod
    def of(
        cls, studies: Mapping[str, Comparison], baseline: str, metrics: Iterable[str | None] = (None,)
    ) -> Self:
        """Return the report of several studies, all held against one baseline.

        Args:
            studies: by name.
            baseline: the method that all others are held against.
            metrics: which; None is the metric that a study declared.
        """
        report = cls()
        for metric in metrics:
            for name, comparison in studies.items():
                report.add(name, comparison, baseline, metric=metric)
        return report

    def add(
        self,
        study: str,
        comparison: Comparison,
        baseline: str | None = None,
        view: str = "best",
        metric: str | None = None,
        methods: Iterable[str] | None = None,
    ) -> None:
        """Add methods of a comparison against a baseline, or all pairs.

        Args:
            study: a name for the comparison.
            comparison: what `compare` returned.
            baseline: the method that all others are held against; by default all pairs.
            view: of which view.
            metric: by default the one that the comparison declared. Any other is secondary.
            methods: which of them are told; by default all.

        Raises:
            ValueError: for a view or a method that does not exist.
        """
        metric = metric or comparison.metric
        role = "primary" if metric == comparison.metric else "secondary"
        pairs = comparison.pairs(view, baseline, metric)
        known = list(dict.fromkeys(each.method for each in pairs))
        chosen = known if methods is None else list(methods)
        if unknown := [name for name in chosen if name not in known]:
            raise ValueError(f"methods = {unknown} is not allowed: it must be of {', '.join(known)}")
        for each in pairs:
            if each.method in chosen:
                self._found[study, metric, view, each.method, each.other] = role, each

    def __len__(self) -> int:
        return len(self._found)

    def table(self) -> Table:
        """Return a row for every difference: study, metric, view, role, test, then the columns of `judged`."""
        rows = judged([each for _, each in self._found.values()]).rows if self._found else []
        return Table.of_rows(
            {"study": study, "metric": metric, "view": view, "role": role, "test": each.test.name} | row
            for ((study, metric, view, *_), (role, each)), row in zip(self._found.items(), rows, strict=True)
        )

    def verdicts(self, other: str) -> Table:
        """Return a row for every study: how many methods were held against one, and which are better and worse.

        A dash stands for none of them, *all* for all. Only the primary metric of each study counts; the correction is
        that of the whole report.

        Args:
            other: what they were held against.

        Examples:
            >>> from course_lib.comparing.studies import results
            >>> studies = {name: results(name) for name in ("softmax", "docstrings")}
            >>> for row in Report.of(studies, baseline="SGD").verdicts("SGD").rows:
            ...     print(row)
            {'study': 'softmax', 'methods': 14, 'better': '–', 'worse': 'Adafactor'}
            {'study': 'docstrings', 'methods': 5, 'better': 'all', 'worse': '–'}
        """
        rows = [row for row in self.table().rows if (row["other"], row["role"]) == (other, "primary")]
        return Table.of_rows(
            {"study": study, "methods": len(those)}
            | {said: _named(those, said) for said in ("better", "worse")}
            for study in dict.fromkeys(row["study"] for row in rows)
            for those in [[row for row in rows if row["study"] == study]]
        )

    def differences(self, study: str, metric: str | None = None, view: str = "best") -> Table:
        """Return the rows of one study, corrected for all of the report, with the columns of `Comparison.differences`.

        Args:
            study: its name in the report.
            metric: by default the primary one.
            view: of which view.

        Raises:
            ValueError: for what was not added.
        """
        table = self.table()
        found = [
            row
            for row in table.rows
            if (row["study"], row["view"]) == (study, view)
            and (row["metric"] == metric if metric else row["role"] == "primary")
        ]
        if not found:
            known = dict.fromkeys((row["study"], row["metric"], row["view"]) for row in table.rows)
            raise ValueError(
                f"study = {study!r}, metric = {metric!r}, view = {view!r} is not in the report: there are "
                f"{', '.join(map(str, known)) or 'none'}"
            )
        kept = [name for name in table.columns if name not in ("study", "metric", "view", "role", "test")]
        return Table.of_rows(found).only(*kept)


def _named(rows: Sequence[Mapping[str, Any]], verdict: str) -> str:
    names = [row["method"] for row in rows if row["verdict"] == verdict]
    return "all" if len(names) == len(rows) > 1 else ", ".join(names) or "–"
