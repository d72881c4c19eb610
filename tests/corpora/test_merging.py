"""The plain merge claims more than the corpora do."""

from spacy_aioner.corpora.config import read_corpora
from spacy_aioner.corpora.leakage import select_documents
from spacy_aioner.corpora.merging import merge_plainly

CORPUS = """\
1|t|Aspirin caused a rash.
1|a|It went away.
1\t0\t7\tAspirin\tChemical
1\t17\t21\trash\tDisease

2|t|TP53 in mice.
2|a|All of them lived.
2\t0\t4\tTP53\tGene

"""
TABLES = """\
[drugs-chemical]
task = "Chemical"
train = "drugs.txt"

[drugs-disease]
task = "Disease"
train = "drugs.txt"

[genes]
task = "Gene"
train = "genes.txt"

[scored]
task = "Gene"
test = "test.txt"
"""


def test_corpora_of_a_file_become_one_under_all(tmp_path):
    for name in ("drugs.txt", "genes.txt"):
        (tmp_path / name).write_text(CORPUS)
    other = "3|t|HeLa cells.\n3|a|They grew.\n\n"
    (tmp_path / "test.txt").write_text(other)
    (tmp_path / "corpora.toml").write_text(TABLES)
    selected = select_documents(read_corpora(tmp_path / "corpora.toml"))
    merged = merge_plainly(selected)
    assert [(one.corpus.name, one.corpus.task) for one in merged] == [
        ("drugs-chemical", "ALL"),
        ("genes", "ALL"),
    ]
    drugs, genes = (one.documents["train"] for one in merged)
    assert [[(m.text, m.type) for m in document.mentions] for document in drugs] == [
        [("Aspirin", "Chemical"), ("rash", "Disease")],
        [],
    ]
    assert [[m.text for m in document.mentions] for document in genes] == [[], ["TP53"]]
