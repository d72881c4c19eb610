"""The CoNLL format of the published training files: one token and label a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TextIO

from ..errors import AionerError


class ConllSentence(NamedTuple):
    """One sentence.

    tokens (list[str]): Its tokens, the two task tags among them where it has any.
    labels (list[str]): As many labels.
    """

    tokens: list[str]
    labels: list[str]


def write_conll(sentences: Iterable[ConllSentence], stream: TextIO) -> None:
    """Write sentences as lines of token, TAB, label.

    An empty line follows every sentence, the last one too. Nothing marks where a
    document ends.

    sentences (Iterable[ConllSentence]): The sentences; only one is held at a time.
    stream (TextIO): Where to write; opened with `newline="\\n"`, it gives the bytes
        of the published files on every system.
    RAISES (AionerError): If a sentence has not one label for each token, or a token
        or label is empty or holds white space, which this format cannot express.
    """
    for sentence in sentences:
        tokens, labels = sentence
        if len(tokens) != len(labels):
            raise AionerError(
                f"The sentence {' '.join(tokens)!r} has {len(tokens)} tokens but "
                f"{len(labels)} labels; CoNLL needs one label for each token."
            )
        for cell in (*tokens, *labels):
            if cell.split() != [cell]:
                raise AionerError(
                    f"{cell!r} in the sentence {' '.join(tokens)!r} cannot be "
                    "written as CoNLL: tokens and labels must not be empty or hold "
                    "white space."
                )
        for token, label in zip(tokens, labels, strict=True):
            stream.write(f"{token}\t{label}\n")
        stream.write("\n")
