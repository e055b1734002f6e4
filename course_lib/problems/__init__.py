"""Problems to train on: data, batches, and models with hand-written gradients."""

from .data import Data, digits, get_batches
from .least_squares import LeastSquares
from .softmax import SoftmaxRegression

__all__ = ["Data", "LeastSquares", "SoftmaxRegression", "digits", "get_batches"]
