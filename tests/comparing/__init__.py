"""Tests of comparisons and their statistics."""
