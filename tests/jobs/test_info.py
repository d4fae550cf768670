"""What is in compressed files, and in any picture."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_tools import (
    OUTPUTS,
    PICTURES,
    VECTORS,
    Sandbox,
    few_colors,
    many_colors,
    refused,
    with_alpha,
)
from PIL import Image
from report_tools import disk, facts, read_json

import codec
from codec.colors.notation import write_color
from codec.kernels import COMPILED


@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize("channels", PICTURES)
def test_info_accounts_for_every_byte_on_disk(
    sandbox: Sandbox, format: str, channels: str
) -> None:
    pixels = PICTURES[channels]
    sandbox.picture("photo.png", pixels)
    sandbox.run("compress", "photo.png", "--format", format, check=0)
    run = sandbox.run("info", OUTPUTS[format][-1], "--json", check=0)
    assert run.err == ""
    (result,) = read_json(run.out)["results"]
    size = disk(*OUTPUTS[format])
    assert sum(result["part_bytes"].values()) == result["output_bytes"] == size
    assert all(part > 0 for part in result["part_bytes"].values())
    assert (result["height"], result["width"]) == pixels.shape[:2]
    assert result["channels"] == (1 if pixels.ndim == 2 else pixels.shape[2])
    assert result["n_colors"] == len(codec.load(OUTPUTS[format][-1]).codebook)
    assert result["raw_bytes"] == pixels.size
    assert result["ratio_raw"] == pixels.size / size
    colors = {tuple(color) for color in pixels.reshape(-1, result["channels"]).tolist()}
    assert result["unique_colors"] == len(colors)
    assert result["alpha"] == (result["channels"] in (2, 4))
    assert result["colors"] == [
        write_color(word) for word in codec.load(OUTPUTS[format][-1]).codebook
    ]
    said = facts(sandbox.run("info", OUTPUTS[format][-1], check=0).out)
    assert said["compressed"] == f"{size} bytes"
    parts = [said[part] for part in result["part_bytes"]]
    assert sum(int(part.removesuffix(" bytes")) for part in parts) == size


def test_info_tells_the_bytes_of_each_part(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    sandbox.run("compress", "photo.png", "-k", "40", "-o", "x.kmc", check=0)
    sandbox.run("compress", "photo.png", "-k", "40", "--format", "kmc", check=0)
    assert Path("photo.kmc").read_bytes() == Path("x.kmc").read_bytes()
    found = json.loads(sandbox.run("info", "x.kmc", "--json", check=0).out)["results"][0]
    assert found["format"] == "kmc"
    assert set(found["part_bytes"]) == {"labels", "codebook", "seal", "container"}
    assert sum(found["part_bytes"].values()) == Path("x.kmc").stat().st_size
    assert found["verified"] is True
    expected = codec.decompress(codec.compress(many_colors(), 40))
    assert np.array_equal(codec.decompress(codec.load("x.kmc")), expected)
    report = json.loads(sandbox.run("report", "photo.png", "x.kmc", "--json", check=0).out)
    assert report["results"][0]["output_bytes"] == Path("x.kmc").stat().st_size


def test_info_tells_of_several_files(sandbox: Sandbox) -> None:
    for seed, name in enumerate(("a.png", "b.png")):
        sandbox.picture(name, few_colors(seed))
        sandbox.run("compress", name, check=0)
    run = sandbox.run("info", "a.labels.png", "none.npz", "b.codebook.npy", check=1)
    assert run.lines == ["kmcodec: error: none.npz: no such file or directory (not-found)"]
    assert "a.labels.png" in run.out
    assert "b.codebook.npy" in run.out
    run = sandbox.run("info", "a.labels.png", "b.labels.png", "--json", check=0)
    assert read_json(run.out)["totals"]["files"] == 2


def test_info_tells_which_engine_runs(sandbox: Sandbox) -> None:
    run = sandbox.run("info", "--engine", check=0)
    engine = "native" if COMPILED else "sklearn"
    assert run.out == f"engine: {engine}\n"
    document = read_json(sandbox.run("info", "--engine", "--json", check=0).out)
    assert document["engine"] == engine
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "photo.png", "-k", "3", "--json", check=0)
    assert read_json(run.out)["results"][0]["engine"] == engine
    run = sandbox.run("info", "--engine", "photo.labels.png", check=0)
    assert run.out.startswith(f"engine: {engine}\nphoto.labels.png\n")


def test_info_of_nothing_is_wrong_usage(sandbox: Sandbox) -> None:
    run = sandbox.run("info", check=2)
    assert len(run.lines) == 1
    assert run.lines[0].startswith("kmcodec: error: ")


def test_info_of_what_others_wrote_says_that_it_is_not_sealed(sandbox: Sandbox) -> None:
    labels = np.random.RandomState(0).randint(0, 2, (9, 9)).astype(np.uint8)
    np.savez("x.npz", labels=labels, codebook=np.array([[0], [255]], dtype=np.uint8))
    said = facts(sandbox.run("info", "x.npz", check=0).out)
    assert said["verified"] == "no seal"
    run = sandbox.run("info", "x.npz", "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert result["verified"] is False
    assert sum(result["part_bytes"].values()) == disk("x.npz")


# Pictures


@pytest.mark.parametrize("channels", PICTURES)
def test_info_tells_of_a_picture(sandbox: Sandbox, channels: str) -> None:
    pixels = PICTURES[channels]
    sandbox.picture("photo.png", pixels)
    run = sandbox.run("info", "photo.png", "--json", check=0)
    assert run.left_all_as_it_was
    (result,) = read_json(run.out)["results"]
    height, width, count = np.atleast_3d(pixels).shape
    colors = {tuple(color) for color in pixels.reshape(-1, count).tolist()}
    expected = {
        "status": "ok", "kind": "PNG", "format": None, "bits": 8, "alpha": count in (2, 4),
        "mode": channels.replace(" and ", "+"), "width": width, "height": height,
        "channels": count, "raw_bytes": pixels.size, "input_bytes": disk("photo.png"),
        "unique_colors": len(colors), "n_colors": None, "part_bytes": {}, "verified": None,
    }  # fmt: skip
    assert {name: result[name] for name in expected} == expected
    assert set(result["colors"]) == {write_color(color) for color in colors}


@pytest.mark.parametrize(
    ("name", "mode", "kind", "told"),
    [
        ("x.jpg", "RGB", "JPEG", "RGB, 8 bits a sample"),
        ("x.jpg", "CMYK", "JPEG", "CMYK, 8 bits a sample"),
        ("x.jpg", "L", "JPEG", "grey, 8 bits a sample"),
        ("x.gif", "P", "GIF", "palette, 8 bits a sample"),
        ("x.bmp", "P", "BMP", "palette, 8 bits a sample"),
        ("x.bmp", "RGB", "BMP", "RGB, 8 bits a sample"),
        ("x.bmp", "1", "BMP", "palette, 1 bit a sample"),
        ("x.tif", "CMYK", "TIFF", "CMYK, 8 bits a sample"),
        ("x.tif", "1", "TIFF", "grey, 1 bit a sample"),
        ("x.tif", "P", "TIFF", "palette, 8 bits a sample"),
        ("x.tif", "RGBA", "TIFF", "RGBA, 8 bits a sample"),
        ("x.tif", "I;16", "TIFF", "grey, 16 bits a sample"),
        ("x.png", "I;16", "PNG", "grey, 16 bits a sample"),
        ("x.png", "1", "PNG", "grey, 1 bit a sample"),
        ("x.webp", "RGB", "WebP", "RGB, 8 bits a sample"),
        ("x.webp", "RGBA", "WebP", "RGBA, 8 bits a sample"),
    ],
)
def test_info_tells_how_a_file_stores_its_samples(
    sandbox: Sandbox, name: str, mode: str, kind: str, told: str
) -> None:
    image = Image.fromarray(with_alpha()).convert("RGBA" if mode == "RGBA" else "RGB")
    if mode == "I;16":
        image = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 109)
    elif mode not in ("RGB", "RGBA"):
        image = image.convert(mode)
    image.save(name)
    said = facts(sandbox.run("info", name, check=0).out)
    assert (said["format"], said["stored as"]) == (kind, told)
    assert said["file"] == f"{disk(name)} bytes"
    assert said["alpha"] == ("yes" if mode == "RGBA" else "none")


@pytest.mark.parametrize("bits", [1, 8])
def test_info_tells_how_a_palette_of_others_is_stored(sandbox: Sandbox, bits: int) -> None:
    two = few_colors()[:, :, 0] // 200 * np.uint8(255)
    codec.compress(two).to_pil().save("x.png", bits=bits)
    (result,) = read_json(sandbox.run("info", "x.png", "--json", check=0).out)["results"]
    assert (result["format"], result["kind"], result["mode"]) == ("png", "PNG", "palette")
    assert result["bits"] == bits
    said = facts(sandbox.run("info", "x.png", check=0).out)
    assert said["stored as"] == f"palette, {bits} bit{'s' * (bits > 1)} a sample"


def test_info_tells_of_alpha_that_says_nothing(sandbox: Sandbox) -> None:
    pixels = with_alpha()
    pixels[:, :, 3] = 255
    sandbox.picture("photo.png", pixels)
    assert facts(sandbox.run("info", "photo.png", check=0).out)["alpha"] == "255 everywhere"


def test_info_takes_the_first_of_several_pictures_and_says_so(sandbox: Sandbox) -> None:
    frames = [Image.fromarray(few_colors(seed)) for seed in (0, 1)]
    frames[0].save("x.tif", save_all=True, append_images=frames[1:])
    run = sandbox.run("info", "x.tif", check=0)
    assert "x.tif: notice: only the first of 2 pictures is taken" in run.lines
    assert facts(run.out)["unique colors"] == "27"


def test_info_lists_no_colors_where_they_are_many(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    (result,) = read_json(sandbox.run("info", "photo.png", "--json", check=0).out)["results"]
    assert result["unique_colors"] > 256
    assert result["colors"] == []


def test_colors_are_listed_by_info_alone(pair: Sandbox) -> None:
    run = pair.run("report", "photo.png", "photo.labels.png", "--json", check=0)
    assert "colors" not in read_json(run.out)["results"][0]


def test_info_refuses_what_is_neither(sandbox: Sandbox) -> None:
    Path("x.png").write_bytes(b"text" * 20)
    run = sandbox.run("info", "x.png")
    assert refused(run, "x.png", "not-compressed")
    assert "nor a picture" in run.err
    sandbox.picture("y.jpg")
    Path("y.jpg").write_bytes(Path("y.jpg").read_bytes()[:-20])
    assert refused(sandbox.run("info", "y.jpg"), "y.jpg", "truncated")


def test_info_does_not_take_a_damaged_file_for_a_picture(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", "--format", "png", check=0)
    sandbox.run("compress", "photo.png", check=0)
    codec.save(codec.compress(few_colors(1) + np.uint8(1)), "other.labels.png")
    Path("other.codebook.npy").replace("photo.codebook.npy")
    assert refused(sandbox.run("info", "photo.labels.png"), "photo.labels.png", "digest-mismatch")
    damaged = bytearray(Path("photo.indexed.png").read_bytes())
    damaged[-20] ^= 1
    Path("photo.indexed.png").write_bytes(damaged)
    assert refused(sandbox.run("info", "photo.indexed.png"), "photo.indexed.png", "bad-crc")


@pytest.mark.parametrize("junk", [b"junk", None], ids=["trailing", "without its end"])
def test_info_passes_over_what_readers_of_pictures_do(
    sandbox: Sandbox, junk: bytes | None
) -> None:
    indexed = codec.compress(few_colors())
    sandbox.picture("grey.png", few_colors()[:, :, 0])
    indexed.to_pil().save("palette.png")
    codec.save(indexed, "sealed.png")
    for path in map(Path, ("grey.png", "palette.png", "sealed.png")):
        path.write_bytes(path.read_bytes()[: None if junk else -12] + (junk or b""))
    for name, mode in (("grey.png", "grey"), ("palette.png", "palette")):
        run = sandbox.run("info", name, "--json", check=0)
        (result,) = read_json(run.out)["results"]
        assert (result["kind"], result["mode"]) == ("PNG", mode)
        assert result["notices"]
    reason = "trailing-data" if junk else "truncated"
    assert refused(sandbox.run("info", "sealed.png"), "sealed.png", reason)


def test_info_of_a_damaged_dense_file_calls_it_no_picture(sandbox: Sandbox) -> None:
    Path("x.bin").write_bytes((VECTORS / "flag.kmc").read_bytes()[:-2])
    run = sandbox.run("info", "x.bin", check=1)
    assert len(run.lines) == 1
    assert "picture" not in run.err
