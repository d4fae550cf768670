"""Upload handlers: those of the guide, asked by the clients that come with their frameworks."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest
from cli_tools import REPOSITORY, SAMPLES
from marks import needs_kernels
from PIL import Image

import codec

GUIDE = (REPOSITORY / "docs/guides/servers-and-folders.md").read_text(encoding="utf-8")
FLASK, FASTAPI = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
CHART = (SAMPLES / "chart.png").read_bytes()


class Answer(NamedTuple):
    """What a server says."""

    status: int
    content: bytes
    type: str

    @property
    def text(self) -> str:
        return self.content.decode()


Post = Callable[[bytes], Answer]


def app_of(code: str) -> Any:
    names: dict[str, Any] = {"__name__": "app"}
    exec(code, names)  # the guide's own lines
    return names["app"]


def flask_post() -> Post:
    app = app_of(FLASK)

    def post(data: bytes) -> Answer:
        with app.test_client() as client:
            files = {"picture": (io.BytesIO(data), "upload.png")}
            answer = client.post("/smaller", data=files)
        return Answer(answer.status_code, answer.data, answer.mimetype)

    return post


def fastapi_post(path: str) -> Post:
    from fastapi.testclient import TestClient

    app = app_of(FASTAPI)

    def post(data: bytes) -> Answer:
        with TestClient(app) as client:
            answer = client.post(path, files={"picture": ("upload.png", data)})
        kind, _, _ = answer.headers["content-type"].partition(";")
        return Answer(answer.status_code, answer.content, kind)

    return post


HANDLERS: dict[str, Callable[[], Post]] = {
    "flask": flask_post,
    "fastapi": lambda: fastapi_post("/smaller"),
    "fastapi, a coroutine": lambda: fastapi_post("/smaller-later"),
}


@pytest.fixture(params=HANDLERS)
def post(request: pytest.FixtureRequest) -> Post:
    return HANDLERS[request.param]()


def photo(seed: int, height: int = 60, width: int = 80) -> bytes:
    """A PNG of more colors than a codebook has."""
    noise = np.random.RandomState(seed).randint(-20, 21, (height, width, 3))
    rows, columns = np.mgrid[0:height, 0:width]
    shades = np.stack([rows * 3, columns * 2, rows + columns], axis=2) + 20 + 9 * seed
    file = io.BytesIO()
    Image.fromarray(np.clip(shades + noise, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@needs_kernels  # others take long for it
def test_a_picture_comes_back_smaller_and_as_everybody_reads_it(post: Post) -> None:
    answer = post(CHART)
    assert (answer.status, answer.type) == (200, "image/png")
    assert len(answer.content) < len(CHART) / 2

    indexed = codec.loads(answer.content, require_seal=True)
    shown = Image.open(io.BytesIO(answer.content))
    assert shown.mode == "P"
    assert (np.asarray(shown) == indexed.labels).all()
    assert (np.asarray(shown.convert("RGB")) == indexed.codebook[indexed.labels]).all()
    assert indexed == codec.compress(codec.read_image(CHART), format="png")


def test_alpha_and_grey_come_back(post: Post) -> None:
    state = np.random.RandomState(3)
    for mode, channels in (("L", 1), ("LA", 2), ("RGBA", 4)):
        pixels = state.randint(0, 3, (9, 8, channels)).astype(np.uint8) * 90
        file = io.BytesIO()
        Image.fromarray(pixels.squeeze(), mode).save(file, "PNG")
        answer = post(file.getvalue())
        assert answer.status == 200
        shown = Image.open(io.BytesIO(answer.content)).convert("RGBA")
        wanted = codec.decompress(codec.compress(pixels.squeeze(), exact=False))
        assert (
            np.asarray(shown) == np.asarray(Image.fromarray(wanted, mode).convert("RGBA"))
        ).all()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"<html>no picture, whatever its name may say</html>", "not a PNG, JPEG"),
        (CHART[: len(CHART) // 2], "ends"),
        (CHART[:5000] + b"damage" + CHART[5006:], ""),
    ],
    ids=["empty", "text", "cut", "damaged"],
)
def test_what_is_no_picture_is_refused_with_a_line(post: Post, data: bytes, said: str) -> None:
    answer = post(data)
    assert (answer.status, answer.type) in ((400, "text/html"), (400, "text/plain"))
    with pytest.raises(codec.CodecError) as caught:
        codec.read_image(data)
    assert answer.text == str(caught.value)
    assert said in answer.text
    assert "\n" not in answer.text


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


@pytest.mark.parametrize("side", [4_500, 60_000])
def test_a_bomb_is_refused(post: Post, side: int) -> None:
    """A file of some kilobytes for millions of pixels, more than the handler takes."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + side // 8)) for _ in range(min(side, 4_500)))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    bomb += chunk(b"IDAT", data + rows.flush()) + chunk(b"IEND", b"")
    assert len(bomb) < 40_000

    answer = post(bomb)

    assert answer.status == 413
    assert f"{side}" in answer.text
    assert "\n" not in answer.text


def test_flask_refuses_more_bytes_than_its_limit() -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
    with app_of(FLASK).test_client() as client:
        for size, status in ((20_000_001, 413), (2_000, 400)):
            data = form + bytes(size - len(form) - 7) + b"\r\n--x--"
            assert len(data) == size
            kind = "multipart/form-data; boundary=x"
            assert client.post("/smaller", data=data, content_type=kind).status_code == status


def test_threads_do_not_mix_their_pictures(post: Post) -> None:
    uploads = [photo(seed) for seed in range(4)]
    alone = [post(upload) for upload in uploads]
    assert len({answer.content for answer in alone}) == 4

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(post, uploads * 4))

    assert together == alone * 4
