"""Problems of a spec as values, their codes and pages, and their output formats."""
