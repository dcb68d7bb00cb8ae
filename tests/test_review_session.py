"""A reviewing session as a state machine: what each key does, and that undoing undoes it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review import LABELS, item, several

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.review import session
from kerjasama_nlp.review.items import Marks
from kerjasama_nlp.review.session import ENTER, HELP, NEXT_PAGE, QUIT, SKIP, UNDO, Decision, press, start

KEYS = st.sampled_from([*"1234", *"abcj", "z", "é", "", ENTER, SKIP, UNDO, HELP, NEXT_PAGE])
NOT_UNDO = KEYS.filter(lambda key: key != UNDO)


def _after(state, keys):
    for key in keys:
        state = press(state, key)
    return state


def _seen_aside(state):
    """Return a state without what is only seen."""
    return replace(state, message="", page=0, helping=False)


def test_first_row_bears_its_labels():
    """A row is shown with the labels that it has, and Enter accepts them."""
    state = start(LABELS, [], several(2))
    assert (state.item.text, state.marks) == ("Kabar nomor 0", Marks("bilateral", frozenset({"ekonomi"})))
    state = press(state, ENTER)
    assert state.item.text == "Kabar nomor 1"
    assert state.decisions == (Decision(several(1)[0], Marks("bilateral", frozenset({"ekonomi"}))),)


def test_one_key_a_label():
    """A digit takes a form, a letter gives a sector or takes it away."""
    state = _after(start(LABELS, [], several(1)), "2ab")
    assert state.marks == Marks("regional", frozenset({"politik"}))
    assert [_after(start(LABELS, [], several(1)), key).marks.form for key in "1234"] == list(LABELS.forms)


def test_the_same_form_again():
    """Choosing the form that is marked changes nothing, so there is nothing to undo."""
    assert _after(start(LABELS, [], several(1)), "1") == start(LABELS, [], several(1))


def test_the_form_without_sectors_takes_them_away():
    """Choosing `bukan` is one key, and undoing brings the sectors back."""
    state = _after(start(LABELS, [], several(1)), "4")
    assert state.marks == Marks("bukan", frozenset())
    assert press(state, UNDO).marks == Marks("bilateral", frozenset({"ekonomi"}))


@pytest.mark.parametrize(("keys", "form"), [("a", "bilateral"), ("4b", "bukan")])
def test_inconsistent_labels_are_refused(keys, form):
    """Cooperation without a sector isn't accepted, nor `bukan` with one; a message says so, and the row stays."""
    before = _after(start(LABELS, [], several(2)), keys)
    state = press(before, ENTER)
    assert state.message == "bukan has no sector, every other form at least one"
    assert (state.decisions, state.marks, state.marks.form) == ((), before.marks, form)
    assert press(state, NEXT_PAGE).message == ""


def test_skipping_decides_nothing():
    """A row that is skipped is gone, whatever was marked."""
    state = _after(start(LABELS, [], several(2)), ["4", "b", SKIP])
    assert (state.item.text, state.decisions[0].skipped) == ("Kabar nomor 1", True)


def test_help_swallows_the_key_that_ends_it():
    """A key pressed to leave the help does nothing else; pages of it can be turned."""
    state = _after(start(LABELS, [], several(1)), [HELP, NEXT_PAGE, NEXT_PAGE])
    assert (state.helping, state.page) == (True, 2)
    assert press(state, "4") == start(LABELS, [], several(1))


def test_end_of_the_rows():
    """Behind the last row Enter ends the session; everything else only tells so, and undoing goes back."""
    state = press(start(LABELS, [], several(1)), ENTER)
    assert (state.item, state.ended) == (None, False)
    for key in ("4", "a", SKIP, "é"):
        assert replace(press(state, key), message="") == state
        assert press(state, key).message
    assert press(state, ENTER).ended
    assert press(state, UNDO).item == several(1)[0]


def test_earlier_decisions_can_be_undone():
    """What an earlier session decided is undone like what this one did, the last one first."""
    first, second, third = several(3)
    earlier = [Decision(first, Marks("bukan", frozenset())), Decision(second, second.marks, skipped=True)]
    state = start(LABELS, earlier, [third])
    assert state.item == third
    state = press(state, UNDO)
    assert (state.item, state.marks, len(state.decisions)) == (second, second.marks, 1)
    state = press(state, UNDO)
    assert (state.item, state.marks, len(state.decisions)) == (first, Marks("bukan", frozenset()), 0)
    assert press(state, UNDO).message == "there is nothing to undo"


@given(st.lists(KEYS, max_size=40))
def test_any_keys(keys):
    """Whatever is pressed, rows are decided in their order, none twice, none lost, each with sound labels."""
    rows = several(5)
    state = start(LABELS, [], rows)
    for key in keys:
        after = press(state, key)
        assert abs(len(after.decisions) - len(state.decisions)) <= 1
        shared = min(len(after.decisions), len(state.decisions))
        assert after.decisions[:shared] == state.decisions[:shared]
        state = after
        assert list(state.queue) == rows
        assert [decision.item for decision in state.decisions] == rows[: len(state.decisions)]
        sound = [d.marks for d in state.decisions if not d.skipped]
        assert [LABELS.faults(marks.form, sorted(marks.sectors)) for marks in sound] == [[]] * len(sound)


@given(st.lists(KEYS, max_size=30), NOT_UNDO)
def test_undo_is_the_inverse(keys, key):
    """Pressing a key and undoing it leads back to the state before, as long as the key did something."""
    before = _seen_aside(_after(start(LABELS, [], several(4)), keys))
    after = press(before, key)
    if _seen_aside(after) == before:
        return
    assert _seen_aside(press(after, UNDO)) == before


@given(st.lists(NOT_UNDO, max_size=30))
def test_everything_can_be_undone(keys):
    """Undoing often enough leads back to the start."""
    first = start(LABELS, [], several(4))
    state = _seen_aside(_after(first, keys))
    assert _after(state, [UNDO] * (len(keys) + 1)).message == "there is nothing to undo"
    assert _seen_aside(_after(state, [UNDO] * len(keys))) == first


def test_quitting_ends():
    """Quitting decides nothing."""
    state = _after(start(LABELS, [], several(2)), ["2", QUIT])
    assert (state.ended, state.decisions) == (True, ())


def test_commands_are_no_label_keys():
    """No label has a key that is a command."""
    assert not {ENTER, SKIP, UNDO, QUIT, HELP, NEXT_PAGE} & {*session.FORM_KEYS, *session.SECTOR_KEYS}


@pytest.mark.parametrize(("forms", "sectors"), [(10, 3), (2, 50)])
def test_more_labels_than_keys(forms, sectors):
    """A label set for which there aren't enough keys is refused."""
    names = [f"n{number}" for number in range(60)]
    many = LabelSet(tuple(names[:forms]), None, tuple(names[:sectors]))
    with pytest.raises(
        UsageError, match=rf"^found {forms} forms and {sectors} sectors; reviewing has keys for 9 and 49$"
    ):
        start(many, [], [item()])


def test_labels_of_ones_own():
    """A set with other forms, none of them without sectors, or without any sectors, is reviewed alike."""
    plain = LabelSet(("ya", "tidak"), None, ())
    row = replace(item(), marks=Marks("ya", frozenset()))
    state = _after(start(plain, [], [row]), ["2", ENTER])
    assert state.decisions[0].marks == Marks("tidak", frozenset())
