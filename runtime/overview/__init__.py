"""What the rows of a task are like, what is odd about them, and how new rows differ from those of training. Nothing prints."""
