"""The provider's wire: a request out of bytes, and signatures (``devices/payment_code/protocol.md``)."""

import asyncio
import hashlib
import hmac

MAX_BODY_BYTES = 65536


async def request_from(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    """Return headers by lower-case name, with the path under ``path``, and the body.

    Raises:
        ValueError: no POST, or too large.
    """
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    head = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    size = int(head.get("content-length", "0"))
    if method != "POST" or not 0 <= size <= MAX_BODY_BYTES:
        raise ValueError(f"{method} of {size} bytes")
    return {**head, "path": path}, await reader.readexactly(size)


def signature(secret: bytes, *parts: str) -> str:
    """Return the signature of ``parts``, each on a line of its own."""
    return hmac.new(secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def masked(code: str) -> str:
    """Return a code fit for a screen."""
    return f"{code[:4]}{'*' * (len(code) - 8)}{code[-4:]}" if len(code) > 8 else "*" * len(code)
