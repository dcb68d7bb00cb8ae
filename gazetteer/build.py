"""Makes the table of countries, from CLDR's Indonesian names and what newspapers add to them.

    python gazetteer/build.py            write kerjasama_nlp/data/gazetteer/countries.tsv
    python gazetteer/build.py --check    write nothing; where the table isn't what would be written, print how it
                                         differs and end with 1
    python gazetteer/build.py --refresh  read CLDR's names anew first, through the installed babel

`cldr.tsv` holds what was read of CLDR, so that the table is the same whatever babel is installed:

    code  name in Indonesian

`supplement.tsv` is written by hand. Its rows and comments are the table's, in their order; a state that CLDR doesn't
have, as those of the past, has a name to show of its own:

    code  regions, or "-" (not in the table)  name to show, if not CLDR's  other names  capitals and seats  demonyms
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path

FOLDER = Path(__file__).parent
CLDR, SUPPLEMENT = FOLDER / "cldr.tsv", FOLDER / "supplement.tsv"
TABLE = FOLDER.parent / "kerjasama_nlp" / "data" / "gazetteer" / "countries.tsv"
LEFT_OUT = "-"
HEADER = """\
# Made by gazetteer/build.py from CLDR's names and gazetteer/supplement.tsv: change it there.
# code / regions / names, the first is shown / capitals and seats of government / demonyms that differ from the names
"""


def extract() -> str:
    """Return the table of all territories with two letters that the CLDR inside the installed babel names."""
    from babel import Locale, __version__
    from babel.core import get_global

    names = {code: name for code, name in Locale("id").territories.items() if code.isalpha()}
    release = get_global("cldr").get("version", "of an unknown release")  # told from babel 2.18 on
    source = f"CLDR {release}, read through babel {__version__}"
    rows = "".join(f"{code}\t{name}\n" for code, name in sorted(names.items()))
    return f"# Indonesian names of territories: {source}. Licence: LICENSE.unicode\n{rows}"


def cells(line: str) -> list[str]:
    """Return the six columns of a row of the supplement, missing ones as empty."""
    return [*line.split("\t"), "", "", "", "", ""][:6]


def names_by_code(table: str) -> dict[str, str]:
    """Return CLDR's names, with the plain apostrophe of the other tables."""
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {code: name.replace("’", "'") for code, name in rows}


def build(names: Mapping[str, str], supplement: str) -> str:
    """Return the table of countries; ValueError where the two sources don't fit each other."""
    lines = supplement.splitlines()
    codes = {cells(line)[0] for line in lines if not line.startswith("#")}
    if unknown := sorted(names.keys() - codes):
        listed = ", ".join(f"{code} ({names[code]})" for code in unknown)
        raise ValueError(f"supplement.tsv has no row for {listed}: add one, with '{LEFT_OUT}' for what isn't a party")
    return HEADER + "".join(f"{line}\n" for line in _rows(names, lines))


def _rows(names: Mapping[str, str], lines: list[str]) -> Iterator[str]:
    comments: list[str] = []
    for line in lines[1:]:  # the first describes the columns
        if line.startswith("#"):
            comments.append(line)
            continue
        code, regions, shown, others, capitals, demonyms = cells(line)
        if regions == LEFT_OUT:
            comments.clear()
            continue
        found = [name for name in (shown, names.get(code, ""), *others.split(";")) if name]
        if not (shown or code in names):
            raise ValueError(f"{code}: neither CLDR nor supplement.tsv has a name to show")
        yield from comments
        comments.clear()
        yield "\t".join((code, regions, ";".join(dict.fromkeys(found)), capitals, demonyms))


def refresh() -> None:
    """Read CLDR's names anew, and print which changed: a former one stays only where the supplement has it."""
    before, read = names_by_code(CLDR.read_text(encoding="utf-8")), extract()
    CLDR.write_text(read, encoding="utf-8", newline="\n")
    for code, name in names_by_code(read).items():
        if before.get(code, name) != name:
            print(f"{code}: {before[code]} is now {name}")


def main() -> int:
    """Run the command, and return its exit code."""
    parser = argparse.ArgumentParser(description="Makes kerjasama_nlp/data/gazetteer/countries.tsv.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if the table is another")
    parser.add_argument("--refresh", action="store_true", help="read CLDR's names anew, through the installed babel")
    options = parser.parse_args()
    if options.refresh:
        refresh()
    try:
        made = build(names_by_code(CLDR.read_text(encoding="utf-8")), SUPPLEMENT.read_text(encoding="utf-8"))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        kept = TABLE.read_bytes().decode()
        print("\n".join(unified_diff(kept.split("\n"), made.split("\n"), "kept", "made anew", lineterm="")), end="")
        return int(kept != made)
    TABLE.write_text(made, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
