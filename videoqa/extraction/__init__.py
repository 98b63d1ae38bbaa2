"""Extracts frames of annotated clips to JPEG files, in the folders and lists that older programs read."""
