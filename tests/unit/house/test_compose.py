"""The compose file and the Dockerfiles speak of settings, commands, files and services that exist."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from click import Context, Group

import shopwire
from coordinator import settings as coordinator_settings
from edge_agent import settings as edge_settings
from edge_agent.settings import EdgeSettings

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = sorted((ROOT / "config/docker").glob("*.Dockerfile"))
OURS = [name for name, service in SERVICES.items() if "shopwire" in service["image"]]


def environment(service: dict[str, Any]) -> dict[str, str]:
    return {name: re.sub(r"\$\{\w+:[^}]*\}", "secret", value) for name, value in service.get("environment", {}).items()}


def known_to_the_command_line(words: list[str]) -> bool:
    command: Any = shopwire.main
    for word in words:
        if word.startswith("--"):
            if word not in {option for parameter in command.params for option in parameter.opts}:
                return False
        elif isinstance(command, Group):
            command = command.get_command(Context(command), word)
            if command is None:
                return False
    return not isinstance(command, Group)


def test_the_chain_is_complete() -> None:
    assert {"broker", "database", "coordinator", "store-1", "store-2"} <= SERVICES.keys()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    given = environment(SERVICES[name])
    edge = {key: value for key, value in given.items() if key.startswith("EDGE_")}
    edge_settings.load(None, Path("somewhere"), edge)
    ours = {key: value for key, value in given.items() if key.startswith("COORDINATOR_")}
    loaded = coordinator_settings.load(ROOT / "config/coordinator.toml", ours)
    assert given.keys() == edge.keys() | ours.keys()
    if ours:
        assert loaded.broker.host in SERVICES
        assert re.fullmatch(r"https://(.+):8443", loaded.api.public_url)


def test_a_variable_that_is_no_setting_is_noticed() -> None:
    with pytest.raises(coordinator_settings.InvalidSettings, match="hots"):
        coordinator_settings.load(None, {"COORDINATOR_BROKER__HOTS": "x"})


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name: str) -> None:
    service = SERVICES[name]
    entry = service.get("entrypoint", ["shopwire"])
    if entry == ["shopwire"]:
        assert known_to_the_command_line(service["command"])
    elif "-m" in entry:
        assert (ROOT / (entry[-1].replace(".", "/") + ".py")).is_file() or (
            ROOT / entry[-1].replace(".", "/") / "__main__.py"
        ).is_file()
    else:
        assert any(volume.split(":")[1] == entry[-1] for volume in service["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_mounts_come_from_files_and_volumes_that_are_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, target, *mode = volume.split(":")
        assert target.startswith("/")
        if source.startswith("./"):
            assert (ROOT / source).is_file()
            assert mode == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_services_wait_for_services_that_can_be_waited_for(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
    network = SERVICES[name].get("network_mode", "service:broker").removeprefix("service:")
    assert network in SERVICES


def test_no_secret_stands_in_the_file() -> None:
    said = {name: value for service in SERVICES.values() for name, value in service.get("environment", {}).items()}
    secrets = [value for name, value in said.items() if re.search("PASSWORD|SECRET|TOKEN|DATABASE$", name)]
    assert len(secrets) == 2
    assert [value for value in secrets if "${SHOPWIRE_DB_PASSWORD:?" not in value] == []


def test_the_printer_is_where_its_store_looks_for_it() -> None:
    settings = msgspec.convert(tomllib.loads((ROOT / "config/docker/edge.toml").read_text()), EdgeSettings)
    [printer] = [device for device in settings.devices if device.kind == "printer_escpos"]
    for number in (1, 2):
        service = SERVICES[f"printer-{number}"]
        assert service["network_mode"] == f"service:store-{number}"
        assert printer.address == f"tcp:127.0.0.1:{service['command'][service['command'].index('--port') + 1]}"


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_a_dockerfile_copies_what_is_there_and_runs_what_exists(file: Path) -> None:
    text = file.read_text().replace("\\\n", " ")
    allowed = {
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for copied in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        for source in copied.split():
            assert (ROOT / source).exists()
            assert source.rstrip("/") in allowed
    [set_name] = re.findall(r"script/bootstrap \"?\$?(\w+)", text)
    default = re.search(rf"^ARG {set_name}=(\w+)", text, re.MULTILINE)
    assert (ROOT / f"requirements/{default[1] if default else set_name}.txt").is_file()
    [command] = re.findall(r"^CMD (\[.+\])$", text, re.MULTILINE)
    assert known_to_the_command_line(msgspec.json.decode(command))
    assert re.search(r"^USER shopwire$", text, re.MULTILINE)


def test_headquarters_image_carries_no_hardware() -> None:
    assert "COPY devices" not in (ROOT / "config/docker/coordinator.Dockerfile").read_text()


def test_the_store_opens_with_commands_that_exist() -> None:
    text = (ROOT / "config/docker/open-store").read_text()
    for command in re.findall(r"shopwire (edge \w+)", text):
        assert known_to_the_command_line(command.split())
