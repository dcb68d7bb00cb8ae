"""Lists of very many labelled texts: what goes in comes out, from memory or from a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels import text_store
from kerjasama_nlp.labels.labelled import LabelledText, LabelledTexts
from kerjasama_nlp.labels.text_store import TextStore

TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
PLACE = st.one_of(
    TEXT, st.builds("{}:{}".format, TEXT, st.integers(-2, 3)), st.sampled_from(["a:01", "a:²", ":7", "7"])
)
ENTRY = st.builds(
    LabelledText, TEXT, st.sampled_from(["bukan", "bilateral"]), st.sets(TEXT, max_size=2).map(frozenset), TEXT, PLACE
)


@given(st.lists(st.tuples(TEXT, st.integers(0, 9))), st.sampled_from([1, 30, 1 << 20]))
def test_texts_come_back(texts, room):
    """Every text comes back, whatever was added after it, asked for in between, and kept in a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_store, "IN_MEMORY", room)
        store = TextStore()
    for number, (text, asked) in enumerate(texts):
        assert store.append(text) == number
        assert store[min(asked, number)] == texts[min(asked, number)][0]
    assert [store[number] for number in range(len(texts))] == [text for text, _asked in texts]


@given(st.lists(ENTRY))
def test_a_list_of_labelled_texts(entries):
    """It is the list that it was made of."""
    texts = LabelledTexts(entries)
    assert list(texts) == entries
    assert [texts[number] for number in range(-len(entries), 0)] == entries
    assert list(texts[1::2]) == entries[1::2]
    with pytest.raises(IndexError):
        texts[len(entries)]


@given(st.lists(ENTRY, min_size=1), st.data())
def test_some_of_the_texts(entries, data):
    """A choice of texts holds those, in the order asked for, and outlives the list that it was made from."""
    numbers = data.draw(st.lists(st.integers(0, len(entries) - 1)))
    chosen = LabelledTexts(entries).only(reversed(range(len(entries)))).only(numbers)
    assert list(chosen) == [entries[-1 - number] for number in numbers]
    chosen.append(entries[0])
    assert chosen[-1] == entries[0]
