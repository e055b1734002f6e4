"""Tests of training, sweeps and their cache."""
