"""Silver annotation: what several models agree on in unlabelled text.

Self-training keeps the predictions that are confident (Yarowsky, ACL 1995); several
models that vote make fewer errors than each (Zhou and Li, IEEE TKDE 17(11), 2005).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..formats.document import Document, Mention, Passage
from ..scheme.segment import sentence_starts


def vote(predictions: Sequence[Sequence[Mention]]) -> list[Mention]:
    """Average what several models predict in one document.

    predictions (Sequence[Sequence[Mention]]): The mentions of each model, scored.
    RETURNS (list[Mention]): Each place and type once, in order, with the mean score
        over all models; a model that does not predict it counts as 0.
    """
    scores: defaultdict[tuple[int, int, str], float] = defaultdict(float)
    texts = {}
    for mentions in predictions:
        for m in mentions:
            scores[m.start, m.end, m.type] += m.score or 0.0
            texts[m.start, m.end] = m.text
    return [
        Mention(start, end, texts[start, end], kind, score=total / len(predictions))
        for (start, end, kind), total in sorted(scores.items())
    ]


def confident_parts(
    text: str, mentions: Sequence[Mention], *, sure: float
) -> Iterator[Document]:
    """Keep the sentences about which there is no doubt.

    A sentence is kept if each of its mentions is either likely or unlikely: its score
    is at least `sure`, or at most 1 - `sure`; only the likely ones are annotated.

    text (str): The text.
    mentions (Sequence[Mention]): Scored mentions, offsets in the text.
    sure (float): From 0.5 to 1.
    YIELDS (Document): Runs of neighbouring sentences, offsets from 0; the id is empty.
    """
    bounds = [0, *sentence_starts(text), len(text)]
    doubtful = [m for m in mentions if 1 - sure < (m.score or 0.0) < sure]
    likely = [m for m in mentions if (m.score or 0.0) >= sure]
    run: list[int] = []
    for i in range(len(bounds)):
        start = bounds[i]
        end = bounds[i + 1] if i + 1 < len(bounds) else start
        spoilt = any(m.start < end and start < m.end for m in doubtful)
        if start < end and not spoilt:
            run = [*run[:1], end] if run else [start, end]
            continue
        if run:
            yield _part(text, likely, run[0], run[1])
        run = []


def _part(text: str, mentions: Sequence[Mention], start: int, end: int) -> Document:
    inside = [
        Mention(m.start - start, m.end - start, m.text, m.type)
        for m in mentions
        if start <= m.start and m.end <= end
    ]
    return Document("", [Passage(0, text[start:end], "abstract")], inside)
