"""The Indonesian catalogue is complete, and its compiled form is what the text says."""

import io
import string

import pytest
from babel.messages import extract, mofile, pofile
from conftest import PROJECT

from kerjasama_nlp import i18n

FOLDER = i18n.LOCALE_DIR / "id" / "LC_MESSAGES"


def _in_code():
    found = extract.extract_from_dir(str(PROJECT / "kerjasama_nlp"), keywords={"_": None})
    return {message for _file, _line, message, _comments, _context in found}


def _catalogue():
    with (FOLDER / f"{i18n.DOMAIN}.po").open("rb") as stream:
        return pofile.read_po(stream, locale="id")


def test_every_message_is_translated():
    """Every message of the code stands in the catalogue with a translation, and nothing else does."""
    messages = _in_code()
    assert len(messages) > 40
    assert {m.id for m in _catalogue() if m.id and m.string and not m.fuzzy} == messages


@pytest.mark.parametrize("message", [m for m in _catalogue() if m.id], ids=lambda m: m.id[:40])
def test_placeholders_survive_translation(message):
    """A translation has the placeholders of its message, no more and no fewer."""

    def placeholders(text):
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)

    assert placeholders(message.string) == placeholders(message.id)


def test_compiled_catalogue_is_current():
    """The .mo file is what compiling the .po file gives."""
    compiled = io.BytesIO()
    mofile.write_mo(compiled, _catalogue())
    assert (FOLDER / f"{i18n.DOMAIN}.mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "id_ID"}, "id"),
        ({"LC_ALL": "C", "LANG": "id_ID"}, "c"),
        ({"KERJASAMA_LANG": "id", "LC_ALL": "C"}, "id"),
        ({"KERJASAMA_LANG": "en", "LC_ALL": "id_ID.UTF-8"}, "en"),
    ],
)
def test_language_of_the_environment(monkeypatch, environment, language):
    """KERJASAMA_LANG overrides LC_ALL, LC_MESSAGES and LANG, which count in that order."""
    for name in ("KERJASAMA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert i18n.language() == language


def test_messages_follow_the_language(kerjasama):
    """An error is Indonesian under an Indonesian locale and English under another."""
    indonesian = kerjasama("ask", " ", env={"LC_ALL": "id_ID.UTF-8"}).stderr.decode()
    english = kerjasama("ask", " ", env={"LC_ALL": "en_GB.UTF-8"}).stderr.decode()
    assert indonesian.startswith("kerjasama: galat: pertanyaannya kosong")
    assert english.startswith("kerjasama: error: found an empty question")
