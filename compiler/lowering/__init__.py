"""From a task to pure functions of arrays: passes, then the functions themselves."""
