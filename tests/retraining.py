"""What the tests of retraining share: labelled texts made of each label's words, and files of them."""

import json
import random
import re

from conftest import DATA

from kerjasama_nlp.labels.labelled import LabelledText

WORDS = {
    label: words.split() for label, words in json.loads((DATA / "label_words.json").read_text(encoding="utf-8")).items()
}
# The shipped labels, as far as there are words for them.
STANDARD = {
    "forms": ["bilateral", "regional", "multilateral", "bukan"],
    "none": "bukan",
    "sectors": ["ekonomi", "politik", "kesehatan"],
}


def rows(count, labels=STANDARD, *, most=2, seed=0):
    """Return so many labelled texts as JSON objects, the forms in turn, with one to `most` sectors; none are alike."""
    chance = random.Random(seed)  # noqa: S311  # the same texts each time
    found = []
    for number in range(count):
        form = labels["forms"][number % len(labels["forms"])]
        bears = labels["sectors"] and form != labels["none"]
        sectors = chance.sample(labels["sectors"], chance.randint(1, most)) if bears else []
        words = chance.sample(_words(form), 4) + chance.sample(WORDS[""], 8)
        for sector in sectors:
            words += chance.sample(_words(sector), 3)
        chance.shuffle(words)
        found.append({"text": " ".join(words), "form": form, "sectors": sectors})
    return found


def _words(label):
    """Return the words of a label, punctuation in its name aside."""
    return WORDS[re.sub(r"\W", "", label)]


def mislabelled(given, labels=STANDARD):
    """Return the rows with each form replaced by the next one, and with sectors as that one needs them."""
    forms = labels["forms"]
    found = []
    for row in given:
        form = forms[(forms.index(row["form"]) + 1) % len(forms)]
        sectors = [] if form == labels["none"] else row["sectors"] or labels["sectors"][:1]
        found.append({**row, "form": form, "sectors": sectors})
    return found


def texts(given):
    """Return the rows as labelled texts."""
    return [LabelledText(row["text"], row["form"], frozenset(row["sectors"])) for row in given]


def write(path, given):
    """Write the rows as JSON lines, and return the path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    return path


def contents(folder):
    """Return the bytes of every file of a folder by its name."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}
