"""Models: numbers in, a `keras.Model` out; this room knows no dataset and no file but weights."""
