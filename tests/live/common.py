"""What the tests of live figures share."""

import io

import numpy as np
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
