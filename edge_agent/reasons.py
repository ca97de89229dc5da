"""What devices and errors say, in a person's language: code gives English sentences, which logs, facts and protocol keep.

Reasons that stand in a catalogue in words of their own are ``PATTERNS``; all other sentences are ``sayings/locale``, whose English side is
the sentence as the code writes it: one more sentence is one more line in each file.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from domain.phrases import Phrasebook

_S = r"(?P<seconds>[\d.e+]+) s"
_INNER = {"reason", "more"}
_PATTERNS = {
    # wrapped around another reason
    "unavailable": r"(?P<device>.+?) is not available: (?P<reason>.+)",
    "its_printer": r"its printer (?P<device>[^:]+): (?P<reason>.+)",
    "provider_silent": r"the provider does not answer: (?P<reason>.+)",
    "cannot_listen": r"cannot listen on (?P<address>\S+): (?P<reason>.+)",
    "port_not_opened": r"\[Errno \d+\] could not open port (?P<path>\S+): \[Errno \d+\] (?P<reason>[^:]+): .*",
    "grab": r"cannot be grabbed, another program holds it \((?P<reason>.+)\)",
    "used_up": r"(?P<reason>.+), (?P<times>\d+) times in (?P<minutes>[\d.]+) min: "
    r"unplug it and plug it in; it is tried again in (?P<wait>[\d.]+) min",
    "restarted": r"(?P<reason>.+); it is started again",
    "drawer_key": r"(?P<reason>.+); open the drawer with its key",
    "look_at_paper": r"(?P<reason>.+); look at the paper before printing again",
    "frame_refused": rf"no frame within {_S}; the last one was refused: (?P<reason>.+)",
    # the way to it
    "no_device": r"no such device: plug it in|no such USB device is attached|No such device( or address)?",
    "no_file": r"No such file or directory",
    "group": r"permission denied: add this user to the group (?P<group>\w+)",
    "group_video": r"Permission denied \(a camera: add the user to the group video\)",
    "permission": r"Permission denied",
    "taken": r"another program holds the lock on it|Device or resource busy",
    "address_taken": r"Address already in use",
    "several_fit": r"(?P<count>\d+) attached devices fit, name one by its port: (?P<ports>.+)",
    "no_character_device": r"is no character device: write file:PATH for a file",
    "no_input_device": r"is no input device: look for the scanner under /dev/input/by-id",
    "hung_up": r"hung up|Broken pipe|Input/output error",
    "closed": r"closed the connection|Connection reset by peer|the connection was lost|the connection broke",
    "refused": r"Connection refused",
    "no_road": r"No route to host|Network is unreachable|Host is unreachable",
    "no_name": r"Name or service not known|Temporary failure in name resolution",
    "not_in_settings": r"it is not in the settings",
    "not_connected": r"it is not connected( yet)?|it is away|unplugged",
    # silence
    "no_answer": rf"(no answer|did not answer) within {_S}",
    "no_answer_in_time": r"no answer in time|Connection timed out",
    "no_longer_answers": r"no longer answers",
    "took_no_bytes": rf"took no bytes (within|for) {_S}(: switch it off and on)?",
    "takes_nothing": rf"takes nothing for {_S}",
    "took_no_order": rf"took no order within {_S}",
    "buffer_full": r"its buffer is full: clear what stops it",
    # printers
    "paper_out": r"(?P<device>\S+) is out of paper: load a new roll and close the cover",
    "cover_open": r"the cover of (?P<device>\S+) is open: close it",
    "offline": r"(?P<device>\S+) reports that it is offline: clear it, then switch the printer off and on",
    "fault": r"(?P<device>\S+) reports (?P<reason>.+): clear it, then switch the printer off and on",
    "fault_unrecoverable": r"unrecoverable error",
    "fault_cutter": r"cutter error",
    "fault_mechanical": r"mechanical error",
    "fault_passing": r"error that ends by itself",
    "fault_unnamed": r"error",
    "paper_ends": r"the paper of (?P<device>\S+) ends soon: have a new roll ready",
    "takes_silently": r"(?P<device>\S+) takes data but does not answer",
    "not_confirmed": r"it did not confirm the job",
    "not_cleared": r"it did not say that its buffers are cleared: switch it off and on",
    "label_silent": r"(?P<device>\S+): it does not answer: labels or ribbon out, head open, or the wrong model",
    "label_stopped": r"(?P<device>\S+): (?P<reason>(out of labels|head open|ribbon out|paused)(, .+)?)",
    "two_stops": r"(?P<reason>out of labels|head open|ribbon out|paused), (?P<more>.+)",
    "labels_out": r"out of labels",
    "head_open": r"head open",
    "ribbon_out": r"ribbon out",
    "paused": r"paused",
    "drawer_open": rf"(?P<device>\S+) stands open for over {_S}: close it",
    "no_connector": r"(?P<device>\S+) is no printer with a drawer's connector",
    # scales and scanners
    "scale_silent": r"it does not answer: is it switched on, and set to this protocol\?",
    "scale_dialog": r"it does not answer: is it switched on and set to Dialog 06\?",
    "scale_garbled": r"what comes makes no sense: check its model, baud rate and parity",
    "scale_unknown": r"no scale protocol fits what comes: put something on it, check cable and baud rate",
    "scale_fault": r"reports a fault of its memory or calibration: call service",
    "scale_unit": r"shows another unit than kilograms: set it to kg",
    "scale_stuck": r"shows the same weight for too long: empty it and see whether it moves",
    "scale_checksum": r"refuses our checksum: enter its keys in the settings \(checksum, keyword\)",
    "ssi_silent": r"does not answer: set it to SSI, 9600 baud, 8N1",
    "set_up_differs": r"its set-up is (?P<found>\w+), accepted was (?P<accepted>\w+): scan its set-up codes again(, then lock it)?",
    "set_up_untold": r"it does not tell its set-up, accepted was (?P<accepted>\w+): scan its set-up codes again(, then lock it)?",
    # cameras
    "no_frame": rf"no frame within {_S}",
    "frozen": rf"the very same picture for {_S}: covered, dark or frozen",
    "stream_ended": r"the camera gives no more frames|the camera ended its stream|ended",
    "reads_stuck": r"(?P<count>\d+) reads never came back: unplug the camera and plug it in again",
    "frame_stuck": rf"one frame was read for more than {_S}",
    "rtsp": r"it does not answer, refuses the password, or sends what FFmpeg cannot read",
    "no_video": r"OpenCV cannot read it: not a camera or video, or another program has it",
    "not_loaded": r"(?P<name>\w+) cannot be loaded \((?P<error>.*)\): install shopwire\[vision\] \(pyzbar also needs apt libzbar0\)",
    # shelf labels and payment
    "tags": r"(?P<low>\d+) tags with a low battery, (?P<away>\d+) tags out of reach",
    "tags_low": r"(?P<low>\d+) tags with a low battery",
    "tags_away": r"(?P<away>\d+) tags out of reach",
    "token": r"it refuses our token \(HTTP (?P<status>\d+)\): see token_file",
    "http": r"it answers HTTP (?P<status>\d+) to (?P<request>.+)",
    "login_silent": rf"no answer to the login within {_S}",
    "login": r"the terminal refuses the login \((?P<condition>.*)\): look at sale_id and poi_id",
    "clocks": r"the provider refuses: the clocks differ by more than 5 minutes: set this machine's",
    # drivers
    "driver_opening": rf"its driver was still opening after {_S}",
    "driver_silent": rf"its driver did not answer within {_S}",
    "driver_ended": r"its driver ended",
    "driver_failed_at": r"its driver failed in (?P<where>\S+) \((?P<error>.*)\)",
    "driver_failed": r"its driver failed \((?P<error>.*)\)",
}
PATTERNS = {name: re.compile(pattern, re.DOTALL) for name, pattern in _PATTERNS.items()}
"""What drivers say, by the name in ``reason.<name>`` of the catalogue; the first that fits the whole reason counts."""


def said(sentence: str, texts: Mapping[str, str]) -> str:
    """Return a driver's reason or an error's message in the catalogue's language, as it is when nothing knows it.

    Args:
        sentence: as it stands in logs and facts; one that carries another inside is translated down to that.
        texts: the catalogue.
    """
    for name, pattern in PATTERNS.items():
        if found := pattern.fullmatch(sentence):
            values = {key: value for key, value in found.groupdict().items() if value is not None}
            inner = {key: said(values[key], texts) for key in _INNER & values.keys()}
            return texts[f"reason.{name}"].format(**{**values, **inner})
    return _sayings(texts["language"]).find(sentence, lambda inner: said(inner, texts)) or sentence


@cache
def _sayings(language: str) -> Phrasebook:
    written, read = (_sentences(each) for each in ("en", language))
    return Phrasebook({written[name]: read[name] for name in written})


def _sentences(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(
        (Path(__file__).parent / "sayings/locale" / f"{language}.json").read_text("utf-8")
    )
    return found
