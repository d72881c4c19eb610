"""Tasks, labels and tags of the all-in-one scheme."""

import pytest

from spacy_aioner.errors import AionerError
from spacy_aioner.scheme.scheme import ALL, PAPER_TYPES, Task, build_scheme


def test_the_six_types_of_the_paper_have_19_labels_and_14_tags():
    scheme = build_scheme()
    assert [task.name for task in scheme.tasks] == [ALL, *PAPER_TYPES]
    assert len(scheme.labels) == len(set(scheme.labels)) == 19
    assert scheme.labels[:3] == ("O", "O-Gene", "O-Disease")
    assert scheme.labels[7:9] == ("B-Gene", "I-Gene")
    assert len(scheme.tags) == len(set(scheme.tags)) == 14
    assert scheme.tags[:4] == ("<ALL>", "</ALL>", "<Gene>", "</Gene>")


def test_a_task_allows_its_outside_label_and_its_types():
    scheme = build_scheme(["Gene", "Drug"], {"Pair": ["Drug", "Dose"]})
    assert scheme.types == ("Gene", "Drug", "Dose")
    assert scheme.labels[:4] == ("O", "O-Gene", "O-Drug", "O-Pair")
    for task in scheme.tasks:
        assert [scheme.labels[i] for i in scheme.label_ids(task)] == [*task.labels]
    pair = scheme.task("Pair")
    assert pair.labels == ("O-Pair", "B-Drug", "I-Drug", "B-Dose", "I-Dose")
    assert scheme.index("Pair") == 3


def test_outside_is_plain_only_under_all():
    assert Task("ALL", ("Gene",)).outside == "O"
    assert Task("Gene", ("Gene",)).outside == "O-Gene"


def test_an_unknown_task_names_the_valid_ones():
    with pytest.raises(AionerError, match=r"'Genes'.* ALL, Gene, Drug"):
        build_scheme(["Gene", "Drug"]).task("Genes")


@pytest.mark.parametrize(
    ("types", "further", "says"),
    [
        (["Gene", "Gene"], None, "'Gene' is given twice"),
        (["Cell Line"], None, "'Cell Line' cannot name"),
        (["<Gene"], None, "'<Gene' cannot name"),
        ([""], None, "'' cannot name"),
        ([], None, "'ALL' annotates no entity type"),
        (["Gene"], {"Empty": []}, "'Empty' annotates no entity type"),
        (["Gene"], {"Gene": ["Gene"]}, "'Gene' is given twice"),
        (["Gene"], {"ALL": ["Gene"]}, "'ALL' is given twice"),
        (["Gene"], {"Pair": ["Gene", "Gene"]}, "'Gene' is given twice"),
        (["Gene"], {"Pair": ["a\tb"]}, "cannot name"),
    ],
)
def test_names_that_cannot_be(types, further, says):
    with pytest.raises(AionerError, match=says):
        build_scheme(types, further)
