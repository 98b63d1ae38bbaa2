"""`videoqa doctor`: checks whether this machine, its packages and its folders can run the library.

`diagnose` runs all checks. `packages` looks at installed packages, `machine` at folders, memory and weights.
`probes` runs TensorFlow and the decoders in child processes, because they may crash.
"""
