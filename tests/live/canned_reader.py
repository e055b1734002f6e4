"""Reads a canned figure as model.js does, written apart from what wrote it."""

import gzip
import json

import numpy as np

BROKEN = 2**30


class Canned:
    """What a canned figure holds.

    Args:
        file: what `Figure.canned` returned.
    """

    def __init__(self, file):
        everything = gzip.decompress(file)
        length = int.from_bytes(everything[:4], "little")
        self.header = json.loads(everything[4 : 4 + length])
        self.bytes = np.frombuffer(everything, np.uint8, offset=4 + length)
        self._blocks = {}

    def scene(self, told):
        """A scene with all its parts, and its data as in a message."""
        parts = self.header["parts"]
        scene = dict(told)
        for name in ("panels", "marks", "rows"):
            scene[name] = [parts[place] for place in told[name]]
        scene["columns"] = parts[told["columns"]]
        scene["data"] = self.data(scene.pop("block"), scene["panels"])
        return scene

    def data(self, number, panels):
        """The bytes of a block, measured by some panels' axes."""
        _, _, size, places = self.header["blocks"][number]
        data = bytearray(size)
        for (at, count, panel, mode), values in zip(places, self.integers(number), strict=True):
            if panel < 0:
                data[at : at + count] = values.tobytes()
                continue
            pairs = np.empty((count // 2, 2))
            for column, side in enumerate("xy"):
                axis, part = panels[panel][side], values[:, column] / 4608
                low, high = axis["low"], axis["high"]
                part[values[:, column] == BROKEN] = np.nan
                pairs[:, column] = low * (high / low) ** part if axis["log"] else low + (high - low) * part
            if mode & 4:
                pairs[:, 0] = np.where(np.isnan(pairs[:, 1]), np.nan, range(count // 2))
            data[at : at + 4 * count] = pairs.astype("<f4").tobytes()
        return bytes(data)

    def integers(self, number):
        """The chunks of a block: pairs in steps of their axes, or shades."""
        if number in self._blocks:
            return self._blocks[number]
        start, previous, _, places = self.header["blocks"][number]
        before = self.integers(previous) if previous in self._blocks or previous >= 0 else []
        total = sum(count // (2 if mode & 4 else 1) for _, count, panel, mode in places if panel >= 0)
        planes = self.bytes[start : start + 4 * total].reshape(4, total).astype(np.uint32)
        folded = planes[0] | planes[1] << 8 | planes[2] << 16 | planes[3] << 24
        fresh = ((folded >> 1) ^ (0 - (folded & 1))).astype(np.int32)
        shades = self.bytes[start + 4 * total :]
        found = []
        for i, (_, count, panel, mode) in enumerate(places):
            if panel < 0:
                values, shades = shades[:count], shades[count:]
                found.append(values + before[i] if mode & 1 else values)
                continue
            columns = 1 if mode & 4 else 2
            values, fresh = np.split(fresh, [columns * count // 2])
            values = values.reshape(columns, -1).T
            if mode & 2:
                values = np.cumsum(values, axis=0, dtype=np.int32)
            if mode & 1:
                known = before[i][: len(values), -columns:]
                padded = np.concatenate([known, np.repeat(known[-1:], len(values) - len(known), axis=0)])
                values = values + padded
            found.append(np.concatenate([values] * 2, axis=1) if columns == 1 else values)
        self._blocks[number] = found
        return found
