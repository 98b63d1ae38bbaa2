"""The command line: one file per command, without logic.

In each, `add_arguments` adds the flags, `run` turns them into keywords, calls the library and returns a
JSON-ready result, and `show` prints that result as text. `HELP` and `EXAMPLE` are shown by `--help`.
"""
