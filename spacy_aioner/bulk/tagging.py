"""Documents through a pipeline: batch by batch, in order, with bounded memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ..corpora.docs import bare_doc, doc_to_mentions
from ..errors import AionerError, panics_as_errors
from ..formats.document import Document, Mention, Places
from ..pipeline.aioner import AionerNER
from ..pipeline.joining import prompt
from ..pipeline.loading import aioner_components, load_trained

# A batch holds no more characters than this, or one document.
_MAX_CHARACTERS = 500_000

Failure = Callable[[Document, Exception], None]


def load_pipeline(
    name: str,
    *,
    tasks: Sequence[str] | None = None,
    gpu_id: int = -1,
    precision: str | None = None,
    auto: str | None = None,
) -> tuple[Language, list[AionerNER]]:
    """Load a pipeline and make it ready to tag.

    name (str): An installed package or a folder.
    tasks (Sequence[str] | None): Tasks to prompt; as the pipeline has them if None.
    gpu_id (int): The GPU; -1 for the CPU.
    precision, auto (str | None): See `load_trained`.
    RETURNS (tuple[Language, list[AionerNER]]): The pipeline and those of its aioner
        components that run.
    RAISES (AionerError): If the pipeline cannot be loaded, has no aioner component or
        ones that write apart or over each other, does not know a task, or does not
        run; if there is no such GPU.
    """
    if gpu_id >= 0:
        try:
            spacy.require_gpu(gpu_id)
        except Exception as error:
            raise AionerError(
                f"The GPU {gpu_id} cannot be used ({error}); use --gpu-id -1."
            ) from error
    nlp = load_trained(name, precision=precision, auto=auto)
    if tasks is not None and aioner_components(nlp):
        prompt(nlp, tasks)
    components = aioner_components(nlp, running=True)
    if not components:
        raise AionerError(
            f"The pipeline '{name}' has no aioner component, it holds "
            f"{', '.join(nlp.pipe_names) or 'nothing'}; give one that has one."
        )
    if len({pipe.key for pipe in components}) > 1:
        raise AionerError(
            f"The aioner components of the pipeline '{name}' write to groups of spans "
            f"of their own: give them one spans_key, or name --tasks of one of them."
        )
    for pipe in components[1:]:
        if pipe.overwrite:
            raise AionerError(
                f"The component '{pipe.name}' of the pipeline '{name}' overwrites what "
                "those before it found: set its overwrite to false, as `join` does."
            )
    if len(components) == len(nlp.pipeline):
        # spaCy's limit is for parsers; these components read any length in windows.
        nlp.max_length = sys.maxsize
    try:
        # What fails here would fail on every document.
        with panics_as_errors():
            nlp("One word")
    except Exception as error:
        raise AionerError(f"The pipeline '{name}' does not run: {error}") from error
    return nlp, components


def tag_documents(
    nlp: Language,
    documents: Iterable[Document],
    *,
    spans_key: str | None,
    batch_size: int,
    max_characters: int = sys.maxsize,
    keep: bool,
    failed: Failure,
) -> Iterator[tuple[Document, list[Mention]]]:
    """Tag a stream of documents.

    nlp (Language): The pipeline.
    documents (Iterable[Document]): The documents.
    spans_key (str | None): The group that is written; `doc.ents` if None.
    batch_size (int): Documents in a batch, at most.
    max_characters (int): A longer document is not tagged, since memory grows with it.
    keep (bool): Whether the documents' own mentions stay. A prediction that has the
        place and type of one of them is not added then.
    failed (Failure): Takes each document on which the pipeline fails; the document
        goes on without predictions.
    YIELDS (tuple[Document, list[Mention]]): Each document in order, and which of its
        mentions are predictions.
    """
    for batch in _batches(documents, batch_size, max_characters):
        length = len(batch[0].text)
        if length > max_characters:
            tagged: list[tuple[Document, list[Mention]]] = [(batch[0], [])]
            message = f"it has {length:,} characters, more than {max_characters:,}"
            failed(batch[0], AionerError(message))
        else:
            tagged = _predict(nlp, batch, spans_key, failed)
        for document, predictions in tagged:
            there = list(document.mentions) if keep else []
            places = Places(document.passages)
            known = {(*places.of(mention), mention.type) for mention in there}
            new = [m for m in predictions if (*places.of(m), m.type) not in known]
            # Those of several components stand one component after the other.
            new.sort(key=lambda mention: (mention.start, mention.end))
            yield replace(document, mentions=[*there, *new]), new


def _batches(
    documents: Iterable[Document], size: int, longest: int
) -> Iterator[list[Document]]:
    """Batches of documents; a longer one than `longest` is alone in its batch."""
    batch: list[Document] = []
    characters = 0
    for document in documents:
        length = len(document.text)
        full = len(batch) >= size or characters + length > _MAX_CHARACTERS
        if batch and (full or length > longest):
            yield batch
            batch, characters = [], 0
        if length > longest:
            yield [document]
            continue
        batch.append(document)
        characters += length
    if batch:
        yield batch


def _predict(
    nlp: Language, batch: list[Document], spans_key: str | None, failed: Failure
) -> list[tuple[Document, list[Mention]]]:
    def read(doc: Doc, document: Document) -> tuple[Document, list[Mention]]:
        return document, doc_to_mentions(doc, document, spans_key=spans_key)

    # Strings and lexemes of the batch are freed with it.
    with nlp.memory_zone():
        try:
            docs = ((bare_doc(nlp, document), document) for document in batch)
            stream = nlp.pipe(docs, as_tuples=True, batch_size=len(batch))
            with panics_as_errors():
                tagged = [read(doc, document) for doc, document in stream]
            if len(tagged) == len(batch):
                return tagged
        except Exception:
            # One document spoils its batch: each for itself then.
            pass
        tagged = []
        for document in batch:
            try:
                with panics_as_errors():
                    tagged.append(read(nlp(bare_doc(nlp, document)), document))
            except Exception as error:
                failed(document, error)
                tagged.append((document, []))
        return tagged
