"""Reading articles: encodings, JSONL, folders, titles; and one clear error for what can't be read."""

import gzip

import pytest
from conftest import cases, growth, shown
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.documents.articles import decode, parse_article, read
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.language.clean import clean

ROW = b'{"id": "a", "title": "Serikat Teh", "text": "Serikat itu lahir di Garut."}\n'


def write(folder, *names):
    """Write files that hold their own name as a sentence; return the folder."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"Ini berkas {name} adanya.", encoding="utf-8")
    return folder


def paths(folder):
    """Return the paths of the articles in a folder, in the order of reading."""
    return [article.path for article in read(folder)]


def outcome(action):
    """Return what `action` returns, or the message of its InputError."""
    try:
        return action()
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("case", cases("articles.json"))
def test_case(case):
    """Each text gives the expected title and blocks."""
    article = parse_article("a", case["given"], case["input"], path="a.md")
    assert (article.title, shown(article.blocks)) == (case["title"], case["expected"])


@given(st.text(max_size=60), st.text(alphabet="-# titles:\nAb.", max_size=60))
def test_a_title_is_one_clean_line(title, text):
    """Whatever the title and the text, the article's title is a line without dirt, and is there if there is text."""
    article = parse_article("a", title, text, path="a.md")
    assert "\n" not in article.title
    assert clean(article.title).split() == article.title.split()
    assert article.title or not article.blocks


@pytest.mark.parametrize("case", cases("encodings.json"))
def test_decoding(case):
    """Bytes decode by their mark or the named encoding; otherwise the error names file and byte."""
    raw = case["stored_as"] == "hex"
    data = bytes.fromhex(case["text"]) if raw else case["text"].encode(case["stored_as"])
    found = outcome(lambda: decode(data, "berkas.txt", case["encoding"]))
    if "error" in case:
        assert found.startswith(case["error"])
    else:
        assert found == case["expected"]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("case", cases("jsonl.json"))
def test_jsonl(case, packed, tmp_path):
    """Each JSONL file gives the expected articles, or the error with the number of its line; packed or not."""
    name = "artikel.jsonl.gz" if packed else "artikel.jsonl"
    data = "\n".join(case["lines"]).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if packed else data)
    found = outcome(lambda: [[a.article_id, a.title, a.path] for a in read(tmp_path / name)])
    assert str(found).replace(".gz", "") == str(case.get("error") or case["expected"])


def test_jsonl_text_becomes_blocks(tmp_path):
    """The text of a JSONL line is cleaned and structured like that of a file."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"text": "# Serikat&nbsp;Teh\\r\\n\\r\\nTujuannya:\\n- harga\\n- mutu"}')
    (article,) = read(file)
    assert (article.title, shown(article.blocks)) == ("Serikat Teh", [["Tujuannya:", "harga", "mutu"]])


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16"],
)
def test_jsonl_with_a_byte_order_mark(encoding, tmp_path):
    """A JSONL file is decoded by its byte order mark, on every line."""
    file = tmp_path / "a.jsonl"
    file.write_bytes((ROW + ROW).decode().encode(encoding))
    assert [article.title for article in read(file)] == ["Serikat Teh", "Serikat Teh"]


def test_jsonl_in_a_named_encoding(tmp_path):
    """The named encoding counts for JSONL too, and without it the error names the line and the byte in it."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(ROW + '{"text": "Kék."}'.encode("cp1252"))
    assert [article.title for article in read(file, "cp1252")] == ["Serikat Teh", "Kék."]
    with pytest.raises(InputError, match=r"^a\.jsonl:2: byte 11 is not utf-8; "):
        list(read(file))


def test_articles_before_a_bad_line_are_read(tmp_path):
    """Reading is lazy: the articles above a bad line come before its error."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(ROW + b"?\n")
    articles = read(file)
    assert next(articles).article_id == "a"
    with pytest.raises(InputError, match=r"^a\.jsonl:2: "):
        next(articles)


def damaged(position):
    """Return a packed file with two bytes changed at `position`."""
    data = bytearray(gzip.compress(ROW * 2000))
    data[position] ^= 0xFF
    data[position + 1] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ROW, id="not packed"),
        pytest.param(gzip.compress(ROW * 2000)[:-20], id="cut off"),
        pytest.param(damaged(-6), id="wrong checksum"),
        pytest.param(damaged(40), id="damaged inside"),
    ],
)
def test_a_broken_archive_is_named(data, tmp_path):
    """A gzip file that can't be unpacked gives an error with its path."""
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(data)
    assert str(outcome(lambda: list(read(file)))).startswith(f"{file}: cannot be read (")


def test_every_kind_of_file_is_read(tmp_path):
    """Text, Markdown, HTML and JSONL are read whatever the case of their suffix, other files aren't."""
    write(tmp_path, "a.txt", "b.md", "c.markdown", "d.html", "e.HTM", "F.TXT", "g.pdf", "h.docx", "i", "j.json", "k.gz")
    (tmp_path / "l.jsonl").write_bytes(ROW)
    (tmp_path / "m.JSONL.GZ").write_bytes(gzip.compress(ROW))
    expected = ["F.TXT", "a.txt", "b.md", "c.markdown", "d.html", "e.HTM", "l.jsonl:1", "m.JSONL.GZ:1"]
    assert paths(tmp_path) == expected


def test_html_files_are_read_as_html(tmp_path):
    """An HTML file's title is its <title>, and its tags are no text; in a text file they are."""
    page = "<title>Serikat Teh</title><nav>Menu</nav><p>Serikat itu lahir di Garut.</p>"
    for name in ("a.html", "b.txt"):
        (tmp_path / name).write_text(page, encoding="utf-8")
    html, text = read(tmp_path)
    assert (html.title, shown(html.blocks)) == ("Serikat Teh", ["Serikat itu lahir di Garut."])
    assert shown(text.blocks) == [page]


def test_folders_are_read_in_order(tmp_path):
    """Files come sorted, folder by folder, whatever order they were written in; ids are paths without suffix."""
    names = ["b.md", "a/z.md", "c/d/e.md", "a.md", "a/b.txt", "10.md", "9.md"]
    write(tmp_path, *names)
    articles = list(read(tmp_path))
    assert [article.path for article in articles] == ["10.md", "9.md", "a/b.txt", "a/z.md", "a.md", "b.md", "c/d/e.md"]
    assert [article.article_id for article in articles] == ["10", "9", "a/b", "a/z", "a", "b", "c/d/e"]


def test_a_dot_inside_a_name_stays_in_the_id(tmp_path):
    """Only the suffix leaves the id."""
    write(tmp_path, "pasal.1.md")
    assert [article.article_id for article in read(tmp_path)] == ["pasal.1"]


def test_ids_are_distinct(tmp_path):
    """Two files of one folder have two ids, though they differ in their suffix only."""
    write(tmp_path, "a.md", "a.txt")
    assert len({article.article_id for article in read(tmp_path)}) == 2


def test_hidden_files_are_skipped(tmp_path):
    """Files whose name starts with a dot aren't articles."""
    write(tmp_path, ".a.md", "._b.txt", "a/.c.md", "d.md")
    assert paths(tmp_path) == ["d.md"]


def test_hidden_folders_are_skipped(tmp_path):
    """Folders whose name starts with a dot hold no articles (.git, editors' caches)."""
    write(tmp_path, ".git/a.md", "b/.cache/c/d.txt", "e.md")
    assert paths(tmp_path) == ["e.md"]


def test_a_hidden_folder_can_be_named(tmp_path):
    """A folder that is asked for is read, hidden or not."""
    write(tmp_path, ".arsip/a.md")
    assert paths(tmp_path / ".arsip") == ["a.md"]


def test_links_to_nowhere_and_folders_are_no_articles(tmp_path):
    """A folder with an article's name and a broken link are passed over."""
    write(tmp_path, "a.md/b.txt")
    (tmp_path / "c.md").symlink_to(tmp_path / "tiada.md")
    assert paths(tmp_path) == ["a.md/b.txt"]


def test_a_file_that_is_named_is_read_whatever_its_suffix(tmp_path):
    """A single file counts as text, its name being its path."""
    write(tmp_path, "catatan")
    (article,) = read(tmp_path / "catatan")
    assert (article.article_id, article.path) == ("catatan", "catatan")
    assert shown(article.blocks) == ["Ini berkas catatan adanya."]


@pytest.mark.parametrize("others", [(), ("a.pdf",), (".b.md",)], ids=["empty", "other files", "hidden files"])
def test_a_folder_without_articles_is_named(others, tmp_path):
    """An error says which folder holds nothing, and what was expected there."""
    write(tmp_path, *others)
    expected = f"{tmp_path}: found no article; expected .txt, .md, .html or .jsonl files"
    assert outcome(lambda: list(read(tmp_path))) == expected


def test_a_missing_path_is_named(tmp_path):
    """An error says which path isn't there."""
    path = tmp_path / "tiada"
    assert outcome(lambda: list(read(path))) == f"{path}: no such file or folder"


@pytest.mark.parametrize("name", ["b.md", "a/b.html"])
def test_a_broken_file_of_a_folder_is_named(name, tmp_path):
    """The error over one file of many says which one it is, in full."""
    write(tmp_path, "a/a.md", "c.md")
    (tmp_path / name).write_bytes(b"Serikat \xff")
    assert outcome(lambda: list(read(tmp_path))).startswith(f"{tmp_path / name}: byte 8 is not utf-8; ")


def test_the_exit_code_of_unreadable_input():
    """Whatever can't be read ends the command with the code for input errors."""
    with pytest.raises(InputError) as caught:
        decode(b"a\0b", "a.txt")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("case", cases("hostile_clean.json"))
def test_time_of_cleaning_grows_with_the_text(case):
    """Ten times the text takes less than twenty times as long, up to 100 000 characters."""
    assert growth(clean, case) is None
