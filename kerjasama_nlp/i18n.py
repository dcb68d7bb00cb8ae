"""Messages in the reader's language: English in the code, Indonesian in `locale/`.

The language is KERJASAMA_LANG where set, otherwise LC_ALL, LC_MESSAGES, LANG, in that order.
Only help, messages and errors are translated; answers, refusals and labels are Indonesian always.
"""

from __future__ import annotations

import gettext
import os
from functools import cache
from pathlib import Path

DOMAIN = "kerjasama_nlp"
LOCALE_DIR = Path(__file__).parent / "locale"


def language() -> str:
    """Return the wanted language's code ("id", "en", ...), "en" where nothing is set."""
    for name in ("KERJASAMA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return value.replace("-", "_").split("_", 1)[0].split(".", 1)[0].lower()
    return "en"


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE_DIR, languages=[code], fallback=True)


def _(message: str) -> str:
    """Return `message` in the reader's language."""
    return _catalogue(language()).gettext(message)
