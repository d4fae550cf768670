"""The hooks of pre-commit and the GitHub Action: what their files say is run as they run it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_tools import REPOSITORY, Sandbox, child_environment, few_colors, soft_shades


@pytest.fixture
def repository(sandbox: Sandbox) -> Sandbox:
    """A repository with a PNG that could shrink, one that could not, and one that is not its."""
    sandbox.picture("art/large one.png", soft_shades())
    sandbox.picture("dot.png", few_colors(height=1, width=1))
    for arguments in (("init", "-q"), ("add", ".")):
        subprocess.run(["git", *arguments], check=True)
    sandbox.picture("others.png", soft_shades(1))
    return sandbox


def content() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*.png")}


def hooks() -> dict[str, dict[str, Any]]:
    listed = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    return {hook["id"]: hook for hook in listed}


def hook(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a hook as pre-commit does: its entry, its arguments, then the files of its types."""
    told = hooks()[name]
    assert told["language"] == "python"
    assert told["types"] == ["png"]
    program, *entry = shlex.split(told["entry"])
    assert program == "kmcodec"
    files = ["art/large one.png", "dot.png"]
    return subprocess.run(
        [sys.executable, "-m", "codec", *entry, *told.get("args", ()), *arguments, *files],
        env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_hook_fails_where_a_picture_could_shrink(repository: Sandbox) -> None:
    before = content()
    done = hook("kmcodec-check")
    assert done.returncode == 1
    assert "art/large one.png: could shrink" in done.stderr
    assert hook("kmcodec-check", "--min-psnr", "90").returncode == 0
    assert content() == before


def test_a_hook_mends(repository: Sandbox) -> None:
    before = content()
    assert hook("kmcodec-mend", "--shrink", "20%").returncode == 0
    after = content()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"art/large one.png"}
    assert hook("kmcodec-check").returncode == 0
    assert hook("kmcodec-mend").returncode == 0
    assert content() == after


def act(**given: str) -> "subprocess.CompletedProcess[str]":
    """Run the step of the action that checks, with its inputs as a runner gives them."""
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text())
    assert set(given) <= set(action["inputs"])
    values = {name: each["default"] for name, each in action["inputs"].items()} | given
    install, check = action["runs"]["steps"]
    assert '"$RUNNER_TEMP/kmcodec/bin/pip" install "$GITHUB_ACTION_PATH"' in install["run"]
    assert (install["shell"], check["shell"]) == ("bash", "bash")
    place = Path("runner/kmcodec/bin")
    place.mkdir(parents=True, exist_ok=True)
    script = place / "kmcodec"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m codec "$@"\n')
    script.chmod(0o755)
    environment = {
        name: values[text.split(".")[1].strip(" }")] for name, text in check["env"].items()
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", check["run"]],
        env=child_environment(RUNNER_TEMP=str(Path("runner").absolute()), **environment),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_action_fails_where_a_picture_of_the_repository_could_shrink(
    repository: Sandbox,
) -> None:
    before = content()
    done = act()
    assert done.returncode != 0
    assert "art/large one.png: could shrink" in done.stderr
    assert "others.png" not in done.stderr
    assert content() == before
    assert act(paths="dot.png\nno*.png").returncode == 0
    assert act(paths="dot.png\n\nart/*.png\n").returncode != 0
    assert act(look="--min-psnr 90 --min-ssim 0.999").returncode == 0
    assert act(shrink="99%").returncode == 0
    assert act(paths="nothing").returncode == 0


def test_the_action_mends(repository: Sandbox) -> None:
    before = content()
    assert act(mend="true").returncode == 0
    after = content()
    assert {name for name in before if after[name] != before[name]} == {"art/large one.png"}
    assert act().returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="no bash")
def test_the_scripts_of_the_action_are_sound() -> None:
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        # What a runner would put into a script could be anything: inputs go through variables.
        assert "${{" not in step["run"]
        subprocess.run(["bash", "-n", "-c", step["run"]], check=True)
