"""Cutting articles into passages: what the index retrieves and an answer is cut from.

A passage is a run of paragraphs of one section, or one list. A list never loses its heading and its
lead-in sentence: cut apart, half of the questions that a list answers go unanswered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerjasama_nlp import sentences
from kerjasama_nlp.records import Article, Block, Passage, PassageKind

# Short paragraphs of one section are read together, up to this many words ...
MERGED_WORDS = 90
# ... and a paragraph is cut between sentences where it grows beyond this many.
MAX_WORDS = 220
SECTION_SEPARATOR = " > "
ITEM_MARK = "- "


def split(article: Article) -> Iterator[Passage]:
    r"""Yield the passages of an article in reading order.

    >>> blocks = (Block("heading", "Tujuan", level=1), Block("list", "Tujuannya:", ("damai", "makmur")))
    >>> [(p.section, p.text, p.kind) for p in split(Article("a", "ASEAN", "a.md", blocks))]
    [('Tujuan', 'Tujuannya:\n- damai\n- makmur', 'list')]
    """
    return _Cutter(article).cut()


class _Cutter:
    """Walks through an article's blocks, keeping the heading path and the paragraphs not yet handed out."""

    def __init__(self, article: Article) -> None:
        self._article = article
        self._path: list[tuple[int, str]] = []
        self._pending: list[str] = []

    def cut(self) -> Iterator[Passage]:
        for position, block in enumerate(self._article.blocks):
            if block.kind == "paragraph":
                yield from self._paragraph(position, block)
            else:
                yield from self._flush()
                if block.kind == "heading":
                    yield from self._heading(position, block)
                else:
                    yield self._passage(_as_list(block.text, block.items), "list")
        yield from self._flush()

    def _passage(self, text: str, kind: PassageKind = "prose") -> Passage:
        section = SECTION_SEPARATOR.join(heading for _, heading in self._path)
        return Passage(self._article.article_id, self._article.title, self._article.path, section, text, kind)

    def _flush(self) -> Iterator[Passage]:
        if self._pending:
            yield self._passage("\n".join(self._pending))
            self._pending = []

    def _paragraph(self, position: int, block: Block) -> Iterator[Passage]:
        if _words(self._pending) + len(block.text.split()) > MERGED_WORDS:
            yield from self._flush()
        for piece in _pieces(block.text):
            if _words(self._pending) + len(piece.split()) > MAX_WORDS:
                yield from self._flush()
            self._pending.append(piece)
        if block.text.endswith(":") and (names := _headings_below(self._article.blocks, position)):
            lead = self._pending.pop()
            yield from self._flush()
            yield self._passage(_as_list(lead, names), "outline")

    def _heading(self, position: int, block: Block) -> Iterator[Passage]:
        while self._path and self._path[-1][0] >= block.level:
            self._path.pop()
        self._path.append((block.level, block.text))
        if names := _headings_below(self._article.blocks, position):
            yield self._passage(_as_list("", names), "outline")


def _words(texts: list[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _pieces(text: str) -> Iterator[str]:
    """Yield `text`, cut between sentences into pieces of at most MAX_WORDS words where it is longer."""
    if len(text.split()) <= MAX_WORDS:
        yield text
        return
    start = end = 0
    for first, last in sentences.spans(text):
        if end > start and len(text[start:last].split()) > MAX_WORDS:
            yield text[start:end]
            start = first
        end = last
    yield text[start:end]


def _as_list(lead: str, items: Sequence[str]) -> str:
    return "\n".join([*([lead] if lead else []), *(ITEM_MARK + item for item in items)])


def _headings_below(blocks: tuple[Block, ...], position: int) -> list[str]:
    """Return the sub-headings that the block at `position` announces, when there are two or more.

    "Manfaatnya antara lain:" directly above a sub-heading makes a list of that heading and its
    sisters, and so does a heading with sub-headings; a reader who asks for the list wants their names.
    """
    opening = blocks[position]
    below = blocks[position + 1 : position + 2]
    if opening.kind == "heading":  # its first sub-heading may come after a paragraph
        following = (block for block in blocks[position + 1 :] if block.kind == "heading")
        first = next(following, None)
        if first is None or first.level <= opening.level or not _announces_nothing(blocks, position):
            return []
    elif below and below[0].kind == "heading":
        first = below[0]
    else:
        return []
    names = []
    for block in blocks[position + 1 :]:
        if block.kind == "heading":
            if block.level < first.level:
                break
            if block.level == first.level:
                names.append(block.text)
    return names if len(names) > 1 else []


def _announces_nothing(blocks: tuple[Block, ...], position: int) -> bool:
    """Tell whether no paragraph between a heading and its first sub-heading announces a list itself."""
    for block in blocks[position + 1 :]:
        if block.kind == "heading":
            return True
        if block.kind == "paragraph" and block.text.endswith(":"):
            return False
    return True
