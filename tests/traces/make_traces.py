"""Record the traces: run every peer of every rule on the prescribed gradients and store what it did.

    python -m tests.traces.make_traces            # all
    python -m tests.traces.make_traces Adam SAM   # only these rules; the others stay as they are

Needs the packages of requirements.txt. Writes `sequences.npz` (what is already in it is kept),
`<Rule>.npz` (positions) and `index.json` (one entry a case).
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import numpy as np

from . import core, frontier, later, matrices, sequences, special, structured
from .peers import Peer

RULES = core.RULES | frontier.RULES | special.RULES | structured.RULES | later.RULES | matrices.RULES
SEQUENCES = special.SEQUENCES | structured.SEQUENCES


def case_name(rule: str, number: int, peer: Peer, sequence: str) -> str:
    """A readable, unique name, e.g. `adam-0-torch-hard-matrix`."""
    kebab = re.sub(r"[^a-z0-9]+", "-", f"{rule}-{number}-{peer.package}-{peer.tag}-{sequence}".lower())
    return kebab.replace("--", "-")


def record(rule: str, stored: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """All cases of one rule: their positions by name, and their entries in the index."""
    positions: dict[str, np.ndarray] = {}
    entries: list[dict[str, Any]] = []
    for number, (hyper, peers) in enumerate(RULES[rule]()):
        for peer in peers:
            for key in peer.sequences:
                sequence = sequences.one(stored, key)
                name = case_name(rule, number, peer, key)
                positions[name] = peer.run(sequence)[sequence["steps"]]
                if not np.isfinite(positions[name]).all():
                    raise ArithmeticError(f"{name}: the peer's run is not finite")
                entries.append(
                    {
                        "name": name,
                        "optimizer": rule,
                        "hyper": hyper,
                        "sequence": key,
                        "compare": peer.compare,
                        "tolerance": peer.tolerance,
                        "peer": peer.package,
                        "version": peer.version,
                        "call": peer.call,
                        "note": peer.note,
                    }
                )
    return positions, entries


def main(wanted: list[str]) -> None:
    """Record the wanted rules and bring the index up to date."""
    stored = sequences.load()
    for rule in wanted or RULES:
        if rule in SEQUENCES and not any(key.startswith(f"{rule.lower()}") for key in stored):
            stored |= SEQUENCES[rule]()
    sequences.save(stored)
    path = sequences.FOLDER / "index.json"
    index = json.loads(path.read_text()) if path.exists() else []
    for rule in wanted or RULES:
        positions, entries = record(rule, stored)
        np.savez_compressed(sequences.FOLDER / f"{rule}.npz", **positions)
        index = [entry for entry in index if entry["optimizer"] != rule] + entries
        print(f"{rule}: {len(entries)} cases")
    order = list(RULES)
    index.sort(key=lambda entry: order.index(entry["optimizer"]))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in index)
    path.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(sys.argv[1:])
