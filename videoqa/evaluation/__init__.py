"""How good a model is: scores over all rows beside the baselines that never see the video."""
