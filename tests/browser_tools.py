"""What the tests in a browser share: Chromium, pages, and what they must never do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE, NARROW = (1400, 900), (360, 740)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium without a window, as the system has it."""
    api = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no chromium is installed")
    with api.sync_playwright() as playwright:
        # Tests may run as root, where its sandbox does not.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(
    chromium: Any, path: Path, size: tuple[int, int] = WIDE, **options: Any
) -> Iterator[Any]:
    """Open a page and wait until it has drawn everything; it asks for nothing and says nothing."""
    said: list[str] = []
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, **{"color_scheme": "light", **options}
    )
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        yield page
        asked = [text[:200] for text in said if not text.startswith(("data:", path.as_uri()))]
        assert not asked, asked
    finally:
        context.close()


def box(page: Any, selector: str) -> tuple[float, float, float, float]:
    """Where an element is: left, top, width, height, in pixels of the window."""
    found = page.locator(selector).first.bounding_box()
    return found["x"], found["y"], found["width"], found["height"]


def samples(page: Any, selector: str) -> list[int]:
    """The samples of a canvas, R, G, B and A of every pixel."""
    found: list[int] = page.evaluate(
        """(selector) => {
            const canvas = document.querySelector(selector);
            const context = canvas.getContext("2d");
            return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
        }""",
        selector,
    )
    return found
