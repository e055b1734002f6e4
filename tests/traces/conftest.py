"""The makers import PyTorch and JAX: pytest must not collect them."""

collect_ignore = [
    "check_calls.py",
    "make_traces.py",
    "peers.py",
    "core.py",
    "frontier.py",
    "special.py",
    "later.py",
    "matrices.py",
    "structured.py",
]
