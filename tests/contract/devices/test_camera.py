"""What every camera does: the double, and the file camera on real pictures."""

from pathlib import Path

import pytest

from devices.camera_file.driver import FileCamera
from devices.errors import PictureRefused
from devices.memory import MemoryCamera
from devices.ports import Camera, Scan

PICTURES = Path(__file__).parents[2] / "data/barcode-images"


@pytest.fixture(params=["memory", "files"])
def camera(request: pytest.FixtureRequest) -> Camera:
    if request.param == "files":
        pytest.importorskip("cv2")
        pytest.importorskip("zxingcpp")
        return FileCamera("camera-1")
    double = MemoryCamera("camera-1")
    double.seen["ean13-3-02.png"] = [Scan("9780764544200", "]E0", 1.0)]
    return double


async def test_a_code_is_read_with_its_symbology(camera: Camera) -> None:
    scans = await camera.read(PICTURES / "ean13-3-02.png")
    assert [(scan.data, scan.symbology) for scan in scans] == [("9780764544200", "]E0")]
    assert scans[0].received_at > 0
    assert camera.state.health.works


async def test_what_is_no_picture_is_refused_by_both(camera: Camera, tmp_path: Path) -> None:
    with pytest.raises(PictureRefused, match="missing"):
        await camera.read(tmp_path / "missing.png")
