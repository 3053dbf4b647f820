"""Prefect's door for schedules: flows as deployments by dotted module, their work pool, and their worker."""

import os
import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast
from zoneinfo import available_timezones

from schemas.errors import InputError, ParameterError, ToolError
from tasks.tools import mending
from tasks.tools.orchestrator import check_server, server_faults, server_url

POOL = "mathmill"
HEARTBEAT = 30  # seconds between a flow's signs of life
CRASHED = "mathmill: silent runs have crashed"
# An older mathmill's: the first met everybody's runs, the second knew no limit, as `tasks.tools.mending` does.
OLD = ("mathmill: silent flow runs have crashed", "mathmill: crashed flow runs go on")


def needed_server() -> str:
    """The address of the server. Raises `ToolError` where none is configured, or none answers."""
    url = server_url()
    if not url:
        raise ToolError("schedules need a Prefect server, and none is configured", where="PREFECT_API_URL",
                        mend="python -m infra.local up, then export the PREFECT_API_URL that it prints")
    check_server(url)
    return url


def deploy(flow: str, entrypoint: str, name: str, *, cron: str, timezone: str, parameters: Mapping[str, Any],
           folder: str, environment: Mapping[str, str], secrets: Sequence[str] = ()) -> str:
    """Makes or replaces the deployment `flow/name`, its pool and the automation; returns its id.

    At most one run of it at a time; a later one waits. `secrets` are variables whose values its worker reads from
    Secret blocks when a run starts. Raises `ToolError`, and `ParameterError` for a bad cron line.
    """
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Cron

    with server_faults(needed_server()):
        keys = {name: f"{{{{ prefect.blocks.secret.{_block(name)} }}}}" for name in secrets}
    try:
        made = cast(Any, RunnerDeployment).from_entrypoint(
            entrypoint, name=name, flow_name=flow, parameters=dict(parameters), work_pool_name=POOL,
            concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE),
            job_variables={"working_dir": folder, "env": {**environment, **keys}}, tags=["mathmill"],
            schedule=Cron(cron, timezone=timezone) if cron else None)
    except ValueError as error:
        if timezone not in available_timezones():
            raise ParameterError(f"there is no time zone {timezone!r}", where="--timezone",
                                 mend="give a name such as Europe/Vienna") from error
        raise ParameterError(f"{cron!r} is no schedule", where="--cron",
                             mend='write five fields, as "0 3 * * *" for three at night') from error
    made._path = folder  # else Prefect copies the folder that we stand in, environment and all, to where a run works
    prepare()
    with server_faults(server_url()):
        return str(made.apply())


def _block(variable: str) -> str:
    """The Secret block that holds a variable's value. Raises `InputError` where the server has none."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    name = variable.lower().replace("_", "-")
    client: Any = get_client(sync_client=True)
    with client:
        try:
            client.read_block_document_by_name(name, "secret")
        except ObjectNotFound:
            raise InputError(f"there is no Secret block {name!r} on the server", where=variable,
                             mend="make one in the UI: Blocks, Secret") from None
    return name


def prepare() -> None:
    """The work pool and the automation, where they are not there yet."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists

    client: Any = get_client(sync_client=True)
    with server_faults(server_url()):
        with client, suppress(ObjectAlreadyExists):
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        if CRASHED not in _automations(without=OLD):
            _silent(CRASHED).create()


def _automations(without: Sequence[str]) -> set[str]:
    """The names of all automations; those `without` are deleted."""
    from prefect.client.orchestration import get_client
    from prefect.utilities.asyncutils import run_coro_as_sync

    async def read() -> set[str]:
        client: Any = get_client()
        async with client:
            there = {each.name: each.id for each in await client.read_automations()}
            for name in there.keys() & set(without):
                await client.delete_automation(there.pop(name))
            return set(there)

    return cast(Callable[..., set[str]], run_coro_as_sync)(read())


def _silent(name: str) -> Any:
    """A flow run that was alive and has said nothing since has crashed: kill -9, a machine that is gone."""
    from prefect.automations import Automation
    from prefect.client.schemas.objects import StateType
    from prefect.events import EventTrigger
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import Posture

    alive, over = "prefect.flow-run.heartbeat", ("Completed", "Failed", "Cancelled", "Crashed")
    trigger = EventTrigger(
        after={alive}, expect={alive, *(f"prefect.flow-run.{state}" for state in over)},
        match=cast(Any, {"prefect.resource.id": ["prefect.flow-run.*"]}), for_each={"prefect.resource.id"},
        match_related=cast(Any, {"prefect.resource.id": "prefect.tag.mathmill"}),  # others' hearts may beat more slowly
        posture=Posture.Proactive, threshold=1, within=timedelta(seconds=mending.SILENCE))
    crash = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", force=False,
                               message="no heartbeat: its process is gone")
    return Automation(name=name, trigger=trigger, actions=[crash])


def listed() -> list[dict[str, str]]:
    """All deployments of mathmill: name, schedule, next run, and how the last one ended."""
    from prefect.client.orchestration import get_client

    url = needed_server()
    client: Any = get_client(sync_client=True)
    with server_faults(url), client:
        flows = {each.id: each.name for each in client.read_flows()}
        ours = [each for each in client.read_deployments() if "mathmill" in each.tags]
        return [{"schedule": f"{flows[each.flow_id]}/{each.name}", "cron": _crons(each), **_runs(client, each)}
                for each in sorted(ours, key=lambda each: str(each.name))]


def _crons(deployment: Any) -> str:
    paused = " (paused)" if deployment.paused else ""
    return ", ".join(each.schedule.cron for each in deployment.schedules if hasattr(each.schedule, "cron")) + paused


def _runs(client: Any, deployment: Any) -> dict[str, str]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
    from prefect.client.schemas.sorting import FlowRunSort

    own = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
    runs = client.read_flow_runs(deployment_filter=own, sort=FlowRunSort.EXPECTED_START_TIME_DESC)
    done = next((run for run in runs if run.state and run.state.type.value != "SCHEDULED"), None)
    following = [run for run in runs if run.state and run.state.type.value == "SCHEDULED"]
    return {"next": f"{following[-1].expected_start_time:%Y-%m-%d %H:%M %Z}" if following else "",
            "last": f"{done.name}: {done.state.name}" if done else ""}


def work(limit: int) -> None:
    """A worker of the pool in this process, until it is stopped; it also mends runs that lost theirs."""
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT))  # for `prefect deploy`
    mending.watch()
    sys.argv = ["prefect", "worker", "start", "--pool", POOL, "--type", "process", "--limit", str(limit)]
    if "PREFECT_WORKER_WEBSERVER_PORT" in os.environ:  # who gives it a port wants to ask /health there
        sys.argv.append("--with-healthcheck")
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
