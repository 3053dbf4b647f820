"""What is done: one verb a module, each a function from table to table."""
