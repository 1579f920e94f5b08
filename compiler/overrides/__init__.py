"""`--set PATH=VALUE`: overrides values of a spec from the command line."""
