"""Launching: the processes of a run started, brought together and watched. Nothing here needs TensorFlow."""
