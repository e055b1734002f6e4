"""Problems to train on: data, batches, and models with hand-written gradients."""

from .data import Data, digits, get_batches
from .softmax import SoftmaxRegression

__all__ = ["Data", "SoftmaxRegression", "digits", "get_batches"]
