"""`python -m modelc`: the same as the `modelc` command."""

from modelc.cli.main import main

main()
