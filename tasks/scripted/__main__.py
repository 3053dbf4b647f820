"""`python -m tasks.scripted`: the server by itself. Its first line of output is its URL."""

import argparse
import asyncio
import json
from pathlib import Path

from aiohttp import web

from tasks.scripted.faults import parse
from tasks.scripted.server import Teacher, application
from tasks.scripted.stock import stock


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m tasks.scripted", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--faults", default="", help="wrong_answer=0.05,429=0.02,…")
    parser.add_argument("--test-items", default="", help="JSONL file whose questions the fault test_item writes")
    parser.add_argument("--rpm", type=int, default=0, help="requests a minute; 0: no limit")
    parser.add_argument("--key", default="", help="the key that clients must send")
    options = parser.parse_args()
    lines = Path(options.test_items).read_text().splitlines() if options.test_items else []
    items = [json.loads(line) for line in lines]
    try:
        plan = parse(options.faults, tuple(str(item.get("question") or item.get("problem")) for item in items))
    except ValueError as error:
        parser.error(str(error))
    teacher = Teacher(stock(), plan, options.seed, options.latency, options.rpm, options.key)
    asyncio.run(_serve(teacher, options.port))


async def _serve(teacher: Teacher, port: int) -> None:
    runner = web.AppRunner(application(teacher), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=2048)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
