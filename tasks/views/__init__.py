"""Views for trainers."""
