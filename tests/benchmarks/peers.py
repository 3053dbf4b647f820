"""Calls a second of the engine beside those of its peers, against one stub: bare aiohttp, curator, DataDesigner.

    python -m tests.benchmarks.peers --curator PYTHON --designer PYTHON [--in-flight 200 1000] [--latency 2] [--calls 5]

`PYTHON` is the interpreter of a virtual environment into which `bespokelabs-curator` or `data-designer` was installed
from the registry; who is not given is left out. Each works in a process of its own with as many calls in flight. Timed
is generating and keeping, without imports; the bare loop keeps nothing; it and the engine begin with warm connections,
the peers with cold ones. curator counts tokens with a file from the network: here by words.
"""

import argparse
import json
import os
import subprocess
import tempfile

from tests.benchmarks.llm import PADDING, SYSTEM, bare, ours, server

TIMED = """
import json, sys, time
url, in_flight, calls, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
system, padding = json.loads(sys.argv[5])
def timed(work):
    wall, cpu = time.monotonic(), time.process_time()
    done = work()
    print("\\nTOLD", json.dumps([done, time.monotonic() - wall, time.process_time() - cpu]), flush=True)
"""
CURATOR = TIMED + """
import tiktoken
class Words:
    def encode(self, text, **_): return text.split()
tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_: Words()
from bespokelabs import curator
from datasets import Dataset
class Solver(curator.LLM):
    def prompt(self, row):
        return [{"role": "system", "content": system}, {"role": "user", "content": row["problem"]}]
    def parse(self, row, response):
        return {**row, "solution": response}
solver = Solver(model_name="m", backend="openai", backend_params={
    "base_url": url, "api_key": "none", "max_concurrent_requests": in_flight, "max_requests_per_minute": 10**7,
    "max_tokens_per_minute": 10**10})
rows = Dataset.from_dict({"problem": [f"problem {i} {padding}" for i in range(calls)]})
def work():
    made = solver(rows, working_dir=folder)
    return len(getattr(made, "dataset", made))
timed(work)
"""
DESIGNER = TIMED + """
import pandas
import data_designer.config as dd
from data_designer.interface import DataDesigner
given = dd.ModelConfig(alias="m", model="m", provider="stub", skip_health_check=True,
    inference_parameters=dd.ChatCompletionInferenceParams(
        max_parallel_requests=in_flight, temperature=0.7, max_tokens=2048))
made = DataDesigner(artifact_path=folder, model_providers=[
    dd.ModelProvider(name="stub", endpoint=url, provider_type="openai", api_key="none")])
made.set_run_config(dd.RunConfig(buffer_size=calls))
wanted = dd.DataDesignerConfigBuilder(model_configs=[given])
wanted.with_seed_dataset(dd.DataFrameSeedSource(df=pandas.DataFrame(
    {"problem": [f"problem {i} {padding}" for i in range(calls)]})))
wanted.add_column(dd.LLMTextColumnConfig(
    name="solution", prompt="{{ problem }}", system_prompt=system, model_alias="m"))
timed(lambda: len(made.create(wanted, num_records=calls).load_dataset()))
"""


def peer(python: str, script: str, url: str, in_flight: int, calls: int) -> tuple[float, float]:
    """Calls a second and CPU milliseconds a call of a peer. Raises `RuntimeError` with its last words if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TELEMETRY_ENABLED": "false", "OPENAI_API_KEY": "none", "HOME": folder,
                       "CURATOR_CACHE_DIR": folder, "CURATOR_DISABLE_CACHE": "1", "DO_NOT_TRACK": "1",
                       "NEMO_TELEMETRY_ENABLED": "false"}
        command = [python, "-c", script, url, str(in_flight), str(calls), folder, json.dumps([SYSTEM, PADDING])]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder,
                              timeout=400)
    told = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
    if not told:
        raise RuntimeError(f"{python} did not finish: {done.stdout[-800:]} {done.stderr[-1500:]}")
    answered, wall, cpu = json.loads(told[0].removeprefix("TOLD"))
    if answered != calls:
        raise RuntimeError(f"{python}: {answered} of {calls} answered")
    return calls / wall, cpu / calls * 1000


PEERS = {"curator": CURATOR, "DataDesigner": DESIGNER}


def main() -> None:
    """Prints a line for each, as it goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curator", default="")
    parser.add_argument("--designer", default="")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--latency", type=float, default=2.0)
    parser.add_argument("--calls", type=int, default=5, help="in multiples of the calls in flight")
    options = parser.parse_args()
    with server("--latency", str(options.latency), "--forget") as url:
        for in_flight in options.in_flight:
            calls = in_flight * options.calls
            print(f"{in_flight} in flight, {calls} calls, latency {options.latency} s, load {os.getloadavg()[0]:.1f}")
            told = {"bare aiohttp": bare(url, in_flight, calls), "mathmill": ours(url, in_flight, calls)}
            for name, python in (("curator", options.curator), ("DataDesigner", options.designer)):
                if python:
                    told[name] = peer(python, PEERS[name], url, in_flight, calls)
            for name, (rate, cpu) in told.items():
                print(f"  {name:13} {rate:6.0f}/s  {cpu:6.2f} ms of processor a call", flush=True)


if __name__ == "__main__":
    main()
