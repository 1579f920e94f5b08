"""Processes problems: safe fixes as edits of the text, suppression of cascading errors and of warnings."""
