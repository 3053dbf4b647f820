"""`python -m flows` is `mathmill`, where the console script is not on the path."""

from flows.cli import main

if __name__ == "__main__":
    main()
