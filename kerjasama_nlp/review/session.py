"""A session of reviewing: a state, and what each key makes of it. Pure; drawing, reading keys and files are elsewhere.

The rows stand in a queue; the first ones are decided (labelled or skipped), the next one is shown. `press`
returns the state after a key; whoever keeps the decisions compares `State.decisions` before and after: a key
adds one at the end, takes the last one away, or leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.review.items import Item, Marks

ENTER, SKIP, UNDO, QUIT, HELP, NEXT_PAGE = "\n", "s", "u", "q", "?", " "
FORM_KEYS = "123456789"
# Letters in their order, without those that are commands, then capitals.
SECTOR_KEYS = "abcdefghijklmnoprtvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NO_MARKS = Marks("", frozenset())


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of a row: its labels, or (`skipped`) nothing; `edits` are the labels it bore before."""

    item: Item
    marks: Marks
    skipped: bool = False
    edits: tuple[Marks, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Where a session stands.

    `queue` starts with the rows of `decisions`; `marks` are the labels of the row that is shown, `edits` those
    it bore before, oldest first. `page` (of a long text or of the help), `helping` and `message` are what is seen.
    """

    label_set: LabelSet
    queue: tuple[Item, ...]
    decisions: tuple[Decision, ...] = ()
    marks: Marks = _NO_MARKS
    edits: tuple[Marks, ...] = ()
    page: int = 0
    helping: bool = False
    message: str = ""
    ended: bool = False

    @property
    def item(self) -> Item | None:
        """The row that is shown, None when all are decided."""
        return self.queue[len(self.decisions)] if len(self.decisions) < len(self.queue) else None


def start(label_set: LabelSet, decisions: Sequence[Decision], items: Sequence[Item]) -> State:
    """Return the state that shows the first of `items`; `decisions` were made earlier, and can be undone.

    Raises UsageError where there are more labels than keys.
    """
    if len(label_set.forms) > len(FORM_KEYS) or len(label_set.sectors) > len(SECTOR_KEYS):
        raise UsageError(
            _(
                "found {forms} forms and {sectors} sectors; reviewing has keys for {most_forms} and {most_sectors}"
            ).format(
                forms=len(label_set.forms),
                sectors=len(label_set.sectors),
                most_forms=len(FORM_KEYS),
                most_sectors=len(SECTOR_KEYS),
            )
        )
    queue = (*(decision.item for decision in decisions), *items)
    return _shown(State(label_set, queue, tuple(decisions)))


def form_keys(label_set: LabelSet) -> dict[str, str]:
    """Return the forms by their keys."""
    return dict(zip(FORM_KEYS, label_set.forms, strict=False))


def sector_keys(label_set: LabelSet) -> dict[str, str]:
    """Return the sectors by their keys."""
    return dict(zip(SECTOR_KEYS, label_set.sectors, strict=False))


def press(state: State, key: str) -> State:
    """Return the state after a key; one that means nothing leaves a message."""
    if state.helping and key != NEXT_PAGE:
        return replace(state, helping=False, page=0, message="")
    state = replace(state, message="")
    if key in _COMMANDS:
        return _COMMANDS[key](state)
    if state.item is None:
        return replace(state, message=_("all rows are decided; u undoes, Enter or q ends"))
    if form := form_keys(state.label_set).get(key):
        kept = frozenset() if form == state.label_set.none else state.marks.sectors
        return _edited(state, Marks(form, kept))
    if sector := sector_keys(state.label_set).get(key):
        return _edited(state, Marks(state.marks.form, state.marks.sectors ^ {sector}))
    return replace(state, message=_("no such key; ? lists them"))


def _edited(state: State, marks: Marks) -> State:
    if marks == state.marks:
        return state
    return replace(state, marks=marks, edits=(*state.edits, state.marks))


def _accept(state: State) -> State:
    if state.item is None:
        return replace(state, ended=True)
    faults = state.label_set.faults(state.marks.form, sorted(state.marks.sectors))
    if faults:
        return replace(state, message=faults[0])
    return _decided(state, Decision(state.item, state.marks, edits=state.edits))


def _skip(state: State) -> State:
    if state.item is None:
        return replace(state, message=_("all rows are decided; u undoes, Enter or q ends"))
    return _decided(state, Decision(state.item, state.marks, skipped=True, edits=state.edits))


def _decided(state: State, decision: Decision) -> State:
    return _shown(replace(state, decisions=(*state.decisions, decision)))


def _shown(state: State) -> State:
    """Return the state as its row is seen first: with the labels that it bears."""
    marks = state.item.marks if state.item is not None else _NO_MARKS
    return replace(state, marks=marks, edits=(), page=0)


def _undo(state: State) -> State:
    if state.edits:
        return replace(state, marks=state.edits[-1], edits=state.edits[:-1])
    if not state.decisions:
        return replace(state, message=_("there is nothing to undo"))
    last = state.decisions[-1]
    return replace(state, decisions=state.decisions[:-1], marks=last.marks, edits=last.edits, page=0)


def _quit(state: State) -> State:
    return replace(state, ended=True)


def _help(state: State) -> State:
    return replace(state, helping=True, page=0)


def _turn(state: State) -> State:
    return replace(state, page=state.page + 1)


_COMMANDS: Mapping[str, Callable[[State], State]] = {
    ENTER: _accept,
    SKIP: _skip,
    UNDO: _undo,
    QUIT: _quit,
    HELP: _help,
    NEXT_PAGE: _turn,
}
