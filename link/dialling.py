"""Open the TCP or TLS socket to a broker on the event loop, without threads, and say in our words what went wrong.

A paho client connects and shakes hands blocking, in a thread of a small pool: 250 edges of one process behind a dead line would wait for
each other. Here the hand-shake is driven by the loop, may be cancelled at any point, and paho gets the ready socket.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from link.errors import LinkDown, LinkRefused
from link.transport import LinkSettings

_VERDICT_S = 1.0
"""How long a server may keep its session tickets to itself; ours sends them at once, others may send none."""


class TlsSocket(ssl.SSLSocket):
    """A TLS socket that remembers what TLS complained about; paho turns every error into "connection lost"."""

    complaint: ssl.SSLError | None = None

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Read, and remember a TLS alert: with TLS 1.3 the broker's "certificate revoked" arrives after the hand-shake."""
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self.complaint = error
            raise
        except OSError:
            if self.version() is None:  # wrap_socket looks with recv() whether the peer is gone; nobody holds us yet
                self.close()
            raise


async def dial(settings: LinkSettings) -> socket.socket:
    """Return a connected, non-blocking socket, with TLS unless ``plain_loopback``.

    Raises:
        LinkDown: nobody answered.
        LinkRefused: a certificate (theirs or ours) was not accepted, or our own files are missing.
    """
    context = None if settings.plain_loopback else _context(settings)
    plain = await _tcp(settings.host, settings.port)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            return plain
        return await _secured(plain, context, settings)
    except BaseException:
        plain.close()
        raise


def tls_refusal(error: ssl.SSLError, settings: LinkSettings) -> LinkDown | LinkRefused:
    """Return what a TLS error means: a plain break, or a no that a person must look at."""
    where = f"broker {settings.host}:{settings.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        name = settings.server_name or settings.host
        return LinkRefused(
            f"{where}: its certificate is not acceptable for {name!r}: {error.verify_message}; check ca_file and server_name"
        )
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return LinkDown(f"{where}: connection closed during TLS ({error.reason or error})")
    return LinkRefused(
        f"{where}: TLS refused ({error.reason or error}); is the certificate {settings.cert_file} valid and not revoked?"
    )


def _context(settings: LinkSettings) -> ssl.SSLContext:
    # Read anew at every connection: a renewed certificate is used without a restart.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = TlsSocket
    try:
        context.load_verify_locations(settings.ca_file)
        context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        files = (settings.ca_file, settings.cert_file, settings.key_file)
        missing = [name for name in files if not Path(name).exists()]
        what = f"missing: {', '.join(missing)}" if missing else f"cannot be used: {error}"
        raise LinkRefused(f"identity files {', '.join(files)} {what}; enrol again") from error
    return context


_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


async def _looked_up(host: str, port: int) -> Sequence[_Found]:
    with contextlib.suppress(OSError):  # an address in figures needs neither a thread nor a name server
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    try:
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise LinkDown(f"broker name {host!r} cannot be looked up: {error}") from error


async def _tcp(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    trouble: OSError | None = None
    for family, kind, number, _, address in await _looked_up(host, port):
        near = socket.socket(family, kind, number)
        near.setblocking(False)
        try:
            await loop.sock_connect(near, address)
            return near
        except OSError as error:
            trouble = error
            near.close()
        except BaseException:
            near.close()
            raise
    raise LinkDown(f"broker {host}:{port} cannot be reached: {trouble}") from trouble


async def _secured(plain: socket.socket, context: ssl.SSLContext, settings: LinkSettings) -> ssl.SSLSocket:
    name = settings.server_name or settings.host
    try:
        # Looks whether the connection still stands: it may have been reset since it was made a moment ago.
        secured = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
    except OSError as error:
        raise LinkDown(f"broker {settings.host}:{settings.port}: connection broke before TLS: {error}") from error
    try:
        await _shake_hands(secured)
        await _hear_verdict(secured)
    except ssl.SSLError as error:
        secured.close()
        raise tls_refusal(error, settings) from error
    except OSError as error:
        secured.close()
        raise LinkDown(f"broker {settings.host}:{settings.port}: connection broke during TLS: {error}") from error
    except BaseException:
        secured.close()
        raise
    return secured


async def _shake_hands(secured: ssl.SSLSocket) -> None:
    while True:
        try:
            secured.do_handshake()
            return
        except ssl.SSLWantReadError:
            await _ready(secured, "read")
        except ssl.SSLWantWriteError:
            await _ready(secured, "write")


async def _hear_verdict(secured: ssl.SSLSocket) -> None:
    """Wait for the server's word on our certificate, which in TLS 1.3 comes after the hand-shake: session tickets, or an alert.

    Sending our first packet before would have a refusing server reset the connection, and the reset may overtake the alert that says why
    (measured with Mosquitto 2.0.11: one in ten).
    """
    if secured.version() != "TLSv1.3":
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_VERDICT_S):
            await _ready(secured, "read")
        with contextlib.suppress(ssl.SSLWantReadError):
            said = secured.recv(1)
            raise LinkDown(
                f"the broker {'spoke first' if said else 'closed the connection'} instead of waiting for CONNECT"
            )


async def _ready(sock: socket.socket, what: Literal["read", "write"]) -> None:
    loop = asyncio.get_running_loop()
    add, remove = (loop.add_reader, loop.remove_reader) if what == "read" else (loop.add_writer, loop.remove_writer)
    ready: asyncio.Future[Any] = loop.create_future()
    number = sock.fileno()
    add(number, _done, ready)
    try:
        await ready
    finally:
        remove(number)


def _done(ready: "asyncio.Future[Any]") -> None:
    if not ready.done():
        ready.set_result(None)
