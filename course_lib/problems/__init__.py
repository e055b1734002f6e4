"""Problems to train on: data, batches, and models with hand-written gradients."""

from .data import Data, digits, get_batches
from .least_squares import LeastSquares
from .mlp import MLP
from .softmax import SoftmaxRegression
from .stacks import keep_freed_memory

__all__ = ["MLP", "Data", "LeastSquares", "SoftmaxRegression", "digits", "get_batches"]

keep_freed_memory()
