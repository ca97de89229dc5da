"""Each model of ``models.toml`` with a protocol of its own: what it sends, and what that weighs. A new model is one line here."""

import pytest

from devices.ports.scale import NotReady, Reason, Stable
from devices.scale_serial.codec import Conversation, Event
from devices.scale_serial.models import Model, models

SAID: list[tuple[str, str, Event]] = [
    # model, bytes of one frame in hex, what they mean; at least one line for each model with a pattern
    ("text-kg", "20 20 30 2e 34 35 35 6b 67 0d 0a", Stable(455)),
    ("text-kg", "30 2e 39 31 bd ef 0d 0a", NotReady(Reason.WRONG_UNIT)),  # 0.91斤
    ("yaohua-text", "77 77 30 30 30 2e 34 35 35 6b 67 0d 0a", Stable(455)),
    ("yaohua-reversed", "35 35 34 2e 30 30 30 3d", Stable(455)),
    ("yaohua-reversed", "35 35 34 2e 30 30 2d 3d", NotReady(Reason.UNDER_ZERO, -455)),
]


def check_model(model: Model, said: str, meaning: Event) -> None:
    """Assert that a model's frame means this, whole and byte by byte."""
    frame = bytes.fromhex(said)
    whole, pieces = Conversation(model.language), Conversation(model.language)
    assert whole.feed(frame) == [meaning]
    assert [event for byte in frame for event in pieces.feed(bytes([byte]))] == [meaning]


@pytest.mark.parametrize(("model", "said", "meaning"), SAID)
def test_what_a_model_sends(model: str, said: str, meaning: Event) -> None:
    check_model(models().named(model), said, meaning)


def test_every_pattern_has_a_line() -> None:
    patterns = {name for name, model in models().all.items() if model.pattern is not None}
    assert patterns <= {model for model, _, _ in SAID}


@pytest.mark.parametrize("name", models().all)
def test_every_model_is_sound(name: str) -> None:
    model = models().named(name)
    rules = model.rules()
    assert model.title
    assert model.line.startswith("baud=")
    assert rules.minimum_g == 20 * rules.division_g or model.minimum_g is not None
    assert rules.settle_s > 0 or model.pattern is None or model.pattern.flags_motion
