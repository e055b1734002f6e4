"""What needs PyTorch and optax is not collected without them; `make test-peers` has them."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") and find_spec("optax") else ["test_peers.py"]
