"""The `modelc` command: one file a command, each parses its arguments, calls the library and prints."""
