"""Ways out into other runtimes: exports that are compared with the model before they are handed over."""
