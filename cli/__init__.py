"""The `modelc` command: one file for each subcommand, which parses its arguments, calls the library and prints."""
