"""Annotation tables: files and built-in sets read, checked and split."""
