"""`--keep-metadata`: from every kind of picture to every format, and on from there."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Sandbox, many_colors
from picture_tools import saved
from PIL import Image, PngImagePlugin
from png_tools import chunks_of, from_chunks
from profile_tools import grey_profile, rgb_profile

import codec
from codec.errors import ImageError, ParameterError
from codec.metadata import Metadata, Text

NOTICE, AUTHOR = "© 2026 Zoë, 山田", "Zoë"
TEXTS = {"Author": AUTHOR, "Copyright": NOTICE}
FORMATS = {"png": "a.png", "pair": "a.labels.png", "npz": "a.npz", "kmc": "a.kmc"}
HOLD_TEXTS, HOLD_PROFILE = ("png", "pair"), ("png", "kmc")


def exif_of(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[315], exif[33432], exif[274] = AUTHOR.encode(), NOTICE.encode(), orientation
    exif[0x8825] = {1: "N", 2: (10.0, 20.0, 30.0)}  # where it was taken
    return exif.tobytes()


def png_info() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", AUTHOR)
    info.add_itxt("Copyright", NOTICE)
    return info


def picture(kind: str, **more: Any) -> bytes:
    image = Image.fromarray(many_colors())
    if kind == "PNG":
        return saved(image, kind, pnginfo=png_info(), **more)
    if kind == "GIF":
        return saved(image.quantize(32), kind, comment=NOTICE.encode())
    if kind == "TIFF":
        tags = {315: AUTHOR.encode(), 33432: NOTICE.encode()}
        return saved(image, kind, tiffinfo=tags, **more)
    return saved(image, kind, exif=exif_of(), **more)


def texts_in(path: str | Path) -> dict[str, str]:
    """The texts of a PNG, as Pillow reads them."""
    with Image.open(path) as image:
        image.load()
        return {key: str(value) for key, value in image.text.items()}  # type: ignore[attr-defined]


def shown(path: str | Path) -> Any:
    """The pixels of a picture as everybody sees them, in sRGB."""
    return codec.read_image(path).pixels.astype(int)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF"])
def test_texts_arrive_or_are_said_to_be_lost(sandbox: Sandbox, kind: str, format: str) -> None:
    sandbox.path("in.png").write_bytes(picture(kind))
    output = FORMATS[format]
    run = sandbox.run("compress", "in.png", "-o", output, "--keep-metadata", check=0)
    expected = {"Comment": NOTICE} if kind == "GIF" else TEXTS
    assert codec.load(output).verified
    if format in HOLD_TEXTS:
        assert texts_in(output) == expected
        assert dict(codec.load(output).metadata.texts) == expected
        assert "hold no texts" not in run.err
    else:
        assert f"{format} files hold no texts: {', '.join(expected)} not kept" in run.err
    assert NOTICE.encode() not in b"".join(Path(name).read_bytes() for name in run.new) or (
        format in HOLD_TEXTS
    )


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_colors_look_the_same_with_a_profile_and_without(
    sandbox: Sandbox, kind: str, format: str
) -> None:
    sandbox.path("in.png").write_bytes(picture(kind, icc_profile=rgb_profile()))
    output = FORMATS[format]
    run = sandbox.run("compress", "in.png", "-o", output, "--keep-metadata", check=0)
    profile = codec.load(output).metadata.profile
    assert (profile == rgb_profile()) == (format in HOLD_PROFILE)
    assert ("to sRGB" in run.err) == (format not in HOLD_PROFILE)
    sandbox.run("decompress", output, "-o", "back.png", check=0)
    assert np.abs(shown("back.png") - shown("in.png")).mean() < 6
    if format == "png":
        np.testing.assert_array_equal(shown(output), shown("back.png"))
    (report,) = codec.report("in.png", output)
    assert (report.psnr_db or 0) > 30


def test_without_the_option_nothing_is_kept(sandbox: Sandbox) -> None:
    sandbox.path("in.png").write_bytes(picture("PNG", icc_profile=rgb_profile()))
    for output in FORMATS.values():
        run = sandbox.run("compress", "in.png", "-o", output, "-k", "8", check=0)
        assert "metadata is not kept: text" in run.err
        assert "to sRGB" in run.err
        assert not codec.load(output).metadata
        for name in run.new:
            assert AUTHOR.encode("latin-1") not in Path(name).read_bytes()


def test_places_and_orientation_are_never_kept(sandbox: Sandbox) -> None:
    data = saved(Image.fromarray(many_colors(0, 24, 40)), "JPEG", exif=exif_of(6))
    sandbox.path("in.jpg").write_bytes(data)
    run = sandbox.run("compress", "in.jpg", "-o", "a.png", "--keep-metadata", check=0)
    assert "turned by 90 degrees" in run.err
    assert {kind for kind, _ in chunks_of(Path("a.png").read_bytes())} == {
        b"IHDR", b"PLTE", b"kmSL", b"tEXt", b"iTXt", b"IDAT", b"IEND",
    }  # fmt: skip
    with Image.open("a.png") as image:
        assert (image.size, dict(image.getexif())) == ((24, 40), {})
    found = sandbox.run("compress", "a.png", "-o", "b.png", "--keep-metadata", check=0)
    assert "turned" not in found.err
    assert texts_in("b.png") == TEXTS


@pytest.mark.parametrize("format", ["png", "pair", "kmc"])
def test_bytes_of_metadata_count(sandbox: Sandbox, format: str) -> None:
    info = png_info()
    info.add_text("Comment", "".join(map(chr, range(33, 126))) * 3)
    image = Image.fromarray(many_colors())
    sandbox.path("in.png").write_bytes(
        saved(image, "PNG", pnginfo=info, icc_profile=rgb_profile())
    )
    most, output = 800 if format == "kmc" else 1500, FORMATS[format]
    options = ["-o", output, "--max-bytes", str(most), "--json"]
    run = sandbox.run("compress", "in.png", *options, "--keep-metadata", check=0)
    (report,) = json.loads(run.out)["results"]
    written = sum(Path(name).stat().st_size for name in run.new)
    assert written == report["output_bytes"] == sum(report["part_bytes"].values())
    assert most * 0.9 < written <= most
    assert ("texts" in report["part_bytes"]) == (format in HOLD_TEXTS)
    assert ("profile" in report["part_bytes"]) == (format in HOLD_PROFILE)
    run = sandbox.run("compress", "in.png", "-o", output, "-f", "--max-bytes", "150",
                      "--keep-metadata", check=3)  # fmt: skip
    assert "bytes are too few" in run.err


@pytest.mark.parametrize("option", [("--keep", "#ff0000"), ("--palette-depth", "565")])
def test_given_colors_are_srgb_and_so_is_the_picture(
    sandbox: Sandbox, option: tuple[str, str]
) -> None:
    sandbox.path("in.png").write_bytes(picture("PNG", icc_profile=rgb_profile()))
    run = sandbox.run("compress", "in.png", "-o", "a.png", "--keep-metadata", *option, check=0)
    assert "to sRGB" in run.err
    metadata = codec.load("a.png").metadata
    assert (metadata.profile, dict(metadata.texts)) == (b"", TEXTS)


@pytest.mark.parametrize(
    "look", [("--min-psnr", "28"), ("--max-error", "40"), ("--min-ssim", "0.8")]
)
def test_a_look_is_asked_for_and_met_in_srgb(sandbox: Sandbox, look: tuple[str, str]) -> None:
    """Targets and checks measure numbers, which must be those that everybody sees."""
    sandbox.path("a.png").write_bytes(picture("PNG", icc_profile=rgb_profile()))
    sandbox.run("compress", "a.png", "-o", "b.png", "--keep-metadata", *look, check=0)
    found = codec.load("b.png")
    assert not found.metadata.profile
    assert texts_in("b.png") == TEXTS
    (report,) = codec.report("a.png", "b.png")
    met = {
        "--min-psnr": (report.psnr_db or 99) >= 28, "--max-error": (report.worst_error or 0) <= 40,
        "--min-ssim": (report.ssim or 0) >= 0.8,
    }  # fmt: skip
    assert met[look[0]]
    easy = {"--max-error": "255"}.get(look[0], look[1])
    mend = ("check", "a.png", "--mend", "--keep-metadata", "--shrink", "0%", look[0], easy)
    assert sandbox.run(*mend, check=0).changed == {"a.png"}
    assert not codec.load("a.png").metadata.profile


def test_a_page_does_not_show_colors_of_a_profile_as_srgb(sandbox: Sandbox) -> None:
    sandbox.path("a.png").write_bytes(picture("PNG", icc_profile=rgb_profile()))
    asked = ("compress", "a.png", "-o", "b.png", "--html", "x.html")
    run = sandbox.run(*asked, "--keep-metadata", check=1)
    assert "(profile)" in run.err
    assert run.left_all_as_it_was
    sandbox.run(*asked, check=0)


def test_a_shared_codebook_is_srgb_and_texts_are_those_of_each(sandbox: Sandbox) -> None:
    for name in ("a.png", "b.png"):
        sandbox.path(name).write_bytes(picture("PNG", icc_profile=rgb_profile()))
    sandbox.run("compress", "a.png", "b.png", "--shared-codebook", "--keep-metadata", "-k", "16",
                "-d", "out", check=0)  # fmt: skip
    for name in ("out/a.labels.png", "out/b.labels.png"):
        found = codec.load(name)
        assert (found.verified, found.metadata.profile) == (True, b"")
        assert texts_in(name) == TEXTS


@pytest.mark.parametrize("damage", ["zTXt", "iCCP"])
def test_damaged_metadata_are_told_and_the_picture_is_made(sandbox: Sandbox, damage: str) -> None:
    content = {"zTXt": b"Author\0\0damaged", "iCCP": b"ICC\0\0damaged"}[damage]
    chunks = chunks_of(picture("PNG"))
    sandbox.path("in.png").write_bytes(
        from_chunks([chunks[0], (damage.encode(), content), *chunks[1:]])
    )
    run = sandbox.run("compress", "in.png", "-o", "a.png", "--keep-metadata", check=0)
    assert "damaged" in run.err
    assert (codec.load("a.png").metadata.profile, texts_in("a.png")) == (b"", TEXTS)


# On from there


def test_converting_keeps_what_the_format_holds(sandbox: Sandbox) -> None:
    sandbox.path("in.png").write_bytes(picture("PNG", icc_profile=rgb_profile()))
    sandbox.run("compress", "in.png", "-o", "a.png", "-k", "16", "--keep-metadata", check=0)
    for format, output in FORMATS.items():
        run = sandbox.run("convert", "a.png", "-o", f"to-{output}", check=0)
        found = codec.load(f"to-{output}")
        assert bool(found.metadata.texts) == (format in HOLD_TEXTS)
        assert bool(found.metadata.profile) == (format in HOLD_PROFILE)
        assert ("hold no texts" in run.err) == (format not in HOLD_TEXTS)
        assert ("to sRGB" in run.err) == (format not in HOLD_PROFILE)
        sandbox.run("decompress", f"to-{output}", "-o", f"{format}.png", check=0)
        assert np.abs(shown(f"{format}.png") - shown("a.png")).max() <= 1
    run = sandbox.run("convert", "a.png", "-o", "a.gif", check=0)
    assert "GIF files hold no texts: Author, Copyright not kept" in run.err
    np.testing.assert_array_equal(shown("a.gif"), shown("a.png"))


def test_converting_a_picture_of_others_keeps_on_demand(sandbox: Sandbox) -> None:
    image = Image.fromarray(many_colors()).quantize(16)
    data = saved(image, "PNG", pnginfo=png_info(), icc_profile=rgb_profile())
    sandbox.path("in.png").write_bytes(data)
    sandbox.run("convert", "in.png", "-o", "a.png", "--keep-metadata", check=0)
    assert texts_in("a.png") == TEXTS
    with Image.open("a.png") as found:
        assert found.info["icc_profile"] == rgb_profile()
        assert found.getpalette() == image.getpalette()
    run = sandbox.run("convert", "in.png", "-o", "b.png", check=0)
    assert not codec.load("b.png").metadata
    assert "metadata is not kept: text" in run.err
    np.testing.assert_array_equal(shown("b.png"), shown("a.png"))


@pytest.mark.parametrize("name", ["b.png", "b.jpg", "b.webp", "b.tif", "b.bmp"])
def test_decompressing_writes_what_the_picture_holds(sandbox: Sandbox, name: str) -> None:
    sandbox.path("in.png").write_bytes(picture("PNG", icc_profile=rgb_profile()))
    sandbox.run("compress", "in.png", "-o", "a.png", "-k", "16", "--keep-metadata", check=0)
    run = sandbox.run("decompress", "a.png", "-o", name, check=0)
    found = codec.read_image(name, keep_texts=True, keep_profile=True)
    if name == "b.bmp":
        assert "to sRGB" in run.err
        assert "hold no such texts: Author, Copyright not kept" in run.err
        assert not found.metadata
    else:
        assert dict(found.metadata.texts) == TEXTS
        assert found.metadata.profile == rgb_profile()
    assert np.abs(shown(name) - shown("a.png")).mean() <= (12 if name == "b.jpg" else 0)


def test_info_tells_texts_in_a_line_each(sandbox: Sandbox) -> None:
    info = png_info()
    info.add_text("Comment", "two\nlines \x1b[31m" + "x" * 500)
    sandbox.path("in.png").write_bytes(saved(Image.fromarray(many_colors()), "PNG", pnginfo=info))
    sandbox.run("compress", "in.png", "-o", "a.png", "--keep-metadata", check=0)
    run = sandbox.run("info", "a.png", check=0)
    assert f"  Copyright        {NOTICE}\n" in run.out
    (line,) = [line for line in run.out.splitlines() if "Comment" in line]
    assert "two lines ?[31mxxx" in line
    assert len(line) < 250
    (report,) = json.loads(sandbox.run("info", "a.png", "--json", check=0).out)["results"]
    assert dict(report["texts"])["Comment"].endswith("x" * 500)


def test_metadata_go_through_the_library_too(tmp_path: Path) -> None:
    data = picture("JPEG", icc_profile=rgb_profile())
    source = codec.read_image(data, keep_texts=True, keep_profile=True)
    indexed = codec.compress(source, 16)
    assert indexed.metadata == Metadata(
        tuple(Text(*each) for each in TEXTS.items()), rgb_profile()
    )
    codec.save(indexed, tmp_path / "a.png")
    again = codec.load(tmp_path / "a.png")
    assert (again == indexed, again.metadata) == (True, indexed.metadata)
    assert again.to_pil().info["icc_profile"] == rgb_profile()
    assert codec.loads(codec.dumps(again.recolor({0: 255}), "png")).metadata == again.metadata
    with pytest.raises(ImageError, match="do not hold the ICC profile") as error:
        codec.save(again, tmp_path / "a.npz")
    assert (error.value.reason, (tmp_path / "a.npz").exists()) == ("profile", False)
    for profile in (grey_profile(2.2), rgb_profile() + bytes(1 << 20)):
        with pytest.raises(ImageError, match="do not hold the ICC profile"):
            codec.dumps(replace(again, metadata=Metadata(profile=profile)), "png")
    with pytest.raises(ParameterError, match="keep_profile"):
        codec.compress(source, keep=["#ff0000"])


@pytest.mark.parametrize(
    "texts",
    [
        [("", "x")], [("k" * 80, "x")], [("山", "x")], [("a\0b", "x")], [("Author", "a\0b")],
        [("Author", "\ud800")], [("XML:com.adobe.xmp", "x")], [("Raw profile type exif", "x")],
        [("Author", "x" * (1 << 20))], [("Author", "x")] * 257,
    ],
)  # fmt: skip
def test_texts_that_no_png_holds_are_refused(texts: list[tuple[str, str]]) -> None:
    with pytest.raises(ParameterError) as error:
        Metadata(tuple(Text(*text) for text in texts))
    assert error.value.reason == "metadata"


def test_what_mixes_color_spaces_converts(tmp_path: Path) -> None:
    data = picture("PNG", icc_profile=rgb_profile())
    kept, plain = codec.read_image(data, keep_profile=True), codec.read_image(data)
    np.testing.assert_array_equal(codec.train([kept], 16), codec.train([plain], 16))
    (tmp_path / "in.png").write_bytes(data)
    indexed = codec.compress(kept)
    codec.save(indexed, tmp_path / "a.png")
    codebook = codec.load_codebook(tmp_path / "a.png")
    np.testing.assert_array_equal(codebook[indexed.labels], shown(tmp_path / "a.png"))
    reports = codec.report(kept, indexed, kept, plain, tmp_path / "a.png", tmp_path / "in.png")
    assert [report.mse for report in reports[1:3]] == [0, 0]
    assert reports[0].mse == reports[3].mse > 0
    assert reports[4].mse == 0


def test_a_picture_that_was_decompressed_with_a_profile_is_left_out(sandbox: Sandbox) -> None:
    sandbox.path("in").mkdir()
    sandbox.path("in/a.png").write_bytes(picture("PNG", icc_profile=rgb_profile()))
    sandbox.run("compress", "in/a.png", "--format", "kmc", "--keep-metadata", check=0)
    sandbox.run("decompress", "in/a.kmc", check=0)
    assert sandbox.path("in/a.decoded.png").exists()
    run = sandbox.run("compress", "-r", "in", "-d", "out", "--json", check=0)
    status = {each["input"]: each["status"] for each in json.loads(run.out)["results"]}
    assert (status["in/a.png"], status["in/a.decoded.png"]) == ("ok", "left-out")


def test_texts_of_a_file_that_kmcodec_did_not_seal_are_not_taken_over() -> None:
    image = Image.fromarray(many_colors()).quantize(8)
    data = io.BytesIO()
    image.save(data, "PNG", pnginfo=png_info(), icc_profile=rgb_profile())
    assert not codec.loads(data.getvalue()).metadata
