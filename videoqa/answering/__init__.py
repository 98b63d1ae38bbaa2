"""Answering: `ask` about one clip, `predict` over many, with a trained model folder."""
