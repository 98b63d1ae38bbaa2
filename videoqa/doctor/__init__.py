"""`videoqa doctor`: whether this machine, its packages and its folders are fit for the library.

`diagnose` puts the checks together; `packages` reads what is installed, `machine` looks at folders, memory
and weights, `probes` is what child processes run, since TensorFlow or a decoder may take their process down.
"""
