"""What the fuzzers share: their seeds, what every picture must be, and how a target is run.

A fuzzer imports the codec first, under the eyes of atheris.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import atheris
from vector_tools import CONFORMING, INVALID, REFUSED, VECTORS, Row, parts_of

from codec.errors import CodecError
from codec.formats.contents import Contents

CORPUS = Path(__file__).resolve().parent / "corpus"
MAX_PIXELS = 1 << 16


def vectors() -> Iterator[tuple[Row, list[bytes]]]:
    """Every vector, conforming or not, and the content of its files."""
    for folder, rows in ((VECTORS, CONFORMING), (INVALID, REFUSED)):
        for row in rows:
            yield row, parts_of(folder, row)


def meaning(decode: Callable[..., Contents], files: list[bytes]) -> Contents | None:
    """What the files mean, or None if they are refused with a reason and in words."""
    try:
        contents = decode(*files, max_pixels=MAX_PIXELS)
    except CodecError as error:
        if not error.reason or not str(error):
            raise AssertionError("an error without words") from error
        return None
    labels, codebook = contents.indexed.labels, contents.indexed.codebook
    if not 1 <= labels.size <= MAX_PIXELS or int(labels.max()) >= len(codebook):
        raise AssertionError("not a picture")
    return contents


def run(
    targets: Mapping[str, Callable[[bytes], None]],
    seeds: Callable[[str], Iterable[bytes]],
    *limits: str,
) -> None:
    """Fuzz the target that the command line names, from its seeds on."""
    if len(sys.argv) < 2 or sys.argv[1] not in targets:
        sys.exit(f"usage: {Path(sys.argv[0]).name} {'|'.join(targets)} [-runs=N]")
    target = sys.argv[1]
    corpus = CORPUS / target
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        (corpus / hashlib.sha256(data).hexdigest()).write_bytes(data)
    options = ["-rss_limit_mb=2048", *limits, *sys.argv[2:]]
    atheris.Setup([sys.argv[0], *options, str(corpus)], targets[target])
    atheris.Fuzz()
