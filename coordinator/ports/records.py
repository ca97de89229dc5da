"""What the house writes down of itself."""

from typing import Protocol

from coordinator.rows import RequestRow, TokenRow


class Records(Protocol):
    """What is written down about the house itself."""

    def gen(self) -> int:
        """Return the generation of the database: it grows with every restore."""
        ...

    def note(self, key: str) -> str | None:
        """Return a value of the house by name."""
        ...

    def set_note(self, key: str, value: str) -> None:
        """Keep a value of the house by name."""
        ...

    def audit(self, at: str, actor: str, action: str, thing: str) -> None:
        """Write down who did what."""
        ...

    def incident(self, at: str, edge: str | None, kind: str, text: str) -> bool:
        """Raise an incident unless the same kind of the same edge is open; tell whether it is new."""
        ...

    def close_incidents(self, at: str, edge: str | None, kind: str) -> int:
        """Close the open incidents of a kind of an edge (None: of headquarters itself)."""
        ...

    def close_incident(self, at: str, number: int) -> bool:
        """Close one incident; False when there is none open of this number."""
        ...

    def token(self, token_sha256: str) -> TokenRow | None:
        """Return an API token."""
        ...

    def token_named(self, name: str) -> TokenRow | None:
        """Return the API token of this name."""
        ...

    def add_token(self, row: TokenRow) -> None:
        """Keep an API token."""
        ...

    def revoke_token(self, name: str, at: str) -> bool:
        """End an API token; tell whether there was one."""
        ...

    def request(self, actor: str, key: str) -> RequestRow | None:
        """Return a request that carried this key, with its answer once it has one."""
        ...

    def reserve_request(self, row: RequestRow) -> bool:
        """Write a request down before it is carried out; False when its key is taken."""
        ...

    def finish_request(self, row: RequestRow) -> None:
        """Keep the answer to a request that was reserved."""
        ...

    def free_request(self, actor: str, key: str) -> None:
        """Give a reserved key back: its request was refused and nothing was done."""
        ...

    def drop_requests_before(self, at: str) -> int:
        """Forget old answers."""
        ...
