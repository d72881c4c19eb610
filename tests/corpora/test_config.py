"""The corpora file and what is said of a wrong one."""

import re

import pytest

from spacy_aioner.corpora.config import read_corpora
from spacy_aioner.corpora.documents import corpus_documents
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Mention

GOOD = """
[whole]
task = "ALL"
train = ["a.txt", "b.txt"]
test = "b.txt"
dev_ids = "dev.ids"

[genes]
task = "Gene"
train = ["a.txt"]
dev = ["b.txt"]
types = { FamilyName = "Gene", Cell = "" }
keep = ["Gene"]
"""


@pytest.fixture
def write(tmp_path):
    def make(text):
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text("")
        (tmp_path / "dev.ids").write_text("1 2\n3\n")
        path = tmp_path / "corpora.toml"
        path.write_text(text)
        return path

    return make


def test_a_good_file(write, tmp_path):
    whole, genes = read_corpora(write(GOOD))
    a, b = tmp_path / "a.txt", tmp_path / "b.txt"
    assert (whole.name, whole.task) == ("whole", "ALL")
    assert whole.sources("train") == whole.sources("dev") == (a, b)
    assert whole.sources("test") == (b,)
    assert whole.keep is None
    assert [whole.has("2", split) for split in ("train", "dev", "test")] == [
        False,
        True,
        True,
    ]
    assert whole.has("9", "train")
    assert not whole.has("9", "dev")
    assert genes.type_map == {"FamilyName": "Gene", "Cell": ""}
    assert genes.keep == ("Gene",)
    assert genes.sources("dev") == (b,)
    assert genes.sources("test") == ()
    assert genes.has("2", "train")
    assert genes.has("2", "dev")


def test_articles_of_parts(write):
    files = "task = 'ALL'\ntest = 'a.txt'\n"
    text = f"[a]\n{files}article = '\\d+(?=\\d{{4}}$)'\n[b]\n{files}"
    parts, whole = read_corpora(write(text))
    ids = ("43047311009", "12", "no number")
    assert [parts.article_of(i) for i in ids] == ["4304731", "12", "no number"]
    assert [whole.article_of(i) for i in ids] == list(ids)


def test_of_alternatives_the_first_that_is_there_is_read(write, tmp_path):
    files = '[["none.txt", "b.txt", "a.txt"], "a.txt"]'
    (corpus,) = read_corpora(write(f"[c]\ntask = 'ALL'\ntrain = {files}\n"))
    assert corpus.sources("train") == (tmp_path / "b.txt", tmp_path / "a.txt")
    assert not corpus.anchor


def test_optional_files_are_skipped_with_a_warning(write, tmp_path):
    text = (
        "[c]\ntask = 'ALL'\ntrain = ['x.txt', 'a.txt']\ntest = ['b.txt']\n"
        "anchor = true\noptional = true\n"
        "[gone]\ntask = 'ALL'\ntest = [['y.txt', 'z.txt']]\noptional = true\n"
    )
    with pytest.warns(UserWarning, match="goes without") as told:
        (corpus,) = read_corpora(write(text))
    assert corpus.sources("train") == (tmp_path / "a.txt",)
    assert corpus.sources("test") == (tmp_path / "b.txt",)
    assert corpus.anchor
    one, other = (str(warning.message) for warning in told)
    assert re.search(r"'c' goes without \S*x\.txt, which is not there", one)
    assert re.search(r"'gone' goes without \S*y\.txt or \S*z\.txt", other)


def test_a_folder_is_a_corpus_of_brat(write, tmp_path):
    path = write("[c]\ntask = 'Gene'\ntrain = ['none', 'set']\noptional = true\n")
    for name in ("set", "set/empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "set" / "1.txt").write_text("TP53 in mice", encoding="utf8")
    (tmp_path / "set" / "1.ann").write_text(
        "T1\tGene 0 4\tTP53\nT2\tTaxon 8 12\tmice\nT3\tGene 8 99\t?\n", encoding="utf8"
    )
    with pytest.warns(UserWarning, match="goes without"):
        (corpus,) = read_corpora(path)
    assert corpus.sources("train") == (tmp_path / "set",)
    with pytest.warns(UserWarning, match=r"1\.ann:3: document 1: .*aioner convert"):
        (document,) = corpus_documents(corpus, "train")
    assert (document.id, document.text) == ("1", "TP53 in mice")
    assert document.mentions == [Mention(0, 4, "TP53", "Gene")]
    (corpus,) = read_corpora(write("[c]\ntask = 'Gene'\ntrain = 'set/empty'\n"))
    with pytest.raises(AionerError, match=r"empty: the folder holds no \.ann file"):
        list(corpus_documents(corpus, "train"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no corpus"),
        ("a = [", "cannot read the corpora file"),
        ("a = 1", "'a' is no table: write \\[a\\]"),
        ("[a]\ntrain = []", "'a' has no task"),
        ("[a]\ntask = 5", "'a' has task = 5: write \"ALL\", or the name"),
        ('[a]\ntask = "ALL"\ntrian = "a.txt"', "unknown key 'trian'.*train, types"),
        ('[a]\ntask = "ALL"\ntrain = "c.txt"', r"names the file .*c\.txt"),
        ('[a]\ntask = "ALL"\ntrain = [["c.txt", "d.txt"]]', r"c\.txt or .*d\.txt"),
        ('[a]\ntask = "ALL"\nanchor = 1', "anchor = 1: write true or false"),
        ('[a]\ntask = "ALL"\noptional = "no"', "optional = 'no': write true or"),
        ('[a]\ntask = "ALL"\nkeep = "Cell"', "keep = 'Cell': write a list of types"),
        ('[a]\ntask = "ALL"\nkeep = [1]', r"keep = \[1\]: write a list of types"),
        ('[a]\ntask = "ALL"\ntypes = ["Gene"]', "write a table of names"),
        ('[a]\ntask = "ALL"\ntypes = { A = 1 }', "write a table of names"),
        ('[a]\ntask = "ALL"\narticle = "("', "no regular expression"),
        ('[a]\ntask = "ALL"\narticle = 5', "has article = 5: write a regular"),
        ('[a]\ntask = "ALL"\ndev_ids = "none.ids"', "cannot be read: correct dev_ids"),
    ],
)
def test_a_wrong_file(write, text, says):
    path = write(text)
    with pytest.raises(AionerError, match=says) as caught:
        read_corpora(path)
    assert str(path) in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(AionerError, match="cannot read the corpora file"):
        read_corpora(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("key", "values", "wanted"),
    [
        ("task", ["''", "['ALL']", "true", "1.5"], '"ALL", or the name'),
        (
            "keep",
            ["'Gene'", "[]", "['']", "[1]", "{Gene=1}", "true"],
            "a list of types",
        ),
        ("types", ["'Gene'", "['Gene']", "{Gene=1}", "{Gene=['x']}"], "a table of"),
        (
            "train",
            ["1", "''", "[1]", "[[]]", "[[[]]]", "{a='b'}", "true"],
            "a file, or",
        ),
        ("dev", ["[['a.txt', 1]]"], "a file, or a list of files"),
        ("test", ["1.5", "['']"], "a file, or a list of files"),
        ("dev_ids", ["['dev.ids']", "''", "1", "true"], "the name of a file"),
        ("article", ["['x']", "1", "true"], "a regular expression"),
        ("anchor", ["'true'", "1", "[]"], "true or false"),
        ("optional", ["'false'", "0", "1.0"], "true or false"),
    ],
)
def test_every_key_has_its_type(write, key, values, wanted):
    """A list of types written as a string dropped every mention, unsaid."""
    task = "" if key == "task" else "task = 'Gene'\n"
    for value in values:
        path = write(f"[genes]\n{task}{key} = {value}\n")
        said = f"{path}: corpus 'genes' has {key} = .*: write {wanted}"
        with pytest.raises(AionerError, match=said):
            read_corpora(path)


def test_ids_that_are_no_text(write, tmp_path):
    path = write("[a]\ntask = 'ALL'\ndev_ids = 'dev.ids'")
    (tmp_path / "dev.ids").write_bytes(b"\xff\xfe")
    with pytest.raises(AionerError, match="cannot be read: correct dev_ids"):
        read_corpora(path)
