"""The released package: its size, its card, and that it does what was measured."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import spacy

from spacy_aioner.corpora.docs import bare_doc, doc_to_mentions
from spacy_aioner.evaluation.results import read_results
from spacy_aioner.evaluation.units import UnitCounts, count_units
from spacy_aioner.formats.files import read_documents
from spacy_aioner.scheme.scheme import PAPER_TYPES

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "project" / "metrics" / "benchmark" / "aioner-minilm.json"
EXAMPLES = ROOT / "project" / "examples" / "untagged.pubtator"
CORPORA = os.environ.get("AIONER_CORPORA", "")
NAME = "en_aioner_minilm"


@pytest.fixture(scope="module")
def released():
    return spacy.load(NAME)


def test_one_wheel_of_at_most_fifty_megabytes(released):
    (wheel,) = (ROOT / "models").glob("*.whl")
    assert wheel.name == f"{NAME}-{released.meta['version']}-py3-none-any.whl"
    assert wheel.stat().st_size <= 50_000_000


def test_its_card_is_filled(released):
    results = read_results(RESULTS)["results"]
    biored = results["biored"]["ALL"]["strict"]["micro"]["f1"]
    assert released.meta["performance"]["ents_f"] == pytest.approx(biored / 100)
    assert set(released.meta["labels"]["aioner"]) == set(PAPER_TYPES)
    assert len(released.meta["sources"]) >= 11
    assert all(source["license"] for source in released.meta["sources"])
    assert "spacy project run" in released.meta["notes"]
    card = (ROOT / "docs" / "model-card.md").read_text(encoding="utf8")
    assert f"# Model card: {NAME} {released.meta['version']}" in card


def test_examples(released):
    found = {}
    for document in read_documents(EXAMPLES):
        doc = released(bare_doc(released, document))
        for mention in doc_to_mentions(doc, document):
            assert 0 < mention.score <= 1
            assert document.text[mention.start : mention.end] == mention.text
            found.setdefault(mention.text, set()).add(mention.type)
    for text, kind in {
        "imatinib": "Chemical",
        "BCR": "Gene",
        "T315I": "Variant",
        "chronic myeloid leukemia": "Disease",
        "mice": "Species",
        "K562": "CellLine",
    }.items():
        assert kind in found.get(text, ()), text


def test_every_task_is_answered(released):
    component = released.get_pipe("aioner")
    text = "Aspirin protected BRCA1 mutant mice and HeLa cells from colitis."
    before = component.tasks
    try:
        component.tasks = ["Gene", "Disease", "Chemical", "Species", "CellLine"]
        doc = released(text)
        kinds = {span.label_ for span in doc.spans["aioner"]}
    finally:
        component.tasks = before
    assert {"Gene", "Disease", "Chemical", "Species"} <= kinds


@pytest.mark.skipif(not CORPORA, reason="AIONER_CORPORA names no folder")
def test_it_finds_what_the_committed_benchmark_says(released):
    """The first BioRED test abstracts again, mention counts against the result file."""
    path = Path(CORPORA) / "BioRED_Test.PubTator"
    gold = list(read_documents(path))[:15]
    docs = released.pipe(bare_doc(released, document) for document in gold)
    predicted = [
        replace(document, mentions=doc_to_mentions(doc, document))
        for doc, document in zip(docs, gold, strict=True)
    ]
    ours = count_units(gold, predicted)
    values = read_results(RESULTS)["results"]["biored"]["ALL"]["units"]
    theirs = UnitCounts.from_dict(values)
    assert theirs.names[:15] == ours.names
    # Another processor's rounding may tip a single close call.
    difference = abs(ours.strict_micro - theirs.strict_micro[:15]).sum()
    assert difference <= 4
    assert ours.strict_micro.sum(0)[2] > 300
