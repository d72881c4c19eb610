"""Which annotations a task learns from."""

import pytest

from spacy_aioner.corpora.mapping import task_mentions
from spacy_aioner.formats.document import Document, Mention, Passage

TYPES = ["Gene", "FamilyName", "Cell", "Species"]


@pytest.mark.parametrize(
    ("task", "type_map", "keep", "expected"),
    [
        ("ALL", {}, None, ["Gene", "FamilyName", "Cell", "Species"]),
        ("Gene", {}, None, ["Gene"]),
        ("Gene", {"FamilyName": "Gene"}, None, ["Gene", "Gene"]),
        ("ALL", {"Cell": "", "FamilyName": "Gene"}, None, ["Gene", "Gene", "Species"]),
        ("ALL", {}, ["Species"], ["Species"]),
        ("Pair", {"Cell": "Organ"}, ["Organ", "Gene"], ["Gene", "Organ"]),
        # A name is changed once, not over and over.
        ("ALL", {"Gene": "Cell", "Cell": ""}, ["Cell"], ["Cell"]),
    ],
)
def test_task_mentions(task, type_map, keep, expected):
    mentions = [Mention(i, i + 1, "x", t) for i, t in enumerate(TYPES)]
    document = Document("1", [Passage(0, "xxxx")], mentions)
    found = task_mentions(document, task=task, type_map=type_map, types=keep)
    assert [m.type for m in found.mentions] == expected
    assert found.passages == document.passages
    # The document itself stays as it was.
    assert [m.type for m in document.mentions] == TYPES
