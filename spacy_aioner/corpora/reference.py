"""The tokens, sentences and labels of the published preprocessing.

This is the way the training files of Luo et al. (Bioinformatics 39(5) btad310, 2023)
were made, so that they can be made again. It looks at the gold mentions while it
splits the text, so it suits training files and comparisons, never prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from spacy.lang.en import English
from spacy.pipeline import Sentencizer
from spacy.tokenizer import Tokenizer

from ..formats.conll import ConllSentence
from ..formats.document import Document, Mention, text_offsets
from ..scheme.scheme import Task

SPLIT_CHARACTERS = frozenset("=/()<>+-_")
"""Each of these becomes a token of its own."""

_MARK = "mention"
_OPEN, _CLOSE, _SPACE = -1, -2, -3


class TextSpan(NamedTuple):
    """A stretch of a text: code points, end exclusive."""

    start: int
    end: int


class ReferenceToken(NamedTuple):
    """A token, where it stands in the text, and its place in a mention.

    start, end (int): Offsets in code points, end exclusive: the token is exactly
        this slice of the text.
    mention (int | None): The index of the mention that it belongs to.
    begins (bool): Whether it is the first token of this mention.
    """

    start: int
    end: int
    mention: int | None
    begins: bool


def reference_sentences(document: Document, *, task: Task) -> list[ConllSentence]:
    """Split and label a document as the published training files are.

    The passages are joined by single spaces and split as one text, so a title that
    ends without a full stop shares its sentence with the start of the abstract.

    document (Document): The document with its gold mentions, types as in the task.
    task (Task): The task that the corpus is annotated for: its types are labelled,
        other mentions are as if not there; its outside label goes to tokens in no
        mention and to the two tags that enclose each sentence.
    RETURNS (list[ConllSentence]): The sentences, tags included.
    """
    text = document.text
    mentions = longest_of_touching(
        mention for mention in _in_text(document) if mention.type in task.types
    )
    spans = [TextSpan(mention.start, mention.end) for mention in mentions]
    sentences = []
    for tokens in split_reference(text, mentions=spans):
        sentence = ConllSentence([task.open_tag], [task.outside])
        for token in tokens:
            sentence.tokens.append(text[token.start : token.end])
            if token.mention is None:
                sentence.labels.append(task.outside)
            else:
                prefix = "B" if token.begins else "I"
                label = mentions[token.mention].type
                sentence.labels.append(f"{prefix}-{label}")
        sentence.tokens.append(task.close_tag)
        sentence.labels.append(task.outside)
        sentences.append(sentence)
    return sentences


def longest_of_touching(mentions: Iterable[Mention]) -> list[Mention]:
    """Keep the longest mention of each group that overlaps or touches.

    Mentions that merely touch (one ends where the next starts) belong to one group,
    as in the published files; among equally long ones the first stays, in the order
    of their starts.

    mentions (Iterable[Mention]): Mentions of one text, in any order.
    RETURNS (list[Mention]): The kept ones by start, with a gap between any two.
    """
    kept: list[Mention] = []
    group_end = -1
    for mention in sorted(mentions, key=lambda mention: mention.start):
        if not kept or mention.start > group_end:
            kept.append(mention)
        elif mention.end - mention.start > kept[-1].end - kept[-1].start:
            kept[-1] = mention
        group_end = max(group_end, mention.end)
    return kept


def split_reference(
    text: str, *, mentions: Sequence[TextSpan] = ()
) -> list[list[ReferenceToken]]:
    """Split a text into the sentences and tokens of the published preprocessing.

    Each of `SPLIT_CHARACTERS` stands alone, the rest is split by spaCy's English
    rules, and sentences end after `.`, `!`, `?` by spaCy's rule. A mark word stands
    before and after each mention while this happens, which has three effects: token
    boundaries at both ends of every mention, other rules for what stands beside it
    (a full stop after a mention is never part of an abbreviation), and no sentence
    end within a mention or at the full stop that closes one.

    text (str): The text.
    mentions (Sequence[TextSpan]): Mentions by start, without overlaps.
    RETURNS (list[list[ReferenceToken]]): The tokens by sentence; together they hold
        every character of the text that is not white space.
    """
    spaced, origins = _spaced(text, mentions)
    if not spaced:
        return []
    tokenizer, sentencizer = _tools()
    doc = sentencizer(tokenizer(spaced))
    sentences: list[list[ReferenceToken]] = [[]]
    index, inside, begins = -1, False, False
    for token in doc:
        if token.is_sent_start and not inside:
            sentences.append([])
        origin = origins[token.idx]
        if origin == _OPEN:
            index, inside, begins = index + 1, True, True
        elif origin == _CLOSE:
            inside, begins = False, False
        elif origin != _SPACE:
            end = origin + len(token)
            mention = index if inside else None
            sentences[-1].append(ReferenceToken(origin, end, mention, begins))
            begins = False
    return [sentence for sentence in sentences if sentence]


@lru_cache(maxsize=1)
def _tools() -> tuple[Tokenizer, Sentencizer]:
    """spaCy's English rules as the published files show them.

    spaCy 3 looks for its exceptions once more after splitting and joins the `p` and
    `.` of `p.G380R` to the abbreviation `p.`; in the published files an exception
    counts only where it stands alone. `token_match` has that meaning, so the
    exceptions of one token move there.
    """
    tokenizer = English().tokenizer
    rules = tokenizer.rules
    whole = frozenset(text for text, parts in rules.items() if len(parts) == 1)
    tokenizer.rules = {
        text: parts for text, parts in rules.items() if text not in whole
    }
    tokenizer.token_match = whole.__contains__
    return tokenizer, Sentencizer()


def _spaced(text: str, mentions: Sequence[TextSpan]) -> tuple[str, list[int]]:
    """The text with its marks and single spaces, and where each character is from."""
    characters: list[str] = []
    origins: list[int] = []

    def space() -> None:
        if origins and origins[-1] != _SPACE:
            characters.append(" ")
            origins.append(_SPACE)

    def copy(start: int, end: int) -> None:
        for position, character in enumerate(text[start:end], start):
            alone = character in SPLIT_CHARACTERS
            if alone or character.isspace():
                space()
            if not character.isspace():
                characters.append(character)
                origins.append(position)
            if alone:
                space()

    def mark(kind: int) -> None:
        space()
        characters.extend(_MARK)
        origins.extend([kind] * len(_MARK))
        space()

    position = 0
    for start, end in mentions:
        copy(position, start)
        mark(_OPEN)
        copy(start, end)
        mark(_CLOSE)
        position = end
    copy(position, len(text))
    return "".join(characters), origins


def _in_text(document: Document) -> list[Mention]:
    """The mentions with their offsets in `document.text`."""
    return [
        replace(mention, start=place[0], end=place[1], passage=None)
        for mention in document.mentions
        if (place := text_offsets(document, mention)) is not None
    ]
