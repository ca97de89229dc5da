"""What devices say of themselves is told in the person's language; what nobody knows is told as it stands."""

import ast
import errno
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from devices.errors import CoverOpen, DeviceUnavailable, PaperOut, PrinterFault
from devices.ports.label import LabelStatus
from devices.transport.address import open_transport, parse_address
from edge_agent.findings import Finding, told
from edge_agent.patience import Patience
from edge_agent.reasons import said
from edge_agent.texts import how, refusal, texts
from link.errors import LinkDown

ROOT = Path(__file__).parents[3]
ZH, EN = texts("zh-CN"), texts("en")
CHINESE = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z']+( [A-Za-z']+){2,}")
"""Three English words in a row; names of groups, makers and settings are fewer."""
DRIVER_FAILED = "its driver failed in driver.py:12 (ValueError: seven)"
SET_UP = "its set-up is 1a2b, accepted was 3c4d: scan its set-up codes again"

GIVEN = {
    "unavailable": str(DeviceUnavailable("scale-1", "hung up")),
    "its_printer": "its printer printer-1: no such device: plug it in",
    "provider_silent": "the provider does not answer: no answer within 5 s",
    "cannot_listen": f"cannot listen on 127.0.0.1:8090: {os.strerror(errno.EADDRINUSE)}",
    "grab": f"cannot be grabbed, another program holds it ({os.strerror(errno.EBUSY)})",
    "used_up": f"{DRIVER_FAILED}, {Patience().said()}: unplug it and plug it in; it is tried again in 5 min",
    "restarted": f"{DRIVER_FAILED}; it is started again",
    "drawer_key": f"{CoverOpen('printer-1')}; open the drawer with its key",
    "look_at_paper": "the connection was lost; look at the paper before printing again",
    "frame_refused": "no frame within 3 s; the last one was refused: hung up",
    "no_device": "no such device: plug it in",
    "group": "permission denied: add this user to the group dialout",
    "group_video": "Permission denied (a camera: add the user to the group video)",
    "taken": "another program holds the lock on it",
    "several_fit": "2 attached devices fit, name one by its port: usb:path=1-1, usb:path=1-2",
    "no_character_device": "is no character device: write file:PATH for a file",
    "no_input_device": "is no input device: look for the scanner under /dev/input/by-id",
    "hung_up": "hung up",
    "closed": "closed the connection",
    "not_in_settings": "it is not in the settings",
    "not_connected": "it is not connected yet",
    "no_answer": "no answer within 1.5 s",
    "no_answer_in_time": "no answer in time",
    "no_longer_answers": "no longer answers",
    "took_no_bytes": "took no bytes for 2 s: switch it off and on",
    "takes_nothing": "takes nothing for 2 s",
    "took_no_order": "took no order within 2 s",
    "buffer_full": "its buffer is full: clear what stops it",
    "paper_out": str(PaperOut("printer-1")),
    "cover_open": str(CoverOpen("printer-1")),
    "offline": str(PrinterFault("printer-1", "that it is offline")),
    "fault": str(PrinterFault("printer-1", "cutter error")),
    "fault_unrecoverable": "unrecoverable error",
    "fault_cutter": "cutter error",
    "fault_mechanical": "mechanical error",
    "fault_passing": "error that ends by itself",
    "fault_unnamed": "error",
    "paper_ends": "the paper of printer-1 ends soon: have a new roll ready",
    "takes_silently": "printer-1 takes data but does not answer",
    "not_confirmed": "it did not confirm the job",
    "not_cleared": "it did not say that its buffers are cleared: switch it off and on",
    "labels_out": LabelStatus(paper_out=True).stopped_by,
    "head_open": LabelStatus(head_open=True).stopped_by,
    "ribbon_out": LabelStatus(ribbon_out=True).stopped_by,
    "paused": LabelStatus(paused=True).stopped_by,
    "drawer_open": "drawer-1 stands open for over 60 s: close it",
    "no_connector": "printer-1 is no printer with a drawer's connector",
    "scale_silent": "it does not answer: is it switched on, and set to this protocol?",
    "scale_dialog": "it does not answer: is it switched on and set to Dialog 06?",
    "scale_garbled": "what comes makes no sense: check its model, baud rate and parity",
    "scale_unknown": "no scale protocol fits what comes: put something on it, check cable and baud rate",
    "scale_fault": "reports a fault of its memory or calibration: call service",
    "scale_unit": "shows another unit than kilograms: set it to kg",
    "scale_stuck": "shows the same weight for too long: empty it and see whether it moves",
    "scale_checksum": "refuses our checksum: enter its keys in the settings (checksum, keyword)",
    "ssi_silent": "does not answer: set it to SSI, 9600 baud, 8N1",
    "set_up_differs": SET_UP,
    "set_up_untold": "it does not tell its set-up, accepted was 3c4d: scan its set-up codes again, then lock it",
    "no_frame": "no frame within 3 s",
    "frozen": "the very same picture for 30 s: covered, dark or frozen",
    "stream_ended": "the camera gives no more frames",
    "reads_stuck": "3 reads never came back: unplug the camera and plug it in again",
    "frame_stuck": "one frame was read for more than 5 s",
    "rtsp": "it does not answer, refuses the password, or sends what FFmpeg cannot read",
    "no_video": "OpenCV cannot read it: not a camera or video, or another program has it",
    "not_loaded": "cv2 cannot be loaded (no module): install shopwire[vision] (pyzbar also needs apt libzbar0)",
    "tags": "2 tags with a low battery, 1 tags out of reach",
    "tags_low": "2 tags with a low battery",
    "tags_away": "1 tags out of reach",
    "token": "it refuses our token (HTTP 401): see token_file",
    "http": "it answers HTTP 500 to GET /tags",
    "login_silent": "no answer to the login within 5 s",
    "login": "the terminal refuses the login (LoggedOut): look at sale_id and poi_id",
    "clocks": "the provider refuses: the clocks differ by more than 5 minutes: set this machine's",
    "driver_opening": "its driver was still opening after 30 s",
    "driver_silent": "its driver did not answer within 3 s",
    "driver_ended": "its driver ended",
    "driver_failed_at": DRIVER_FAILED,
    "driver_failed": "its driver failed (ValueError: seven)",
}
"""Reasons that drivers give."""
COMPOSED = {
    "label_silent": "label-1: it does not answer: labels or ribbon out, head open, or the wrong model",
    "label_stopped": f"label-1: {LabelStatus(paper_out=True, head_open=True).stopped_by}",
    "two_stops": LabelStatus(head_open=True, paused=True).stopped_by,
}
BY_THE_SYSTEM = {
    "no_file": os.strerror(errno.ENOENT),
    "permission": os.strerror(errno.EACCES),
    "address_taken": os.strerror(errno.EADDRINUSE),
    "refused": os.strerror(errno.ECONNREFUSED),
    "no_road": os.strerror(errno.EHOSTUNREACH),
    "no_name": "Name or service not known",
    "port_busy": os.strerror(errno.EBUSY),
}
ALL = GIVEN | COMPOSED | BY_THE_SYSTEM


def literals(file: Path) -> Iterator[re.Pattern[str]]:
    """Yield each text of a source file, its placeholders open."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        fixed = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if len("".join(fixed)) >= len("ended"):
            yield re.compile(
                "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in parts)
            )


@cache
def drivers_texts() -> list[re.Pattern[str]]:
    files = [*(ROOT / "devices").rglob("*.py"), ROOT / "edge_agent/bay.py", ROOT / "edge_agent/desk/stand.py"]
    return [text for file in files for text in literals(file)]


@pytest.mark.parametrize("name", GIVEN)
def test_the_drivers_still_say_it_so(name: str) -> None:
    assert any(text.fullmatch(GIVEN[name]) for text in drivers_texts()), "no text in devices/ or bay.py gives this"


@pytest.mark.parametrize("name", ALL)
def test_it_is_said_in_chinese_without_an_english_sentence(name: str) -> None:
    chinese = said(ALL[name], ZH)
    assert CHINESE.search(chinese)
    assert not SENTENCE.search(re.sub(r"[（(][^（()）]*[)）]", "", chinese)), chinese
    assert "{" not in chinese
    assert said(ALL[name], EN) == ALL[name]


PUT_TOGETHER = {
    "this phone's last frame is still being read: send the next frame in 0.5 s": "这部手机的上一帧还在识别：请在 0.5 秒后再发下一帧",
    "camera-1 is not available: the camera says 401: check user and password": "camera-1 不可用：摄像头回答 401：请检查用户名和密码",
    "out of labels; 3 of 5 labels are printed, look for 2 more before printing them again": "标签用完；"
    "已打印 3/5 张，补打前请先找一找另外 2 张",
    "label 3 cannot be printed: takes 13 digits with their check digit; out of labels; 3 of 5 labels are printed": "第 3 张标签无法打印："
    "应为 13 位数字（含校验位）；标签用完；已打印 3/5 张",
    "device light-1 (light_relay), options: Object contains unknown field `lamp`": "设备 light-1（light_relay）的 "
    "options：含有未知的字段 `lamp`",
    "s.toml: Invalid value (at line 3, column 5); give --data-dir, or see config/edge.toml for every setting": "s.toml：第 3 行第 5 列："
    "值无法识别；请给出 --data-dir，全部设置见 config/edge.toml",
    "the document cannot be printed on this paper: this printer makes no codabar: choose another kind of code": "这种纸打印不了该文档："
    "本打印机不支持 codabar：请改用其他码制",
    "scanner-1 cannot be triggered: its model has no command for it": "scanner-1 不能被触发扫描：该型号没有这个命令",
}


@pytest.mark.parametrize("sentence", PUT_TOGETHER)
def test_sentences_inside_sentences_are_said_down_to_the_last(sentence: str) -> None:
    assert said(sentence, ZH) == PUT_TOGETHER[sentence]
    assert said(sentence, EN) == sentence


def test_what_nobody_knows_and_the_healthy_say_is_left_alone() -> None:
    for reason in ("", "the drum is worn {now}", "hung up by the neck"):
        assert said(reason, ZH) == reason
    assert said("its printer printer-1: the drum is worn", ZH) == "它的打印机 printer-1：the drum is worn"


async def test_what_really_happens_to_a_missing_port_is_known(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable) as missing:
        await open_transport(parse_address(f"serial:{tmp_path}/ttyUSB9"))
    assert said(missing.value.reason, ZH) == "找不到该设备：请插好"


def test_the_faces_say_it_in_chinese() -> None:
    state = {"health": "absent", "reason": "no such device: plug it in"}
    assert how(state, ZH) == "未连接：找不到该设备：请插好"
    assert told(Finding("device scale-1", "bad", "device", state), ZH, "zh").text == how(state, ZH)
    error = DeviceUnavailable("/dev/ttyUSB0", "another program holds the lock on it")
    shown = refusal(ZH, "zh", type(error).__name__, vars(error), str(error))
    assert shown == "/dev/ttyUSB0 不可用：正被另一个程序占用"


def test_the_reason_of_any_finding_is_said_in_chinese() -> None:
    flush = Finding("flush", "bad", "unwritable", {"path": "/x", "reason": os.strerror(errno.ENOENT)}, "mount")
    assert "没有这个文件" in told(flush, ZH, "zh").text
    down = LinkDown("broker hq:8883 cannot be reached: [Errno 111] Connection refused")
    shown = refusal(ZH, "zh", "LinkDown", vars(down), str(down))
    assert shown.endswith("技术原因：连不上消息代理 hq:8883：连接被拒绝（系统错误 111）")
