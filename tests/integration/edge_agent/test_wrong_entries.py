"""A store file with a wrong device: the start ends with a sentence that names it, and nothing of it is kept as good."""

from pathlib import Path

import pytest

from devices.errors import DeviceMisconfigured
from edge_agent.bootstrap import run_edge
from edge_agent.settings import LAST_GOOD, load
from link.certificates import CertificateAuthority
from tests.edge_headquarters import enrolled


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('kind = "bogus"\naddress = "/dev/x"', "device till-9.*'bogus' is not one of"),
        ('kind = "scale_serial"\naddress = "nonsense"', "device till-9.*'nonsense' is not understood"),
        ('kind = "scale_serial"\naddress = "usb:1234"', "device till-9.*'usb:1234' is not understood"),
        ('kind = "scale_serial"\naddress = "/dev/x"\nprofile = "bogus"', "device till-9.*'bogus' is not one of"),
        ('kind = "scale_serial"\naddress = "/dev/x"\noptions = { bogus = 1 }', "device till-9.*bogus"),
        ('kind = "printer_escpos"\naddress = "tcp:127.0.0.1:99999"', "device till-9.*99999"),
        ('kind = "camera_stream"\naddress = "gopher://x"', "device till-9.*gopher"),
        ('kind = "payment_code"\naddress = "http://pay.example"', "device till-9"),
    ],
)
def test_a_wrong_device_is_named_and_its_file_is_not_kept_as_good(tmp_path: Path, entry: str, said: str) -> None:
    data_dir, file = tmp_path / "data", tmp_path / "store.toml"
    enrolled(CertificateAuthority(tmp_path / "ca"), data_dir, "S1", "1", 9)
    file.write_text(f'[[devices]]\ndevice_id = "till-9"\n{entry}\n')
    with pytest.raises(DeviceMisconfigured, match=said):
        run_edge(load(file, data_dir, {}))
    assert not (data_dir / LAST_GOOD).exists()
