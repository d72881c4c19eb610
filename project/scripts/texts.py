"""Unlabelled text: files of paragraphs, without those that must not be read."""

import gzip
import lzma
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from spacy_aioner.cli.console import require_file
from spacy_aioner.corpora.docbin import DOCBIN_SUFFIX, docbin_files, read_docbin
from spacy_aioner.corpora.leakage import text_key

HELP = "Files with a paragraph per line (.xz, .gz or plain), DocBins, or their folders."
_OPENERS: dict[str, Any] = {".xz": lzma.open, ".gz": gzip.open}


def find_texts(paths: Iterable[Path]) -> list[Path]:
    """Files as they are, and the files of folders in the order of their names.

    RAISES (AionerError): If a path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(child for child in path.iterdir() if child.is_file()))
        else:
            require_file(path)
            found.append(path)
    return found


def paragraphs(path: Path, without: Path | None) -> list[str]:
    """The different paragraphs of a file.

    path (Path): Lines of text, packed or not, or a DocBin, each doc one paragraph.
    without (Path | None): A folder of DocBins; paragraphs with the text of one of
        their documents are left out.
    RETURNS (list[str]): In the order of the file, without surrounding white space.
    """
    held = _keys(without) if without else frozenset()
    lines = dict.fromkeys(filter(None, _lines(path)))
    return [line for line in lines if not held or text_key(line) not in held]


def _lines(path: Path) -> Iterator[str]:
    """Lines of a text file or texts of a DocBin, stripped; some may be empty."""
    if path.suffix == DOCBIN_SUFFIX:
        yield from (document.text.strip() for document in read_docbin(path))
        return
    with _OPENERS.get(path.suffix, open)(path, "rt", encoding="utf8") as stream:
        yield from map(str.strip, stream)


@cache
def _keys(folder: Path) -> frozenset[str]:
    files = docbin_files(folder)
    texts = (document.text for file in files for document in read_docbin(file))
    return frozenset(key for key in map(text_key, texts) if key)
