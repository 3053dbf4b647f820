"""Templates into problems and worked solutions."""
