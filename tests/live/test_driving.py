"""Driving the widgets of a notebook finds what a run from top to bottom does not."""

import textwrap

import nbformat
import pytest
from nbclient import NotebookClient

DRIVER = "from course_lib.live.driving import drive_widgets\n\nawait drive_widgets()"

SOUND = """
    import asyncio, threading, warnings
    import ipywidgets as w, numpy as np
    from IPython.display import display
    from course_lib.live import explore_path, explore_stability
    from course_lib.optimizers import Adam, Momentum
"""

PLANTED = {
    "an exception in a callback, only at the slider's end": """
        s = w.IntSlider(max=10); s.observe(lambda c: 1 / (10 - c["new"]), "value"); s
        """,
    "an exception in an interact, which prints it": """
        w.interact(lambda x: [1, 2, 3][x], x=w.IntSlider(max=5));
        """,
    "an exception in a button's callback, which prints it": """
        b = w.Button(); b.on_click(lambda _: undefined_name); b
        """,
    "an exception inside an Output, which swallows it": """
        out, s = w.Output(), w.Checkbox()
        def show(change):
            with out:
                raise KeyError("swallowed")
        s.observe(show, "value")
        """,
    "one option of a choice": """
        d = w.Dropdown(options=["a", "b", "c"]); d.observe(lambda c: {"a": 1, "b": 2}[c["new"]], "value"); d
        """,
    "a numpy warning": """
        s = w.FloatSlider(min=0, max=1, value=0.5); s.observe(lambda c: np.log(np.array([c["new"]])), "value"); s
        """,
    "an exception in a thread": """
        t = w.ToggleButton()
        t.observe(lambda c: threading.Thread(target=lambda: 1 / 0).start(), "value")
        """,
    "an exception in a task": """
        async def later():
            await asyncio.sleep(0.05)
            raise RuntimeError("too late")
        t = w.ToggleButton(); tasks = []
        t.observe(lambda c: tasks.append(asyncio.get_running_loop().create_task(later())), "value")
        """,
    "a figure that fails at one of its settings": """
        from course_lib.live import Axis, Figure, Panel, Scene
        from course_lib.live.block.controls import Control
        from course_lib.optimizers.hyper import Spec
        class Broken(Figure):
            def draw(self):
                return Scene([Panel(Axis.linear("x", 0, 1), Axis.linear("y", 0, 1 / self.n))])
        Broken([Control("n", Spec(low=0, slider=(0, 5)), 3.0)])
        """,
    "a figure whose still picture fails": """
        f = explore_path(Adam(), steps=5); f.draw_background = None
        """,
    "a student's function that a figure runs": """
        class Mine(Momentum):
            def rule(self, x, g, s):
                return (x - self.lr * g if self.beta < 0.99 else x[:1]), s.next()
        explore_path(Mine(), steps=5)
        """,
    "a global that a later cell has overwritten": """
        scale = 2.0
        s = w.IntSlider(); s.observe(lambda c: scale * c["new"] ** 0.5 + 1, "value")
        scale = None
        """,
    "a logged error": """
        import logging
        c = w.Checkbox(); c.observe(lambda c: logging.getLogger("course").error("went wrong"), "value")
        """,
    "a print to stderr": """
        import sys
        c = w.Checkbox(); c.observe(lambda c: print("went wrong", file=sys.stderr), "value")
        """,
}


RESTART = "w.Widget.close_all()"


def run(*cells, **options):
    """Run a notebook of these cells after the common imports and return it."""
    cells = [textwrap.dedent(cell).strip() for cell in (SOUND, *cells)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3", **options).execute()
    return notebook


def test_sound_widgets_pass_and_are_counted():
    notebook = run(
        "explore_path([Adam(), Momentum()], ['quadratic', 'saddle'], steps=20)\nexplore_stability()",
        "s = w.FloatLogSlider(); r = w.IntRangeSlider(); m = w.SelectMultiple(options=[1, 2]); a = w.Accordion([s, r])",
        "w.interact(lambda x, y: x, x=(0, 3), y=['a', 'b']); b = w.Button(disabled=True)",
        DRIVER,
    )
    words = notebook.cells[-1].outputs[0]["data"]["text/plain"]
    widgets, moves = (int(word) for word in words.split() if word.isdigit())
    assert widgets == 8 and moves > 100


def test_a_planted_bug_passes_a_plain_run_and_is_found():
    steps = [cell for planted in PLANTED.values() for cell in (planted, DRIVER, RESTART)]
    errors = [
        [output["evalue"] for output in cell.outputs if output["output_type"] == "error"]
        for cell in run(*steps, allow_errors=True).cells[1:]
    ]
    for name, plain, driven, restart in zip(PLANTED, errors[::3], errors[1::3], errors[2::3], strict=True):
        assert not plain and not restart, name
        assert driven and "went wrong while widgets were moved" in driven[0], name


def test_without_await_all_but_tasks_is_still_found(monkeypatch):
    from ipywidgets import IntSlider

    from course_lib.live import driving

    monkeypatch.setattr(driving._registry, "_instances", {})  # not what other tests have left
    slider = IntSlider(max=4)
    slider.observe(lambda change: {}[change["new"]], "value")
    with pytest.raises(driving.Broken, match="IntSlider → 4: KeyError: 4"):
        driving.drive_widgets()
    slider.close()
