"""The command line: one file per command. Each turns flags into keywords and prints results; no logic."""
