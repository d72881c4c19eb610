"""`aioner evaluate`: predicted mentions against gold mentions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import AionerError
from .console import (
    Debug,
    Problems,
    plain_errors,
    plural,
    require_file,
    show,
    split_names,
    tell,
)

if TYPE_CHECKING:
    from ..evaluation.scores import Report

# Ids of documents that are written out in a message.
_MAX_NAMES = 10


def evaluate(
    gold: Annotated[
        Path, typer.Argument(metavar="GOLD", help="File with the gold standard.")
    ],
    predicted: Annotated[
        Path,
        typer.Argument(
            metavar="PRED", help="File with the prediction; its format may be another."
        ),
    ],
    renamed: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="A=B,C=",
            help="Rename types on both sides before scoring; nothing after the '=' "
            "leaves the type out.",
        ),
    ] = "",
    types: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Types to score, after renaming; all that occur if not given.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON in place of a table.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Score predicted mentions against gold mentions.

    Strict: same document, start, end and type. Relaxed: same document and type, and
    at least one character in common. Overlapping mentions each count. Precision,
    recall and F1 in per cent, per type and over all (micro), go to stdout.

    Files may be PubTator, BioC XML, BioC JSON, JSON lines or DocBin (.spacy); their
    offsets must count alike. A gold standard without any mention is an error. A
    document that only one side has counts as mentions not found, or as wrong ones, and
    is named on stderr.
    """
    with plain_errors(debug=debug):
        import json

        from ..corpora.convert import read_annotated
        from ..evaluation.hints import SeenTypes, nothing_in_common, unused_entries
        from ..evaluation.pairing import parse_type_map
        from ..evaluation.scores import compare

        type_map = parse_type_map(renamed)
        names = split_names(types, "--types")
        for path in (gold, predicted):
            require_file(path)
            _require_annotated(path)
        problems = Problems()
        report = compare(
            ours := SeenTypes(read_annotated(gold, report=problems)),
            theirs := SeenTypes(read_annotated(predicted, report=problems)),
            type_map=type_map,
            types=names,
        )
        if not ours.types:
            raise AionerError(
                f"{gold}: holds no mention, so there is nothing to score; give an "
                "annotated file."
            )
        if not theirs.types:
            tell("warning", f"{predicted}: holds no mention")
        if as_json:
            typer.echo(json.dumps(report.to_dict(), indent=2))
        else:
            show(report.to_table())
        for name in unused_entries(type_map, ours.types | theirs.types):
            tell("warning", f"--map: {name} occurs neither in {gold} nor {predicted}")
        if hint := nothing_in_common(ours.types, theirs.types, type_map):
            tell("warning", hint)
        for name in _unused(names, report):
            tell("warning", f"--types: {name} occurs neither in {gold} nor {predicted}")
        _warn(f"only {gold} has", report.not_predicted)
        _warn(f"only {predicted} has", report.not_gold)
        _warn("the text differs between the two files of", report.other_text)
        problems.finish()


def _require_annotated(path: Path) -> None:
    """A file without annotation would silently score as an empty prediction."""
    from ..corpora.docbin import DOCBIN_SUFFIX
    from ..formats.detect import detect_format
    from ..formats.files import ANNOTATED

    if path.suffix.lower() == DOCBIN_SUFFIX:
        return
    format = detect_format(path)
    if format not in ANNOTATED:
        name = "plain text" if format == "text" else f"of the format {format}"
        raise AionerError(
            f"{path}: is {name}, which holds no annotation; give a PubTator, BioC, "
            "JSON lines or DocBin file."
        )


def _unused(names: Sequence[str] | None, report: Report) -> list[str]:
    """Get the types that were asked for but that no mention has after renaming."""
    scores = {name: report.strict[name] for name in names or ()}
    return [name for name, s in scores.items() if not (s.gold or s.predicted)]


def _warn(what: str, names: Sequence[str]) -> None:
    if names:
        shown = ", ".join(names[:_MAX_NAMES])
        more = f" and {len(names) - _MAX_NAMES} more" * (len(names) > _MAX_NAMES)
        tell("warning", f"{what} {plural(len(names), 'document')}: {shown}{more}")
