"""Answers questions with a trained model: `ask` about one clip, `predict` about many."""
