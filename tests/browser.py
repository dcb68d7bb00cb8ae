"""A real headless Chromium: a page as it understands it, and what went wrong or out meanwhile."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import NamedTuple

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Where it is set, as .ci/run does, a missing browser is a failure.
REQUIRED = "REQUIRE_BROWSER"
# A headless browser that keeps to itself; what it asks for goes to a port where nobody listens.
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking "
    "--disable-component-update --disable-sync --disable-extensions --disable-default-apps --no-first-run "
    "--hide-scrollbars --enable-logging=stderr --proxy-server=127.0.0.1:9"
).split()
_CONSOLE = re.compile(r':CONSOLE[:(]\d+\)?\] (".*")')


def find():
    """Return the browser's command; without one, fail where it is required and skip elsewhere."""
    command = next(filter(None, map(shutil.which, NAMES)), None)
    if command is None:
        missing = "found no Chromium; install it with: apt-get install chromium"
        pytest.fail(missing) if os.environ.get(REQUIRED) else pytest.skip(missing)
    return command


class Element(NamedTuple):
    """An element with its attributes and all text inside."""

    name: str
    attributes: dict
    text: str


class Opened(NamedTuple):
    """A page after a browser has opened it: its elements, what the console said, and what it asked the network for."""

    elements: list
    console: list
    requests: list

    def named(self, name):
        """Return the elements of a name."""
        return [element for element in self.elements if element.name == name]


def opened(page, scratch):
    """Open a page; `scratch` is a folder for the browser's own files."""
    log = scratch / "net.json"
    ended = _run(scratch, f"--log-net-log={log}", "--dump-dom", page.as_uri())
    parser = _Parser()
    parser.feed(ended.stdout.decode())
    console = _CONSOLE.findall(ended.stderr.decode("utf-8", "replace"))
    return Opened(parser.elements, console, _requests(json.loads(log.read_text(encoding="utf-8"))))


def screenshot(page, target, scratch, size=(1000, 1400)):
    """Save a picture of a page."""
    _run(scratch, f"--screenshot={target}", "--window-size={},{}".format(*size), page.as_uri())


def _run(scratch, *args):
    command = [find(), *FLAGS, f"--user-data-dir={scratch / 'profile'}", *args]
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode("utf-8", "replace")
    return ended


def _requests(log):
    """Return the addresses that the page asked for; the browser's own services have no origin."""
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [event["params"] for event in log["events"] if event["type"] == start and "url" in event.get("params", {})]
    return [params["url"] for params in asked if params["initiator"] != "not an origin"]


class _Parser(HTMLParser):
    """Takes apart what the browser wrote: elements are closed, and nothing is left to guess."""

    VOID = frozenset({"meta", "img", "br", "hr", "link", "input"})

    def __init__(self):
        super().__init__()
        self.elements = []
        self._open = []

    def handle_starttag(self, tag, attrs):
        self._open.append((tag, dict(attrs), []))
        if tag in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        name, attributes, pieces = self._open.pop()
        assert name == tag
        text = "".join(pieces)
        self.elements.append(Element(name, attributes, text))
        if self._open:
            self._open[-1][2].append(text)

    def handle_data(self, data):
        if self._open:
            self._open[-1][2].append(data)
