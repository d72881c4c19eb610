"""Documents as spaCy docs and back, with exact offsets."""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from ..formats.document import (
    Document,
    Mention,
    Passage,
    Places,
)
from ..formats.markup import PlainDocument
from ..models.words import PASSAGES_KEY
from ..scheme.bio import longest_spans

TASK_KEY = "aioner_task"
ID_KEY = "aioner_id"
SPANS_KEY = "aioner"
# A span as spaCy stores it: id, concept, label, words, characters.
_SPAN = struct.Struct(">QQQllll")


def blank_pipeline() -> Language:
    """Make an empty English pipeline with the aioner tokenizer.

    RETURNS (Language): Add the component to it, or make docs with it.
    """
    tokenizer = {"@tokenizers": "spacy_aioner.Tokenizer.v1"}
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}})
    # spaCy's limit is for parsers.
    nlp.max_length = sys.maxsize
    return nlp


def document_to_doc(
    nlp: Language, document: Document, *, task: str | None = None
) -> Doc:
    """Make a doc of a document, with its mentions as gold annotation.

    All mentions go to `doc.spans["aioner"]`, widened to tokens, their exact offsets,
    ids, texts, scores (NaN where one has none) and tasks beside them in `attrs`; the
    longest of each overlapping cluster go to `doc.ents`, as the paper trains.

    nlp (Language): Gives the tokenizer.
    document (Document): The document; its passages are joined by single spaces.
    task (str | None): The task under which it was annotated.
    RETURNS (Doc): The doc; user data holds id, task and the starts of passages.
    """
    if document.markup:
        document = PlainDocument(document).document
    doc = bare_doc(nlp, document)
    if task is not None:
        doc.user_data[TASK_KEY] = task
    places = Places(document.passages)
    mentions = [
        (*place, mention)
        for mention in document.mentions
        if (place := places.to_joined(mention.start, mention.end, mention.passage))
    ]
    spans = [
        doc.char_span(start, end, label=m.type, alignment_mode="expand")
        for start, end, m in mentions
    ]
    doc.spans[SPANS_KEY] = SpanGroup(
        doc, name=SPANS_KEY, spans=spans, attrs=_attrs(mentions)
    )
    tokens = [(span.start, span.end, i) for i, span in enumerate(spans)]
    doc.set_ents([spans[i] for _, _, i in longest_spans(tokens)])
    return doc


def bare_doc(nlp: Language, document: Document) -> Doc:
    """Make a doc without annotation; user data holds id and passages.

    nlp (Language): Gives the tokenizer.
    document (Document): The document.
    RETURNS (Doc): Its text, tokenized.
    """
    if document.markup:
        document = PlainDocument(replace(document, mentions=[])).document
    doc = nlp.make_doc(document.text)
    doc.user_data[ID_KEY] = document.id
    doc.user_data[PASSAGES_KEY] = document.text_starts[1:]
    return doc


def doc_to_mentions(
    doc: Doc, document: Document, *, spans_key: str | None = SPANS_KEY
) -> list[Mention]:
    """Read a doc's spans as mentions of the document it was made of.

    doc (Doc): With gold or predicted annotation.
    document (Document): Gives the passages and their offsets.
    spans_key (str | None): The group to read where the doc has it, else `doc.ents`.
    RETURNS (list[Mention]): In the order of the group; spans that reach from one
        passage into the next are left out, unless the offsets run on between them.
    """
    if document.markup:
        plain = PlainDocument(replace(document, mentions=[]))
        found = doc_to_mentions(doc, plain.document, spans_key=spans_key)
        return [back for each in found if (back := plain.back(each)) is not None]
    if spans_key is not None and spans_key in doc.spans:
        group = doc.spans[spans_key]
    else:
        group = SpanGroup(doc, spans=list(doc.ents))
    offsets = exact_offsets(group)
    columns = [column(group, name) for name in ("scores", "ids", "texts", "tasks")]
    joined, places = document.text, Places(document.passages)
    mentions = []
    labels = [label for label, _, _ in _stored_spans(group)]
    for label, (start, end), score, id_, text, task in zip(
        labels, offsets, *columns, strict=True
    ):
        place = places.from_joined(start, end)
        if place is not None:
            mentions.append(
                Mention(
                    start=place[0],
                    end=place[1],
                    text=joined[start:end] if text is None else text,
                    type=label,
                    id=id_,
                    score=None if score is None or np.isnan(score) else float(score),
                    task=task,
                    passage=place[2],
                )
            )
    return mentions


def doc_to_document(doc: Doc) -> Document:
    """Make a document of a doc alone, e.g. one read from a DocBin.

    doc (Doc): Made by `document_to_doc` or any pipeline.
    RETURNS (Document): Passages as the user data has them, else one.
    """
    starts = [0, *doc.user_data.get(PASSAGES_KEY, [])]
    text = doc.text  # Made anew each time it is asked for.
    ends = [*(s - 1 for s in starts[1:]), len(text)]
    passages = [Passage(i, text[i:j]) for i, j in zip(starts, ends, strict=True)]
    document = Document(str(doc.user_data.get(ID_KEY, "")), passages)
    document.mentions = doc_to_mentions(doc, document)
    return document


def annotated_spans(
    doc: Doc, spans_key: str | None
) -> list[tuple[int, int, str]] | None:
    """Read the annotation of a doc as exact character offsets.

    doc (Doc): Any doc.
    spans_key (str | None): The group to read where the doc has it, else `doc.ents`.
    RETURNS (list[tuple[int, int, str]] | None): (start, end, label); None if the doc
        has neither the group nor any statement about entities.
    """
    if spans_key is not None and spans_key in doc.spans:
        group = doc.spans[spans_key]
        return [
            (*place, label)
            for (label, _, _), place in zip(
                _stored_spans(group), exact_offsets(group), strict=True
            )
        ]
    if len(doc) and not doc.has_annotation("ENT_IOB"):
        return None
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def exact_offsets(group: SpanGroup) -> list[tuple[int, int]]:
    """Read the exact character offsets of a group's spans.

    group (SpanGroup): The group.
    RETURNS (list[tuple[int, int]]): From its attrs where there are as many as spans,
        else those of the spans themselves.
    """
    exact = column(group, "offsets")
    return [
        (start, end) if ends is None else (int(ends[0]), int(ends[1]))
        for (_, start, end), ends in zip(_stored_spans(group), exact, strict=True)
    ]


def _stored_spans(group: SpanGroup) -> list[tuple[str, int, int]]:
    """Label and character offsets of each span, also where words were merged.

    A component that merges or splits words, such as `merge_entities`, leaves the spans
    of groups at the numbers of words that are no longer there: spaCy cannot make them.
    """
    try:
        return [(span.label_, span.start_char, span.end_char) for span in group]
    except IndexError:
        strings = group.doc.vocab.strings
        stored = srsly.msgpack_loads(group.to_bytes())["spans"]
        fields = (_SPAN.unpack(each) for each in stored)
        return [(strings[each[2]], each[5], each[6]) for each in fields]


def column(group: SpanGroup, name: str) -> list[Any]:
    """What a group's attrs hold of each of its spans.

    group (SpanGroup): The group. Another component may have changed its spans and left
        the attrs as they were; then they are those of other spans.
    name (str): For example "scores".
    RETURNS (list[Any]): As many values as spans; None where nothing is known.
    """
    values = group.attrs.get(name)
    if values is None or len(values) != len(group):
        return [None] * len(group)
    return list(values)


def _attrs(mentions: Sequence[tuple[int, int, Mention]]) -> dict[str, Any]:
    """What stands beside a group; scores and tasks only where a mention has one."""
    attrs: dict[str, Any] = {
        "offsets": np.array([x[:2] for x in mentions], dtype="i").reshape(-1, 2),
        "ids": [m.id for _, _, m in mentions],
        "texts": [m.text for _, _, m in mentions],
    }
    scores = [m.score for _, _, m in mentions]
    if any(score is not None for score in scores):
        # NumPy makes NaN of None.
        attrs["scores"] = np.array(scores, dtype="f")
    tasks = [m.task for _, _, m in mentions]
    if any(task is not None for task in tasks):
        attrs["tasks"] = tasks
    return attrs
