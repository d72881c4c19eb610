import json

import pytest

GOLD = (
    "1|t|TP53 loss in mice\n1\t0\t4\tTP53\tGene\n1\t13\t17\tmice\tSpecies\n\n"
    "2|t|No protein\n2\t3\t10\tprotein\tFamilyName\n\n"
)
PREDICTED = (
    "1|t|TP53 loss in mice\n1\t0\t4\tTP53\tGene\n1\t10\t17\tin mice\tSpecies\n\n"
)


@pytest.fixture
def evaluate(aioner, tmp_path):
    """Evaluate a prediction against a gold standard, both given as PubTator."""

    def run(*arguments, gold=GOLD, predicted=PREDICTED):
        files = []
        for name, text in (("gold.PubTator", gold), ("pred.PubTator", predicted)):
            (tmp_path / name).write_text(text, encoding="utf8")
            files.append(tmp_path / name)
        return aioner("evaluate", *files, *arguments)

    return run


def rows(result):
    return {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}


def test_table_and_missing_documents(evaluate, tmp_path):
    result = evaluate()
    assert result.exit_code == 0
    scores = rows(result)
    assert scores["Gene"] == ["1", "0", "0", *["100.00"] * 6]
    assert scores["Species"] == ["0", "1", "1", *["0.00"] * 3, *["100.00"] * 3]
    assert scores["micro"][:3] == ["1", "1", "2"]
    warnings = [s for s in result.stderr.splitlines() if "only" in s]
    assert warnings == [f"warning: only {tmp_path / 'gold.PubTator'} has 1 document: 2"]


def test_types_are_mapped_and_chosen(evaluate):
    result = evaluate("--map", "FamilyName=Gene", "--types", "Gene,Variant")
    scores = rows(result)
    assert scores["Gene"][:3] == ["1", "0", "1"]
    assert scores["Variant"][:3] == ["0", "0", "0"]
    assert "Species" not in scores


def test_types_that_occur_nowhere_are_told(evaluate, tmp_path):
    result = evaluate("--map", "FamilyName=", "--types", "Gene,gene,FamilyName,gene")
    assert result.exit_code == 0
    files = f"{tmp_path / 'gold.PubTator'} nor {tmp_path / 'pred.PubTator'}"
    assert [s for s in result.stderr.splitlines() if "--types" in s] == [
        f"warning: --types: {name} occurs neither in {files}"
        for name in ("gene", "FamilyName")
    ]
    assert "--types" not in evaluate("--types", "FamilyName").stderr


def test_entries_of_a_map_that_rename_nothing_are_told(evaluate, tmp_path):
    result = evaluate("--map", "FamilyName=Gene,*=Gene,Protien=Gene")
    assert result.exit_code == 0
    files = f"{tmp_path / 'gold.PubTator'} nor {tmp_path / 'pred.PubTator'}"
    assert [s for s in result.stderr.splitlines() if "--map" in s] == [
        f"warning: --map: {name} occurs neither in {files}" for name in ("*", "Protien")
    ]


def test_types_of_other_names_are_told(evaluate):
    other = PREDICTED.replace("\tGene", "\tgene").replace("\tSpecies", "\ttaxon")
    result = evaluate(predicted=other)
    assert result.exit_code == 0
    assert (
        "warning: no type occurs on both sides, so nothing can be right: gold has "
        "FamilyName, Gene, Species, the prediction gene, taxon; rename with --map, for "
        "example --map 'FamilyName=gene'\n"
    ) in result.stderr
    for mapped in ("gene=Gene", "Gene=,Species=,FamilyName="):
        assert "both sides" not in evaluate("--map", mapped, predicted=other).stderr
    assert "both sides" not in evaluate(predicted="1|t|TP53 loss in mice\n\n").stderr


def test_help_lists_what_can_be_read(aioner, evaluate, tmp_path):
    said = aioner("evaluate", "--help").stdout
    evaluate()
    gold = tmp_path / "gold.PubTator"
    for name, to in (("JSON lines", "jsonl"), ("BioC JSON", "bioc-json")):
        assert name in said
        path = tmp_path / f"gold.{to.removeprefix('bioc-')}"
        aioner("convert", gold, path, "--to", to)
        result = aioner("evaluate", gold, path)
        assert (result.exit_code, rows(result)["micro"][:3]) == (0, ["3", "0", "0"])


def test_json(evaluate):
    result = evaluate("--json")
    report = json.loads(result.stdout)
    assert report["strict"]["types"]["Gene"]["f1"] == 100
    assert report["relaxed"]["micro"]["tp"] == 2
    assert report["not_predicted"] == ["2"]


def test_many_missing_documents_are_cut_short(evaluate):
    text = "".join(f"{i}|t|Text\n\n" for i in range(12))
    result = evaluate(predicted=text)
    assert "has 10 documents: 0, 3, 4, 5, 6, 7, 8, 9, 10, 11\n" in result.stderr
    gold = "x|t|Text\nx\t0\t4\tText\tGene\n\n"
    result = evaluate(gold=gold, predicted=text)
    assert "has 12 documents: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more" in result.stderr


def test_another_text_is_told(evaluate):
    result = evaluate(predicted=PREDICTED.replace("loss", "gain"))
    assert "the text differs between the two files of 1 document: 1" in result.stderr


def test_lost_lines_give_code_3(evaluate):
    result = evaluate(predicted=PREDICTED + "1|t|Text\n1\t9\t8\tx\tGene\n\n")
    assert result.exit_code == 3
    assert "error: " in result.stderr


def test_formats_may_differ(evaluate, aioner, tmp_path):
    evaluate()
    gold = tmp_path / "gold.PubTator"
    for to, name in (("docbin", "g.spacy"), ("bioc-xml", "g.xml")):
        aioner("convert", gold, tmp_path / name, "--to", to)
        result = aioner("evaluate", gold, tmp_path / name)
        assert result.exit_code == 0
        assert rows(result)["micro"][:3] == ["3", "0", "0"]


def test_a_gold_standard_without_mentions_is_no_gold_standard(evaluate):
    result = evaluate(gold="1|t|Text\n1|a|more\n\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "gold.PubTator: holds no mention, so there is nothing" in result.stderr
    result = evaluate(predicted="1|t|Text\n1|a|more\n\n")
    assert result.exit_code == 0
    assert "pred.PubTator: holds no mention" in result.stderr


def test_annotation_of_other_tools_is_gold(aioner, tmp_path):
    """Prodigy, spaCy and doccano, against the same mentions in our own lines."""
    own = {"start": 0, "end": 4, "type": "Gene"}
    theirs = {"start": 0, "end": 4, "label": "Gene"}
    text = {"id": 1, "text": "TP53 in mice"}
    pred = tmp_path / "pred.jsonl"
    pred.write_text(json.dumps(text | {"entities": [own]}))
    for key, value in (
        ("spans", [theirs | {"token_start": 0, "token_end": 0}]),
        ("ents", [theirs]),
        ("spans", {"aioner": [theirs | {"kb_id": ""}]}),
        ("label", [[0, 4, "Gene"]]),
        ("labels", [[0, 4, "Gene"]]),
        ("entities", [{"id": 9, "label": "Gene", "start_offset": 0, "end_offset": 4}]),
    ):
        gold = tmp_path / "gold.jsonl"
        gold.write_text(json.dumps(text | {key: value}))
        result = aioner("evaluate", gold, pred)
        assert (result.exit_code, result.stderr) == (0, "")
        assert rows(result)["micro"][:3] == ["1", "0", "0"]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.nxml", "<article/>", "of the format jats"),
        ("a.xml", "<PubmedArticleSet/>", "of the format pubmed-xml"),
        ("a.parquet", "", "of the format parquet"),
        ("a.nbib", "PMID- 1", "of the format nbib"),
        ("a.csv", "id,text\n1,x\n", "of the format csv"),
        ("a.conll", "x\tO\n", "words with labels"),
        ("a.tsv", "x\tO\ny\tB-Gene\n\nz\tO\n", "words with labels"),
        ("a.pdf", "%PDF-1.7", "a PDF document"),
    ],
)
def test_formats_without_annotation_are_refused(aioner, tmp_path, name, content, word):
    path = tmp_path / name
    path.write_text(content)
    result = aioner("evaluate", path, path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert word in result.stderr


def test_files_that_do_not_serve(aioner, tmp_path):
    (tmp_path / "a.txt").write_text("plain text")
    for path, message in (
        (tmp_path / "none", "there is no such file"),
        (tmp_path, "is a folder"),
        (tmp_path / "a.txt", "is plain text, which holds no annotation"),
    ):
        result = aioner("evaluate", path, path)
        assert result.exit_code == 1
        assert result.stderr.startswith("error: ")
        assert message in result.stderr
        assert result.stdout == ""
