"""What is done with problems once they are found: fixes as edits of the text, cascading errors, suppressions."""
