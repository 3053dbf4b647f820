"""PostgreSQL, a Prefect server and a worker as plain processes, for machines without containers."""
