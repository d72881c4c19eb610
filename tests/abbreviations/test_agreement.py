"""Abbreviations become what their long forms are."""

import pytest

from spacy_aioner.abbreviations.agreement import Found, agree

TEXT = "Chronic myeloid leukemia (CML) is rare. CML cells and BCR-CML fuse in CML."
LONG = Found(0, 24, "Disease", 0.9)
USES = [(26, 29), (40, 43), (58, 61), (70, 73)]


def places(entities):
    return {(e.start, e.end): (e.label, e.score) for e in agree(TEXT, entities)}


def test_every_place_gets_the_type_of_the_long_form():
    found = places([LONG, Found(40, 43, "Disease", 0.5)])
    assert list(found) == [(0, 24), *USES]
    assert found[40, 43] == ("Disease", 0.5)
    assert found[70, 73] == ("Disease", 0.9)


def test_another_type_gives_way_to_the_more_probable():
    found = places([LONG, Found(26, 29, "Gene", 0.6), Found(70, 73, "Gene", 0.95)])
    assert found[26, 29] == ("Disease", 0.9)
    assert found[70, 73] == ("Gene", 0.95)


def test_other_entities_stay_whole():
    found = places([LONG, Found(40, 49, "CellLine", 0.1)])
    assert found[40, 49] == ("CellLine", 0.1)
    assert (40, 43) not in found


@pytest.mark.parametrize(("start", "taken"), [(8, True), (16, False), (0, True)])
def test_the_greater_part_of_the_long_form_is_enough(start, taken):
    found = places([Found(start, 24, "Disease", 0.9)])
    assert ((70, 73) in found) == taken


def test_what_is_short_for_no_entity_must_be_sure():
    found = places([Found(26, 29, "Gene", 0.6), Found(70, 73, "Gene", 0.8)])
    assert found == {(70, 73): ("Gene", 0.8)}


def test_without_definitions_nothing_changes():
    entities = [Found(0, 3, "Gene", 0.1), Found(8, 11, "Gene", 0.2)]
    assert agree("CML and CML", entities) == entities
