"""A worker's second job: scheduled runs that lost their process go on, three times at most, and then have failed.

It reads from the server how runs stand, and waits for no event: a server that is killed forgets what it had heard.
Any number of workers may do this at once; a run that is started twice waits for its folder.
"""

import time
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

LOOK = 10.0  # seconds between two looks at the server
SETTLED = 10  # seconds before a crash is believed
PAUSES = (0, 30, 120)  # seconds before the first, second and third restart of a crashed run
SILENCE = 120  # seconds without a sign of life after which a flow run is taken for dead
UNSTARTED = 180  # seconds after which a run that a worker has taken, and not started, is taken for lost
LATEST = timedelta(days=7)  # older runs are left as they are
GAVE_UP = ("it crashed {} times, and mathmill starts a crashed run {} times again at most; see the worker's log, then "
           "choose Retry: it goes on where it stopped")


def watch() -> None:
    """Begins to mend, on a thread that ends with this process."""
    Thread(target=_forever, daemon=True, name="mending").start()


class Mender:
    """Remembers since when it has been waiting for a sign of life of which run."""

    def __init__(self) -> None:
        self.silent: dict[Any, float] = {}

    def look(self) -> list[str]:
        """Sets the states of runs that need it, and says what it did. Raises what Prefect's client raises."""
        from prefect.client.orchestration import get_client

        client: Any = get_client(sync_client=True)
        with client:
            due = [(run, state) for run in _unfinished(client) if (state := self._due(client, run))]
            for run, state in due:
                client.set_flow_run_state(run.id, state)
        return [f"{run.name}: {state.name}: {state.message}" for run, state in due]

    def _due(self, client: Any, run: Any) -> Any:
        from prefect.states import Crashed

        age = (datetime.now(UTC) - run.state.timestamp).total_seconds()
        if run.state.is_crashed():  # a crash may be told twice, and is to count once
            return _verdict(client, run) if age > SETTLED else None
        if run.state.is_pending() and age > UNSTARTED:
            return Crashed(message=f"no process came of it in {UNSTARTED} seconds")
        if run.state.is_running() and age > SILENCE and self._lost(client, run):
            return Crashed(message=f"no sign of life for {SILENCE} seconds: its process is gone")
        return None

    def _lost(self, client: Any, run: Any) -> bool:
        """Whether a run has been silent in our hearing, too: a server that was away has heard nothing."""
        if _heard(client, run):
            self.silent.pop(run.id, None)
            return False
        return time.monotonic() - self.silent.setdefault(run.id, time.monotonic()) > SILENCE / 2


def _forever() -> None:
    mender = Mender()
    while True:
        try:
            for line in mender.look():
                print(f"mending: {line}", flush=True)
        except Exception as error:  # the server is away; it knows what we need when it is back
            mender.silent.clear()
            print(f"mending: {type(error).__name__}, later again", flush=True)
        time.sleep(LOOK)


def _unfinished(client: Any) -> list[Any]:
    from prefect.client.schemas import filters as typed
    from prefect.client.schemas import sorting

    filters: Any = typed  # it takes words and datetimes, and says that it wants types of its own
    states = filters.FlowRunFilterStateType(any_=["CRASHED", "PENDING", "RUNNING"])
    asked = filters.FlowRunFilter(
        tags=filters.FlowRunFilterTags(all_=["mathmill"]), state=filters.FlowRunFilterState(type=states),
        expected_start_time=filters.FlowRunFilterExpectedStartTime(after_=datetime.now(UTC) - LATEST))
    found = client.read_flow_runs(flow_run_filter=asked, sort=sorting.FlowRunSort.EXPECTED_START_TIME_DESC)
    return [run for run in found if run.state and run.deployment_id]


def _verdict(client: Any, run: Any) -> Any:
    """What becomes of a crashed run: it goes on, or it has failed."""
    from prefect.states import AwaitingRetry, Failed

    crashes = _crashes(client.read_flow_run_states(run.id))
    if crashes > len(PAUSES):
        return Failed(message=GAVE_UP.format(crashes, len(PAUSES)))
    pause = PAUSES[max(crashes, 1) - 1]
    return AwaitingRetry(scheduled_time=datetime.now(UTC) + timedelta(seconds=pause),
                         message=f"crashed ({run.state.message}); restart {crashes} of {len(PAUSES)}")


def _crashes(states: list[Any]) -> int:
    """How often a run crashed since somebody last wanted it again."""
    count = 0
    for state in sorted(states, key=lambda state: state.timestamp):
        count = 0 if state.is_failed() else count + state.is_crashed()
    return count


def _heard(client: Any, run: Any) -> bool:
    """Whether the server has an event of this run that is not older than `SILENCE`."""
    from prefect.events import filters as typed

    filters: Any = typed
    since = datetime.now(UTC) - timedelta(seconds=SILENCE)
    asked = filters.EventFilter(occurred=filters.EventOccurredFilter(since=since),
                                resource=filters.EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]))
    return bool(client.read_events(asked, limit=1).events)
