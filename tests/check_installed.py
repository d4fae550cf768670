"""Check an installation from outside: the command, every format, what shells and `man` read.

`python tests/check_installed.py` with the interpreter that kmcodec is installed for, and nothing
else: wheels of other systems are checked so, where they were built.
"""

import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import imageio.v3 as iio

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SHARED = (
    "bash-completion/completions/kmcodec",
    "zsh/site-functions/_kmcodec",
    "fish/vendor_completions.d/kmcodec.fish",
    "man/man1/kmcodec.1",
)
FORMATS = ("labels.png", "npz", "png", "kmc")


def main() -> None:
    """Run the command in a folder of its own, and compare what comes back."""
    command = shutil.which("kmcodec", path=sysconfig.get_path("scripts"))
    if command is None:
        raise SystemExit("the command is not installed")
    for name in SHARED:
        if not (Path(sysconfig.get_path("data")) / "share" / name).read_text(encoding="utf-8"):
            raise SystemExit(f"share/{name} is empty")

    with tempfile.TemporaryDirectory() as folder:

        def run(*arguments: str) -> str:
            return subprocess.run(
                [command, *arguments], cwd=folder, check=True, capture_output=True, text=True
            ).stdout

        def same(first: str, second: str) -> bool:
            pictures = [iio.imread(Path(folder, name), mode="RGBA") for name in (first, second)]
            return bool((pictures[0] == pictures[1]).all())

        if run("info", "--engine").strip() != "engine: native":
            raise SystemExit("nothing was compiled")
        for name in ("chart.png", "sprites.png"):
            shutil.copy(SAMPLES / name, folder)
        for ending in FORMATS:
            run("compress", "chart.png", "-k", "64", "-o", f"small.{ending}")
            run("decompress", f"small.{ending}", "-o", f"back-{ending}.png")
            run("report", "chart.png", f"small.{ending}", "--html", f"{ending}.html")
            if not same(f"back-{ending}.png", f"back-{FORMATS[0]}.png"):
                raise SystemExit(f"{ending} holds other pixels than {FORMATS[0]}")
        run("compress", "sprites.png", "--exact")
        run("decompress", "sprites.labels.png")
        if not same("sprites.png", "sprites.decoded.png"):
            raise SystemExit("a picture of few colors came back with others")


if __name__ == "__main__":
    main()
