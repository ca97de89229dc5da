"""Pictures out of a camera's bytes: golden ones, cut ones, huge ones, noise; and addresses that keep their secret."""

import io
from pathlib import Path

import pytest
from PIL import Image

from devices.camera_stream.codec import MAX_FRAME_BYTES, Jpeg, JpegStream, Refused
from devices.camera_stream.driver import CameraOptions, StreamCamera
from devices.camera_stream.source import Kind, parse_source, shown
from devices.errors import DeviceMisconfigured
from devices.registry import DeviceSettings, open_device

# The smallest whole picture: SOI, DQT, SOF0 of 8×8, DHT, SOS, scan data with a stuffed FF and a restart, EOI (T.81, B.1).
GOLDEN = bytes.fromhex(
    "ffd8 ffdb0004 0001 ffc0000b 08 0008 0008 01 011100 ffc40004 0000 ffda0008 01 0100 00 3f 00 55ff00ffd0aa ffd9".replace(
        " ", ""
    )
)


def jpeg(width: int, height: int, *, progressive: bool = False) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 60).save(file, "JPEG", progressive=progressive)
    return file.getvalue()


def parted(*pictures: bytes) -> bytes:
    head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    return b"".join(head % len(picture) + picture + b"\r\n" for picture in pictures)


def test_the_golden_picture_comes_out_as_it_went_in() -> None:
    assert JpegStream().feed(b"noise" + GOLDEN + b"\r\n--frame") == [Jpeg(GOLDEN, 8, 8)]


@pytest.mark.parametrize("chunk", [1, 7, 4096, 1 << 20])
def test_multipart_streams_are_cut_whatever_the_chunks(chunk: int) -> None:
    pictures = [jpeg(64, 48), jpeg(80, 60, progressive=True), jpeg(16, 16)]
    stream, data = JpegStream(), parted(*pictures)
    found = [each for at in range(0, len(data), chunk) for each in stream.feed(data[at : at + chunk])]
    assert found == [Jpeg(pictures[0], 64, 48), Jpeg(pictures[1], 80, 60), Jpeg(pictures[2], 16, 16)]


def test_half_a_picture_costs_itself_only() -> None:
    picture = jpeg(64, 48)
    found = JpegStream().feed(parted(picture[: len(picture) // 2], picture))
    assert [type(each) for each in found] == [Refused, Jpeg]
    assert found[1] == Jpeg(picture, 64, 48)


def test_a_picture_that_would_unfold_to_gigabytes_is_refused_by_its_head_and_names_the_limit() -> None:
    huge = GOLDEN.replace(bytes.fromhex("00080008"), (40_000).to_bytes(2, "big") * 2)
    [refused, fine] = JpegStream().feed(parted(huge, GOLDEN))
    assert refused == Refused("too_many_pixels", "a frame of 40000×40000 pixels; the limit is 9437184")
    assert fine == Jpeg(GOLDEN, 8, 8)


def test_a_frame_without_end_is_let_go_at_the_limit() -> None:
    stream = JpegStream(max_bytes=10_000)
    found = stream.feed(GOLDEN[:-2])
    for _ in range(50):
        found += stream.feed(b"\x55" * 1000)
    [refused] = found
    assert isinstance(refused, Refused)
    assert refused.reason == "too_many_bytes"
    assert refused.detail.endswith("the limit is 10000")
    assert stream.feed(parted(GOLDEN))[-1] == Jpeg(GOLDEN, 8, 8)


def test_the_limit_is_some_megabytes() -> None:
    assert 1 << 20 <= MAX_FRAME_BYTES <= 16 << 20


@pytest.mark.parametrize(
    ("address", "kind", "target", "user", "password"),
    [
        ("/dev/v4l/by-id/usb-Cam-video-index0", Kind.V4L2, "/dev/v4l/by-id/usb-Cam-video-index0", "", ""),
        ("v4l2:/dev/video0", Kind.V4L2, "/dev/video0", "", ""),
        ("file:/srv/pictures", Kind.FILE, "/srv/pictures", "", ""),
        ("file:///srv/a.mp4", Kind.FILE, "/srv/a.mp4", "", ""),
        ("rtsp://10.0.0.9/live?channel=1", Kind.RTSP, "rtsp://10.0.0.9/live?channel=1", "", ""),
        ("rtsp://admin:p%40ss@10.0.0.9:554/live", Kind.RTSP, "rtsp://10.0.0.9:554/live", "admin", "p@ss"),
        ("http://u:p@[::1]:8080/video#x", Kind.HTTP, "http://[::1]:8080/video", "u", "p"),
    ],
)
def test_addresses(address: str, kind: Kind, target: str, user: str, password: str) -> None:
    source = parse_source(address)
    assert (source.kind, source.target, source.user, source.password) == (kind, target, user, password)


def test_ffmpeg_is_given_the_login_again_and_a_file_wins_over_the_address() -> None:
    assert parse_source("rtsp://a:b%40c@h/x").url == "rtsp://a:b%40c@h/x"
    assert parse_source("rtsp://a:b@h/x", "clerk:t:p@").url == "rtsp://clerk:t%3Ap%40@h/x"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "COM1",
        "ftp://u:s3cret@h/x",
        "rtsp://u:s3cret@",
        "http://u:s3cret@h:port/x",
        "rtsp://u:s3cret@h/a b",
        "file:x",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(address: str) -> None:
    with pytest.raises(DeviceMisconfigured, match="camera address") as refused:
        parse_source(address)
    assert "s3cret" not in str(refused.value)


def test_nothing_that_is_shown_holds_a_secret() -> None:
    source = parse_source("http://admin:s3cret@h/mjpg?token=s3cret&user=admin&pwd=s3cret&channel=2")
    assert "s3cret" not in repr(source)
    assert shown("rtsp://admin:s3cret@h/x?password=s3cret") == "rtsp://***@h/x?password=***"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fps": 0}, "fps 0"),
        ({"width": 9000}, "width 9000"),
        ({"fourcc": "MJPEG"}, "fourcc"),
        ({"codes": "EAN13,PDF417"}, "PDF417"),
        ({"stall_s": 0}, "stall_s 0"),
        ({"credentials_file": "/nowhere/secret"}, "/nowhere/secret"),
        ({"exposure": 3}, "exposure"),
    ],
)
def test_wrong_options_stop_the_start(options: dict[str, str | int | float | bool], said: str) -> None:
    with pytest.raises(DeviceMisconfigured, match=said):
        open_device(DeviceSettings("c", "camera_stream", "rtsp://h/x", options=options))


def test_options_become_a_camera(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("clerk:pw\n")
    settings = DeviceSettings(
        "c", "camera_stream", "http://h/x", options={"codes": "ean13, qr", "credentials_file": str(tmp_path / "secret")}
    )
    assert isinstance(open_device(settings), StreamCamera)
    assert CameraOptions(codes="ean13, qr").families == {"EAN13", "QR"}
