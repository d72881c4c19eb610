"""The tokenizer: words of the scheme as tokens, so that gold boundaries fit."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..scheme.segment import WORD

# Runs of letters, runs of digits, single other signs; white space as spaCy has it:
# one space after a token belongs to it, all else is a token of its own.
_TOKEN = re.compile(rf"{WORD.pattern}|\s+")


def create_tokenizer() -> "Callable[[Language], AionerTokenizer]":
    """Make the registered tokenizer.

    RETURNS (Callable[[Language], AionerTokenizer]): Takes the pipeline.
    """
    return lambda nlp: AionerTokenizer(nlp.vocab)


class AionerTokenizer:
    """Splits text into runs of letters, runs of digits and single signs.

    vocab (Vocab): The shared vocabulary.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """Tokenize a text.

        text (str): Any text.
        RETURNS (Doc): A doc whose text is exactly that text.
        """
        words: list[str] = []
        spaces: list[bool] = []
        for token in _TOKEN.findall(text):
            if not token.isspace():
                words.append(token)
                spaces.append(False)
                continue
            if token[0] == " " and words and not spaces[-1]:
                spaces[-1] = True
                token = token[1:]
            if token:
                words.append(token)
                spaces.append(False)
        return Doc(self.vocab, words=words, spaces=spaces)

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterable[Doc]:
        """Tokenize a stream of texts.

        texts (Iterable[str]): The texts.
        batch_size (int): Not used: texts are independent.
        YIELDS (Doc): Docs in order.
        """
        return map(self, texts)

    # It has no state but the vocabulary, which the pipeline saves.
    def to_bytes(self, **kwargs: Any) -> bytes:
        return b""

    def from_bytes(self, data: bytes, **kwargs: Any) -> "AionerTokenizer":
        return self

    def to_disk(self, path: str | Path, **kwargs: Any) -> None:
        return None

    def from_disk(self, path: str | Path, **kwargs: Any) -> "AionerTokenizer":
        return self
