"""Labelling files: blocks, workers, outputs, checkpoints, shards."""
