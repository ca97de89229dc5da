"""What the tests of the link share: an authority, a broker with TLS, identities good and bad."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.serialization import Encoding

from link.broker import Broker
from link.certificates import CertificateAuthority
from link.files import write_durably
from link.mosquitto import BrokerTls
from link.mqtt import MqttTransport
from link.transport import LinkSettings, Will
from link.x509 import key_pem, leaf_extensions, load_certificate, new_key, request_for, serial_of, sign_certificate


class Bench:
    """An authority, its broker on a free loopback port, and clients of any name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = CertificateAuthority(directory / "ca")
        made = self.authority.ensure_server(directory / "server", ["127.0.0.1", "localhost"])
        tls = BrokerTls(made.authority, made.chain, made.key, self.authority.crl_file)
        self.broker = Broker(directory / "broker", tls=tls)

    def __enter__(self) -> Self:
        self.broker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.broker.stop()

    def edge(self, name: str) -> tuple[Path, Path]:
        """Key and certificate of an edge, issued as the product does; made once."""
        key_file, certificate_file = self._files(name)
        if not certificate_file.exists():
            key = new_key()
            write_durably(key_file, key_pem(key))
            write_durably(certificate_file, self.authority.issue(request_for(key, name), name))
        return key_file, certificate_file

    def serial(self, name: str) -> str:
        return serial_of(self.edge(name)[1].read_text())

    def coordinator(self) -> tuple[Path, Path]:
        made = self.authority.ensure_coordinator(self.directory / "coordinator")
        return made.key, made.chain

    def forged(
        self, common_name: str, *, authority: CertificateAuthority | None = None, days: tuple[float, float] = (-1, 1)
    ) -> tuple[Path, Path]:
        """Key and certificate that the product would never issue: any name, any authority, any time."""
        by = authority or self.authority
        key, now = new_key(), datetime.now(UTC)
        certificate = sign_certificate(
            common_name,
            key.public_key(),
            issuer=load_certificate(by.certificate_pem).subject,
            issuer_key=by.key,
            valid=(now + timedelta(days=days[0]), now + timedelta(days=days[1])),
            extensions=leaf_extensions(server=False),
        )
        key_file, certificate_file = self._files(f"forged-{common_name.encode().hex()}-{certificate.serial_number:x}")
        write_durably(key_file, key_pem(key))
        write_durably(certificate_file, certificate.public_bytes(Encoding.PEM))
        return key_file, certificate_file

    def revoke(self, certificate_file: Path) -> None:
        self.authority.revoke(serial_of(certificate_file.read_text()))
        self.broker.reload()

    def settings(self, files: tuple[Path, Path], client_id: str, **more: Any) -> LinkSettings:
        return LinkSettings(
            **{
                "host": "127.0.0.1",
                "port": self.broker.port,
                "client_id": client_id,
                "ca_file": str(self.authority.certificate_file),
                "cert_file": str(files[1]),
                "key_file": str(files[0]),
                **more,
            }
        )

    def transport(self, name: str, *, will: Will | None = None, **more: Any) -> MqttTransport:
        files = self.coordinator() if name == "coordinator" else self.edge(name)
        return MqttTransport(self.settings(files, name, **more), will=will)

    def _files(self, stem: str) -> tuple[Path, Path]:
        folder = self.directory / "clients"
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
        return folder / f"{stem[:100]}.key.pem", folder / f"{stem[:100]}.cert.pem"
