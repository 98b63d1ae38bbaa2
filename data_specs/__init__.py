"""One TOML file per data set that `videoqa` knows by name."""
