"""Every sentence that can be put before a person has its Chinese: a new one without it fails here.

Sentences are found in the source: three English words in a row in a text that is no docstring. It is known when the catalogue has it
(``edge_agent/sayings``, ``edge_agent/reasons.py``), when it is the message of an error that the catalogue says by name (``error.<Name>``),
or when it stands beside its Chinese.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from coordinator.texts import said as headquarters_said
from edge_agent.reasons import said
from edge_agent.texts import texts
from firmware_sim.texts import in_chinese

ROOT = Path(__file__).parents[3]
ZH = texts("zh-CN")
CHINESE = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z']+[,:;]?( [A-Za-z']+[,:;]?){2,}")
SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|ALTER|CREATE|WITH|PRAGMA|DROP|ON CONFLICT) ")

ELSEWHERE = {
    "edge_agent/reasons.py": "patterns of sentences that stand elsewhere",
    "devices/vision/refusals.py": "has its Chinese beside it",
    "firmware_sim/bench/goods.py": "goods, named in both languages",
    "firmware_sim/bench/living.py": "a store, named in both languages",
    "coordinator/api/app.py": "describes the interface",
    "coordinator/telemetry.py": "describes figures to Prometheus",
    "coordinator/db/doctor.py": "SQL; what a rule says is rule_… of the catalogue",
    "coordinator/db/tables.py": "SQL",
    "devices/vision/commands.py": "has its Chinese beside it: TEXTS",
    "devices/vision/decoders.py": "names of symbologies",
    "link/memory.py": "a double: only tests have it",
    "link/mosquitto.py": "a file for Mosquitto",
    "protocol/asyncapi.py": "describes the interface",
    "devices/memory_esl.py": "a double: only tests have it",
    "devices/memory_label.py": "a double: only tests have it",
    "devices/memory_payment.py": "a double: only tests have it",
}
"""Files in which no sentence needs its Chinese here, and why."""
PARTS = {
    "1 to 24 of 0-9, A-Z, space and - . $ / + %", "A to D, 1 to 24 of 0-9 - $ : / . +, and A to D again",
    "1 to 40 printable ASCII characters", "this phone's last frame is", "7 frames, the limit, are", "7 still being read",
    "; the last one was refused: 7", "no frame within 7 s7", ": check user and password", "7 of 7 labels are printed",
    ", look for 7 more before printing them again", "the clocks differ by more than 5 minutes: set this machine's",
    "that it is offline", "it does not tell its set-up", "7, accepted was 7: scan its set-up codes again",
    "7, accepted was 7: scan its set-up codes again, then lock it", "its driver failed7 (7: 7)",
    "it does not answer: labels or ribbon out, head open, or the wrong model", "it is a payment code, not an item",
    "7, 7: unplug it and plug it in; it is tried again in 7 min", "cannot be used: 7", "the outbox of 7",
}  # fmt: skip
"""Parts of sentences that are put together; tests/unit/edge_agent/test_reasons.py has the whole ones."""
NOT_FOR_PEOPLE = {
    "default-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'": "a header of HTTP",
    "scanner option ids": "completes the title of a model file",
    "sale_number, copy, state, reason": "columns",
    "outside our code": "a place in a log",
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'": "a header",
    (
        "default-src 'self'; img-src 'self' data:; frame-src http://127.0.0.1:* http://localhost:*; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'none'"
    ): "a header",
    "one JSON object a line": "describes the interface",
    "zlib-compressed NDJSON of one feed": "describes the interface",
    "its rest, after Range: bytes=N-": "describes the interface",
    "Nanjing West Road": "an example of a name",
    "an edge was revoked": "a reason in the log",
    'a command is a JSON object, for example {"fault": "unplug"}: 7': "to who writes programs",
    'do=7 is no ask of the till: write {"do": "basket"}': "to who writes programs",
    "a screen takes no command 7: look with {}, or give fault unplug or replug": "to who writes programs",
    "for configuration, log and copies of keys": "help of a broker alone, for who tests",
    "0 = a free one": "the same",
    "address to listen on": "the same",
    "directory of the certificate authority (made when empty); none = plain MQTT": "the same",
    "name or address by which clients call the broker": "the same",
    "let Mosquitto write its queue to disk now and then": "the same",
    "\nuser 7\ntopic deny shopwire/v1/+/7/#\n": "rights of a muted edge, for Mosquitto",
    "shopwire request v1": "what a signature begins with",
    "bind 7 without TLS: plain MQTT is only for a loopback address such as 127.0.0.1": "to who writes programs",
    "first_s 7 and cap_s 7 must be above 0": "to who writes programs",
    "epoch 7 does not follow epoch 7": "to who writes programs",
    "EAN with add-on": "a name of a symbology",
    "typed by hand": "a name of a symbology",
    "beginning the journal": "what storage was doing, for the log",
    "scroll upper row": "explains bytes",
    "move to column, row": "explains bytes",
    "drawer pin high": "explains bytes",
    "drawer pin low": "explains bytes",
    "send it again": "explains bytes",
    "not in this context": "explains bytes",
    "code type 7, which nobody knows": "explains bytes",
    "length of a line": "of a program's input",
    "name of a chunk": "of headquarters' answer",
    "a manifest of this version": "of headquarters' answer",
    "amount on the label of SKU 7": "a value of InvalidMoney; its own text says it",
    "last of lane 7": "a value of SaleNotFound",
    "7 is no amount of 7, which has 7 decimals": "told as till.unknown_word",
    "weigh needs the code of what lies on the scale": "told as till.unknown_word",
}
"""Texts of programs, and why nobody at a store reads them."""
DESCRIBING = {"summary", "description", "example", "examples", "responses"}
DOING = re.compile(r"(\w+ing|rows) [\w' ]+")
"""What storage was doing: a value of StorageFailed for the log, whose own text says what to do."""


def docstrings(tree: ast.AST) -> set[int]:
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]  # type: ignore[attr-defined]
    lines = [line for body in bodies for line in body if isinstance(line, ast.Expr)]
    return {id(line.value) for line in lines}


def described(tree: ast.AST) -> set[int]:
    """Return the texts that describe an interface to who writes programs: OpenAPI, metrics."""
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in DESCRIBING]
    return {id(inner) for each in keywords for inner in ast.walk(each)}


def said_elsewhere(tree: ast.AST) -> set[int]:
    """Return the texts inside errors that the catalogue says by name, and those that explain bytes to who builds drivers."""
    apart = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.ClassDef) and f"error.{node.name}" in ZH)
        or (isinstance(node, ast.FunctionDef) and node.returns is not None and "Meaning" in ast.unparse(node.returns))
    ]
    return {id(inner) for each in apart for inner in ast.walk(each)}


def sentences(file: Path) -> Iterator[tuple[str, str]]:
    """Yield where a sentence stands, and the sentence with something in its places."""
    tree = ast.parse(file.read_text("utf-8"))
    known = docstrings(tree) | described(tree) | said_elsewhere(tree)
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in known | pieces:
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        words = [part.value if isinstance(part, ast.Constant) else None for part in parts]
        if all(word is None or isinstance(word, str) for word in words) and any(words):
            fixed = " 7 ".join(str(word) for word in words if word is not None)
            if SENTENCE.search(fixed.replace(" 7 ", " § ")):
                yield (
                    f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}",
                    "".join("7" if word is None else str(word) for word in words),
                )


def asked(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the sentences of a folder that need their Chinese in the catalogue."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        if str(file.relative_to(ROOT)) not in ELSEWHERE:
            for where, sentence in sentences(file):
                known = sentence in PARTS | NOT_FOR_PEOPLE.keys() or CHINESE.search(sentence)
                storage = where.startswith("edge_agent/db/") and DOING.fullmatch(sentence)
                if not (known or storage or SQL.match(sentence)):
                    yield where, sentence


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(sentence, id=f"{where} {sentence[:40]}")
        for folder in ("devices", "edge_agent")
        for where, sentence in asked(folder)
    ],
)
def test_it_has_its_chinese(sentence: str) -> None:
    assert CHINESE.search(said(sentence, ZH)), (
        "add it to protocol/sayings (devices) or edge_agent/sayings, both files of locale"
    )


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(sentence, id=f"{where} {sentence[:40]}")
        for where, sentence in asked("coordinator")
        if "/migrations/" not in where
    ],
)
def test_headquarters_has_it_in_chinese(sentence: str) -> None:
    assert CHINESE.search(headquarters_said("zh", sentence)), "add it to coordinator/sayings/locale, in both files"


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(sentence, id=f"{where} {sentence[:40]}")
        for folder in ("domain", "link", "protocol")
        for where, sentence in asked(folder)
    ],
)
def test_who_tells_it_has_it_in_chinese(sentence: str) -> None:
    """What lies below both ends: each end knows what it can come to tell; here it is enough that one of them does."""
    told = said(sentence, ZH) + headquarters_said("zh", sentence)
    assert CHINESE.search(told), "add it to edge_agent/sayings or coordinator/sayings, wherever a person reads it"


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(sentence, id=f"{where} {sentence[:40]}")
        for where, sentence in asked("firmware_sim")
        if re.match(r"firmware_sim/(bench/|__main__|rendering|demo/face|replay/(face|prepare))", where)
    ],
)
def test_the_bench_has_it_in_chinese(sentence: str) -> None:
    assert CHINESE.search(in_chinese(sentence)), "add it to firmware_sim/sayings/locale, in both files"


def test_a_sentence_without_chinese_is_noticed(tmp_path: Path) -> None:
    file = ROOT / "devices" / "errors.py"
    assert any(sentence == "7 cannot 7: its model has no command for it" for _, sentence in sentences(file))
    assert not CHINESE.search(said("7 smells of something burning: switch it off", ZH))


def test_what_is_exempt_still_stands_in_the_code() -> None:
    there = {
        text
        for folder in ("devices", "domain", "link", "protocol", "edge_agent", "coordinator", "firmware_sim")
        for file in (ROOT / folder).rglob("*.py")
        for _, text in sentences(file)
    }
    assert sorted((PARTS | NOT_FOR_PEOPLE.keys()) - there) == []
    assert [file for file in ELSEWHERE if not (ROOT / file).is_file()] == []
