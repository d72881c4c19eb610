"""Have a trained pipeline score texts, for students to learn its scores.

Texts are corpora (folders of DocBins, each doc with its task) and plain text that
nobody annotated. Run it again after an interruption to resume.
"""

import random
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import typer
from texts import HELP, find_texts, paragraphs
from tqdm import tqdm

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.docbin import DOCBIN_SUFFIX, read_tasks
from spacy_aioner.corpora.leakage import text_key
from spacy_aioner.distillation.scoring import (
    Question,
    Teacher,
    ask,
    check_settings,
    count_bytes,
    write_scores,
)
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Passage
from spacy_aioner.pipeline.loading import load_trained


def main(
    texts: list[Path] = typer.Argument(..., help=HELP),
    teacher: list[str] = typer.Option(
        ..., help="The pipeline, a package or a folder; several teach their mean."
    ),
    output: Path = typer.Option(..., help="Folder for the scores."),
    task: list[str] = typer.Option(
        ["ALL=1"],
        metavar="TASK=SHARE",
        help="A task, and the share of the texts that are scored under it.",
    ),
    limit: int = typer.Option(0, help="Paragraphs of each plain file; 0 takes all."),
    min_length: int = typer.Option(200, help="Texts are cut at sentence ends,"),
    max_length: int = typer.Option(700, help="into parts of so many characters."),
    without: Path | None = typer.Option(
        None, help="Folder of DocBins whose documents must not be read: the test files."
    ),
    seed: int = typer.Option(0, help="Of all that is drawn."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Write DocBins with a teacher's scores."""
    with plain_errors(debug=debug):
        files = find_texts(texts)
        shares = dict(map(_share, task))
        settings = {
            "teachers": [Path(name).name for name in teacher],
            "texts": [[file.name, file.stat().st_size] for file in files],
            "tasks": shares,
            "limit": limit,
            "lengths": [min_length, max_length],
            "seed": seed,
        }
        check_settings(output, settings)
        teaches = Teacher([load_trained(name) for name in teacher])
        for name in shares:
            teaches.task(name)
        asked: dict[str, list[Question]] = {}
        for file in files:
            documents = list(_documents(file, limit, without, seed))
            name = file.name.partition(".")[0]
            asked[name] = list(
                ask(
                    documents,
                    shares,
                    min_length=min_length,
                    max_length=max_length,
                    seed=seed,
                )
            )
        every = list(chain.from_iterable(asked.values()))
        size = count_bytes(teaches, every) / 1e6
        typer.echo(
            f"{len(every):,} texts to score; about {size:,.0f} MB of scores before "
            "compression to about a quarter",
            err=True,
        )
        with tqdm(total=len(every), file=sys.stderr, unit=" texts") as progress:
            for name, questions in asked.items():
                for count in write_scores(teaches, name, questions, output):
                    progress.update(count)
        written = sum(f.stat().st_size for f in output.glob(f"*{DOCBIN_SUFFIX}"))
        typer.echo(f"{output}\t{len(every)} texts\t{written / 1e6:.1f} MB")


def _share(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        share = float(value or "1")
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise AionerError(
            f"--task must be like ALL=1 or Gene=0.25, a share from 0 to 1, got {text}."
        )
    return name, share


def _documents(
    path: Path, limit: int, without: Path | None, seed: int
) -> Iterator[tuple[Document, str | None]]:
    """Documents of a DocBin with their tasks, or paragraphs without any."""
    if path.suffix == DOCBIN_SUFFIX:
        allowed = {text_key(text) for text in paragraphs(path, without)}
        for document, task in read_tasks(path):
            if text_key(document.text) in allowed:
                yield document, task
        return
    lines = paragraphs(path, without)
    if limit and len(lines) > limit:
        lines = random.Random(seed).sample(lines, limit)
    stem = path.name.partition(".")[0]
    for number, line in enumerate(lines, 1):
        yield Document(f"{stem}-{number}", [Passage(0, line, "abstract")]), None


if __name__ == "__main__":
    typer.run(main)
