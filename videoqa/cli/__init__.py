"""The command line: one file per command, which turns flags into keywords and prints; no logic."""
