"""What flows: records, tables, runs, errors. Imports nothing of ours."""
