"""The command `review`: choose rows, show them one by one, keep what is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.compression import STANDARD_INPUT
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import open_source
from kerjasama_nlp.labels.classifier import Classifier
from kerjasama_nlp.model import load
from kerjasama_nlp.review import choosing, items, session
from kerjasama_nlp.review.corrections import Corrections
from kerjasama_nlp.review.items import Item
from kerjasama_nlp.review.session import State
from kerjasama_nlp.terminal import console, keys, review_screen
from kerjasama_nlp.terminal.help_text import Progress

# How often the size of the window is looked at.
_LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Options:
    """What was asked for; `most` is the number of rows to show, the others are those of `label`."""

    source: str
    output: Path
    model: Path | None = None
    most: int = 200
    text_column: str | None = None
    encoding: str = "utf-8"
    format: str | None = None
    delimiter: str | None = None


def run(options: Options) -> list[str]:
    """Review rows until the reviewer ends; returns what to tell after it.

    Raises KeyboardInterrupt with that where the session was interrupted.
    """
    if options.source == STANDARD_INPUT:
        raise UsageError(_("standard input gives the keys; expected a file of rows"))
    classifier = load(options.model).classifier
    with Corrections(options.output, classifier.label_set) as corrections:
        found = _choose(options, classifier, corrections)
        state = session.start(classifier.label_set, corrections.decisions, found)
        before = len(corrections.decisions)
        interrupted = False
        if found:
            try:
                _show(state, corrections)
            except KeyboardInterrupt:
                interrupted = True
        told = _told(options.output, corrections, len(found), before)
    if interrupted:
        raise KeyboardInterrupt("; ".join(told))
    return told


def _choose(options: Options, classifier: Classifier, corrections: Corrections) -> list[Item]:
    decided = [decision.item for decision in corrections.decisions]
    with console.progress(_("rows")) as counter:
        read = _items(options, classifier, counter)
        return choosing.choose(read, classifier, options.most, decided=decided)


def _items(options: Options, classifier: Classifier, counter: Progress | None) -> Iterator[Item]:
    source = open_source(
        options.source,
        console.binary_input,
        text_column=options.text_column,
        encoding=options.encoding,
        format=options.format,
        delimiter=options.delimiter,
    )
    reader = RowReader.of(source)
    done = 0
    for block in source.blocks():
        rows = reader.rows(block.records)
        yield from items.read(rows, classifier)
        done += len(rows)
        if counter is not None:
            counter(done, share=source.progress())


def _show(state: State, corrections: Corrections) -> None:
    """Let a person decide row by row, on the screen, or a key a line from a pipe."""
    if not console.is_interactive():
        _talk(state, corrections, _piped())
    elif console.has_screen():
        with keys.single_keys(console.input_descriptor()), console.drawing() as draw:
            _draw(state, corrections, draw)
    else:
        with keys.single_keys(console.input_descriptor()):
            _talk(state, corrections, _pressed())


def _draw(state: State, corrections: Corrections, draw: Callable[[str], None]) -> None:
    colour = console.may_colour()
    drawn: tuple[State, review_screen.Window] | None = None
    while not state.ended:
        window = review_screen.Window(*console.screen_size(), colour)
        if drawn is None or drawn[0] is not state or drawn[1] != window:
            draw(review_screen.draw(state, window))
            drawn = (state, window)
        key = keys.read(console.input_descriptor(), _LOOK_SECONDS)
        if key is not None:
            state = _pressed_key(state, key, corrections)


def _talk(state: State, corrections: Corrections, pressed: Iterator[str]) -> None:
    """Tell line by line what a screen would show."""
    console.tell(review_screen.plain(state))
    for key in pressed:
        after = _pressed_key(state, key, corrections)
        if after.ended:
            return
        same = (after.item, after.helping) == (state.item, state.helping)
        console.tell(review_screen.marks(after) if same else review_screen.plain(after))
        state = after


def _pressed() -> Iterator[str]:
    while True:
        key = keys.read(console.input_descriptor(), _LOOK_SECONDS)
        if key is not None:
            yield key


def _piped() -> Iterator[str]:
    """Yield the keys of a pipe, one a line; an empty line is Enter."""
    for line in console.lines():
        yield line or session.ENTER


def _pressed_key(state: State, key: str, corrections: Corrections) -> State:
    """Return the state after a key, when its decision is on the disk."""
    after = session.press(state, session.QUIT if key == keys.END else key)
    if len(after.decisions) > len(state.decisions):
        corrections.add(after.decisions[-1])
    elif len(after.decisions) < len(state.decisions):
        corrections.undo()
    return after


def _told(path: Path, corrections: Corrections, found: int, before: int) -> list[str]:
    if not found:
        return [_("found no row that is left to review")]
    made = len(corrections.decisions)
    told = [
        _("{output}: {labelled} corrections, {skipped} rows skipped, {left} left").format(
            output=path,
            labelled=corrections.labelled,
            skipped=made - corrections.labelled,
            left=before + found - made,
        )
    ]
    if corrections.labelled:
        told.append(_("learn from them: kerjasama train --labels {output} -o MODEL").format(output=path))
    return told
