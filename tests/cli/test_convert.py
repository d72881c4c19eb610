import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_aioner.formats.document import Mention
from spacy_aioner.formats.files import read_documents

TITLE = "p53 loss in mice."
ABSTRACT = "Cells died. Aspirin helped."
RECORD = (
    f"1|t|{TITLE}\n1|a|{ABSTRACT}\n1\t0\t3\tp53\tFamilyName\t7157\n"
    "1\t12\t16\tmice\tSpecies\t10090\n1\t18\t23\tCells\tCell\n"
    "1\t30\t37\tAspirin\tChemical\tD001241\n\n"
)
MENTIONS = [
    Mention(0, 3, "p53", "FamilyName", "7157"),
    Mention(12, 16, "mice", "Species", "10090"),
    Mention(18, 23, "Cells", "Cell"),
    Mention(30, 37, "Aspirin", "Chemical", "D001241"),
]
LEFT_OUT = "mentions of these types are left out: 1 FamilyName, 1 Species, 1 Cell"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.PubTator"
    path.write_text(RECORD, encoding="utf8")
    return path


@pytest.fixture
def convert(aioner, source, tmp_path):
    """Convert the source (or another file) to a format; gives result and output."""

    def run(to, *arguments, input=source, name="out"):
        output = tmp_path / name
        return aioner("convert", input, output, "--to", to, *arguments), output

    return run


def lines(path):
    text = path.read_text(encoding="utf8")
    assert text.endswith("\n\n")
    return [
        " ".join(line.replace("\t", "|") for line in sentence.split("\n"))
        for sentence in text[:-2].split("\n\n")
    ]


@pytest.mark.parametrize("to", ["pubtator", "bioc-xml", "bioc-json"])
def test_every_mention_stays_without_a_task(convert, to):
    result, output = convert(to)
    assert result.exit_code == 0
    assert result.stderr == f"{output}: 1 document, 4 mentions\n"
    [document] = read_documents(output)
    assert document.mentions == MENTIONS


def test_pubtator_to_pubtator_is_the_same_file(convert, source):
    _, output = convert("pubtator")
    assert output.read_bytes() == source.read_bytes()


def test_types_are_renamed_and_left_out(convert):
    result, output = convert("pubtator", "--map", "FamilyName=Gene,Cell=")
    [document] = read_documents(output)
    assert [m.type for m in document.mentions] == ["Gene", "Species", "Chemical"]
    assert "left out" not in result.stderr


def test_entries_of_a_map_that_rename_nothing_are_told(convert, source):
    result, _ = convert("pubtator", "--map", "FamilyName=Gene,Genes=Gene")
    assert result.exit_code == 0
    assert f"warning: {source}: --map: no mention has the type Genes\n" in result.stderr
    assert "type FamilyName" not in result.stderr


def test_conll_has_the_words_of_the_component(convert):
    result, output = convert("conll", "--map", "FamilyName=Gene,Cell=")
    assert result.exit_code == 0
    assert lines(output) == [
        "<ALL>|O p|B-Gene 53|I-Gene loss|O in|O mice|B-Species .|O </ALL>|O",
        "<ALL>|O Cells|O died|O .|O </ALL>|O",
        "<ALL>|O Aspirin|B-Chemical helped|O .|O </ALL>|O",
    ]
    assert b"\r" not in output.read_bytes()


def test_conll_of_one_task_has_its_outside_label(convert):
    result, output = convert("conll", "--task", "Chemical")
    assert result.exit_code == 0
    assert LEFT_OUT in result.stderr
    assert lines(output)[2] == (
        "<Chemical>|O-Chemical Aspirin|B-Chemical helped|O-Chemical .|O-Chemical "
        "</Chemical>|O-Chemical"
    )
    assert "mice|O-Chemical" in lines(output)[0]


def test_conll_of_a_task_of_ones_own_has_the_types_found(convert):
    _, output = convert("conll", "--task", "Anatomy", "--map", "Species=,Chemical=")
    assert lines(output)[0].startswith("<Anatomy>|O-Anatomy p|B-FamilyName")
    assert "Cells|B-Cell died|O-Anatomy" in lines(output)[1]


def test_conll_of_the_published_preprocessing(convert):
    _, output = convert("conll", "--tokenizer", "reference", "--map", "Cell=")
    assert lines(output)[0] == (
        "<ALL>|O p53|B-FamilyName loss|O in|O mice|B-Species .|O </ALL>|O"
    )


def test_docbin_holds_the_task_and_comes_back(convert, source):
    result, output = convert("docbin", "--task", "Chemical", name="a.spacy")
    assert result.exit_code == 0
    [doc] = DocBin().from_disk(output).get_docs(spacy.blank("en").vocab)
    assert doc.user_data["aioner_task"] == "Chemical"
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Aspirin", "Chemical")]
    assert [token.text for token in doc][:3] == ["p", "53", "loss"]
    convert("docbin", name="b.spacy")
    result, back = convert("pubtator", input=output.with_name("b.spacy"))
    assert result.exit_code == 0
    assert back.read_bytes() == source.read_bytes()


def test_docs_of_another_pipeline_are_numbered(convert, tmp_path):
    nlp = spacy.blank("en")
    docs = [nlp("About TP53 here."), nlp("Nothing."), Doc(nlp.vocab)]
    docs[0].set_ents([docs[0].char_span(6, 10, label="Gene")])
    DocBin(docs=docs).to_disk(tmp_path / "plain.spacy")
    result, output = convert("pubtator", input=tmp_path / "plain.spacy")
    assert result.exit_code == 0
    documents = list(read_documents(output))
    assert [d.id for d in documents] == ["plain-1", "plain-2", "plain-3"]
    assert documents[0].mentions == [Mention(6, 10, "TP53", "Gene")]


def test_a_broken_docbin_is_told(convert, tmp_path):
    (tmp_path / "bad.spacy").write_bytes(b"nothing of the kind")
    result, _ = convert("pubtator", input=tmp_path / "bad.spacy")
    assert result.exit_code == 3
    assert "cannot be read as a DocBin" in result.stderr


def test_ids_choose_documents(convert, source, tmp_path):
    source.write_text("".join(f"{i}|t|Text\n\n" for i in range(5)), encoding="utf8")
    (tmp_path / "ids").write_text("1\n3 \n\n9\n")

    def chosen(option):
        result, output = convert("pubtator", option, tmp_path / "ids")
        assert result.exit_code == 0
        assert "1 of 3 listed ids are not in the file, for example 9" in result.stderr
        found = read_documents(output, report=lambda problem: None)
        return [document.id for document in found]

    assert chosen("--ids") == ["1", "3"]
    assert chosen("--exclude-ids") == ["0", "2", "4"]


def test_mentions_without_a_type_are_told(convert, source):
    source.write_text("1|t|Some text\n1\t0\t4\tSome\t\n\n", encoding="utf8")
    result, output = convert("conll")
    told = f"error: {source}: mentions without a type are left out: 1"
    assert told in result.stderr
    assert result.exit_code == 3
    assert lines(output) == ["<ALL>|O Some|O text|O </ALL>|O"]


def test_a_mention_over_passages_far_apart_is_lost_as_a_label(convert, tmp_path):
    bioc = tmp_path / "far.json"
    bioc.write_text(
        '{"id": "1", "annotations": [{"id": "T", "text": "a b", "infons": '
        '{"type": "Gene"}, "locations": [{"offset": 0, "length": 21}]}], "passages": '
        '[{"offset": 0, "text": "a"}, {"offset": 20, "text": "b"}]}'
    )
    result, _ = convert("docbin", input=bioc, name="far.spacy")
    assert result.exit_code == 3
    assert "document 1: the mention at 0 to 21 is not in the text" in result.stderr


def test_an_unfinished_output_leaves_the_old_one(convert, source, tmp_path):
    source.write_text("1|t|Some text\n1\t0\t4\tSome\ttwo words\n\n", encoding="utf8")
    (tmp_path / "out").write_text("old")
    result, output = convert("conll")
    assert result.exit_code == 1
    assert "'B-two words'" in result.stderr
    assert output.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.PubTator", "out"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "two words"), "cannot name a task"),
        (("--task", "all"), "--task all: the letter case of a task counts; write ALL."),
        (("--task", "cellline"), "write CellLine."),
        (("--map", "Gene"), "is not of the form OLD=NEW"),
        (("--tokenizer", "reference"), "works with --to conll only"),
        (("--ids", "no_such_file"), "no_such_file: there is no such file"),
    ],
)
def test_wrong_settings(convert, arguments, message):
    result, output = convert("docbin", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert not output.exists()


def test_inputs_and_outputs_that_do_not_serve(convert, source, tmp_path):
    (tmp_path / "a.conll").write_text("a\tO\n\n")
    for arguments, message in (
        ({"name": "a.PubTator"}, "is the input itself"),
        ({"name": "."}, "is a folder; name the file to write"),
        ({"input": tmp_path}, "is a folder without .ann files; name a file, or a"),
        ({"input": tmp_path / "a.conll"}, "CoNLL holds no documents"),
        ({"name": "none/out"}, "cannot be written"),
    ):
        result, _ = convert("docbin", **arguments)
        assert result.exit_code == 1
        assert message in result.stderr
    assert source.read_text(encoding="utf8") == RECORD


def test_an_unknown_format_is_a_usage_error(convert):
    assert convert("pdf")[0].exit_code == 2


def test_rows_and_tables(convert):
    result, output = convert("jsonl")
    assert result.exit_code == 0
    [document] = read_documents(output, format="jsonl")
    assert document.mentions == MENTIONS
    parquet = pytest.importorskip("pyarrow.parquet")
    result, output = convert("parquet")
    assert result.stderr == f"{output}: 1 document, 4 mentions\n"
    rows = parquet.read_table(output).to_pylist()
    assert [(row["start"], row["end"], row["type"]) for row in rows] == [
        (mention.start, mention.end, mention.type) for mention in MENTIONS
    ]


def test_columns_are_named(convert, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("key,head,body\n7,Mice,TP53\n")
    named = ("--id-column", "key", "--text-columns", "body,head")
    result, output = convert("bioc-json", *named, input=rows)
    assert result.exit_code == 0
    [document] = read_documents(output)
    assert (document.id, document.text) == ("7", "TP53 Mice")
    assert convert("bioc-json", input=rows)[0].exit_code == 3


@pytest.fixture
def brat(tmp_path):
    """A folder of two documents of brat."""
    folder = tmp_path / "brat"
    (folder / "more").mkdir(parents=True)
    for name, text, annotation in (
        ("b", "p53 loss.\nMice died.", "T1\tProtein 0 3\tp53\nT2\tTaxon 10 14\tMice\n"),
        (
            "more/a",
            "Aspirin helped.",
            "T1\tDrug 0 7\tAspirin\nN1\tReference T1 M:1\ta\n",
        ),
    ):
        (folder / f"{name}.txt").write_text(text, encoding="utf8")
        (folder / f"{name}.ann").write_text(annotation, encoding="utf8")
    return folder


def test_a_folder_of_brat_as_pubtator(convert, brat):
    result, output = convert(
        "pubtator", "--map", "Protein=Gene,Drug=Chemical,Taxon=", input=brat
    )
    assert result.exit_code == 0
    assert result.stderr == f"{output}: 2 documents, 2 mentions\n"
    assert output.read_text(encoding="utf8") == (
        "b|t|p53 loss. Mice died.\nb|a|\nb\t0\t3\tp53\tGene\n\n"
        "more/a|t|Aspirin helped.\nmore/a|a|\n"
        "more/a\t0\t7\tAspirin\tChemical\tM:1\n\n"
    )


def test_a_folder_of_brat_as_docbin(convert, brat, tmp_path):
    result, output = convert("docbin", input=brat, name="brat.spacy")
    assert result.exit_code == 0
    docs = list(DocBin().from_disk(output).get_docs(spacy.blank("en").vocab))
    assert [doc.text for doc in docs] == ["p53 loss.\nMice died.", "Aspirin helped."]
    assert [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs] == [
        [("p53", "Protein"), ("Mice", "Taxon")],
        [("Aspirin", "Drug")],
    ]
    result, output = convert("pubtator", input=brat / "more" / "a.ann")
    assert result.stderr == f"{output}: 1 document, 1 mention\n"


def test_no_file_of_a_brat_corpus_is_written_over(convert, brat):
    for source, name in ((brat, "brat/b.ann"), (brat / "b.ann", "brat/b.txt")):
        before = (brat.parent / name).read_bytes()
        result, output = convert("pubtator", input=source, name=name)
        assert result.exit_code == 1
        assert "is the input itself" in result.stderr
        assert output.read_bytes() == before


def test_what_the_target_cannot_hold_is_an_error(convert, source, tmp_path):
    relation = "1\tAssociation\t7157\tD001241\tNovel\n"
    more = RECORD.replace("\t7157\n", "\t7157\tTax:9606\n")
    source.write_text(f"{more[:-1]}{relation}\n", encoding="utf8")
    for to in ("jsonl", "docbin"):
        result, _ = convert(to, name=to)
        assert result.exit_code == 3
        assert f"relations are left out, {to} cannot hold them: 1\n" in result.stderr
        assert "mentions with further columns are left out" in result.stderr
    result, output = convert("bioc-xml")
    assert (result.exit_code, "left out" in result.stderr) == (0, False)
    result, back = convert("pubtator", input=output, name="back")
    assert (result.exit_code, back.read_bytes()) == (0, source.read_bytes())


def test_markup_is_taken_out_of_labels(convert, tmp_path):
    path = tmp_path / "a.jsonl"
    row = '{"id": "1", "text": "<i>p53</i> &amp; TNF-&alpha;", "entities": '
    path.write_text(row + '[{"start": 3, "end": 6, "type": "Gene"}]}\n')
    result, _ = convert("conll", input=path)
    assert "--markup" in result.stderr
    result, output = convert("conll", "--markup", input=path)
    assert "--markup" not in result.stderr
    words = [line.partition("|")[0] for line in lines(output)[0].split()]
    assert words == ["<ALL>", "p", "53", "&", "TNF", "-", "α", "</ALL>"]
