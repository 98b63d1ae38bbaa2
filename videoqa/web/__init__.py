"""Serves a model to browsers and programs."""
