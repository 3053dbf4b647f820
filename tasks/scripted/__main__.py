"""`python -m tasks.scripted`: the server by itself. Its first line of output is its URL.

It ends with who started it: when its parent is gone, or when the pipe that it has as standard input is closed.
"""

import argparse
import asyncio
import json
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from tasks.scripted.completions import Teacher
from tasks.scripted.faults import parse
from tasks.scripted.server import application
from tasks.scripted.stock import stock

LOOK = 0.25  # seconds between looks at whether anybody is left to serve
GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def main() -> None:
    """Serve until the process is ended, or whoever started it is gone."""
    wanted = starter()
    parser = argparse.ArgumentParser(prog="python -m tasks.scripted", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--faults", default="", help="wrong_answer=0.05,429=0.02,…")
    parser.add_argument("--test-items", default="", help="JSONL file whose questions the fault test_item writes")
    parser.add_argument("--rpm", type=int, default=0, help="requests a minute; 0: no limit")
    parser.add_argument("--key", default="", help="the key that clients must send")
    options = parser.parse_args()
    try:
        plan = parse(options.faults, questions(options.test_items))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    teacher = Teacher(stock(), plan, options.seed, options.latency, options.rpm, options.key)
    asyncio.run(_serve(teacher, options.port, wanted))


def questions(file: str) -> tuple[str, ...]:
    """The questions of a JSONL file, none of no file. Raises `ValueError` for a line that has none."""
    found = []
    for number, line in enumerate(Path(file).read_text(encoding="utf-8").splitlines() if file else (), 1):
        item = json.loads(line)
        if not (text := item.get("question") or item.get("problem")):
            raise ValueError(f"{file}, line {number}: neither question nor problem")
        found.append(str(text))
    return tuple(found)


def starter() -> Callable[[], bool]:
    """Whether who started this process is still there, from now on; a pipe that is closed already says nothing.

    The pipe is only asked whether it hangs: what comes through it may be meant for another process.
    """
    parent, pipe = os.getppid(), select.poll()
    pipe.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
    watched = not pipe.poll(0)
    return lambda: os.getppid() == parent and not (watched and any(told & GONE for _, told in pipe.poll(0)))


async def _serve(teacher: Teacher, port: int, wanted: Callable[[], bool]) -> None:
    runner = web.AppRunner(application(teacher), access_log=None, shutdown_timeout=0.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    while wanted():
        await asyncio.sleep(LOOK)
    os._exit(0)  # at once: calls that hang by plan would be waited for


if __name__ == "__main__":
    main()
