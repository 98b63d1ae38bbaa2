"""Starts, connects and watches the worker processes of a run, without loading TensorFlow."""
