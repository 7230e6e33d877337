"""What happens and what must be found: one script a scenario, each holding a value called `scenario`."""
