"""`--set PATH=VALUE`: values from the command line in the place of those of a spec."""
