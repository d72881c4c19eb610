"""What a corpora file claims about types, held against its files."""

import pytest

from spacy_aioner.corpora.config import SPLITS, read_corpora
from spacy_aioner.corpora.documents import check_types, corpus_documents
from spacy_aioner.errors import AionerError

TEXT = "1|t|A scalpel for mice.\n1|a|It was new.\n1\t2\t9\tscalpel\tTool\n"
TEXT += "1\t14\t18\tmice\tSpecies\n\n"


def check(tmp_path, settings, *, task="Devices", read=True):
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf8")
    path = tmp_path / "corpora.toml"
    path.write_text(f'[own]\ntask = "{task}"\ntrain = ["a.txt"]\n{settings}\n')
    corpus = read_corpora(path)[0]
    documents = [d for split in SPLITS for d in corpus_documents(corpus, split)]
    check_types(path, corpus, documents if read else [])


@pytest.mark.parametrize(
    ("settings", "absent"),
    [
        ('keep = ["Tool", "Speces"]', "Speces"),
        ('keep = ["Device"]\ntypes = { Tools = "Device" }', "Device"),
        ("", "Devices"),
    ],
)
def test_a_type_that_no_file_has(tmp_path, settings, absent):
    names = rf"toml: corpus 'own' .* '{absent}'.*, .* Species \(1\), Tool \(1\)"
    with pytest.raises(AionerError, match=names):
        check(tmp_path, settings)


def test_types_that_are_there(tmp_path):
    check(tmp_path, 'keep = ["Device"]\ntypes = { Tool = "Device" }')
    check(tmp_path, "", task="ALL")
    # Those of documents that were left out for what they share with a test file.
    check(tmp_path, 'keep = ["Tool", "Species"]', read=False)


def test_no_mention_at_all(tmp_path):
    with pytest.raises(AionerError, match="its files have no mention"):
        check(tmp_path, 'keep = ["Tool"]\ntypes = { Tool = "", Species = "" }')
