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
    path: list[tuple[int, str]] = []
    pending: list[str] = []

    def passage(text: str, kind: PassageKind = "prose") -> Passage:
        section = SECTION_SEPARATOR.join(heading for _, heading in path)
        return Passage(article.article_id, article.title, article.path, section, text, kind)

    for position, block in enumerate(article.blocks):
        if block.kind == "paragraph":
            if pending and _words(pending) + len(block.text.split()) > MERGED_WORDS:
                yield passage("\n".join(pending))
                pending = []
            for piece in _pieces(block.text):
                if pending and _words(pending) + len(piece.split()) > MAX_WORDS:
                    yield passage("\n".join(pending))
                    pending = []
                pending.append(piece)
            if block.text.endswith(":") and (names := _headings_below(article.blocks, position)):
                lead = pending.pop()
                if pending:
                    yield passage("\n".join(pending))
                    pending = []
                yield passage(_as_list(lead, names), "outline")
            continue
        if pending:
            yield passage("\n".join(pending))
            pending = []
        if block.kind == "heading":
            while path and path[-1][0] >= block.level:
                path.pop()
            path.append((block.level, block.text))
            if names := _headings_below(article.blocks, position):
                yield passage(_as_list("", names), "outline")
        else:
            yield passage(_as_list(block.text, block.items), "list")
    if pending:
        yield passage("\n".join(pending))


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
