"""The built-in sample set: an animated loading bay, drawn clip by clip, with questions about it."""
