"""The `train` command: what its options mean, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from kerjasama_nlp import files, training
from kerjasama_nlp.comparison import Comparison
from kerjasama_nlp.errors import OutputExistsError, UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.label_half import LabelFiles
from kerjasama_nlp.labels import label_set as label_sets
from kerjasama_nlp.model import save
from kerjasama_nlp.model_files import MANIFEST
from kerjasama_nlp.terminal import console, render

# Of the labels that may be wrong, this share of the file is listed.
CHECKED_SHARE = 0.03


def label_files(  # each is an option of the command
    labels: Sequence[Path] | None,
    label_set: Path | None,
    tests: Sequence[Path] | None,
    encoding: str,
    jobs: int,
    max_faults: int,
) -> LabelFiles | None:
    """Return what to fit labels on, None where there is nothing; raises UsageError where something is missing."""
    if not labels:
        if label_set is not None or tests:
            raise UsageError(_("--label-set and --test go with --labels FILE, which is missing"))
        return None
    chosen = None if label_set is None else label_sets.read(label_set)
    return LabelFiles(labels, encoding, chosen, tests or (), jobs if jobs > 0 else -1, max_faults)


def train(
    output: Path,
    articles: Sequence[Path],
    questions: Sequence[Path],
    labels: LabelFiles | None,
    *,
    base: Path | None,
    encoding: str,
    replace: bool,
    force: bool,
) -> None:
    """Train, tell how good the new model is, and write it.

    With `replace` it takes the place of the model at `output`, unless that one is significantly better.
    """
    if not articles and not labels and not questions:
        raise UsageError(_("found nothing to train on; expected --articles DIR, --labels FILE, or both"))
    files.refuse_existing(output, force=force or replace, marker=MANIFEST)
    stands = replace and (output / MANIFEST).is_file()
    with console.stages() as progress:
        trained = training.train(
            articles,
            questions=questions,
            labels=labels,
            base=base,
            against=output if stands else None,
            encoding=encoding,
            progress=progress,
            scratch=files.folder_of(output),
        )
    if labels is not None:
        for line in _told(trained.comparison):
            console.note(line)
    if stands and not force and trained.comparison is not None and trained.comparison.is_worse:
        raise OutputExistsError(
            _("{output}: the model there labels better, so it was kept; --force overwrites it").format(output=output)
        )
    save(trained.model, output, force=force or replace)
    manifest = trained.model.training
    console.note(
        _("{output}: {articles} articles, {passages} passages, {terms} terms, {labelled} labelled texts").format(
            output=output,
            articles=manifest.get("articles", "?"),
            passages=trained.model.index.n_passages,
            terms=len(trained.model.index.terms),
            labelled=manifest.get("labelled", 0),
        )
    )


def check(labels: LabelFiles, *, json: bool) -> None:
    """List the labels of files that are most likely wrong."""
    from kerjasama_nlp.labels import label_errors

    texts, _tests = labels.read()
    with console.stages() as progress:
        suspects = label_errors.find(texts, labels.label_set, jobs=labels.jobs, progress=progress)
    most = max(1, round(len(texts) * CHECKED_SHARE))
    for suspect in suspects[:most]:
        console.say(render.to_json(suspect.to_json()) if json else render.suspect(suspect))
    console.note(
        _("{shown} of {all} texts, likeliest errors first; look at each before you change it").format(
            shown=min(most, len(suspects)), all=len(texts)
        )
    )


def _told(comparison: Comparison | None) -> Iterator[str]:
    """Yield what to tell about a comparison."""
    if comparison is None:
        yield _("not compared with the earlier model: it has seen nearly all these texts, or gives other labels")
        return
    yield _("beside the earlier model, on {n} texts that neither has seen:").format(n=comparison.n)
    for name, found in comparison.differences.items():
        verdict = _("better") if found.is_better else _("worse") if found.is_worse else _("no clear difference")
        yield f"  {name} {found.old:.3f} -> {found.new:.3f} ({found.low:+.3f}..{found.high:+.3f}): {verdict}"
