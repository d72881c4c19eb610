"""`aioner tag`: files in, the same files with predicted mentions out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import AionerError, Problem, Report
from .console import Debug, Problems, plain_errors, plural, say, split_names

if TYPE_CHECKING:
    from spacy.language import Language

    from ..formats.document import Document
    from ..pipeline.aioner import AionerNER


def tag(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            help="Files, or folders: of a folder its own files with a known suffix "
            "(.PubTator, .xml, .json, .jsonl, .ndjson, .txt), none of its subfolders "
            "and no hidden file.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="A pipeline: package or folder.")
    ],
    tasks: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Tasks to predict, for example ALL or Gene,Disease; as the pipeline "
            "has them if not given.",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep existing annotations and add to them.")
    ] = False,
    format: Annotated[
        str | None,
        typer.Option(
            help="Format of all inputs: pubtator, bioc-xml, bioc-json or text; told "
            "from each file if not given."
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Documents to predict together.")
    ] = 128,
    gpu_id: Annotated[int, typer.Option(min=-1, help="GPU; -1 for the CPU.")] = -1,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Neither progress nor summary on stderr."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Find entities in files.

    Each input gives one file of the same name and format in the output folder.
    Existing annotations are replaced unless --keep is given. Predictions carry their
    probability where the format has room for it (BioC: the infon "score").

    Plain text cannot hold annotations: its output is a table with a line per mention
    and the columns start, end, type, score and text.

    A document on which the pipeline fails is reported and written without
    predictions; the rest goes on.
    """
    with plain_errors(debug=debug):
        names = split_names(tasks, "--tasks")
        problems = Problems()
        files = _collect(inputs, problems)
        if not files:
            problems.finish()
        _check(files, output, format)

        from .tagging import load_pipeline

        nlp, component = load_pipeline(model, tasks=names, gpu_id=gpu_id)
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AionerError(
                f"{output}: the folder cannot be made ({error.strerror})."
            ) from error
        run = _Run(nlp, component, keep, batch_size, problems)
        with _progress(quiet) as bar:
            for path in files:
                run.tag_file(path, output / path.name, format, bar)
        if not quiet:
            say(run.summary())
        run.problems.finish()


def _collect(inputs: Sequence[Path], report: Report) -> list[Path]:
    """The files that are named, each once, and those of the folders."""
    from ..formats.files import SUFFIXES

    known = {*SUFFIXES, ".txt"}
    files: dict[Path, Path] = {}
    for path in inputs:
        if path.is_dir():
            try:
                own = [
                    each
                    for each in sorted(path.iterdir())
                    if each.is_file()
                    and each.suffix.lower() in known
                    and not each.name.startswith(".")
                ]
            except OSError as error:
                own = []
                message = f"the folder cannot be read ({error.strerror})"
            else:
                message = (
                    "the folder holds no file with a known suffix "
                    f"({', '.join(sorted(known))}); name the files themselves"
                )
            if not own:
                report(Problem(str(path), message))
        elif path.exists():
            own = [path]
        else:
            raise AionerError(f"{path}: there is no such file or folder.")
        for each in own:
            files.setdefault(each.resolve(), each)
    return list(files.values())


def _check(files: Sequence[Path], output: Path, format: str | None) -> None:
    from ..formats.files import FORMATS

    if format is not None and format not in FORMATS:
        raise AionerError(
            f"There is no format '{format}'; take one of {', '.join(FORMATS)}."
        )
    if output.exists() and not output.is_dir():
        raise AionerError(f"{output}: is no folder; --output names a folder.")
    owners: dict[str, Path] = {}
    for path in files:
        other = owners.setdefault(path.name, path)
        if other is not path:
            raise AionerError(
                f"{path}: has the same name as {other}, so that both would be written "
                f"to {output / path.name}; tag them into two folders."
            )
        target = output / path.name
        if target.exists() and target.samefile(path):
            raise AionerError(
                f"{path}: would be replaced by its own output; choose another --output."
            )


def _progress(quiet: bool) -> Any:
    from tqdm import tqdm

    return tqdm(
        unit=" documents", disable=quiet or not sys.stderr.isatty(), file=sys.stderr
    )


class _Run:
    """What files have in common, and the counts over all of them."""

    def __init__(
        self,
        nlp: Language,
        component: AionerNER,
        keep: bool,
        batch_size: int,
        problems: Problems,
    ) -> None:
        self.nlp = nlp
        self.component = component
        self.keep = keep
        self.batch_size = batch_size
        self.problems = problems
        self.files = 0
        self.documents = 0
        self.mentions: Counter[str] = Counter()

    def tag_file(self, path: Path, target: Path, format: str | None, bar: Any) -> None:
        """Tag one file; one that cannot be read is reported."""
        from ..formats.files import detect_format, open_writer, read_documents

        bar.set_postfix_str(path.name)
        try:
            found = detect_format(path)
        except AionerError as error:
            text = str(error).removeprefix(f"{path}: ")
            self.problems(Problem(str(path), text))
            return
        format = format or found
        documents = read_documents(path, format=format, report=self.problems)
        with open_writer(
            target, format, like=path, keep=self.keep, report=self.problems
        ) as writer:
            for document in self._tag(path, documents):
                writer.write(document)
                self.documents += 1
                bar.update()
        self.files += 1

    def _tag(self, path: Path, documents: Iterable[Document]) -> Iterable[Document]:
        from .tagging import tag_documents

        def failed(document: Document, error: Exception) -> None:
            self.problems(
                Problem(
                    str(path),
                    f"the pipeline fails on it ({type(error).__name__}: {error}); it "
                    "is written without predictions",
                    document=document.id,
                )
            )

        for document, new in tag_documents(
            self.nlp,
            documents,
            spans_key=self.component.key,
            batch_size=self.batch_size,
            keep=self.keep,
            failed=failed,
        ):
            self.mentions.update(mention.type for mention in new)
            yield document

    def summary(self) -> str:
        """What was done, in one line."""
        types = ", ".join(f"{name} {n}" for name, n in sorted(self.mentions.items()))
        return (
            f"{plural(self.documents, 'document')} in {plural(self.files, 'file')}: "
            f"{plural(self.mentions.total(), 'mention')} predicted"
            f"{f' ({types})' * bool(types)}, {plural(self.problems.count, 'problem')}"
        )
