"""The commands of `mathmill`, a few lines of shell each; `flows.cli` gathers them. What they do lies in `tasks`."""
