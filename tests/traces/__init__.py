"""Positions recorded from other libraries, and the reader for them (see README.md)."""
