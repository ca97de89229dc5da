"""Keys into codes: the keymap, modifiers, ends, people, and what is never let through."""

import string
from collections.abc import Iterable

import pytest

from devices.errors import DeviceIncapable, DeviceMisconfigured
from devices.reading import MAX_CODE_BYTES, Code, Refusal
from devices.registry import DeviceSettings, Option, open_device
from devices.scanner_hid import keymap
from devices.scanner_hid.codec import End, KeyDecoder, Typing, explain
from devices.scanner_hid.driver import HidOptions, HidScanner
from devices.transport.evdev import EVENT

SHIFT, RIGHT_SHIFT, CTRL, ALT, META, CAPS, ENTER, TAB, F8 = 42, 54, 29, 56, 125, 58, 28, 15, 66
BRACE, A, ONE = 27, 30, 2


def events(keys: Iterable[tuple[int, int]], pace_s: float = 0.004, at_s: float = 100.0) -> bytes:
    """Return (key, value) pairs as the kernel writes them, ``pace_s`` apart."""
    made = b""
    for number, (key, value) in enumerate(keys):
        seconds, part = divmod(at_s + number * pace_s / 2, 1)
        made += EVENT.pack(int(seconds), int(part * 1e6), 4, 4, 0x70000 + key)
        made += EVENT.pack(int(seconds), int(part * 1e6), 1, key, value)
        made += EVENT.pack(int(seconds), int(part * 1e6), 0, 0, 0)
    return made


def strokes(*keys: int) -> list[tuple[int, int]]:
    return [(key, value) for key in keys for value in (1, 0)]


def held(modifier: int, *keys: int) -> list[tuple[int, int]]:
    return [(modifier, 1), *strokes(*keys), (modifier, 0)]


DIGITS = strokes(*range(2, 12))


def test_an_event_has_the_size_of_this_platform() -> None:
    assert EVENT.size in (16, 24)


def test_every_printable_character_has_its_key() -> None:
    typed = set(keymap.PLAIN.values()) | set(keymap.SHIFTED.values())
    assert typed == set(string.printable) - set(string.whitespace) | {" "}
    assert len(keymap.PLAIN) == len(keymap.SHIFTED) == 48


@pytest.mark.parametrize("modifier", [SHIFT, RIGHT_SHIFT])
def test_shift_counts_while_it_is_held(modifier: int) -> None:
    keys = [*strokes(A), *held(modifier, A, ONE), *strokes(A, ENTER)]
    assert KeyDecoder().feed(events(keys)) == [Code("aA!a", None)]


def test_both_shifts_are_told_apart() -> None:
    keys = [(SHIFT, 1), (RIGHT_SHIFT, 1), (SHIFT, 0), *strokes(A), (RIGHT_SHIFT, 0), *strokes(A, A, ENTER)]
    assert KeyDecoder().feed(events(keys)) == [Code("Aaa", None)]


def test_caps_lock_changes_letters_alone() -> None:
    keys = [*strokes(CAPS, A, ONE), *held(SHIFT, A, ONE), *strokes(CAPS, A, ENTER)]
    assert KeyDecoder().feed(events(keys)) == [Code("A1a!a", None)]


def test_the_lamp_of_caps_lock_tells_its_state() -> None:
    lit = EVENT.pack(0, 0, 0x11, 1, 1)
    assert KeyDecoder().feed(lit + events(strokes(A, A, A, ENTER))) == [Code("AAA", None)]


def test_keypad_digits_and_held_keys() -> None:
    keys = [*strokes(79, 80, 81), (A, 1), (A, 2), (A, 2), (A, 0), *strokes(96)]
    assert KeyDecoder().feed(events(keys)) == [Code("123a", None)]


@pytest.mark.parametrize(("end", "key"), [(End.ANY, ENTER), (End.ANY, TAB), (End.ANY, 96), (End.TAB, TAB)])
def test_each_end_ends_a_code(end: End, key: int) -> None:
    assert KeyDecoder(Typing(suffix=end)).feed(events([*DIGITS, *strokes(key)])) == [Code("1234567890", None)]


def test_tab_inside_a_code_that_ends_with_enter_is_a_control_character() -> None:
    keys = [*DIGITS, *strokes(TAB), *DIGITS, *strokes(ENTER)]
    assert KeyDecoder(Typing(suffix=End.ENTER)).feed(events(keys)) == [Refusal("control_character", 20)]


def test_silence_ends_a_code_without_a_terminator_by_the_events_own_times() -> None:
    decoder = KeyDecoder(Typing(suffix=End.NONE, idle_s=0.1))
    found = decoder.feed(events(DIGITS, at_s=100) + events(DIGITS, at_s=100.3))
    assert found == [Code("1234567890", None)]
    assert decoder.silence() == [Code("1234567890", None)]


def test_half_a_code_is_dropped_by_a_pause_however_late_it_is_read() -> None:
    decoder = KeyDecoder()
    found = decoder.feed(events(DIGITS[:8], at_s=100) + events([*DIGITS, *strokes(ENTER)], at_s=101))
    assert found == [Refusal("half_frame", 4), Code("1234567890", None)]
    decoder.feed(events(DIGITS[:6]))
    assert decoder.silence() == [Refusal("half_frame", 3)]
    assert decoder.silence() == []


@pytest.mark.parametrize("modifier", [CTRL, 97, ALT, 100, META, 126])
def test_f38_a_combination_spoils_the_code_that_it_stands_in_and_no_other(modifier: int) -> None:
    keys = [*DIGITS, *held(modifier, 19), *DIGITS, *strokes(ENTER)]
    decoder = KeyDecoder()
    assert decoder.feed(events(keys)) == [Refusal("control_character", 20)]
    assert decoder.feed(events([*DIGITS, *strokes(ENTER)], at_s=101)) == [Code("1234567890", None)]


@pytest.mark.parametrize("key", [1, 14, 63, 99, 111, 116, 240, 700])
def test_f38_keys_that_no_code_has_spoil_it(key: int) -> None:
    assert KeyDecoder().feed(events([*DIGITS, *strokes(key, ENTER)])) == [Refusal("control_character", 10)]


@pytest.mark.parametrize(
    ("fnc1", "typed"),
    [("ctrl", held(CTRL, BRACE)), ("F8", strokes(F8)), ("|", held(SHIFT, 43)), ("F12", strokes(88))],
)
def test_fnc1_arrives_in_the_way_that_is_set(fnc1: str, typed: list[tuple[int, int]]) -> None:
    keys = [*DIGITS, *typed, *DIGITS, *strokes(ENTER)]
    assert KeyDecoder(Typing(fnc1=fnc1)).feed(events(keys)) == [Code("1234567890\x1d1234567890", None)]
    others = KeyDecoder(Typing(fnc1="")).feed(events(keys))
    assert others in ([Refusal("control_character", 20)], [Code("1234567890|1234567890", None)])


def test_ctrl_and_brace_with_shift_is_no_fnc1() -> None:
    keys = [*DIGITS, (SHIFT, 1), *held(CTRL, BRACE), (SHIFT, 0), *strokes(ENTER)]
    assert KeyDecoder().feed(events(keys)) == [Refusal("control_character", 10)]


def test_people_type_more_slowly_than_scanners() -> None:
    keys = [*DIGITS, *strokes(ENTER)]
    assert KeyDecoder().feed(events(keys, pace_s=0.12)) == [Refusal("typed", 10)]
    assert KeyDecoder(Typing(people=True)).feed(events(keys, pace_s=0.12)) == [Code("1234567890", "]X0")]
    assert KeyDecoder().feed(events(keys, pace_s=0.016)) == [Code("1234567890", None)]
    assert KeyDecoder().feed(events(strokes(ONE, ONE, ENTER))) == [Refusal("typed", 2)]  # too short to tell


def test_an_aim_identifier_and_a_prefix_are_taken_off() -> None:
    keys = [*held(SHIFT, 41), *strokes(BRACE), *held(SHIFT, 18), *strokes(11), *DIGITS, *strokes(ENTER)]
    assert KeyDecoder(Typing(prefix="~")).feed(events(keys)) == [Code("1234567890", "]E0")]
    assert KeyDecoder(Typing(prefix="#")).feed(events(keys)) == [Refusal("prefix_missing", 14)]


def test_chinese_comes_as_numbers_behind_alt() -> None:
    number = {"0": 82, "1": 79, "2": 80, "3": 81, "4": 75, "5": 76, "6": 77, "7": 71, "8": 72, "9": 73}
    codes = [str(int.from_bytes(each.encode("gb18030"), "big")) for each in "茶叶"]
    keys = [stroke for code in codes for stroke in held(ALT, *(number[digit] for digit in code))]
    assert KeyDecoder().feed(events([*keys, *strokes(ENTER)])) == [Code("茶叶", None)]
    control = [*DIGITS, *held(ALT, 82, 80, 71), *strokes(ENTER)]  # Alt 027
    assert KeyDecoder().feed(events(control)) == [Refusal("control_character", 11)]
    huge = [*DIGITS, *held(ALT, *[73] * 9), *strokes(ENTER)]
    assert KeyDecoder().feed(events(huge)) == [Refusal("control_character", 10)]


def test_lost_events_drop_the_code_and_what_was_held() -> None:
    lost = EVENT.pack(100, 0, 0, 3, 0)
    decoder = KeyDecoder()
    found = decoder.feed(events([*DIGITS, (SHIFT, 1)]) + lost + events([*DIGITS, *strokes(ENTER)], at_s=100.1))
    assert found == [Refusal("overrun", 10), Code("1234567890", None)]


@pytest.mark.parametrize("torn", [1, 7, 12, 23, 25])
def test_a_torn_event_spoils_the_code_around_it_and_no_other(torn: int) -> None:
    good = events([*DIGITS, *strokes(ENTER)])
    decoder = KeyDecoder()
    found = decoder.feed(good[:240] + b"\xa5" * torn + events([*DIGITS, *strokes(ENTER)], at_s=101))
    assert {result.reason for result in found if isinstance(result, Refusal)} == {"half_frame", "noise"}
    assert not [result for result in found if isinstance(result, Code)]  # its beginning may be missing
    decoder.silence()
    assert decoder.feed(events([*DIGITS, *strokes(ENTER)], at_s=102)) == [Code("1234567890", None)]


def test_an_endless_code_takes_no_memory() -> None:
    decoder = KeyDecoder()
    many = events(strokes(*[ONE] * (MAX_CODE_BYTES + 50), ENTER), pace_s=0.0004)
    assert decoder.feed(many) == [Refusal("too_long", MAX_CODE_BYTES)]


def test_a_keyboard_takes_no_orders_and_has_an_address_of_its_own_kind() -> None:
    scanner = open_device(DeviceSettings("s", "scanner_hid", "evdev:/dev/input/event0"))
    assert isinstance(scanner, HidScanner)
    assert not scanner.can.beep
    with pytest.raises(DeviceMisconfigured, match="evdev:"):
        open_device(DeviceSettings("s", "scanner_hid", "/dev/ttyACM0"))


async def test_a_keyboard_says_that_it_takes_no_orders() -> None:
    scanner = HidScanner("s", "evdev:/dev/input/event0")
    for order in (scanner.enable(), scanner.disable(), scanner.beep(good=True), scanner.trigger(on=True)):
        with pytest.raises(DeviceIncapable, match="no command for it"):
            await order


@pytest.mark.parametrize("wrong", [{"idle_s": 0}, {"stale_s": 60}, {"human_s": 5}, {"fnc1": "F13"}, {"again_s": -1}])
def test_options_that_make_no_sense(wrong: dict[str, Option]) -> None:
    with pytest.raises(DeviceMisconfigured, match="options"):
        open_device(DeviceSettings("s", "scanner_hid", "evdev:/dev/input/event0", options=wrong))
    assert HidOptions(fnc1="|").typing.fnc1 == "|"


def test_events_are_explained() -> None:
    assert explain(events([*DIGITS, *strokes(ENTER)]))[0].fields["data"] == "1234567890"
    assert explain(b"\x01")[0].text == "1 bytes are no whole event"
    assert explain(events([(SHIFT, 1)]))[0].text == "events that type nothing"
