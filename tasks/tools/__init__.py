"""Doors: one outside library, or one thing that mathmill exists for, behind each."""
