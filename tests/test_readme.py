"""What the README and the guides show, run; their tables beside what was measured."""

import importlib.util
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import imageio.v3 as iio
import matplotlib as mpl
import numpy as np
import pytest
from marks import needs_kernels
from matplotlib import pyplot as plt

import codec
from codec.cli.arguments import make_parser
from codec.cli.commands import main

ROOT = Path(__file__).parent.parent
GUIDES = ROOT / "docs" / "guides"
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted(GUIDES.glob("*.md")))
}
README = DOCUMENTS["README.md"]
MOST_LINES = 120
# Of what is shown, beside what is printed: another version of zlib or NumPy moves the last digits.
MARGIN = 0.02
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
# Seconds: at the end of a line, or after the SSIM of a line of `sweep`.
SECONDS = re.compile(r"[0-9]+\.[0-9]{2}(?= s$)|(?<=\.[0-9]{4} )( +)[0-9]+\.[0-9]{2}", re.MULTILINE)


def blocks(language: str, text: str) -> list[str]:
    """What stands in a document in fences of a language; the empty one is none."""
    return [
        body
        for found, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        if found == language
    ]


SESSIONS = [
    pytest.param(block, id=f"{name}-{number}")
    for name, text in DOCUMENTS.items()
    for number, block in enumerate(blocks("console", text))
]
COMMANDS = [
    pytest.param(line.split("  ")[0], id=line.split("  ")[0])
    for text in DOCUMENTS.values()
    for block in blocks("", text)
    for line in block.splitlines()
    if line.startswith("kmcodec ")
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pictures that the documents speak of."""
    for folder in ("", "samples", "screenshots"):
        (tmp_path / folder).mkdir(exist_ok=True)
        for name in ("chart.png", "map.png", "page.png"):
            shutil.copy(ROOT / "samples" / name, tmp_path / folder)
    shutil.copy(ROOT / "samples" / "gradient.png", tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def agg() -> Iterator[None]:
    """Draw without a screen, and leave no figure behind."""
    with mpl.rc_context():
        plt.switch_backend("Agg")
        yield
    plt.close("all")


def assert_alike(printed: str, shown: str) -> None:
    """The same words, and numbers that differ by little; seconds by anything."""
    texts = [SECONDS.sub("0", text) for text in (printed, shown)]
    words = [[line.split() for line in NUMBER.sub("#", text).splitlines()] for text in texts]
    assert words[0] == words[1], printed
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in texts]
    assert numbers[0] == pytest.approx(numbers[1], rel=MARGIN), printed


@needs_kernels
@pytest.mark.parametrize("session", SESSIONS)
def test_commands_print_what_is_shown(
    desk: Path, capsys: pytest.CaptureFixture[str], session: str
) -> None:
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        program, *words = shlex.split(command)

        assert program == "kmcodec"
        assert main(words) in (0, 3)

        assert_alike("".join(capsys.readouterr()), shown)


def test_what_is_shown_can_be_wrong() -> None:
    shown = "a.png  2.0 kB → 1.00 kB  40.1 dB  0.10 s\n"

    assert_alike("a.png  2.0 kB → 1.01 kB  40.0 dB  9.99 s\n", shown)
    for other in (shown.replace("1.00", "1.10"), shown.replace("dB", "db"), shown + shown):
        with pytest.raises(AssertionError):
            assert_alike(other, shown)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_ones_that_there_are(command: str) -> None:
    make_parser().parse_args(shlex.split(command)[1:])


def test_numpy_and_imageio_alone_read_the_files(desk: Path) -> None:
    assert main(["compress", "-q", "photo.png"]) == 0
    assert main(["compress", "-q", "photo.png", "-o", "photo.npz"]) == 0
    (block,) = blocks("python", DOCUMENTS["docs/guides/formats.md"])
    names: dict[str, np.ndarray] = {}

    exec(block, names)  # the guide's own four lines

    assert len([line for line in block.splitlines() if line]) == 4
    expected = codec.decompress(codec.load("photo.npz"))
    assert (names["pixels"] == expected).all()
    assert (names["same_pixels"] == expected).all()
    assert not (expected == iio.imread("photo.png")).all()


def test_the_python_guide_runs(desk: Path, agg: None) -> None:
    first, *others = blocks("python", DOCUMENTS["docs/guides/python.md"])
    photo = iio.imread("photo.png")
    names: dict[str, Any] = {"pixels": photo}

    exec(first, names)

    assert names["pixels"].shape == photo.shape
    assert len(np.unique(names["pixels"].reshape(-1, 3), axis=0)) <= 64

    for block in others:
        exec(block, names)

    assert names["indexed"].n_colors == 16
    assert len(plt.get_fignums()) == 4
    assert set(names["labels"]) == set(range(8))


def test_the_notebook_of_the_readme_shows_the_picture(desk: Path, agg: None) -> None:
    cell, in_bytes = blocks("python", README)
    names: dict[str, Any] = {}
    *statements, last = cell.splitlines()

    exec("\n".join(statements), names)

    assert eval(last, names)._repr_html_().count("<code>#") == 16
    (figure,) = plt.get_fignums()
    assert plt.figure(figure).axes
    exec(in_bytes, names)
    assert len(names["small"]) < len(names["upload"])


def test_the_two_commands_are_there_for_ci() -> None:
    commands = re.findall(r"^python3 -m venv \.venv && .*$", README, re.MULTILINE)

    assert len(commands) == 2
    assert "samples/" in commands[0]
    assert commands[1].endswith("-m pytest")


def test_the_readme_is_short_and_names_every_guide() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    assert len(re.findall(r"^\|---", README, re.MULTILINE)) == 1
    for name in DOCUMENTS:
        assert name in ("README.md", "docs/guides/index.md") or f"]({name})" in README


def test_the_picture_is_sharp_and_small() -> None:
    (shown,) = re.findall(r'<img src="([^"]+)" width="([0-9]+)"', README)

    assert iio.improps(ROOT / shown[0]).shape[1] == 2 * int(shown[1])
    assert (ROOT / shown[0]).stat().st_size <= 250_000


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_nothing_is_left_to_be_filled_in(text: str) -> None:
    assert not re.findall(r"@[A-Z]+@|TODO|XXX", text)


def anchors(path: Path) -> set[str]:
    """The names that code hosts give to a document's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document = ROOT / name
    targets = re.findall(r'\]\(([^)\s]+)\)|<img src="([^"]+)"', DOCUMENTS[name])
    for target in map("".join, targets):
        place, _, anchor = target.partition("#")
        path = document.parent / place if place else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def _report() -> ModuleType:
    """Load the module that makes the tables; it needs nothing but Python."""
    spec = importlib.util.spec_from_file_location("report", ROOT / "benchmarks" / "report.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _texts(report: ModuleType) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in report.DOCUMENTS]


def test_the_tables_show_what_was_measured() -> None:
    report = _report()
    texts = _texts(report)

    assert report.updated(texts) == texts
    assert len(report.TABLES) == "".join(texts).count("\n<!-- end -->\n")
    for text in texts:
        assert text.count("\n<!-- end -->\n") == text.count("\n|---|")


def test_a_figure_that_changes_changes_its_table(tmp_path: Path) -> None:
    report = _report()
    texts = _texts(report)
    shutil.copytree(report.RESULTS, tmp_path / "results")
    process = tmp_path / "results" / "process.txt"
    measured = report.read("process")["768x512, pngquant: time"].value
    text = process.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "  768x512, pngquant: time  " in line)
    other = line.replace(f"  {measured:.5g} x", "  7.654 x")
    process.write_text(text.replace(line, other), encoding="utf-8")

    changed = report.updated(texts, tmp_path / "results")

    assert changed != texts
    assert [text.replace("7.65 ×", f"{measured:.2f} ×") for text in changed] == texts


def test_a_table_without_its_place_is_an_error() -> None:
    report = _report()
    texts = _texts(report)

    with pytest.raises(ValueError, match="speed-process has 0 places"):
        report.updated([text.replace("<!-- speed-process -->", "") for text in texts])
    with pytest.raises(ValueError, match="speed-in-process has 2 places"):
        report.updated([*texts, texts[1].partition("<!-- speed-process -->")[0]])
    with pytest.raises(ValueError, match="has no end"):
        report.updated([text.replace("<!-- end -->", "") for text in texts])


def test_every_figure_of_the_results_is_read() -> None:
    report = _report()

    for path in sorted(report.RESULTS.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        figures = [line for line in lines if line.startswith(("PASS", "FAIL", "info"))]
        assert figures
        assert len(report.read(path.stem)) == len(figures), path.name


def test_figures_are_read_as_they_were_shown(tmp_path: Path) -> None:
    report = _report()
    figures = [
        SimpleNamespace(name="time", value=0.00912, target=0.02, unit="x", at_least=False),
        SimpleNamespace(name="share, all", value=0.97, target=1.0, unit="%", at_least=True),
        SimpleNamespace(name="bytes", value=136655, target=None, unit="bytes", at_least=False),
        SimpleNamespace(name="nothing", value=None, target=None, unit="x", at_least=False),
    ]
    for figure, verdict in zip(figures, ("PASS", "FAIL", "info", "----"), strict=True):
        figure.verdict, figure.n, figure.detail = verdict, 36, "worst  of all"
    (tmp_path / "some.txt").write_text(report.table(figures), encoding="utf-8")

    found = report.read("some", tmp_path)

    assert found == {
        "time": (0.00912, "36"),
        "share, all": (0.97, "36"),
        "bytes": (136655.0, "36"),
    }
