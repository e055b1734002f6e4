"""What the tests of live figures share."""

import io
import warnings

import numpy as np
from hypothesis import strategies as st
from PIL import Image


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


def marks(figure, kind):
    """The numbers of all marks of a kind, as the browser would read them."""
    message = figure._scene
    found = [mark for mark in message["marks"] if mark["kind"] == kind]
    return [np.frombuffer(message["data"], np.float32, m["count"], m["at"]).reshape(-1, 2) for m in found]


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
    if "steps" in values:
        values["steps"] = min(values["steps"], 60)
    for name in figure.points:
        values[name] = data.draw(st.tuples(*[st.floats(-1e3, 1e3)] * 2), label=name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Wire(figure).move(**values)
    if figure.error:
        raise figure.error
    message = figure._scene
    assert message["alt"] and len(message["data"]) % 4 == 0
    for mark in message["marks"]:
        size = mark["count"] * (1 if mark["kind"] == "heat" else 4)
        assert mark["at"] + size <= len(message["data"])
        assert mark["panel"] < len(message["panels"])
    for panel in message["panels"]:
        for axis in (panel["x"], panel["y"]):
            assert np.isfinite([axis["low"], axis["high"]]).all() and axis["low"] != axis["high"]
