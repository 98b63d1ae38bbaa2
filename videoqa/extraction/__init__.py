"""Frames of annotated clips kept as JPEG files, in the folders and lists that older programs read."""
