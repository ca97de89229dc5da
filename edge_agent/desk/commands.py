"""``shopwire devices …`` on the command line. Everything heavy is imported by the command that needs it."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from devices.ports.drawer import OpenLevel
from devices.registry import DeviceSettings
from edge_agent.control import ControlClient
from edge_agent.desk.errors import AgentHoldsDevices, NoSuchDevice
from edge_agent.errors import AgentNotRunning, EdgeError
from edge_agent.help import Taught, TaughtGroup, texts_of
from edge_agent.settings import EdgeSettings, load
from edge_agent.texts import short, spoken

Result = TypeVar("Result")

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="The store file / 门店配置文件."
)
address_option = click.option("--address", default="", help="A device without a store file / 直接指定设备地址.")
kind_option = click.option("--kind", default="", help="Its driver, such as printer_escpos / 驱动.")
profile_option = click.option("--profile", default="", help="Its model / 型号.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line / 每行一个 JSON.")


class _Taught(Taught):
    """A command whose help is ``cli.devices.<name>``."""

    def _said(self, ctx: click.Context) -> str:
        return texts_of(ctx)[f"cli.devices.{self.name}"]


class _Group(TaughtGroup):
    command_class = _Taught


@click.group(cls=_Group)
def devices() -> None:
    """The devices of a store."""


class Asked:
    """What the options say: devices of a store file, or one at an address; and the running agent that may hold them."""

    def __init__(self, config: Path | None, address: str = "", kind: str = "", profile: str = "") -> None:
        self.settings: EdgeSettings | None = None
        self.devices: tuple[DeviceSettings, ...] = ()
        if address:
            self.devices = (DeviceSettings("device", kind or _guess(address), address, profile),)
        elif config is not None or "EDGE_DATA_DIR" in os.environ:
            self.settings = load(config, None, os.environ).settings
            self.devices = self.settings.devices

    def one(self, name: str) -> DeviceSettings:
        """Return the device called ``name``, or the only one.

        Raises:
            NoSuchDevice: there is none, or several and no name.
        """
        found = [each for each in self.devices if name in ("", each.device_id)]
        if len(found) != 1:
            raise NoSuchDevice(name or "?", ", ".join(each.device_id for each in self.devices))
        return found[0]

    def agent(self) -> ControlClient | None:
        """Return a line to the agent that runs from this store file, None when none runs."""
        if self.settings is None:
            return None
        from edge_agent.data_dir import DataDir

        try:
            return ControlClient(DataDir(Path(self.settings.data_dir)).control)
        except AgentNotRunning:
            return None


def _guess(address: str) -> str:
    """Return the kind of what is at an address, by what it says of itself."""
    from edge_agent.desk.probing import probe

    kind: str = _run(probe(address))["kind"]
    if not kind:
        raise EdgeError(f"{address} does not say what it is: add --kind, such as scanner_serial or printer_escpos")
    return kind


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def _ask(client: ControlClient, **question: Any) -> dict[str, Any]:
    """Return the running agent's answer.

    Raises:
        EdgeError: it refused; in its own words.
    """
    answer = client.ask(**question)
    if "ok" not in answer:
        raise EdgeError(str(answer.get("message", answer)))
    found: dict[str, Any] = answer["ok"]
    return found


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def _language(ctx: click.Context) -> Any:
    return spoken((ctx.find_root().obj or {}).get("lang", "en"))


def _quiet() -> None:
    """Let the log say only what is wrong: a command's own lines are what a person reads."""
    from edge_agent.log import configure
    from edge_agent.settings import LoggingSettings

    configure(LoggingSettings(level="error"))


@devices.command(name="list")
@config_option
@click.option("--toml", "as_toml", is_flag=True, help="Print entries for the store file / 输出可粘贴的配置.")
@json_option
@click.pass_context
def list_(ctx: click.Context, config: Path | None, *, as_toml: bool, as_json: bool) -> None:
    """List what is attached and what is configured."""
    from edge_agent.desk.listing import entries_of, lines_of

    rows = _rows(Asked(config))
    told = entries_of(rows) if as_toml else lines_of(rows, texts_of(ctx))
    lines = map(_json, rows) if as_json else told
    click.echo("\n".join(lines))


def _rows(asked: Asked) -> list[dict[str, Any]]:
    from devices.inventory import inventory
    from edge_agent.data_dir import DataDir
    from edge_agent.desk.listing import rows_of
    from edge_agent.identities import remembered

    client = asked.agent()
    if client is not None:
        rows: list[dict[str, Any]] = _ask(client, do="devices")["rows"]
        client.close()
        return rows
    units = remembered(DataDir(Path(asked.settings.data_dir)).devices) if asked.settings else {}
    return rows_of(asked.devices, inventory(), {}, units)


@devices.command()
@click.argument("address")
@click.option("--toml", "as_toml", is_flag=True, help="Print an entry for the store file / 输出可粘贴的配置.")
@json_option
@click.pass_context
def probe(ctx: click.Context, address: str, *, as_toml: bool, as_json: bool) -> None:
    """Ask what is at an address."""
    from edge_agent.desk import probing

    _quiet()
    found = _run(probing.probe(address))
    texts = texts_of(ctx)
    if as_json:
        click.echo(_json(found))
    elif as_toml:
        click.echo(_entry(found))
    else:
        key = "desk.probed" if found["kind"] else "desk.probed_nothing"
        click.echo(texts[key].format(**found).rstrip())
    ctx.exit(0 if found["kind"] else 1)


def _entry(found: dict[str, Any]) -> str:
    from edge_agent.desk.probing import entry

    return entry(found, f"{found['kind'].partition('_')[0]}-1")


@devices.command()
@click.argument("device", default="")
@config_option
@address_option
@kind_option
@profile_option
@click.option("--all", "everything", is_flag=True, help="Every device of the store file / 全部设备.")
@json_option
@click.pass_context
def test(
    ctx: click.Context,
    device: str,
    config: Path | None,
    address: str,
    kind: str,
    profile: str,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Try a device out."""
    _quiet()
    asked, texts = Asked(config, address, kind, profile), texts_of(ctx)
    chosen = asked.devices if everything else (asked.one(device),)
    client = asked.agent()
    if client is not None:  # one after the other: a printer may take its time, and so may the next one
        asking = {"do": "device_test", "lang": _language(ctx)}
        found = [each for one in chosen for each in _ask(client, **asking, device=one.device_id)["findings"]]
        client.close()
    else:
        found = _run(_tried(chosen, asked.devices, texts, short(_language(ctx)), by_hand=not everything))
    bad = sum(each["verdict"] == "bad" for each in found)
    for each in found:
        click.echo(_json(each) if as_json else _told(each, texts))
    if not as_json:
        click.echo(texts["doctor.wrong" if bad else "doctor.all_well"].format(bad=bad, all=len(found)))
    ctx.exit(1 if bad else 0)


async def _tried(
    chosen: tuple[DeviceSettings, ...], devices: tuple[DeviceSettings, ...], texts: Any, lang: Any, *, by_hand: bool
) -> list[dict[str, Any]]:
    from edge_agent.desk.stand import at_work, attached_of, settled, with_neighbours
    from edge_agent.desk.trials import try_out
    from edge_agent.findings import told

    async with at_work(attached_of(with_neighbours(chosen, devices))) as attached:
        await settled(attached)
        found = [await try_out(bay, texts, by_hand=by_hand) for bay in attached.bays[: len(chosen)]]
    return [told(each, texts, lang)._asdict() for each in found]


def _told(finding: dict[str, Any], texts: Any) -> str:
    line = f"{texts['doctor.' + finding['verdict']]:<6} {finding['title']}: {finding['text']}"
    return line + (f"\n       → {finding['next_step']}" if finding["next_step"] else "")


@devices.command()
@click.argument("device", default="")
@config_option
@address_option
@kind_option
@profile_option
@click.option(
    "--seconds", type=click.FloatRange(min=0), default=0.0, help="End after so long; 0: Ctrl-C / 多少秒后结束."
)
@json_option
@click.pass_context
def watch(
    ctx: click.Context,
    device: str,
    config: Path | None,
    address: str,
    kind: str,
    profile: str,
    seconds: float,
    *,
    as_json: bool,
) -> None:
    """Show what a device reads and how it is."""
    from edge_agent.desk import watching

    _quiet()
    asked, texts = Asked(config, address, kind, profile), texts_of(ctx)
    chosen = asked.one(device)

    def show(seen: dict[str, Any]) -> None:
        click.echo(_json(seen) if as_json else watching.line_of(seen, texts))

    client = asked.agent()
    try:
        if client is None:
            _run(watching.watch(chosen, show, seconds))
            return
        click.echo(texts["desk.watching_agent"].format(device=chosen.device_id), err=True)
        watching.follow(lambda: _ask(client, do="device_look", device=chosen.device_id), show, seconds)
    except KeyboardInterrupt:
        pass
    finally:
        if client is not None:
            client.close()


@devices.command()
@click.argument("what", type=click.Choice(["drawer", "scale"]))
@click.argument("device", default="")
@config_option
@address_option
@kind_option
@profile_option
@json_option
@click.pass_context
def learn(
    ctx: click.Context,
    what: str,
    device: str,
    config: Path | None,
    address: str,
    kind: str,
    profile: str,
    *,
    as_json: bool,
) -> None:
    """Learn what only a trial can tell."""
    _quiet()
    texts = texts_of(ctx)
    if what == "scale":
        from edge_agent.desk.probing import probe

        line = address or Asked(config).one(device).address
        found = _run(probe(line))
        if found["class"] != "Scale":
            raise EdgeError(
                f"no scale answers at {line}: switch it on, set its output to POS or ECR, and try other speeds (?baud=…)"
            )
        click.echo(_json(found) if as_json else _entry(found))
        return
    asked = Asked(config, address, kind or "printer_escpos", profile)
    _refuse_running(asked)
    printer = asked.one(str(asked.one(device).options.get("printer", device)))
    level = _run(_drawer_of(printer, lambda key: click.prompt(texts[key], default="", show_default=False))).value
    click.echo(_json({"open_level": level}) if as_json else texts["desk.drawer_learnt"].format(level=level))


async def _drawer_of(printer: DeviceSettings, ask: Callable[[str], Any]) -> OpenLevel:
    from edge_agent.desk.learning import learn_drawer
    from edge_agent.desk.stand import at_work, attached_of, settled

    async def prompt(key: str) -> None:
        await asyncio.to_thread(ask, key)

    async with at_work(attached_of([printer])) as attached:
        await settled(attached)
        return await learn_drawer(attached.bays[0], prompt)


@devices.command()
@click.argument("device", default="")
@config_option
@address_option
@kind_option
@profile_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the bytes to this file / 输出文件.")
@click.option(
    "--seconds", type=click.FloatRange(min=0.1, max=3600), default=30.0, show_default=True, help="So long / 录制秒数."
)
@click.option(
    "--replay", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Play a recorded device / 回放."
)
@json_option
@click.pass_context
def trace(
    ctx: click.Context,
    device: str,
    config: Path | None,
    address: str,
    kind: str,
    profile: str,
    out: Path | None,
    seconds: float,
    replay: Path | None,
    *,
    as_json: bool,
) -> None:
    """Record a device's bytes, or play them back."""
    from edge_agent.desk import watching

    _quiet()
    texts = texts_of(ctx)
    if replay is not None:
        if not kind:
            raise EdgeError("--replay needs --kind: which driver shall hear the recorded device, such as scale_serial")
        played = DeviceSettings("replay", kind, f"replay:{replay.resolve()}", profile)
        _run(
            watching.replay(played, lambda seen: click.echo(_json(seen) if as_json else watching.line_of(seen, texts)))
        )
        return
    if out is None:
        raise EdgeError("give --out FILE to record, or --replay FILE to play a recording back")
    asked = Asked(config, address, kind, profile)
    chosen, target = asked.one(device), out.resolve()
    client = asked.agent()
    if client is not None:
        _ask(client, do="device_trace", device=chosen.device_id, file=str(target), seconds=seconds)
        client.close()
        watching.wait(seconds)
    else:
        _run(watching.record(chosen, target, seconds))
    told = {"device_id": chosen.device_id, "file": str(target), "bytes": target.stat().st_size}
    click.echo(_json(told) if as_json else texts["desk.traced"].format(**told))


def _refuse_running(asked: Asked) -> None:
    client = asked.agent()
    if client is not None:
        client.close()
        raise AgentHoldsDevices(asked.settings.data_dir if asked.settings else "?")


@devices.command()
@click.argument("protocol", default="")
@click.argument("hex_digits", metavar="HEX...", nargs=-1)
@json_option
@click.pass_context
def decode(ctx: click.Context, protocol: str, hex_digits: tuple[str, ...], *, as_json: bool) -> None:
    """Say what bytes mean."""
    from devices.decoding import PROTOCOLS

    if protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise EdgeError(f"protocol {protocol!r} is none of {known}: shopwire devices decode PROTOCOL HEX…")
    text = "".join(hex_digits).replace(":", "").replace(",", "").replace("0x", "")
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise EdgeError(f"{text[:60]!r} is not hexadecimal: write pairs of digits, such as 02 30 31") from error
    for meaning in PROTOCOLS[protocol](data):
        click.echo(_json({"protocol": protocol, "text": meaning.text, **meaning.fields}) if as_json else meaning.text)
