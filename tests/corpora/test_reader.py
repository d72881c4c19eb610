"""Examples straight from annotated files."""

import os
from pathlib import Path

import pytest
from spacy.tokens import DocBin

from spacy_aioner.corpora.docs import document_to_doc
from spacy_aioner.corpora.reader import create_aio_corpus
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.files import read_documents

CORPORA = os.environ.get("AIONER_CORPORA")
RECORD = (
    "{0}|t|TP53 grew.\n{0}|a|It was in mice.\n"
    "{0}\t0\t4\tTP53\tFamilyName\t1\n{0}\t21\t25\tmice\tSpecies\t2\n\n"
)
TOML = """
[whole]
task = "ALL"
train = ["a.txt"]
test = ["b.txt"]
dev_ids = "dev.ids"
types = { FamilyName = "Gene" }

[genes]
task = "Gene"
train = ["a.txt"]
types = { FamilyName = "Gene" }
"""


@pytest.fixture(scope="module")
def nlp(make_nlp):
    return make_nlp()


@pytest.fixture
def toml(tmp_path):
    (tmp_path / "a.txt").write_text("".join(map(RECORD.format, range(1, 5))))
    (tmp_path / "b.txt").write_text(RECORD.format(3) + RECORD.format(9))
    (tmp_path / "dev.ids").write_text("2\n4\n")
    (tmp_path / "corpora.toml").write_text(TOML)
    return tmp_path / "corpora.toml"


def rows(examples):
    return [
        (
            eg.reference.user_data["aioner_id"],
            eg.reference.user_data["aioner_task"],
            [span.label_ for span in eg.reference.spans["aioner"]],
        )
        for eg in examples
    ]


def test_each_corpus_brings_its_task_and_types(toml, nlp):
    both = ["Gene", "Species"]
    assert rows(create_aio_corpus(toml, protocol="paper")(nlp)) == [
        ("1", "ALL", both),
        ("3", "ALL", both),
        ("1", "Gene", ["Gene"]),
        ("3", "Gene", ["Gene"]),
    ]


def test_held_out_documents_are_dev(toml, nlp):
    ids = [row[0] for row in rows(create_aio_corpus(toml, split="dev")(nlp))]
    assert ids == ["2", "4"]
    ids = [row[0] for row in rows(create_aio_corpus(toml, split="test")(nlp))]
    assert ids == ["3", "9"]


def test_tested_documents_train_only_by_request(toml, nlp):
    # The test file is another corpus's, and that corpus is not read.
    read = create_aio_corpus(toml, names=["genes"])
    assert [row[0] for row in rows(read(nlp))] == ["1"]


def test_names_and_limit_choose(toml, nlp):
    read = create_aio_corpus(toml, names=["genes"], limit=1, protocol="paper")
    assert [row[:2] for row in rows(read(nlp))] == [("1", "Gene")]
    # The reader can be read again.
    assert len(list(read(nlp))) == 1


def test_predicted_docs_know_nothing_but_passages(toml, nlp):
    eg = next(iter(create_aio_corpus(str(toml))(nlp)))
    assert eg.predicted.text == eg.reference.text == "TP53 grew. It was in mice."
    assert eg.predicted.user_data["aioner_passages"] == [11]
    assert len(eg.predicted.spans) == len(eg.predicted.ents) == 0


def test_long_documents_come_in_parts(toml, nlp):
    read = create_aio_corpus(toml, names=["whole"], max_length=16)
    assert [(r[0], r[2]) for r in rows(read(nlp))] == [
        ("1", ["Gene"]),
        ("1", ["Species"]),
    ]


def test_docbin_files_are_read(toml, nlp):
    docs = [document_to_doc(nlp, d) for d in read_documents(toml.parent / "a.txt")]
    DocBin(docs=docs, store_user_data=True).to_disk(toml.parent / "a.spacy")
    expected = rows(create_aio_corpus(toml)(nlp))
    toml.write_text(TOML.replace("a.txt", "a.spacy"))
    assert rows(create_aio_corpus(toml)(nlp)) == expected


def test_what_is_unknown_names_what_there_is(toml, nlp):
    with pytest.raises(AionerError, match="'eval': choose one of train, dev, test"):
        create_aio_corpus(toml, split="eval")
    with pytest.raises(AionerError, match="'all': choose one of leak-free, paper"):
        create_aio_corpus(toml, protocol="all")
    with pytest.raises(AionerError, match="no corpus 'gene': it has whole, genes"):
        list(create_aio_corpus(toml, names=["gene"])(nlp))


def test_a_file_without_documents_says_why(toml, nlp):
    (toml.parent / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AionerError, match=r"a\.txt"):
        list(create_aio_corpus(toml)(nlp))


@pytest.mark.slow
@pytest.mark.skipif(not CORPORA, reason="AIONER_CORPORA names no folder of corpora")
def test_gold_of_a_real_corpus_keeps_its_offsets(tmp_path, nlp):
    (source,) = Path(str(CORPORA)).rglob("BioRED_Test.PubTator")
    (tmp_path / "corpora.toml").write_text(
        f'[biored]\ntask = "ALL"\ntest = "{source.resolve().as_posix()}"\n'
    )
    read = create_aio_corpus(tmp_path / "corpora.toml", split="test")
    count = 0
    for eg in read(nlp):
        group = eg.reference.spans["aioner"]
        for (i, j), text in zip(
            group.attrs["offsets"], group.attrs["texts"], strict=True
        ):
            assert eg.reference.text[i:j] == text
            count += 1
    assert count > 3000


def test_what_is_left_out_of_a_file_is_warned_of_once(tmp_path, nlp):
    wrong = "1\t900\t904\tTP53\tGene\n1\t901\t904\tP53\tGene\n"
    (tmp_path / "a.txt").write_text(f"1|t|TP53 grew.\n1|a|\n{wrong}\n")
    (tmp_path / "corpora.toml").write_text('[a]\ntask = "ALL"\ntrain = "a.txt"\n')
    with pytest.warns(UserWarning, match=r"a\.txt:3: document 1: .*\(2 in all") as told:
        examples = list(create_aio_corpus(tmp_path / "corpora.toml")(nlp))
    assert len(told) == 1
    assert len(examples) == 1
