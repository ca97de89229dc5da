"""The broker files for a chain's own Mosquitto say what the product says to the Mosquitto that it starts itself."""

from pathlib import Path

from link.mosquitto import BrokerTls, acl_text, configuration

FOLDER = Path(__file__).parents[3] / "config/mosquitto"
PLACES = {"listener", "cafile", "certfile", "keyfile", "crlfile", "acl_file"}


def said(text: str) -> dict[str, list[str]]:
    """Return each setting with its values; places of files and the address differ by nature and keep only their names."""
    settings: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.split(maxsplit=1)
            settings.setdefault(name, []).append("" if name in PLACES else value)
    return settings


def test_the_access_list_is_the_products() -> None:
    assert (FOLDER / "acl").read_text() == acl_text()


def test_the_configuration_is_the_products() -> None:
    tls = BrokerTls(*(Path("/pem"),) * len(BrokerTls._fields))
    ours = configuration(directory=Path("/d"), bind="0.0.0.0", port=8883, tls=tls)  # noqa: S104 - text, nobody listens
    assert said((FOLDER / "mosquitto.conf").read_text()) == said(ours)
