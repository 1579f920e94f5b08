"""Problems with a spec as values, their codes and pages, and what renders them."""
