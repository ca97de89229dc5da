"""A person gets one message, whatever tree of errors it lies in."""

import click
import pytest

from firmware_sim.failing import told


class Expected(Exception):
    """What the bench knows how to tell."""


@pytest.mark.parametrize(
    "error",
    [
        Expected("no paper"),
        ExceptionGroup("", [Expected("no paper")]),
        ExceptionGroup("", [ExceptionGroup("", [Expected("no paper")])]),
    ],
    ids=["alone", "group", "group in a group"],
)
def test_an_expected_error_is_one_message(error: Exception) -> None:
    with pytest.raises(click.ClickException, match=r"^no paper$"), told(Expected):
        raise error


def test_an_interruption_inside_a_group_stays_one() -> None:
    with pytest.raises(click.Abort), told(Expected):
        raise ExceptionGroup("", [click.Abort()])


@pytest.mark.parametrize("error", [KeyError("x"), ExceptionGroup("", [KeyError("x")])], ids=["alone", "group"])
def test_what_nobody_expected_goes_on_with_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, told(Expected):
        raise error
    assert raised.value is error
