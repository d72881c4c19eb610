"""Reading and writing documents as a DocBin, spaCy's own format of annotated docs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from spacy.language import Language
from spacy.tokens import DocBin
from srsly.msgpack import msgpack_decoders, msgpack_encoders

from ..distillation.soft_labels import SOFT_KEY
from ..errors import AionerError, Problem, Report, raise_problem
from ..formats.document import Document, Places
from ..formats.source import Source
from ..scheme.scheme import ALL
from .docs import TASK_KEY, blank_pipeline, doc_to_document, document_to_doc

DOCBIN_SUFFIX = ".spacy"


def docbin_files(folder: Path) -> list[Path]:
    """Find the DocBins of a folder.

    folder (Path): The folder.
    RETURNS (list[Path]): Sorted by name.
    RAISES (AionerError): If there is none.
    """
    files = sorted(folder.glob(f"*{DOCBIN_SUFFIX}"))
    if not files:
        raise AionerError(
            f"{folder}: holds no DocBin ({DOCBIN_SUFFIX}): convert the corpora first."
        )
    return files


def read_docbin(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read documents from a DocBin; see `read_tasks`."""
    for document, _ in read_tasks(path, report=report):
        yield document


def read_tasks(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[tuple[Document, str]]:
    """Read documents from a DocBin with their tasks, what `write_docbin` takes.

    path, report: See `read_training_texts`.
    YIELDS (tuple[Document, str]): The documents and their tasks.
    """
    for text in read_training_texts(path, report=report):
        yield text.document, text.task


@dataclass(frozen=True)
class TrainingText:
    """What a network learns from.

    document (Document): Text and gold mentions.
    task (str): The task under which it is annotated or was scored.
    soft (Mapping[str, Any] | None): A teacher's packed label scores, if it has any; see
        `SoftLabels.pack`.
    """

    document: Document
    task: str
    soft: Mapping[str, Any] | None = None


def read_training_texts(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[TrainingText]:
    """Read what a DocBin holds to learn from.

    path (str | Path): The file; all of it is held in memory.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (TrainingText): Docs without an id are called after the file and numbered;
        those without a task are of ALL.
    """
    _find_plugins()
    try:
        docs = DocBin().from_disk(path).get_docs(Language().vocab)
        for number, doc in enumerate(docs, 1):
            document = doc_to_document(doc)
            document.id = document.id or f"{Path(path).stem}-{number}"
            task = doc.user_data.get(TASK_KEY, ALL)
            yield TrainingText(document, task, doc.user_data.get(SOFT_KEY))
    except Exception as error:
        # zlib, msgpack and spaCy each raise errors of their own.
        report(
            Problem(
                str(path),
                f"cannot be read as a DocBin ({type(error).__name__}); what follows is "
                "left out, write it again with DocBin.to_disk or `aioner convert`",
            )
        )


@cache
def _find_plugins() -> None:
    """Have srsly look for its plug-ins once.

    It looks through all installed packages for each message that it reads or writes,
    and a doc has several: that is two thirds of the time of a DocBin.
    """
    for registry in (msgpack_encoders, msgpack_decoders):
        for name, plugin in registry.get_all().items():
            registry.register(name, func=plugin)
        registry.entry_points = False


class DocBinWriter:
    """Writes documents as a DocBin of docs with their annotation.

    A DocBin is one compressed block: its docs are held in memory, and nothing is
    written, until `close`.

    stream (BinaryIO): Where to write.
    task (str): The task under which the documents are annotated.
    path (str | Path): The name of that place, for problems.
    report (Report): Takes each mention that cannot be written.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        task: str = ALL,
        path: str | Path = "",
        report: Report = raise_problem,
    ) -> None:
        self.stream = stream
        self.task = task
        self.source = Source(path, report)
        _find_plugins()
        self._nlp = blank_pipeline()
        self._docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], store_user_data=True)

    def write(self, document: Document) -> None:
        """Take one document, and report each mention that is not in its text.

        document (Document): The document.
        """
        places = Places(document.passages)
        for mention in document.mentions:
            if places.to_joined(mention.start, mention.end, mention.passage) is None:
                self.source.misplaced(mention, document.id)
        self.add(document, task=self.task)

    def add(
        self, document: Document, *, task: str, soft: Mapping[str, Any] | None = None
    ) -> None:
        """Take one document of any task, without its mentions that are not in the text.

        document (Document): The document.
        task (str): The task under which it is annotated.
        soft (Mapping[str, Any] | None): A teacher's packed label scores.
        """
        doc = document_to_doc(self._nlp, document, task=task)
        if soft is not None:
            doc.user_data[SOFT_KEY] = soft
        self._docs.add(doc)

    def close(self) -> None:
        """Write the docs."""
        self.stream.write(self._docs.to_bytes())


def write_docbin(documents: Iterable[tuple[Document, str]], stream: BinaryIO) -> None:
    """Write documents as a DocBin of docs with their gold annotation.

    documents (Iterable[tuple[Document, str]]): The documents, each with the task under
        which it is annotated; their docs are held in memory.
    stream (BinaryIO): Where to write.
    """
    writer = DocBinWriter(stream)
    for document, task in documents:
        writer.add(document, task=task)
    writer.close()
