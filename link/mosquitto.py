"""What a Mosquitto of ours is told: its configuration and who may say and hear what."""

from pathlib import Path
from typing import NamedTuple

from link.transport import MAX_PAYLOAD_BYTES

MAX_QUEUED_MESSAGES = 100_000
"""Mosquitto's own default of 1000 loses three quarters of a burst although it acknowledged all of it; 0 is broken in 2.0.16."""
MAX_QUEUED_BYTES = 64 * 1024 * 1024


class BrokerTls(NamedTuple):
    """PEM files of the TLS listener; ``cert_file`` may hold the authority's certificate behind its own."""

    ca_file: Path
    cert_file: Path
    key_file: Path
    crl_file: Path


def acl_text() -> str:
    """Return the ACL of every broker of ours; ``config/mosquitto/acl`` is this text."""
    return """\
# Who may say and hear what. An edge's user name is the CN of its certificate (its edge id), headquarters' is `coordinator`.
# What no line grants is denied: other stores, anything outside the tree.

user coordinator
topic read shopwire/v1/+/+/up
topic read shopwire/v1/+/+/status
topic write shopwire/v1/+/+/ack
topic write shopwire/v1/+/+/down
topic write shopwire/v1/+/+/cmd

# Every edge, under its own name only. It cannot forge an answer of headquarters, not even to itself.
pattern write shopwire/v1/+/%u/up
pattern write shopwire/v1/+/%u/status
pattern read shopwire/v1/+/%u/ack
pattern read shopwire/v1/+/%u/down
pattern read shopwire/v1/+/%u/cmd

# $SYS would tell a store about the others; a shared subscription could take another's messages. Mosquitto warns at start that these two
# lines name no user: that is meant, they are for everyone.
pattern deny $SYS/#
pattern deny $share/#
"""


def configuration(*, directory: Path, bind: str, port: int, tls: BrokerTls | None, persistence: bool = False) -> str:
    """Return a ``mosquitto.conf`` (settings: docs/link.md, from the measurements there)."""
    lines = [
        f"listener {port} {bind}",
        "set_tcp_nodelay true",
        f"max_queued_messages {MAX_QUEUED_MESSAGES}",
        f"max_queued_bytes {MAX_QUEUED_BYTES}",
        "max_inflight_messages 100",
        "max_qos 1",
        f"max_packet_size {MAX_PAYLOAD_BYTES}",
        "max_keepalive 60",
        "max_connections 20000",
        "sys_interval 0",
        "connection_messages false",
        "log_dest stdout",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S",
        "log_type error",
        "log_type warning",
        "log_type notice",
        f"persistence {'true' if persistence else 'false'}",
    ]
    if persistence:
        lines.append(f"persistence_location {directory}/")
    if tls is None:
        lines.append("allow_anonymous true")
    else:
        lines += [
            "allow_anonymous false",
            "tls_version tlsv1.2",
            f"cafile {tls.ca_file}",
            f"certfile {tls.cert_file}",
            f"keyfile {tls.key_file}",
            f"crlfile {tls.crl_file}",
            "require_certificate true",
            "use_identity_as_username true",
            "use_username_as_clientid true",
            f"acl_file {directory / 'acl'}",
        ]
    return "\n".join(lines) + "\n"
