"""What headquarters itself refuses.

CoordinatorError        → tell the caller; HTTP status beside each
├── NotFound             404  nothing has this name
├── Conflict             409  the state of the thing does not allow it
├── Refused              403  who you are does not allow it
├── NotAuthenticated     401  nobody knows you
├── InvalidRequest       422  the request contradicts itself
├── TooLarge             413  more than this server takes at once
├── Clash                      two rows want one place: the group is taken again, with care
├── UnsafeDatabase             the database does not keep what it promises (start refused)
└── SchemaOutOfDate            the database has another schema than this program (start refused)
"""


class CoordinatorError(Exception):
    """Headquarters says no; the message names the thing, the value and what to do next."""

    status = 500
    title = "Headquarters could not do it"


class NotFound(CoordinatorError):
    """Nothing has this name."""

    status, title = 404, "Not found"


class Conflict(CoordinatorError):
    """The state of the thing does not allow it."""

    status, title = 409, "Conflict"


class Refused(CoordinatorError):
    """Who you are does not allow it."""

    status, title = 403, "Forbidden"


class NotAuthenticated(CoordinatorError):
    """Nobody knows you."""

    status, title = 401, "Not authenticated"


class InvalidRequest(CoordinatorError):
    """The request contradicts itself."""

    status, title = 422, "Invalid request"


class TooLarge(CoordinatorError):
    """More than this server takes at once."""

    status, title = 413, "Too large"


class UnsafeDatabase(CoordinatorError):
    """The database does not keep what it promises."""


class SchemaOutOfDate(CoordinatorError):
    """The database has another schema than this program."""


class Clash(CoordinatorError):
    """Two rows want one place: take the group again, with care."""
