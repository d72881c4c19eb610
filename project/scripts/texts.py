"""Unlabelled text, read alike by all scripts."""

import gzip
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy_aioner.cli.console import require_file
from spacy_aioner.corpora.convert import DOCBIN_SUFFIX, read_docbin

HELP = "Files with a paragraph per line (.xz, .gz or plain), or DocBins."
_OPENERS: dict[str, Any] = {".xz": lzma.open, ".gz": gzip.open}


def read_paragraphs(path: Path) -> Iterator[str]:
    """Read a file's paragraphs.

    path (Path): Lines of text, packed or not, or a DocBin, each doc one paragraph.
    YIELDS (str): Without surrounding white space; empty ones are left out.
    RAISES (AionerError): If there is no such file.
    """
    require_file(path)
    if path.suffix == DOCBIN_SUFFIX:
        yield from _filled(document.text for document in read_docbin(path))
        return
    with _OPENERS.get(path.suffix, open)(path, "rt", encoding="utf8") as stream:
        yield from _filled(stream)


def _filled(lines: Iterable[str]) -> Iterator[str]:
    return filter(None, map(str.strip, lines))
