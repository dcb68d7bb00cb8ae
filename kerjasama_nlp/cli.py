"""The command line: parse, one library call, render; `console` prints.

Everything heavy is imported inside the command that needs it, so that `--help` stays light.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from math import isnan
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from kerjasama_nlp.errors import EXIT_ROWS_FAILED, KerjasamaError, OutputError, UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.terminal import console, help_text, options, report_commands
from kerjasama_nlp.version import VERSION

if TYPE_CHECKING:
    from kerjasama_nlp.records import Answer

EXIT_NO_ANSWER = 1
EXIT_INTERRUPTED = 130
PROGRAM = "kerjasama"
# Imports, models and lexicons allocate much and free nothing: collecting less often saves a tenth of a cold start.
_GC_THRESHOLD = 1_000_000

app = typer.Typer(
    cls=help_text.Group,
    add_completion=False,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(value: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
    if value:
        console.say(f"kerjasama-nlp {VERSION}")
        raise typer.Exit


def _share(value: float | None) -> float | None:
    """Refuse nan, which passes a check of bounds; in Typer's words, which are translated later."""
    if value is not None and isnan(value):
        raise typer.BadParameter(f"{value} is not in the range 0.0<=x<=1.0.")
    return value


@app.callback(help=_("Answers questions and labels news about international cooperation, in Indonesian."))
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  # handled by its callback
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=_("Print the version."))
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        console.say(context.get_help())


@app.command(cls=help_text.Command, help=_("Answer a question from the corpus, or say that it holds no answer."))
def ask(
    question: Annotated[
        str | None,
        typer.Argument(help=_("The question; without it, one a line from a pipe, or a prompt on a terminal.")),
    ] = None,
    model: options.Model = None,
    top_k: Annotated[int, typer.Option("--top-k", min=1, max=1000, help=_("Passages listed as sources."))] = 5,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            "--min-confidence",
            min=0.0,
            max=1.0,
            callback=_share,
            help=_("Refuse below this confidence."),
            show_default=_("the model's threshold"),
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Answer one question, a pipe of questions, or whoever types at the prompt."""
    from kerjasama_nlp.model import load
    from kerjasama_nlp.terminal import render

    if question is not None and not question.strip():
        raise UsageError(_('found an empty question; expected one, for example: kerjasama ask "apa itu ASEAN"'))
    loaded = load(model)

    def reply(text: str) -> Answer:
        answer = loaded.ask(text, top_k=top_k, min_confidence=min_confidence)
        console.say(render.answer_json(answer) if json else render.answer_text(answer, bold=console.shows_bold()))
        return answer

    if question is not None and question != "-":
        if reply(question).answer is None:
            raise typer.Exit(EXIT_NO_ANSWER)
    elif console.is_interactive():
        console.note(_("Type a question; end with Ctrl-D."))
        for line in console.typed_lines():
            reply(line)
    else:
        for line in console.lines():
            if line.strip() or json:
                reply(line)
                if not json:
                    console.say("")


@app.command(cls=help_text.Command, help=_("Train a model on your own articles, labelled news, or both."))
def train(  # noqa: PLR0913, PLR0917  # the contract's options
    output: options.TrainOutput = None,
    articles: options.Articles = None,
    questions: options.Questions = None,
    labels: options.TrainLabels = None,
    label_set: options.LabelSetFile = None,
    test: options.TestLabels = None,
    base: options.Base = None,
    encoding: options.Encoding = "utf-8",
    jobs: options.TrainJobs = 1,
    max_errors: options.MaxErrors = 20,
    check: options.Check = False,
    json: options.Json = False,
    replace: options.Replace = False,
    force: options.Force = False,
) -> None:
    """Train on articles and labelled news, and write the model folder; or list labels that are likely wrong."""
    from kerjasama_nlp.terminal import train_command

    files = train_command.label_files(labels, label_set, test, encoding, jobs, max_errors)
    if check:
        if files is None or articles or questions:
            raise UsageError(_("--check looks at labels alone; expected --labels FILE and nothing else to train on"))
        train_command.check(files, json=json)
        return
    if output is None:
        raise UsageError(_("expected a model folder to make; name it with --output"))
    train_command.train(
        output, articles or (), questions or (), files, base=base, encoding=encoding, replace=replace, force=force
    )


@app.command(cls=help_text.Command, help=_("Label news by form and sector of international cooperation."))
def label(  # noqa: PLR0913, PLR0917  # the contract's options
    sources: options.Sources = None,
    output: options.LabelOutput = None,
    text: Annotated[str | None, typer.Option("--text", help=_("Label this text."))] = None,
    model: options.Model = None,
    text_column: options.TextColumn = None,
    id_column: options.IdColumn = None,
    input_format: options.InputFormat = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    jobs: options.Jobs = 1,
    explain: Annotated[bool, typer.Option("--explain", help=_("Add what spoke for and against the form."))] = False,
    excel: options.Excel = False,
    dask: options.Dask = None,
    force: options.Force = False,
) -> None:
    """Label one text, every row of a file, or many files."""
    from kerjasama_nlp.jobs import batch, labelling, shards
    from kerjasama_nlp.terminal import render, report

    if (text is None) == (not sources):
        raise UsageError(_("expected either INPUT or --text, for example: kerjasama label berita.csv -o berlabel.csv"))
    if text is not None:
        from kerjasama_nlp.model import load  # files need half of it

        labels = labelling.label_text(load(model).classifier, text, explain=explain)
        console.say(render.to_json(labels, indent=1))
        return
    chosen = batch.Options(
        model, text_column, id_column, encoding, input_format, delimiter, explain, excel, jobs, force
    )
    code = 0
    with console.progress(_("rows")) as counter:
        reporter = report.Reporter(console.note, counter)
        if dask is not None or shards.are_many(sources or []):
            result = shards.run(shards.plan(sources or [], output), chosen, reporter, dask=dask)
            summary, code = result.summary(), result.exit_code
        else:
            summary = batch.run(
                (sources or [])[0],
                None if str(output) == "-" else output,
                chosen,
                standard_input=console.binary_input,
                write=console.write,
                reporter=reporter,
            )
    for line in report.lines(summary):
        console.note(line)
    if code or summary.errors:
        raise typer.Exit(code or EXIT_ROWS_FAILED)


app.command(cls=help_text.Command, help=_("Measure a model on labelled news, or on questions with known answers."))(
    report_commands.evaluate
)
app.command(cls=help_text.Command, help=_("Count what a labelled archive holds: forms, sectors, months, parties."))(
    report_commands.report
)


@app.command(cls=help_text.Command, help=_("Correct labels by hand: the rows most worth a look, one key a label."))
def review(  # noqa: PLR0917  # the contract's options
    source: options.ReviewSource,
    output: options.ReviewOutput,
    model: options.Model = None,
    most: options.Most = 200,
    text_column: options.TextColumn = None,
    input_format: options.InputFormat = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
) -> None:
    """Show rows in the terminal, and keep what a person decides about them."""
    from kerjasama_nlp.terminal import reviewing

    chosen = reviewing.Options(source, output, model, most, text_column, encoding, input_format, delimiter)
    for line in reviewing.run(chosen):
        console.note(line)


@app.command(cls=help_text.Command, help=_("Show what a model holds; --verify checks every byte."))
def info(
    model: options.Model = None,
    verify: Annotated[bool, typer.Option("--verify", help=_("Check every file against its SHA-256."))] = False,
    json: options.Json = False,
) -> None:
    """Print a model's manifest, after checking the folder when asked to."""
    from kerjasama_nlp import resources
    from kerjasama_nlp.model import verify as verify_model
    from kerjasama_nlp.model_files import read_manifest
    from kerjasama_nlp.terminal import render

    folder = model or resources.default_model()
    manifest = read_manifest(folder)
    if verify:
        verify_model(folder)
    console.say(render.to_json(manifest, indent=1) if json else render.info_text(manifest, str(folder)))
    if verify:
        console.note(_("all files are as they were saved"))


@app.command(cls=help_text.Command, help=_("Stem Indonesian text, word by word."))
def stem(
    text: Annotated[str | None, typer.Argument(help=_("The text; without it, or with -, standard input."))] = None,
) -> None:
    """Print the stems of a text, a line a line."""
    from kerjasama_nlp.language.tokens import Analyzer
    from kerjasama_nlp.terminal import render

    analyzer = Analyzer(stopwords=frozenset())
    lines = console.lines() if text is None or text == "-" else text.splitlines()
    for line in lines:
        console.say(render.printable(" ".join(token.terms[0] for token in analyzer.tokenize(line))))


def main() -> None:
    """Run the command line; every error that a user can cause ends in one line and an exit code."""
    gc.set_threshold(_GC_THRESHOLD)
    # Nothing here multiplies large matrices; starting a pool of threads only costs time and memory.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite request to end is one like Ctrl-C
    console.prepare()
    try:
        code = _run(sys.argv[1:])
    except KerjasamaError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt as interrupt:
        console.end_line()
        _fail(str(interrupt) or _("interrupted"), EXIT_INTERRUPTED)
    except OSError as error:
        if error.filename is not None:
            raise  # what goes wrong with a file is told where it happens
        console.discard_output()
        if not isinstance(error, BrokenPipeError):  # a reader that has gone is no failure: end quietly
            reason = error.strerror or error
            _fail(_("standard output cannot be written ({reason})").format(reason=reason), OutputError.exit_code)
    except Exception as error:
        message = help_text.usage_message(error)
        if message is None:
            raise
        _fail(message, UsageError.exit_code)
    else:
        gc.freeze()  # otherwise Python looks at every object once more before it ends
        sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run the command that `arguments` call, and return its exit code.

    Typer's own way to run it would catch interrupts and closed pipes and end in exit codes of its own.
    """
    command = get_command(app)
    try:
        with command.make_context(PROGRAM, arguments) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    return 0


def _fail(message: str, code: int) -> None:
    console.note(_("kerjasama: error: {message}").format(message=message))
    sys.exit(code)
