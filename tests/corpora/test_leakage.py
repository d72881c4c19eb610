"""No document both trains and is scored, on written files and on the real corpora."""

import os
from collections import Counter
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from spacy_aioner.corpora.config import read_corpora
from spacy_aioner.corpora.leakage import select_documents, text_key
from spacy_aioner.errors import AionerError

CORPORA = os.environ.get("AIONER_CORPORA", "")
FURTHER = os.environ.get("AIONER_FURTHER", "")
CONFIGS = Path(__file__).parents[2] / "project" / "configs"
SPLITS = ("train", "dev", "test")


LOSS = "Loss of the gene TP53 worsened the growth of gliomas in mice and in rats."


def record(i, text=None):
    """A record with a text of its own; another text may be given instead."""
    text = text or f"{i} and {i} " * 20
    return f"{i}|t|TP53.\n{i}|a|{text}\n{i}\t0\t4\tTP53\tGene\n\n"


@pytest.fixture
def select(tmp_path):
    """Select from corpora given as {name: {split: ids or records, other keys}}."""

    def run(corpora, **settings):
        lines = []
        for name, table in corpora.items():
            lines += [f"[{name}]", 'task = "Gene"']
            for key, value in table.items():
                if key == "dev_ids":
                    (tmp_path / f"{name}.ids").write_text("\n".join(value))
                    value = f"'{name}.ids'"
                elif key in SPLITS:
                    records = [r if "|" in r else record(r) for r in value]
                    (tmp_path / f"{name}-{key}.txt").write_text("".join(records))
                    value = f"'{name}-{key}.txt'"
                lines.append(f"{key} = {value}")
        (tmp_path / "corpora.toml").write_text("\n".join(lines))
        selected = select_documents(read_corpora(tmp_path / "corpora.toml"), **settings)
        assert [one.corpus.name for one in selected] == list(corpora)
        return {one.corpus.name: one for one in selected}

    return run


def ids(selected, split):
    return [document.id for document in selected.documents[split]]


def test_what_any_test_holds_does_not_train(select):
    files = {
        "a": {"train": ["1", "2", "3"], "test": ["9"]},
        "b": {"train": ["9", "4"], "dev": ["3", "8"], "test": ["2", "3", "8"]},
    }
    found = select(files)
    assert ids(found["a"], "train") == ["1"]
    assert ids(found["b"], "train") == ["4"]
    assert ids(found["b"], "dev") == []
    assert ids(found["b"], "test") == ["2", "3", "8"]
    assert found["a"].dropped == {"train": 2, "dev": 0, "test": 0}
    assert found["b"].dropped == {"train": 1, "dev": 2, "test": 0}
    # The mentions are those of the task.
    assert [m.type for m in found["a"].documents["train"][0].mentions] == ["Gene"]


def test_an_anchor_keeps_what_it_trains_on(select):
    files = {
        "anchor": {"train": ["1", "2"], "dev": ["3"], "test": ["7"], "anchor": "true"},
        "other": {"train": ["4", "1", "7", "8"], "test": ["2", "3", "8", "9"]},
    }
    found = select(files)
    assert ids(found["anchor"], "train") == ["1", "2"]
    assert ids(found["anchor"], "dev") == ["3"]
    assert ids(found["other"], "test") == ["8", "9"]
    assert ids(found["other"], "train") == ["4", "1"]
    assert found["anchor"].dropped == {"train": 0, "dev": 0, "test": 0}
    assert found["other"].dropped == {"train": 2, "dev": 0, "test": 2}


def test_an_anchor_is_not_scored_on_its_own_training(select):
    files = {"anchor": {"train": ["1"], "test": ["1", "2"], "anchor": "true"}}
    found = select(files)["anchor"]
    assert (ids(found, "train"), ids(found, "test")) == (["1"], ["2"])


def test_the_same_text_under_another_id_is_the_same_document(select):
    signs = LOSS.upper().replace(" of ", " – OF  ").replace("TP53", "(TP53)")
    other = LOSS.replace("TP53", "TP63")
    files = {
        "a": {"train": [record("1", LOSS), record("2", other)]},
        "b": {"test": [record("PMC1", signs)]},
    }
    found = select(files)
    assert ids(found["a"], "train") == ["2"]
    assert found["a"].dropped["train"] == 1


def test_a_short_text_is_no_document(select):
    heading = "Supplementary information."
    files = {
        "a": {"train": [record("1", heading)]},
        "b": {"test": [record("2", heading)]},
    }
    assert ids(select(files)["a"], "train") == ["1"]


def test_text_keys():
    text = "Straße 12: α-synuclein, " * 4
    assert text_key(text) == text_key(text.upper().replace("-", " \n"))
    assert text_key(text) != text_key(text.replace("12", "13"))
    # As many letters and digits as tell documents apart, and one fewer.
    assert text_key("a" * 60) is not None
    assert text_key(("a" * 59).center(200)) is None
    assert text_key("") is None


def test_parts_of_a_tested_article_do_not_train(select):
    files = {
        "legends": {
            "train": ["50010001", "60010001"],
            "test": ["50010002"],
            "article": r"'\d+(?=\d{4}$)'",
        },
        # Another corpus may number other documents like the articles.
        "other": {"train": ["5001"]},
    }
    found = select(files)
    assert ids(found["legends"], "train") == ["60010001"]
    assert ids(found["other"], "train") == ["5001"]


def test_documents_without_an_id_are_told_by_their_text(select):
    files = {
        "a": {"train": [f"|t|TP53.\n|a|{LOSS}\n\n", "|t|A gene.\n|a|\n\n"]},
        "b": {"test": ["|t|TP53 again.\n|a|\n\n", f"|t|TP53.\n|a|{LOSS}\n\n"]},
    }
    (document,) = select(files)["a"].documents["train"]
    assert document.passages[0].text == "A gene."


@pytest.mark.parametrize("protocol", ["leak-free", "paper"])
def test_dev_documents_train_nowhere(select, protocol):
    files = {
        "a": {"train": ["1", "2", record("3", LOSS)], "dev_ids": ["2", "3"]},
        "b": {"train": ["1", "2", record("4", LOSS), "5"]},
        "c": {"train": ["6", "2"], "dev_ids": ["2"]},
    }
    found = select(files, protocol=protocol)
    assert ids(found["a"], "train") == ["1"]
    assert ids(found["a"], "dev") == ["2", "3"]
    assert ids(found["b"], "train") == ["1", "5"]
    assert (ids(found["c"], "train"), ids(found["c"], "dev")) == (["6"], ["2"])
    assert [one.held_out for one in found.values()] == [0, 2, 0]
    assert all(not any(one.dropped.values()) for one in found.values())


def test_with_dev_they_train_everywhere_and_once(select):
    files = {
        "a": {"train": ["1", "2"], "dev_ids": ["2"]},
        "b": {"train": ["2", "5"]},
        "c": {"train": ["3", "4"], "dev": ["4", "6"]},
    }
    found = select(files, with_dev=True)
    assert ids(found["a"], "train") == ["1", "2"]
    assert ids(found["a"], "dev") == ["2"]
    assert ids(found["b"], "train") == ["2", "5"]
    assert ids(found["c"], "train") == ["3", "4", "6"]
    assert [one.held_out for one in found.values()] == [0, 0, 0]


def test_with_dev_tested_documents_still_do_not_train(select):
    files = {
        "a": {"train": ["1", "2", "3"], "dev_ids": ["2", "3"]},
        "b": {"test": ["2"]},
    }
    found = select(files, with_dev=True)
    assert ids(found["a"], "train") == ["1", "3"]
    assert ids(found["a"], "dev") == ["3"]


def test_the_paper_protocol_drops_nothing(select):
    files = {
        "anchor": {"train": ["1", "2"], "test": ["7"], "anchor": "true"},
        "other": {"train": ["7", "1"], "test": ["2", "9"]},
    }
    found = select(files, protocol="paper")
    for name, table in files.items():
        assert ids(found[name], "train") == table["train"]
        assert ids(found[name], "test") == table["test"]
        assert found[name].dropped == {"train": 0, "dev": 0, "test": 0}


def test_an_unknown_protocol_names_what_there_is(select):
    with pytest.raises(AionerError, match="'fair': choose one of leak-free, paper"):
        select({"a": {"train": ["1"]}}, protocol="fair")


# Test documents that are scored: of BioID legends of 170 articles, of NLM-Chem passages
# of 50. Training documents that are given up, of files of which any are.
SCORED = {
    "biored": (100, 100),
    "gnormplus": (258, 258),
    "nlmgene": (78, 78),
    "ncbi": (99, 99),
    "bc5cdr-disease": (431, 431),
    "bc5cdr-chemical": (431, 431),
    "linnaeus": (20, 20),
    "s800": (160, 160),
    "tmvar3": (83, 83),
    "bioid": (3993, 170),
    "nlmchem": (3428, 50),
}
GIVEN_UP = {
    "gnormplus": 5,
    "nlmgene": 21,
    "ncbi": 1,
    "bc5cdr-disease": 21,
    "bc5cdr-chemical": 21,
    "tmvar3": 24,
    "drugprot-chemical": 2,
    "drugprot-gene": 2,
}
HELD_OUT = {"s800": 7, "nala": 1, "genia": 1}
needs_corpora = pytest.mark.skipif(
    not (CORPORA and FURTHER),
    reason="AIONER_CORPORA or AIONER_FURTHER names no folder of corpora",
)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Select from the corpora of the project, each way only once."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "configs").mkdir()
    (folder / "assets").mkdir()
    for path in chain(*(Path(f).glob("*.PubTator") for f in (CORPORA, FURTHER))):
        (folder / "assets" / path.name).symlink_to(path.resolve())
    for name in ("all.toml", "dev-ids.txt", "further-dev-ids.txt"):
        (folder / "configs" / name).write_bytes((CONFIGS / name).read_bytes())
    with pytest.warns(UserWarning, match=r"'nlmchem' goes without .*TrainDev"):
        corpora = read_corpora(folder / "configs" / "all.toml")

    @cache
    def run(protocol, with_dev):
        return select_documents(corpora, protocol=protocol, with_dev=with_dev)

    return run


def held(selected, split):
    """The ids and the texts of a split of all corpora."""
    documents = list(chain(*(one.documents[split] for one in selected)))
    texts = {text_key(document.text) for document in documents} - {None}
    return {document.id for document in documents}, texts


@pytest.mark.slow
@needs_corpora
@pytest.mark.filterwarnings("ignore:.*were left out of this file")
class TestRealCorpora:
    def test_counts_of_the_leak_free_protocol(self, real):
        scored, given_up = {}, {}
        for one in real("leak-free", False):
            name, tests = one.corpus.name, one.documents["test"]
            articles = {one.corpus.article_of(document.id) for document in tests}
            if tests:
                scored[name] = (len(tests), len(articles))
            if one.dropped["train"] + one.dropped["dev"]:
                given_up[name] = one.dropped["train"] + one.dropped["dev"]
            # The lists of development ids leave nothing to be found by text alone,
            # but one of further corpora holds documents of others.
            assert one.held_out == HELD_OUT.get(name, 0)
        assert scored == SCORED
        assert given_up == GIVEN_UP

    @pytest.mark.parametrize("with_dev", [False, True])
    def test_nothing_that_trains_is_scored(self, real, with_dev):
        selected = real("leak-free", with_dev)
        ids, texts = held(selected, "train")
        test_ids, test_texts = held(selected, "test")
        assert not ids & test_ids
        assert not texts & test_texts
        assert len(ids) > 100_000
        dev_ids, dev_texts = held(selected, "dev")
        assert not dev_ids & test_ids
        assert not dev_texts & test_texts
        if not with_dev:
            assert not ids & dev_ids
            assert not texts & dev_texts

    def test_under_the_paper_protocol_much_is(self, real):
        selected = real("paper", False)
        ids, texts = held(selected, "train")
        test_ids, test_texts = held(selected, "test")
        assert len(ids & test_ids) > 200
        assert len(texts & test_texts) > 200

    def test_development_documents_are_a_share_of_each_corpus(self, real):
        selected = real("leak-free", False)
        ids = Counter(d.id for one in selected for d in one.documents["dev"])
        for one in selected:
            of = one.corpus.article_of
            documents = one.documents["dev"]
            dev = {of(document.id) for document in documents}
            train = {of(document.id) for document in one.documents["train"]}
            assert not dev & train
            if one.corpus.name == "biored":
                assert len(dev) == 50
            elif train:
                held_out = HELD_OUT.get(one.corpus.name, 0)
                share = min(200, round(0.08 * (len(dev | train) + held_out)))
                # What other corpora hold too may be of their draw.
                own = {of(d.id) for d in documents if ids[d.id] == 1}
                assert len(own) <= share <= len(dev)

    def test_only_the_anchor_trains_on_what_a_test_file_holds(self, real):
        selected = real("leak-free", False)
        # All of the test files, those documents too that are not scored.
        ids, texts = held(real("paper", False), "test")
        for one in selected:
            train_ids, train_texts = held([one], "train")
            shared = train_ids & ids or train_texts & texts
            assert bool(shared) == (one.corpus.name == "biored")
