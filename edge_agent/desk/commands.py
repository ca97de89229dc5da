"""``shopwire devices …`` on the command line. Everything heavy is imported by the command that needs it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from devices.ports.drawer import OpenLevel
from devices.registry import DeviceSettings
from domain.money import Language
from edge_agent.desk.asked import Asked, Target, about_a_device, config_option
from edge_agent.errors import EdgeError
from edge_agent.help import Seconds, Taught, TaughtGroup, language_of, texts_of
from edge_agent.tables import padded
from edge_agent.terminal import json_of
from edge_agent.texts import Texts, short

MAX_HEX_DIGITS = 1 << 22
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
    lines = map(json_of, rows) if as_json else told
    click.echo("\n".join(lines))


def _rows(asked: Asked) -> list[dict[str, Any]]:
    from devices.inventory import inventory
    from edge_agent.data_dir import DataDir
    from edge_agent.desk.listing import rows_of
    from edge_agent.identities import remembered

    agent = asked.agent()
    if agent is not None:
        rows: list[dict[str, Any]] = agent.ask(do="devices")["rows"]
        agent.close()
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
    found = asyncio.run(probing.probe(address))
    texts = texts_of(ctx)
    if as_json:
        click.echo(json_of(found))
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
@about_a_device
@click.option("--all", "everything", is_flag=True, help="Every device of the store file / 全部设备.")
@json_option
@click.pass_context
def test(ctx: click.Context, target: Target, *, everything: bool, as_json: bool) -> None:
    """Try a device out."""
    _quiet()
    asked, texts = target.asked(), texts_of(ctx)
    chosen = asked.all() if everything else (asked.one(target.device),)
    agent = asked.agent()
    if agent is not None:  # one after the other: a printer may take its time, and so may the next one
        asking = {"do": "device_test", "lang": language_of(ctx)}
        found = [each for one in chosen for each in agent.ask(**asking, device=one.device_id)["findings"]]
        agent.close()
    else:
        found = asyncio.run(_tried(chosen, asked.devices, texts, short(language_of(ctx)), by_hand=not everything))
    bad = sum(each["verdict"] == "bad" for each in found)
    for each in found:
        click.echo(json_of(each) if as_json else _told(each, texts))
    if not as_json:
        click.echo(texts["doctor.wrong" if bad else "doctor.all_well"].format(bad=bad, all=len(found)))
    ctx.exit(1 if bad else 0)


async def _tried(
    chosen: tuple[DeviceSettings, ...],
    devices: tuple[DeviceSettings, ...],
    texts: Texts,
    lang: Language,
    *,
    by_hand: bool,
) -> list[dict[str, Any]]:
    from edge_agent.desk.stand import at_work, attached_of, settled, with_neighbours
    from edge_agent.desk.trials import try_out
    from edge_agent.findings import told

    async with at_work(attached_of(with_neighbours(chosen, devices))) as attached:
        await settled(attached)
        found = [await try_out(bay, texts, by_hand=by_hand) for bay in attached.bays[: len(chosen)]]
    return [told(each, texts, lang)._asdict() for each in found]


def _told(finding: dict[str, Any], texts: Texts) -> str:
    line = f"{padded(texts['doctor.' + finding['verdict']], 6)} {finding['title']}: {finding['text']}"
    return line + (f"\n       → {finding['next_step']}" if finding["next_step"] else "")


@devices.command()
@about_a_device
@click.option("--seconds", type=Seconds(min=0), default=0.0, help="End after so long; 0: Ctrl-C / 多少秒后结束.")
@json_option
@click.pass_context
def watch(ctx: click.Context, target: Target, seconds: float, *, as_json: bool) -> None:
    """Show what a device reads and how it is."""
    from edge_agent.desk import watching

    _quiet()
    asked, texts = target.asked(), texts_of(ctx)
    chosen = asked.one(target.device)
    show = _shower(texts, as_json=as_json)
    agent = asked.agent()
    try:
        if agent is None:
            asyncio.run(watching.watch(chosen, show, seconds))
            return
        click.echo(texts["desk.watching_agent"].format(device=chosen.device_id), err=True)
        watching.follow(lambda: agent.ask(do="device_look", device=chosen.device_id), show, seconds)
    except KeyboardInterrupt:
        pass
    finally:
        if agent is not None:
            agent.close()


def _shower(texts: Texts, *, as_json: bool) -> Callable[[dict[str, Any]], None]:
    from edge_agent.desk.watching import line_of

    return lambda seen: click.echo(json_of(seen) if as_json else line_of(seen, texts))


@devices.command()
@click.argument("what", type=click.Choice(["drawer", "scale"]))
@about_a_device
@json_option
@click.pass_context
def learn(ctx: click.Context, what: str, target: Target, *, as_json: bool) -> None:
    """Learn what only a trial can tell."""
    _quiet()
    if what == "scale":
        found = _scale_at(target.address or _scale_of(Asked(target.config), target.device))
        click.echo(json_of(found) if as_json else _entry(found))
        return
    texts, asked = texts_of(ctx), target.asked(kind="printer_escpos")
    asked.refuse_running()
    printer = asked.one(str(asked.one(target.device).options.get("printer", target.device)))
    level = asyncio.run(_drawer_of(printer, lambda key: click.prompt(texts[key], default="", show_default=False))).value
    click.echo(json_of({"open_level": level}) if as_json else texts["desk.drawer_learnt"].format(level=level))


def _scale_of(asked: Asked, name: str) -> str:
    asked.refuse_running()
    scales = [each.device_id for each in asked.all() if each.kind == "scale_serial"]
    return asked.one(name or (scales[0] if len(scales) == 1 else "")).address


def _scale_at(address: str) -> dict[str, Any]:
    from edge_agent.desk.probing import probe

    found = asyncio.run(probe(address))
    if found["class"] != "Scale":
        raise EdgeError(
            f"no scale answers at {address}: switch it on, set its output to POS or ECR, and try other speeds (?baud=…)"
        )
    return found


async def _drawer_of(printer: DeviceSettings, ask: Callable[[str], Any]) -> OpenLevel:
    from edge_agent.desk.learning import learn_drawer
    from edge_agent.desk.stand import at_work, attached_of, settled

    async def prompt(key: str) -> None:
        await asyncio.to_thread(ask, key)

    async with at_work(attached_of([printer])) as attached:
        await settled(attached)
        return await learn_drawer(attached.bays[0], prompt)


@devices.command()
@about_a_device
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the bytes to this file / 输出文件.")
@click.option("--seconds", type=Seconds(min=0.1, max=3600), default=30.0, show_default=True, help="So long / 录制秒数.")
@click.option(
    "--replay", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Play a recorded device / 回放."
)
@json_option
@click.pass_context
def trace(
    ctx: click.Context, target: Target, out: Path | None, seconds: float, replay: Path | None, *, as_json: bool
) -> None:
    """Record a device's bytes, or play them back."""
    _quiet()
    texts = texts_of(ctx)
    if replay is not None:
        _play(replay, target, _shower(texts, as_json=as_json))
    elif out is not None:
        told = _record(target, out.resolve(), seconds)
        click.echo(json_of(told) if as_json else texts["desk.traced"].format(**told))
    else:
        raise EdgeError("give --out FILE to record, or --replay FILE to play a recording back")


def _play(file: Path, target: Target, show: Callable[[dict[str, Any]], None]) -> None:
    from devices.transport.trace import read_trace
    from edge_agent.desk import watching

    if not target.kind:
        raise EdgeError("--replay needs --kind: which driver shall hear the recorded device, such as scale_serial")
    read_trace(file)  # what is no recording is refused here; a driver would try it again and again
    played = DeviceSettings("replay", target.kind, f"replay:{file.resolve()}", target.profile)
    asyncio.run(watching.replay(played, show))


def _record(target: Target, file: Path, seconds: float) -> dict[str, Any]:
    from edge_agent.desk import watching

    asked = target.asked()
    chosen = asked.one(target.device)
    agent = asked.agent()
    if agent is not None:
        agent.ask(do="device_trace", device=chosen.device_id, file=str(file), seconds=seconds)
        watching.wait(seconds)
        reason = agent.ask(do="device_look", device=chosen.device_id)["reason"]
        agent.close()
    else:
        reason = asyncio.run(watching.record(chosen, file, seconds))
    if not (size := file.stat().st_size):
        why = reason or "it is idle, use it meanwhile"
        raise EdgeError(f"nothing passed between {chosen.device_id} and its driver in {seconds:g} s: {why}")
    return {"device_id": chosen.device_id, "file": str(file), "bytes": size}


@devices.command()
@click.argument("protocol", default="")
@click.argument("hex_digits", metavar="HEX...", nargs=-1)
@json_option
@click.pass_context
def decode(ctx: click.Context, protocol: str, hex_digits: tuple[str, ...], *, as_json: bool) -> None:
    """Say what bytes mean."""
    from devices.decoding import PROTOCOLS
    from edge_agent.desk.meanings import meaning_in

    if protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise EdgeError(f"protocol {protocol!r} is none of {known}: shopwire devices decode PROTOCOL HEX…")
    if not hex_digits:
        raise EdgeError(
            "no bytes were given: write pairs of digits, such as 02 30 31, or - to read them from standard input"
        )
    if hex_digits == ("-",):
        hex_digits = (sys.stdin.read(MAX_HEX_DIGITS),)
    text = "".join("".join(hex_digits).split()).replace(":", "").replace(",", "").replace("0x", "")
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise EdgeError(f"{text[:60]!r} is not hexadecimal: write pairs of digits, such as 02 30 31") from error
    for meaning in PROTOCOLS[protocol](data):
        told = {"protocol": protocol, "text": meaning.text, **meaning.fields}
        click.echo(json_of(told) if as_json else meaning_in(language_of(ctx), meaning.text))
