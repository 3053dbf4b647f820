"""Which tasks, in what order: the recipes, and the command line."""
