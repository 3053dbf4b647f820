"""What the engine costs, against a stub on this machine, each beside a bare aiohttp loop in the same run.

    python -m tests.benchmarks.llm speed [--in-flight 200 1000 2000] [--latency 0.3] [--calls 5] [--rounds 2]
    python -m tests.benchmarks.llm memory [--calls 100000]
    python -m tests.benchmarks.llm faults
    python -m tests.benchmarks.llm kill [--times 20]

`speed`: calls a second, share of the bare loop's, and CPU time a call of this process; `--calls` is in multiples of the
calls in flight. `memory`: resident size along one long run. `faults`: wall time with faults to that without. `kill`:
runs are killed at random moments, and the stub's account of paid calls is held against what was in flight.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.tools.calls.store import Store
from tasks.tools.llm import Ask, Reply, Turn, teacher
from tasks.tools.llm.engine import Engine

SYSTEM = "You are a careful mathematician. " * 30
PADDING = "x" * 500


@contextmanager
def server(*flags: str) -> Iterator[str]:
    """A stub in a process of its own; gives its URL."""
    with subprocess.Popen([sys.executable, "-m", "tests.stub", *flags], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def asks(count: int, mark: str = "") -> Iterator[Ask]:
    return (Ask(SYSTEM, (Turn("user", f"{mark} problem {i} {PADDING}"),), tag="bench") for i in range(count))


@contextmanager
def engine(url: str, in_flight: int, **settings: float) -> Iterator[Engine]:
    """An engine with a new store, warm: client and connections are there."""
    with tempfile.TemporaryDirectory() as folder:
        calls = Store(Path(folder) / "calls.sqlite")
        made = Engine(teacher(url, "m", concurrency=in_flight, **settings), calls)
        for _ in made.ask_all(asks(in_flight, "warm")):
            pass
        yield made
        made.close()
        calls.close()


def ours(url: str, in_flight: int, calls: int) -> tuple[float, float]:
    with engine(url, in_flight) as made:
        return timed(lambda: sum(isinstance(outcome, Reply) for outcome in made.ask_all(asks(calls))), calls)


def timed(work: Callable[[], int], calls: int) -> tuple[float, float]:
    """Calls a second, and CPU milliseconds a call."""
    wall, cpu = time.monotonic(), time.process_time()
    done = work()
    assert done == calls, f"{done} of {calls} answered"
    return calls / (time.monotonic() - wall), (time.process_time() - cpu) / calls * 1000


def bare(url: str, in_flight: int, calls: int) -> tuple[float, float]:
    """The limit: aiohttp and orjson, nothing kept."""
    return asyncio.run(_bare(url, in_flight, calls))


async def _bare(url: str, in_flight: int, calls: int) -> tuple[float, float]:
    import aiohttp
    import orjson

    async def work(session: aiohttp.ClientSession, source: Iterator[Ask]) -> int:
        done = 0
        for ask in source:
            body = orjson.dumps({"model": "m", "temperature": 0.7, "max_tokens": 2048, "messages": [
                {"role": "system", "content": ask.system}, {"role": "user", "content": ask.turns[0].text}]})
            async with session.post(f"{url}/chat/completions", data=body) as response:
                done += bool(orjson.loads(await response.read())["choices"][0]["message"]["content"])
        return done

    async def all_of(source: Iterator[Ask]) -> int:
        return sum(await asyncio.gather(*(work(session, source) for _ in range(in_flight))))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:
        await all_of(asks(in_flight))
        wall, cpu = time.monotonic(), time.process_time()
        done = await all_of(asks(calls))
        assert done == calls
        return calls / (time.monotonic() - wall), (time.process_time() - cpu) / calls * 1000


def speed(options: argparse.Namespace) -> None:
    with server("--latency", str(options.latency), "--forget") as url:
        for in_flight in options.in_flight:
            for number in range(options.rounds):
                calls = in_flight * options.calls
                limit, mine = bare(url, in_flight, calls), ours(url, in_flight, calls)
                print(f"{in_flight:5} in flight, latency {options.latency} s, round {number}: bare {limit[0]:6.0f}/s "
                      f"{limit[1]:.3f} ms; engine {mine[0]:6.0f}/s {mine[1]:.3f} ms; share {mine[0] / limit[0]:.2f}; "
                      f"load {os.getloadavg()[0]:.1f}", flush=True)


def memory(options: argparse.Namespace) -> None:
    with server("--forget", "--latency", "0.05") as url, engine(url, 200) as made:
        since = time.monotonic()
        for number, _ in enumerate(made.ask_all(asks(options.calls)), 1):
            if number % (options.calls // 10) == 0:
                print(f"{number:7} calls, {time.monotonic() - since:5.0f} s, {_resident():.0f} MiB", flush=True)


def _resident() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def faults(options: argparse.Namespace) -> None:
    walls = {}
    for name, flags in {"none": (), "20 % 500": ("--faults", "0.2"), "5 % 429": ("--faults", "0.05", "--status", "429"),
                        "0.2 % hang": ("--hang", "0.002")}.items():
        with server("--latency", "0.3", "--forget", *flags) as url, engine(url, 200, timeout=3) as made:
            before = made.caller.sent
            rate, _ = timed(lambda made=made: sum(  # type: ignore[misc]
                isinstance(outcome, Reply) for outcome in made.ask_all(asks(5000))), 5000)
            sent = made.caller.sent - before
            walls[name] = 5000 / rate
            ratio = walls[name] / walls["none"]
            print(f"{name:10} {walls[name]:6.1f} s, {ratio:.2f} times; {sent} requests, {ratio / (sent / 5000):.2f} "
                  f"times a request; pauses {made.caller.limiter.pauses}", flush=True)


def kill(options: argparse.Namespace) -> None:
    chance, in_flight, twice, total = random.Random(options.seed), 100, [], 0
    for number in range(options.times):
        with server("--latency", "0.1") as url, tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, "-m", "tests.benchmarks.llm", "child", "--url", url, "--folder", folder]
            with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(chance.uniform(0.0, 8.0))
                child.send_signal(signal.SIGKILL)
            time.sleep(0.5)  # the server ends what it has in hand
            before = _stats(url)["calls"]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            paid = _stats(url)["paid"]
            assert len(paid) == 5000
            twice.append(sum(paid.values()) - 5000)
            total += before
            print(f"{number:3}: killed after {before:5} of 5000 calls; paid twice {twice[-1]:3} "
                  f"(in flight {in_flight})", flush=True)
    print(f"most paid twice {max(twice)}, in flight {in_flight}; calls before the kills {total}")


def _stats(url: str) -> dict[str, dict[str, int]]:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        held: dict[str, dict[str, int]] = json.load(answer)
    return held


def child(options: argparse.Namespace) -> None:
    made = Engine(teacher(options.url, "m", concurrency=100), Store(Path(options.folder) / "calls.sqlite"))
    print("started", flush=True)
    assert sum(isinstance(outcome, Reply) for outcome in made.ask_all(asks(5000))) == 5000


def main() -> None:
    """Prints as it goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "memory", "faults", "kill", "child"))
    parser.add_argument("--in-flight", type=int, nargs="+", default=[200, 1000, 2000])
    parser.add_argument("--latency", type=float, default=2.0)
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--url", default="")
    parser.add_argument("--folder", default="")
    options = parser.parse_args()
    {"speed": speed, "memory": memory, "faults": faults, "kill": kill, "child": child}[options.what](options)


if __name__ == "__main__":
    main()
