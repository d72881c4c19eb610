"""Documents of any file, and as labelled sentences for CoNLL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..errors import Problem, Report, raise_problem
from ..formats.brat import is_brat, read_brat
from ..formats.conll import ConllSentence
from ..formats.document import MAX_CHARACTERS, Document, Places
from ..formats.files import read_documents
from ..formats.markup import PlainDocument
from ..formats.rows import Columns
from ..scheme.bio import begin_anew, label_words
from ..scheme.scheme import ALL, PAPER_TYPES, Task, build_scheme
from ..scheme.segment import sentence_starts, word_offsets
from .docbin import DOCBIN_SUFFIX, read_docbin


def read_annotated(
    path: str | Path,
    *,
    columns: Columns | None = None,
    markup: bool = False,
    report: Report = raise_problem,
) -> Iterator[Document]:
    """Read a file of any format, a DocBin (".spacy") and a corpus of brat too.

    path (str | Path): The file; a folder or an ".ann" file is a corpus of brat.
    columns (Columns | None): What the columns of JSONL, CSV and Parquet are called.
    markup (bool): Whether the texts of the file hold markup; see `read_documents`.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): The documents.
    """
    if is_brat(path):
        yield from read_brat(path, report=report)
    elif Path(path).suffix.lower() == DOCBIN_SUFFIX:
        yield from read_docbin(path, report=report)
    else:
        yield from read_documents(path, columns=columns, markup=markup, report=report)


def without_markup(document: Document, path: Path, report: Report) -> Document:
    """Take the markup out of a document whose texts are written as words.

    document (Document): A document.
    path (Path): Where it is from, for problems.
    report (Report): Takes each mention of which nothing is left.
    RETURNS (Document): The document itself if its texts hold none.
    """
    if not document.markup:
        return document
    plain = PlainDocument(document)
    for mention in plain.lost:
        message = (
            f"the mention at {mention.start} to {mention.end} is markup or not in the "
            "text; it is left out"
        )
        report(Problem(str(path), message, document=document.id))
    return plain.document


def without_long(
    documents: Iterable[Document], path: Path, report: Report
) -> Iterator[Document]:
    """Leave out documents that take too much memory as words.

    documents (Iterable[Document]): The documents.
    path (Path): Where they are from, for problems.
    report (Report): Takes each document that is left out.
    YIELDS (Document): Those of at most MAX_CHARACTERS.
    """
    for document in documents:
        length = sum(len(passage.text) for passage in document.passages)
        if length <= MAX_CHARACTERS:
            yield document
            continue
        message = f"it has {length:,} characters, more than {MAX_CHARACTERS:,}"
        report(Problem(str(path), f"{message}; it is left out", document=document.id))


def mentions_inside(document: Document, path: Path, report: Report) -> Document:
    """Leave out the mentions that labels cannot stand for.

    document (Document): A document.
    path (Path): Where it is from, for problems.
    report (Report): Takes each mention that is left out.
    RETURNS (Document): A copy; passages and the other mentions are shared.
    """
    inside, places = [], Places(document.passages)
    for mention in document.mentions:
        if places.to_joined(mention.start, mention.end, mention.passage) is not None:
            inside.append(mention)
        else:
            report(
                Problem(
                    str(path),
                    f"the mention at {mention.start} to {mention.end} is not in the "
                    "text, or in passages that are far apart; it is left out",
                    document=document.id,
                )
            )
    return replace(document, mentions=inside)


def conll_task(name: str, document: Document) -> Task:
    """Make the task under which a document's mentions are written as labels.

    name (str): The task's name.
    document (Document): Holds only mentions that the task annotates.
    RETURNS (Task): A task that annotates exactly the types of the document, so any
        corpus can be written before the types of a model are settled.
    RAISES (AionerError): If the name cannot stand in a tag.
    """
    if name != ALL and name not in PAPER_TYPES:
        build_scheme(task_types={name: PAPER_TYPES})
    return Task(name, tuple(dict.fromkeys(m.type for m in document.mentions)))


def aioner_sentences(document: Document, *, task: Task) -> list[ConllSentence]:
    """Split and label a document as the component does.

    Words and sentences do not depend on the labels. A mention that begins or ends
    inside a word takes in the whole word, one that crosses the end of a sentence
    begins anew there, and of overlapping ones the longest is labelled.

    document (Document): The document with its gold mentions, types as in the task.
    task (Task): Its types are labelled, other mentions are as if not there; its
        outside label goes to words in no mention and to the two tags.
    RETURNS (list[ConllSentence]): The sentences, enclosed in the task's tags.
    """
    text = document.text
    words = word_offsets(text)
    starts = np.array([start for start, _ in words], dtype=np.int64)
    ends = np.array([end for _, end in words], dtype=np.int64)
    spans, places = [], Places(document.passages)
    for mention in document.mentions:
        place = places.to_joined(mention.start, mention.end, mention.passage)
        if place is not None and mention.type in task.types:
            spans.append((*place, task.types.index(mention.type)))
    labels = label_words(starts, ends, spans)
    marks = {*sentence_starts(text), *document.text_starts[1:]}
    cuts = {0, len(words), *np.searchsorted(starts, sorted(marks)).tolist()}
    bounds = sorted(cuts)
    begin_anew(labels, np.array(bounds[:-1], dtype=np.int64))
    sentences = []
    for first, after in pairwise(bounds):
        tokens = [text[start:end] for start, end in words[first:after]]
        names = [task.labels[label] for label in labels[first:after].tolist()]
        sentences.append(
            ConllSentence(
                [task.open_tag, *tokens, task.close_tag],
                [task.outside, *names, task.outside],
            )
        )
    return sentences
