"""`python -m infra.local up | down | status | keep`: PostgreSQL, the Prefect server and a worker, in that order.

`up` leaves a keeper behind that starts again whichever of them is gone, a second later; `keep` is this keeper itself,
in the foreground, for systemd or a terminal. State, logs and the database's password lie in data/local, or
MATHMILL_LOCAL; the server listens on 127.0.0.1:4200, or MATHMILL_LOCAL_PORT, the database on the port after it.
"""

import json
import sys

from infra.local.stack import Stack


def main(word: str = "") -> int:
    """Exit code 0 where all is up (`up`, `status`) or down (`down`)."""
    stack = Stack.here()
    if word == "up":
        stack.up()
    elif word == "down":
        stack.down()
    elif word == "keep":
        stack.keep()
    elif word != "status":
        print(__doc__, file=sys.stderr)
        return 2
    state = stack.status()
    print(json.dumps(state, indent=1))
    if word == "up":
        print(f"export PREFECT_API_URL={stack.url}")
    well = not any(state.values()) if word == "down" else all(state.values())
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
