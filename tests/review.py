"""What the tests of reviewing share: items made up for them."""

from kerjasama_nlp.labels import label_set
from kerjasama_nlp.review.items import Item, Marks, Suggestion

LABELS = label_set.standard()


def item(text="Padi", form="bilateral", sure=0.6, sectors=("ekonomi",), probable=None, **fields):
    """Return an item that bears what the model says; `probable` holds the sectors' probabilities that aren't 0."""
    by_sector = {name: float(name in sectors) for name in LABELS.sectors} | (probable or {})
    said = Suggestion(form, sure, tuple(sectors), by_sector, ("Indonesia", "Jepang"))
    return Item(text, fields, Marks(form, frozenset(sectors)), said)


def several(n):
    """Return items with texts of their own."""
    return [item(f"Kabar nomor {number}", id=number) for number in range(n)]
