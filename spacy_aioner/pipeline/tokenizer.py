"""The tokenizer: words of the scheme as tokens, so that gold boundaries fit."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpora.reference import split_reference
from ..scheme.segment import GAP, WORD

# Runs of letters, runs of digits, single other signs; white space as spaCy has it:
# one space after a token belongs to it, all else is a token of its own. So are
# invisible characters that do not lie within a run.
_TOKEN = re.compile(f"{WORD.pattern}|{GAP.pattern}")


def create_tokenizer() -> "Callable[[Language], AionerTokenizer]":
    """Make the registered tokenizer.

    RETURNS (Callable[[Language], AionerTokenizer]): Takes the pipeline.
    """
    return lambda nlp: AionerTokenizer(nlp.vocab)


def create_reference_tokenizer() -> "Callable[[Language], ReferenceTokenizer]":
    """Make the registered tokenizer of the published preprocessing.

    RETURNS (Callable[[Language], ReferenceTokenizer]): Takes the pipeline.
    """
    return lambda nlp: ReferenceTokenizer(nlp.vocab)


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


class ReferenceTokenizer(AionerTokenizer):
    """Splits text into the tokens and sentences of the published preprocessing.

    For models that were trained on them; see `spacy_aioner.corpora.reference`. Unlike
    spaCy's tokenizers it marks where sentences begin.

    vocab (Vocab): The shared vocabulary.
    """

    def __call__(self, text: str) -> Doc:
        """Tokenize a text and split it into sentences.

        text (str): Any text.
        RETURNS (Doc): A doc whose text is exactly that text.
        """
        words: list[str] = []
        spaces: list[bool] = []
        starts: list[bool] = []
        end = 0

        def add_space(gap: str) -> None:
            if gap[:1] == " " and words:
                spaces[-1] = True
                gap = gap[1:]
            if gap:
                words.append(gap)
                spaces.append(False)
                starts.append(False)

        for sentence in split_reference(text):
            for i, token in enumerate(sentence):
                add_space(text[end : token.start])
                words.append(text[token.start : token.end])
                spaces.append(False)
                starts.append(i == 0)
                end = token.end
        add_space(text[end:])
        return Doc(self.vocab, words=words, spaces=spaces, sent_starts=starts)
