"""What infra/ ships: the files parse, and every command, variable, path and setting that they name exists.

No container is started here; that these files start was not seen.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.cli import app
from tests.conftest import ROOT

INFRA = ROOT / "infra"
COMPOSE: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
CONTAINER = (INFRA / "Containerfile").read_text()
SERVICE = {"image", "build", "command", "restart", "init", "environment", "volumes", "ports", "depends_on",
           "healthcheck", "profiles", "shm_size", "deploy", "security_opt"}
TEXTS = sorted(path for path in INFRA.iterdir() if path.is_file())
ELSEWHERE = {"MATHMILL_FOLDER"}  # read by prefect.yaml itself


def code() -> str:
    paths = [path for package in ("flows", "tasks", "schemas", "infra") for path in (ROOT / package).rglob("*.py")]
    return "\n".join(path.read_text() for path in paths)


def commands() -> list[tuple[str, list[str]]]:
    """Every command of the compose file and the container file that is one of ours."""
    lines = [(name, each["command"]) for name, each in COMPOSE["services"].items() if name in ("server", "worker")]
    [words] = re.findall(r"^CMD \[(.+)\]$", CONTAINER, re.MULTILINE)
    return [*lines, ("Containerfile", re.findall(r'"([^"]+)"', words))]


@pytest.mark.parametrize(("name", "words"), commands(), ids=lambda each: str(each)[:20])
def test_commands_exist(name: str, words: list[str]) -> None:
    assert all(isinstance(word, str) for word in words)
    if words[0] == "mathmill":
        assert words[1] in {command.name or command.callback.__name__ for command in app.registered_commands
                            if command.callback}, name
    else:
        assert words[:5] == ["python", "-m", "prefect", "server", "start"]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.name))
def test_every_variable_is_one_that_somebody_reads(path: Path) -> None:
    from prefect.settings.legacy import Settings, _get_valid_setting_names

    told = set(re.findall(r"\b(?:MATHMILL|PREFECT|OPENAI)_[A-Z_]+[A-Z]\b", path.read_text())) - ELSEWHERE
    ours, source = {name for name in told if not name.startswith("PREFECT_")}, code()
    assert [name for name in sorted(ours) if f'"{name}"' not in source] == []
    assert sorted(told - ours - _get_valid_setting_names(Settings)) == []


def test_services_volumes_and_conditions_fit_together() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"postgres", "server", "worker", "vllm"}
    for name, service in services.items():
        assert set(service) <= SERVICE, name
        assert service["healthcheck"]["test"][0] == "CMD", name
        mounted = {volume.partition(":")[0] for volume in service["volumes"]}
        assert mounted <= set(COMPOSE["volumes"]), name
        for other, condition in service.get("depends_on", {}).items():
            assert other in services
            assert condition == {"condition": "service_healthy"}
    assert services["vllm"]["profiles"] == ["vllm"]
    assert all("profiles" not in services[name] for name in ("postgres", "server", "worker"))
    assert [port for service in services.values() for port in service.get("ports", [])] == ["127.0.0.1:4200:4200"]


def test_no_secret_stands_in_a_file() -> None:
    for path in TEXTS:
        for name, value in re.findall(r"(\w*(?:PASSWORD|TOKEN|API_KEY)): *(\S+)", path.read_text()):
            assert value.strip('"').startswith(("${", "{{")), f"{path.name}: {name}"


def test_prefect_yaml_names_no_secret_block_as_its_value_would_be_written_into_the_deployment() -> None:
    assert "prefect.blocks.secret" not in json.dumps(yaml.safe_load((INFRA / "prefect.yaml").read_text()))


def test_the_container_file_copies_what_is_there_and_runs_as_nobody_in_particular() -> None:
    for source in re.findall(r"^COPY (.+) /src/?\S*$", CONTAINER, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split()), source
    steps = CONTAINER.splitlines()
    user = steps.index("USER mathmill")
    assert not [line for line in steps[user:] if line.startswith(("RUN", "COPY", "USER root"))]
    first, second = [line for line in steps if line.startswith("RUN pip install")]
    assert first.endswith(" torch")
    assert second.endswith('"/src[minilm]"')
    assert "-c /src/constraints.txt" in first
    assert "-c /src/constraints.txt" in second
