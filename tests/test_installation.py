"""The report on the installation."""

from __future__ import annotations

from course_lib.installation import check_installation


def test_installation_report_names_what_fails(monkeypatch):
    report = check_installation()
    assert report.ok and "Everything is in place" in repr(report)
    monkeypatch.setattr("course_lib.problems.digits", lambda: 1 / 0)
    report = check_installation()
    assert not report.ok
    assert "NOT OK data: ZeroDivisionError" in repr(report) and "not ok" in report._repr_html_()
