"""`--scheduler`: the workers of a cluster read a picture file and write a Zarr."""

from pathlib import Path

import numpy as np
import pytest
from cli_tools import spawn
from dask_tools import cluster_of
from picture_tools import block_picture

import codec

tifffile = pytest.importorskip("tifffile")
pytest.importorskip("distributed")
pytest.importorskip("zarr")

NOBODY = ("--scheduler", "tcp://127.0.0.1:9")


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", block_picture("smooth", 64, 64, 3), tile=(16, 16))

    run = spawn("compress", "a.tif", "-o", "a.zarr", *NOBODY, cwd=tmp_path)

    assert run.returncode == 1
    assert "there is no scheduler at tcp://127.0.0.1:9" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not (tmp_path / "a.zarr").exists()


@pytest.mark.slow
def test_a_cluster_makes_what_the_command_makes_alone(tmp_path: Path) -> None:
    picture = block_picture("flat", 300, 280, 3)
    tifffile.imwrite(tmp_path / "a.tif", picture, tile=(64, 64), compression="deflate")
    with cluster_of(2) as client:
        words = ["compress", "a.tif", "-k", "20", "--dither", "none", "-o", "a.zarr"]

        run = spawn(*words, "--scheduler", client.scheduler.address, cwd=tmp_path)

    assert run.returncode == 0, run.stderr
    whole = codec.compress(picture, 20, dither="none")
    with codec.open(tmp_path / "a.zarr") as stored:
        assert np.array_equal(stored.codebook, whole.codebook)
        assert np.array_equal(stored.labels[:, :], whole.labels)
