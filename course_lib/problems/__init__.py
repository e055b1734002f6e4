"""Problems to train on: data, batches, and models with hand-written gradients."""

from ..gradients import GradientReport, check_gradient
from .autoencoder import Autoencoder
from .conv_net import ConvNet
from .counterexample import OnlineCounterexample
from .data import Data, get_batches
from .datasets import breast_cancer, diabetes, digits, zipf_text
from .factorisation import MatrixFactorisation
from .fisher import LayerFisher, layer_fishers
from .least_squares import LeastSquares
from .linear_regression import LinearRegression
from .mlp import MLP
from .quadratic import NoisyQuadratic
from .registry import PROBLEMS
from .softmax import SoftmaxRegression
from .stacks import keep_freed_memory
from .stream import Stream
from .texts import docstrings, next_words, scaled_columns

__all__ = [
    "MLP",
    "PROBLEMS",
    "Autoencoder",
    "ConvNet",
    "Data",
    "GradientReport",
    "LayerFisher",
    "LeastSquares",
    "LinearRegression",
    "MatrixFactorisation",
    "NoisyQuadratic",
    "OnlineCounterexample",
    "SoftmaxRegression",
    "Stream",
    "breast_cancer",
    "check_gradient",
    "diabetes",
    "digits",
    "docstrings",
    "get_batches",
    "layer_fishers",
    "next_words",
    "scaled_columns",
    "zipf_text",
]

keep_freed_memory()
