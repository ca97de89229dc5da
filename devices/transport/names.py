"""Names of network devices into addresses, one thread a name at most.

The loop's own threads would do it too, but a name server that does not answer (the line is down) holds a thread for up to half a minute,
every new attempt takes another one, and then nothing else in the store has a thread left: no receipt is drawn, nothing can stop.
"""

import asyncio
import ipaddress
import socket
import threading
from concurrent.futures import Future

_asked: dict[str, "Future[list[str]]"] = {}


async def addresses(host: str) -> list[str]:
    """Return the addresses of ``host``; one that is an address is its own. A name that is being asked for is not asked for twice.

    Raises:
        OSError: nobody knows the name, or it is none.
    """
    if _is_address(host):
        return [host]
    asking = _asked.get(host)
    if asking is None:
        asking = _asked[host] = Future()
        asking.set_running_or_notify_cancel()  # whoever waits may give up; the question goes on for the next one
        threading.Thread(target=_ask, args=(host, asking), name=f"name:{host}", daemon=True).start()
    return await asyncio.wrap_future(asking)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ask(host: str, asking: "Future[list[str]]") -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        _asked.pop(host, None)
        asking.set_exception(OSError(f"no address for the name {host!r}: {error}"))
    else:
        _asked.pop(host, None)
        asking.set_result([str(address[0]) for *_, address in found])
