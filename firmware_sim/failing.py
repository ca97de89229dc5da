"""What a person is told when the bench could not do its work: one message, not a tree of errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


def first_of(error: BaseException) -> BaseException:
    """Return the first error in a group of groups, or the error itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextmanager
def told(*expected: type[Exception]) -> Iterator[None]:
    """Turn an expected error, alone or the first of a group, into its message and exit code 1; any other goes on as it is.

    Not by ``except*``: what is raised in there comes out in a group again, and click would show it as a traceback.

    Raises:
        click.ClickException: one of ``expected`` happened.
        click.Abort: it was raised within, perhaps in a group.
    """
    try:
        yield
    except expected as error:
        raise click.ClickException(str(error)) from error
    except BaseExceptionGroup as group:
        first = first_of(group)
        if isinstance(first, click.Abort):
            raise click.Abort from group
        if not isinstance(first, expected):
            raise
        raise click.ClickException(str(first)) from group
