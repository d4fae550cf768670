"""What only imageio asks for."""

from pathlib import Path

import imageio.v3 as iio
import pytest
from cli_tools import write_dense


def test_there_is_one_picture(tmp_path: Path) -> None:
    write_dense(tmp_path / "x.kmc", 3)
    with pytest.raises(IndexError, match="one picture"):
        iio.imread(tmp_path / "x.kmc", index=1)
