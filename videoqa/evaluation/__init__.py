"""Scores of a model over all rows, beside baselines that never see the video."""
