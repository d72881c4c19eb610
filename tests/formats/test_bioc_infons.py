"""Values of JSON in BioC XML."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from spacy_aioner.formats.files import Frame, make_writer, read_documents

INFONS = {
    "type": "Gene",
    "identifier": "284366",
    "number": 284366,
    "share": 0.5,
    "valid": True,
    "name": None,
    "empty": "",
    "looks like JSON": '["a"]',
    "list": [1, "two", None],
    "object": {"inner": [{"deep": False}], "quote": 'a "b" é'},
}
OBJECT = {
    "id": "1",
    "infons": INFONS,
    "passages": [
        {
            "offset": 0,
            "infons": INFONS,
            "text": "ab",
            "sentences": [{"offset": 0, "infons": INFONS, "text": "ab"}],
            "annotations": [
                {
                    "id": "2",
                    "infons": INFONS,
                    "text": "a",
                    "locations": [{"offset": 0, "length": 1}],
                }
            ],
            "relations": [{"id": "R1", "infons": INFONS, "nodes": []}],
        }
    ],
    "pmid": 17,
    "name": "of the document",
    "authors": ["A", "B"],
    "nothing": None,
}


def converted(path, to, place):
    """Convert a file; every problem is a failure."""
    problems = []
    documents = list(read_documents(path, report=problems.append))
    stream = io.BytesIO()
    writer = make_writer(
        stream, to, path=place, frame=Frame(), keep=True, report=problems.append
    )
    for document in documents:
        writer.write(document)
    writer.close()
    assert problems == []
    place.write_bytes(stream.getvalue())
    return place


def infons_of(value):
    """All infons in an object of JSON, in its order."""
    found = [value["infons"]] if "infons" in value else []
    for each in value.values():
        if isinstance(each, list):
            found += [i for v in each if isinstance(v, dict) for i in infons_of(v)]
    return found


def test_values_come_back_from_xml(tmp_path):
    path = tmp_path / "in.json"
    collection = {"infons": INFONS, "documents": [OBJECT]}
    path.write_text(json.dumps(collection))
    xml = converted(path, "bioc-xml", tmp_path / "out.xml")
    back = json.loads(converted(xml, "bioc-json", tmp_path / "back.json").read_text())
    # That of the collection, of the document and of four things in it.
    assert infons_of(back) == [INFONS] * 6
    (document,) = back["documents"]
    for key in ("pmid", "name", "authors", "nothing"):
        assert document[key] == OBJECT[key]
    again = converted(xml, "bioc-xml", tmp_path / "again.xml")
    assert again.read_bytes() == xml.read_bytes()


def test_other_readers_of_xml_see_plain_values_and_json(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(json.dumps(OBJECT))
    xml = converted(path, "bioc-xml", tmp_path / "out.xml")
    annotation = etree.parse(xml).find(".//annotation")
    texts = {each.get("key"): each.text for each in annotation.iterfind("infon")}
    assert texts["number"] == "284366"
    assert texts["valid"] == "true"
    assert texts["name"] is None
    assert texts["empty"] is None
    assert json.loads(texts["object"]) == INFONS["object"]
    assert texts["looks like JSON"] == '["a"]'


@pytest.mark.parametrize(
    ("infon", "value"),
    [
        ("[1]", "[1]"),
        ("[1]<?json?>", [1]),
        ("[1<?json?>", "[1"),
        ("<?other?>[1]", "[1]"),
        ("[" * 70 + "]" * 70 + "<?json?>", "[" * 70 + "]" * 70),
        ("[" * 100_000 + "<?json?>", "[" * 100_000),
    ],
)
def test_only_marked_text_is_read_as_json(tmp_path, infon, value):
    path = tmp_path / "in.xml"
    path.write_text(
        "<collection><?pi?><source/><date/><key/><document><id>1</id>"
        f'<infon key="a">{infon}</infon><passage><offset>0</offset>'
        "<text>a<?pi?>b</text></passage></document></collection>"
    )
    back = converted(path, "bioc-json", tmp_path / "back.json")
    (document,) = json.loads(back.read_text())["documents"]
    assert document["infons"] == {"a": value}
    assert document["passages"][0]["text"] == "ab"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-999, 999)
    | st.text('ab1[]{}",é', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner),
    max_leaves=5,
)


@given(values=st.dictionaries(st.text("abc ", min_size=1), VALUES, max_size=4))
def test_any_value_comes_back(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("any")
    path = folder / "in.json"
    made = {"id": "1", "infons": values, "passages": [{"offset": 0, "text": "a"}]}
    path.write_text(json.dumps(made))
    xml = converted(path, "bioc-xml", folder / "out.xml")
    back = json.loads(converted(xml, "bioc-json", folder / "back.json").read_text())
    assert back["documents"][0]["infons"] == values
