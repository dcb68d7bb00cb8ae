"""Correcting labels by hand: which rows to look at, what is decided about them, and the file that keeps it."""
