import io

import pytest

from spacy_aioner.formats import json_stream
from spacy_aioner.formats.files import read_documents
from spacy_aioner.formats.json_stream import BoundedJSON


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_long_value_is_refused(monkeypatch, size):
    monkeypatch.setattr(json_stream, "MAX_LINE", 100)
    short = b'{"a": "' + b'x \\" \\\\' * 10 + b'", "b": [1, 2]}'
    stream = BoundedJSON(io.BytesIO(short * 20))
    assert b"".join(iter(lambda: stream.read(size), b"")) == short * 20
    stream = BoundedJSON(io.BytesIO(b'{"a": "' + b"x" * 2000))
    with pytest.raises(ValueError, match="longer than"):
        list(iter(lambda: stream.read(size), b""))


def test_documents_before_a_long_value_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_stream, "MAX_LINE", 1 << 19)
    document = '{"id": "%d", "passages": [{"offset": 0, "text": "%s"}]}'
    texts = ["TP53", "mice", "x" * (1 << 21)]
    listed = ",".join(document % pair for pair in enumerate(texts))
    path = tmp_path / "a.json"
    path.write_text(f'{{"documents": [{listed}]}}')
    problems = []
    found = list(read_documents(path, report=problems.append))
    assert [each.text for each in found] == texts[:2]
    assert "longer than" in problems[0].message
