"""What the tests of live figures share."""

import io
import warnings

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from course_lib.live import Axis, Figure, Panel, Scene
from course_lib.live.block.controls import Control
from course_lib.optimizers.hyper import Spec
from course_lib.plotting import THEMES

COLORS = THEMES["light"]


class Line(Figure):
    """The smallest figure: a line whose slope is a slider; at 7 it fails."""

    def __init__(self):
        self.drawn = 0
        super().__init__(
            [Control("slope", Spec(low=-10, high=10, open_high=False, slider=(-10, 10)), 1.0)],
            {"end": (1.0, 0.0)},
        )

    def draw(self):
        self.drawn += 1
        if self.slope == 7:
            raise ZeroDivisionError("seven")
        scene = Scene([Panel(Axis.linear("x", 0, 1), Axis.linear("y", -10, 10))], alt=f"slope {self.slope:g}")
        scene.line(0, [0, 1], [0, self.slope], "blue")
        scene.handle(0, "end", *self.end)
        return scene


class Wire:
    """Stands in for the browser: keeps what a figure sends, and sends messages as figure.js does."""

    def __init__(self, figure):
        self.figure = figure
        self.sent = []
        figure.comm.send = lambda data, buffers=None, **_: self.sent.append((data, buffers))
        self.number = 0

    def move(self, **values):
        """Send values as a moved slider does."""
        self.number += 1
        self.deliver({"values": values, "view": "test", "number": self.number})

    def deliver(self, content, buffers=None):
        """Hand a custom message to the figure the way ipywidgets does."""
        message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers or []}
        self.figure._handle_msg(message)

    def update(self, **state):
        """Send a trait's value as another widget linked in the browser does."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.figure._handle_msg({"content": {"data": data}, "buffers": []})

    @property
    def updates(self):
        """The traits sent since the start, one name after the other."""
        return [name for data, _ in self.sent if data["method"] == "update" for name in data["state"]]


def foreseen(figure, name, values):
    """What a figure tells of a slider's next values, one answer after the other: value → scene, or None."""
    wire, told = Wire(figure), {}
    while len(told) < len(values):
        wire.deliver({"ahead": name, "values": values[len(told) :], "view": "test", "edition": 5})
        content, buffers = wire.sent[-1][0]["content"], wire.sent[-1][1]
        assert (content["ahead"], content["view"], content["edition"]) == (name, "test", 5)
        assert content["values"] and content["milliseconds"] > 0
        scenes = [scene and scene | {"data": buffers[scene.pop("buffer")]} for scene in content["scenes"]]
        told |= zip(content["values"], scenes, strict=True)
        assert len(buffers) == len(set(buffers))
    return told


def marks(figure, kind):
    """The numbers of all marks of a kind, as the browser would read them."""
    message = figure._scene
    found = [mark for mark in message["marks"] if mark["kind"] == kind]
    return [np.frombuffer(message["data"], np.float32, m["count"], m["at"]).reshape(-1, 2) for m in found]


def trails(figure, name=None):
    """The vertices of a run's lines, panel by panel; of all runs' by default."""
    message = figure._scene
    found = [mark for mark in message["marks"] if mark["kind"] == "line" and mark.get("trail")]
    return [
        np.frombuffer(message["data"], np.float32, mark["count"], mark["at"]).reshape(-1, 2)
        for mark in found
        if name in (None, mark["trail"])
    ]


def opened(png):
    """The picture of a PNG, verified."""
    Image.open(io.BytesIO(png)).verify()
    return Image.open(io.BytesIO(png)).convert("RGB")


def set_at_random(figure, data):
    """Set everything at random, to slider values and to the ends of what is allowed; each must give a sound scene."""
    values = {}
    for name, control in figure.controls.items():
        choices = control.values
        values[name] = data.draw(
            st.sampled_from([choices[0], choices[-1], control.default, *choices]), label=name
        )
    for name in figure.points:
        values[name] = data.draw(st.tuples(*[st.floats(-1e3, 1e3)] * 2), label=name)
    move_and_check(figure, values)


def move_and_check(figure, values):
    """Move a figure as a browser does; it must neither fail nor warn, and show a scene that can be drawn."""
    if "steps" in values:
        values["steps"] = min(values["steps"], 60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Wire(figure).move(**values)
    if figure.error:
        raise figure.error
    check(figure._scene)


def check(message):
    """Check that a scene can be drawn: buffers in place and long enough, colours known, axes finite."""
    assert message["alt"]
    for mark in message["marks"]:  # some draw a part of their numbers, and points those of a line
        assert mark["at"] % 4 == 0 and 0 <= mark["at"] <= mark["at"] + _bytes(mark) <= len(message["data"])
    for mark in message["marks"]:
        kind, count = mark["kind"], mark["count"]
        assert mark["panel"] < len(message["panels"]) and mark.get("color", "ink") in COLORS
        if kind == "heat":
            assert count == mark["rows"] * mark["columns"]
            continue
        numbers = np.frombuffer(message["data"], np.float32, count, mark["at"])
        assert count % (4 if kind in ("arrows", "bars") else 2) == 0 and not np.isinf(numbers).any()
        assert kind != "handle" or np.isfinite(numbers).all()
    for row in message["rows"]:
        assert len(row["cells"]) == len(message["columns"]) and row["color"] in COLORS
    for axis in [panel[side] for panel in message["panels"] for side in ("x", "y")]:
        ends = [axis["low"], axis["high"]]
        assert np.isfinite([*ends, *(value for value, _ in axis["ticks"])]).all() and ends[0] != ends[1]
        assert not axis["log"] or min(ends) > 0


def _bytes(mark):
    """How much of the buffer a mark takes; floats behind a heat map stay aligned."""
    return -(-mark["count"] // 4) * 4 if mark["kind"] == "heat" else 4 * mark["count"]
