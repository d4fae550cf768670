"""One Chromium for all tests of pages: Playwright runs once in a process."""

from browser_tools import chromium

__all__ = ["chromium"]
