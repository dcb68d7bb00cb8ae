"""Passages: what is read together, what is cut, and that nothing is lost on the way."""

import pytest
from conftest import cases, growth
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.documents.articles import parse_article
from kerjasama_nlp.documents.passages import split
from kerjasama_nlp.language import sentences
from kerjasama_nlp.records import Article, Block, Passage

SENTENCES = st.lists(st.integers(1, 60), min_size=1, max_size=14).map(
    lambda lengths: " ".join(f"Kata{number}" + " kata" * (length - 1) + "." for number, length in enumerate(lengths))
)
BLOCKS = st.lists(
    st.one_of(
        st.sampled_from(["# Sejarah", "# Tujuan", "## Awal", "## Kini", "Bentuknya antara lain:"]),
        SENTENCES,
        st.lists(SENTENCES, min_size=2, max_size=4),
    ),
    max_size=10,
)


def article_of(written):
    """Return an article of blocks as the data files write them: "# heading", "paragraph", ["lead-in", "item"]."""
    blocks = []
    for block in written:
        if isinstance(block, list):
            blocks.append(Block("list", block[0], tuple(block[1:])))
        elif block.startswith("#"):
            marks, text = block.split(" ", 1)
            blocks.append(Block("heading", text, level=len(marks)))
        else:
            blocks.append(Block("paragraph", block))
    return Article("a", "Serikat Teh", "a.md", tuple(blocks))


def passages_of(written):
    """Return the passages of an article written like that."""
    return list(split(article_of(written)))


def body(passage):
    """Return the text of a passage as the article has it: no item marks, no names from an outline."""
    lines = passage.text.split("\n")
    if passage.kind == "outline":
        lines = [line for line in lines if not line.startswith("- ")]
    return " ".join(line.removeprefix("- ") for line in lines)


def filler(name, words):
    """Return a sentence of that many words."""
    return " ".join([name] + ["kata"] * (words - 1)) + "."


@pytest.mark.parametrize("case", cases("passages.json"))
def test_case(case):
    """Each article gives the expected passages."""
    found = [[passage.kind, passage.section, passage.text] for passage in passages_of(case["blocks"])]
    assert found == case["expected"]


@given(BLOCKS)
def test_no_text_is_lost(written):
    """The words of all paragraphs and lists stand in the passages, once and in order; headings there or above."""
    article = article_of(written)
    headings = {block.text for block in article.blocks if block.kind == "heading"}
    expected = " ".join(text for b in article.blocks if b.kind != "heading" for text in (b.text, *b.items) if text)
    passages = list(split(article))
    found = [word for passage in passages for word in body(passage).split() if word not in headings]
    assert found == expected.split()
    shown_in = {part for p in passages for part in (*p.section.split(" > "), *p.text.replace("- ", "").split("\n"))}
    assert headings <= shown_in


@given(BLOCKS)
def test_passages_carry_their_origin(written):
    """Every passage names its article, and its section is a path of the article's headings."""
    headings = {block[2:].strip() for block in written if isinstance(block, str) and block.startswith("#")}
    for passage in passages_of(written):
        assert (passage.article_id, passage.title, passage.path) == ("a", "Serikat Teh", "a.md")
        assert passage.text.strip()
        assert passage.section == "" or set(passage.section.split(" > ")) <= headings


@given(BLOCKS)
def test_a_list_is_never_cut(written):
    """Every list is one passage of its own: lead-in, then an item a line."""
    lists = ["\n- ".join(block) for block in written if isinstance(block, list)]
    assert [passage.text for passage in passages_of(written) if passage.kind == "list"] == lists


@given(SENTENCES)
def test_long_paragraphs_are_cut_between_sentences(paragraph):
    """The sentences of the pieces are those of the paragraph, and only a single sentence may be too long."""
    pieces = [passage.text for passage in passages_of([paragraph])]
    found = [piece[start:end] for piece in pieces for start, end in sentences.spans(piece)]
    assert found == [paragraph[start:end] for start, end in sentences.spans(paragraph)]
    assert [piece for piece in pieces if len(piece.split()) > 220 and len(sentences.spans(piece)) > 1] == []


def test_paragraphs_merge_up_to_ninety_words():
    """Paragraphs share a passage as long as they have ninety words together."""
    first, second, third = filler("Satu", 50), filler("Dua", 40), filler("Tiga", 1)
    assert [passage.text for passage in passages_of([first, second])] == [f"{first}\n{second}"]
    assert [passage.text for passage in passages_of([first, second, third])] == [f"{first}\n{second}", third]


def test_a_paragraph_of_220_words_stays_whole():
    """Up to 220 words a paragraph is one passage; one word more, and it is cut."""
    first, second = filler("Satu", 110), filler("Dua", 110)
    assert [passage.text for passage in passages_of([f"{first} {second}"])] == [f"{first} {second}"]
    longer = filler("Dua", 111)
    assert [passage.text for passage in passages_of([f"{first} {longer}"])] == [first, longer]


def test_a_long_sentence_stays_whole():
    """A sentence is never cut, however long, and takes no other along."""
    short, long = filler("Satu", 5), filler("Dua", 400)
    assert [passage.text for passage in passages_of([f"{short} {long} {short}"])] == [short, long, short]


def test_from_text_to_passages():
    """A page saved as plain text comes out with its sections, its list whole, and its furniture gone."""
    text = (
        "Serikat Teh\n\nBentuk Bantuan Serikat Teh\n\nSerikat Teh membantu petani dengan uang dan ilmu, "
        "sehingga kebun yang rusak karena hujan lebat dapat ditanami kembali dalam satu musim.\n\n"
        "Baca juga: Harga Teh Turun\n\nTujuan Serikat Teh\n\n"
        "Serikat ini lahir di Garut. Tujuannya antara lain:\n\n1. menjaga harga\n2. melatih petani\n\n"
        "Copyright © 2023 Warta"
    )
    found = [(p.kind, p.section, p.text) for p in split(parse_article("a", "", text, path="a.txt"))]
    assert [(kind, section) for kind, section, _ in found] == [
        ("prose", "Bentuk Bantuan Serikat Teh"),
        ("prose", "Tujuan Serikat Teh"),
        ("list", "Tujuan Serikat Teh"),
    ]
    assert found[1][2] == "Serikat ini lahir di Garut."
    assert found[2][2] == "Tujuannya antara lain:\n- menjaga harga\n- melatih petani"


def test_records_cannot_be_changed():
    """A passage stays as it was made, so that it can be shared and used as a key."""
    passage = Passage("a", "Serikat Teh", "a.md", "", "Teh.")
    with pytest.raises(AttributeError):
        passage.text = "Kopi."
    assert passage.kind == "prose"
    assert len({passage, Passage("a", "Serikat Teh", "a.md", "", "Teh.")}) == 1


@pytest.mark.parametrize("case", cases("hostile_passages.json"))
def test_time_grows_with_the_article(case):
    """Ten times the article takes less than twenty times as long, up to 100 000 characters."""
    assert growth(lambda text: list(split(parse_article("a", "Serikat Teh", text, path="a.md"))), case) is None
