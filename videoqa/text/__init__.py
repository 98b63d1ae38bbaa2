"""Questions and answers as text: words, the question vocabulary and the answer list."""
