"""Cutting articles into passages: what the index retrieves and an answer is cut from.

A passage is a run of paragraphs of one section, or one list. A list never loses its heading and its
lead-in sentence: cut apart, half of the questions that a list answers go unanswered. Headings over nothing
are read as a paragraph: lines of a text that only look like headings must be found, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerjasama_nlp.language import sentences
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


def last_heading(passage: Passage) -> str:
    """Return the heading right above a passage, "" where none is.

    >>> last_heading(Passage("a", "ASEAN", "a.md", "Anggota > Calon anggota", "Timor-Leste."))
    'Calon anggota'
    """
    return passage.section.rsplit(SECTION_SEPARATOR, 1)[-1]


class _Cutter:
    """Walks through an article's blocks, keeping the heading path and the paragraphs not yet handed out."""

    def __init__(self, article: Article) -> None:
        self._article = article
        self._path: list[tuple[int, str]] = []
        self._pending: list[str] = []
        # positions of headings that an outline holds already, and those among them that a lead-in announced
        self._outlined: set[int] = set()
        self._announced: set[int] = set()

    def cut(self) -> Iterator[Passage]:
        for position, block in enumerate(self._article.blocks):
            if block.kind == "paragraph":
                yield from self._paragraph(position, block)
            elif block.kind == "heading":
                yield from self._heading(position, block)
            else:
                yield from self._flush()
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
        yield from self._read_together(block.text)
        if block.text.endswith(":") and (names := self._outline(position)):
            lead = self._pending.pop()
            yield from self._flush()
            yield self._passage(_as_list(lead, names), "outline")

    def _read_together(self, text: str) -> Iterator[Passage]:
        if _words(self._pending) + len(text.split()) > MERGED_WORDS:
            yield from self._flush()
        for piece in _pieces(text):
            if _words(self._pending) + len(piece.split()) > MAX_WORDS:
                yield from self._flush()
            self._pending.append(piece)

    def _heading(self, position: int, block: Block) -> Iterator[Passage]:
        blocks = self._article.blocks
        above = [heading for heading in self._path if heading[0] < block.level]
        bare = _is_bare(blocks, position) and position not in self._outlined
        # bare headings of one section are read together, apart from its paragraphs
        if not (bare and position and _is_bare(blocks, position - 1) and above == self._path):
            yield from self._flush()
        self._path = above
        if bare:
            yield from self._read_together(block.text)
            return
        self._path.append((block.level, block.text))
        if names := self._outline(position):
            yield self._passage(_as_list("", names), "outline")

    def _outline(self, position: int) -> list[str]:
        """Return the headings that the block at `position` announces, unless a lead-in announced them before."""
        blocks = self._article.blocks
        announcing = blocks[position].kind == "paragraph"
        if announcing and position + 1 in self._announced:
            return []
        below = _headings_below(blocks, position)
        self._outlined.update(below)
        if announcing:
            self._announced.update(below)
        return [blocks[heading].text for heading in below]


def _is_bare(blocks: tuple[Block, ...], position: int) -> bool:
    """Tell whether the block is a heading with neither text nor sub-headings below it."""
    block = blocks[position]
    if block.kind != "heading" or position + 1 == len(blocks):
        return block.kind == "heading"
    following = blocks[position + 1]
    return following.kind == "heading" and following.level <= block.level


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


def _headings_below(blocks: tuple[Block, ...], position: int) -> list[int]:
    """Return where the sub-headings stand that the block at `position` announces, when there are two or more.

    "Manfaatnya antara lain:" directly above a sub-heading makes a list of that heading and its
    sisters, and so does a heading with sub-headings; a reader who asks for the list wants their names.
    """
    opening = blocks[position]
    following = range(position + 1, len(blocks))
    if opening.kind == "heading":  # its first sub-heading may come after a paragraph
        first = next((place for place in following if blocks[place].kind == "heading"), None)
        if first is None or blocks[first].level <= opening.level or _announces_list(blocks, range(position + 1, first)):
            return []
    else:
        first = position + 1
        if first >= len(blocks) or blocks[first].kind != "heading":
            return []
    level = blocks[first].level
    found = []
    for place in range(first, len(blocks)):
        if blocks[place].kind == "heading":
            if blocks[place].level < level:
                break
            if blocks[place].level == level:
                found.append(place)
    return found if len(found) > 1 else []


def _announces_list(blocks: tuple[Block, ...], between: range) -> bool:
    """Tell whether a paragraph between a heading and its first sub-heading announces a list itself."""
    return any(blocks[place].kind == "paragraph" and blocks[place].text.endswith(":") for place in between)
