import json
import tarfile
import xml.etree.ElementTree as ET

import pytest
import spacy
from spacy.language import Language

from spacy_aioner.corpora.docbin import read_tasks
from spacy_aioner.formats.files import read_documents

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
DOSE = "Patients with the c.76A>T variant tolerated aspirin."
OLD = "1\t5\t9\tloss\tGene\t77"
PUBTATOR = f"1|t|{MICE}\n1|a|{DOSE}\n1\t0\t4\tTP53\tGene\t7157\n{OLD}\n\n"
FOUND = [
    (0, 4, "TP53", "Gene"),
    (13, 17, "HeLa", "CellLine"),
    (33, 39, "glioma", "Disease"),
    (50, 54, "mice", "Species"),
    (56, 64, "Patients", "Species"),
    (74, 81, "c.76A>T", "Variant"),
    (100, 107, "aspirin", "Chemical"),
]
SUMMARY = (
    "1 document in 1 file: 7 mentions predicted (CellLine 1, Chemical 1, Disease 1, "
    "Gene 1, Species 2, Variant 1), 0 problems\n"
)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in" / "a.PubTator"
    path.parent.mkdir()
    path.write_text(PUBTATOR, encoding="utf8")
    return path


@pytest.fixture
def tag(aioner, model, tmp_path):
    """Run `tag` with the trained pipeline; the output folder is "out"."""

    def run(*arguments):
        fixed = ("--output", tmp_path / "out", "--model", model)
        return aioner("tag", *arguments, *fixed)

    return run


def spans(path):
    [document] = read_documents(path)
    return [(m.start, m.end, m.text, m.type) for m in document.mentions]


def test_mentions_replace_those_of_the_input(tag, source, tmp_path):
    result = tag(source)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", SUMMARY)
    assert spans(tmp_path / "out" / "a.PubTator") == FOUND
    assert source.read_text(encoding="utf8") == PUBTATOR


def test_keep_adds_what_is_not_there(tag, source, tmp_path):
    result = tag(source, "--keep")
    assert "6 mentions predicted" in result.stderr
    text = (tmp_path / "out" / "a.PubTator").read_text(encoding="utf8")
    assert text.startswith(PUBTATOR[:-1])
    assert spans(tmp_path / "out" / "a.PubTator") == [
        FOUND[0],
        (5, 9, "loss", "Gene"),
        *FOUND[1:],
    ]


def test_threshold_and_consistency(tag, source, tmp_path):
    result = tag(source, "--threshold", "1", "--consistency", "0.5")
    assert "0 mentions predicted" in result.stderr
    # Another threshold is another result.
    assert "7 mentions predicted" in tag(source).stderr
    assert tag(source, "--threshold", "1.5").exit_code == 2


def test_quiet_writes_nothing(tag, source, tmp_path):
    result = tag(source, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert spans(tmp_path / "out" / "a.PubTator") == FOUND


def test_a_folder_gives_its_known_files(tag, source, tmp_path):
    folder = source.parent
    (folder / "b.txt").write_text(f"{MICE}\n{DOSE}", encoding="utf8")
    (folder / "notes.md").write_text("no input")
    (folder / ".hidden.txt").write_text("no input")
    (folder / "deep").mkdir()
    (folder / "deep" / "c.txt").write_text("no input")
    result = tag(folder, source)
    assert result.exit_code == 0
    warning, summary = result.stderr.splitlines()
    assert "skipped: 1 file of unknown format (.md 1), 1 subdirectory;" in warning
    assert summary.startswith("2 documents in 2 files: 14 mentions")
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == [".aioner", "a.PubTator", "b.txt", "manifest.jsonl"]
    lines = (tmp_path / "out" / "b.txt").read_text(encoding="utf8").splitlines()
    cells = [line.split("\t") for line in lines]
    assert [(int(c[0]), int(c[1]), c[4], c[2]) for c in cells] == FOUND
    assert all(0 < float(c[3]) <= 1 for c in cells)


def test_unknown_formats_are_left_out_and_the_rest_is_tagged(tag, source, tmp_path):
    page, table = source.with_name("page.html"), source.with_name("b.csv")
    page.write_text(f"<html><body>{MICE}</body></html>")
    table.write_text(f'pmid,abstract,year\n7,"{MICE} {DOSE}",2001\n')
    pack = source.with_name("pack.tgz")
    with tarfile.open(pack, "w:gz") as archive:
        archive.add(source, "set/a.PubTator")
        archive.add(table, "set/b.csv")
    result = tag(source, page, table, pack)
    assert result.exit_code == 3
    error, summary = result.stderr.splitlines()
    assert error == (
        f"error: {page}: cannot be read: it is an HTML page; extract its text to a "
        ".txt file; it is left out"
    )
    assert summary.startswith("4 documents in 3 files: 28 mentions")
    output = tmp_path / "out"
    names = {path.name for path in output.iterdir()}
    assert {"a.PubTator", "b.jsonl", "pack.xml.gz"} < names
    assert "page.html" not in names
    row = json.loads((output / "b.jsonl").read_text())
    assert list(row) == ["pmid", "abstract", "year", "entities"]
    documents = list(read_documents(output / "pack.xml.gz"))
    assert [document.id for document in documents] == ["1", "7"]


@pytest.mark.parametrize("suffix", ["xml", "json"])
def test_bioc_has_the_score(tag, aioner, source, tmp_path, suffix):
    bioc = tmp_path / f"a.{suffix}"
    aioner("convert", source, bioc, "--to", f"bioc-{suffix}")
    assert tag(bioc).exit_code == 0
    output = tmp_path / "out" / bioc.name
    if suffix == "xml":
        scores = [i.text for i in ET.parse(output).iterfind(".//infon[@key='score']")]
    else:
        [document] = json.loads(output.read_text(encoding="utf8"))["documents"]
        scores = [
            annotation["infons"]["score"]
            for passage in document["passages"]
            for annotation in passage["annotations"]
        ]
    assert len(scores) == len(FOUND)
    assert all(0.5 < float(score) <= 1 for score in scores)


def test_batches_do_not_change_the_result(tag, tmp_path):
    source = tmp_path / "many.PubTator"
    records = [f"{i}|t|{MICE}\n{i}|a|{DOSE}\n\n" for i in range(7)]
    source.write_text("".join(records), encoding="utf8")
    result = tag(source, "--batch-size", "3")
    assert result.stderr.startswith("7 documents in 1 file: 49 mentions")
    documents = list(read_documents(tmp_path / "out" / source.name))
    assert [document.id for document in documents] == list("0123456")
    for document in documents:
        assert [(m.start, m.end, m.text, m.type) for m in document.mentions] == FOUND


def test_spans_key_none_gives_entities(aioner, trained_copy, source, tmp_path):
    trained_copy.get_pipe("aioner").cfg["spans_key"] = None
    trained_copy.to_disk(tmp_path / "model")
    output = tmp_path / "out"
    result = aioner("tag", source, "-o", output, "-m", tmp_path / "model")
    assert result.exit_code == 0
    assert spans(output / "a.PubTator") == FOUND


@Language.component("refuses_aspirin")
def refuses_aspirin(doc):
    if "aspirin" in doc.text:
        raise RuntimeError("no aspirin\nhere")
    return doc


def test_a_document_that_fails_goes_on_untagged(aioner, trained_copy, source, tmp_path):
    trained_copy.add_pipe("refuses_aspirin")
    trained_copy.to_disk(tmp_path / "model")
    text = f"0|t|{MICE}\n\n" + PUBTATOR + f"2|t|{MICE}\n\n"
    source.write_text(text, encoding="utf8")
    output = tmp_path / "out"
    result = aioner("tag", source, "-o", output, "-m", tmp_path / "model")
    assert result.exit_code == 3
    [error] = [s for s in result.stderr.splitlines() if s.startswith("error")]
    assert error == (
        f"error: {source}: document 1: the pipeline fails on it (RuntimeError: no "
        "aspirin here); it is written without predictions"
    )
    documents = list(read_documents(output / source.name, report=lambda _: None))
    assert [len(document.mentions) for document in documents] == [4, 0, 4]


def test_lost_lines_are_told_and_give_code_3(tag, source, tmp_path):
    text = PUBTATOR + "".join(f"1\t9\t{i}\tx\tGene\n" for i in range(3))
    source.write_text(text.replace("\n\n", "\n"), encoding="utf8")
    result = tag(source)
    assert result.exit_code == 3
    lines = result.stderr.splitlines()
    assert [line.startswith(f"error: {source}:") for line in lines] == [True] * 3 + [
        False
    ]
    assert lines[-1].endswith("3 problems")
    assert spans(tmp_path / "out" / "a.PubTator") == FOUND


def test_tasks_are_those_of_the_pipeline(tag, source, tmp_path):
    for tasks, message in (
        (
            "Gene",
            "was not trained on the task 'Gene': it knows ALL; prompt",
        ),
        ("Organ", "Unknown task 'Organ': the tasks of this component are ALL, Gene,"),
        (" ,", "--tasks names nothing; write for example Gene,Disease."),
    ):
        result = tag(source, "--tasks", tasks)
        assert result.exit_code == 1
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        assert message in result.stderr
    assert not (tmp_path / "out").exists()
    assert tag(source, "--tasks", "ALL").exit_code == 0


def test_pipelines_that_do_not_serve(aioner, make_nlp, source, tmp_path):
    output = tmp_path / "out"

    def fails(model):
        result = aioner("tag", source, "-o", output, "-m", model)
        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        assert not output.exists()
        return result.stderr

    assert "cannot be loaded: there is no installed package" in fails("no_such_model")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "other")
    assert "has no aioner component, it holds sentencizer;" in fails(tmp_path / "other")


def test_inputs_and_outputs_that_clash(aioner, tag, source, model, tmp_path):
    def fails(*arguments):
        result = aioner("tag", *arguments, "--model", model)
        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        return result.stderr

    output = tmp_path / "out"
    assert "lies in the output folder" in fails(source, "-o", source.parent)
    other = tmp_path / "a.PubTator"
    other.write_text(PUBTATOR, encoding="utf8")
    assert f"the same name as that of {source}, a.PubTator" in fails(
        source, other, "-o", output
    )
    assert "no such file or folder" in fails(tmp_path / "none", "-o", output)
    assert "looks like a file" in fails(source, "-o", other)
    assert "Unknown format 'pdf'" in fails(source, "--format", "pdf", "-o", output)


@pytest.mark.parametrize("name", ["-", "out.pubtator", "out.XML.gz", "out.jsonl"])
def test_an_output_that_looks_like_a_file(aioner, source, model, tmp_path, name):
    output = name if name == "-" else tmp_path / name
    result = aioner("tag", source, "--output", output, "--model", model)
    assert result.exit_code == 1
    assert "director" in result.stderr
    assert not (tmp_path / name).exists()
    if name != "-":
        output.mkdir()
        fixed = ("--output", output, "--model", model)
        assert aioner("tag", source, *fixed).exit_code == 0


def test_more_workers_than_processors(tag, source, monkeypatch):
    from spacy_aioner.bulk import engines

    assert tag(source).exit_code == 0
    for number, words in ((1, "1 processor\n"), (2, "2 processors\n")):
        monkeypatch.setattr(engines, "processors", lambda number=number: number)
        # The file is done, so no worker is started.
        result = tag(source, "--workers", "3")
        assert f"warning: 3 workers share {words}" in result.stderr


def test_help_names_all_output_formats(aioner):
    from spacy_aioner.bulk.inputs import OUTPUTS

    said = aioner("tag", "--help").stdout
    assert all(name in said for name in OUTPUTS)


def test_an_empty_folder_is_told_and_the_rest_is_tagged(tag, source, tmp_path):
    (tmp_path / "empty").mkdir()
    alone = tag(tmp_path / "empty")
    assert alone.exit_code == 3
    assert "holds no file with a known suffix" in alone.stderr
    assert not (tmp_path / "out").exists()
    both = tag(tmp_path / "empty", source)
    assert both.exit_code == 3
    assert "holds no file with a known suffix" in both.stderr
    assert spans(tmp_path / "out" / "a.PubTator") == FOUND


def test_debug_shows_the_traceback(aioner, source, tmp_path):
    arguments = ("tag", source, "-o", tmp_path / "out", "-m", "none", "--debug")
    assert "cannot be loaded" in str(aioner(*arguments).exception)


def test_joined_components_answer_their_own_tasks(aioner, joined_nlp, tmp_path):
    joined_nlp.to_disk(tmp_path / "joined")
    text = f"{MICE} Growth of the liver and of heart cells in mice worsened."
    source = tmp_path / "b.PubTator"
    source.write_text(f"1|t|{text}\n\n", encoding="utf8")

    def run(*options):
        output = tmp_path / "out" / "_".join(options)
        fixed = ("-o", output, "-m", tmp_path / "joined")
        result = aioner("tag", source, *fixed, *options)
        return spans(output / "b.PubTator") if not result.exit_code else result.stderr

    both, new = run(), run("--tasks", "Anatomy")
    assert both == sorted(both)
    assert {"TP53", "liver"} <= {text for _, _, text, _ in both}
    assert {kind for _, _, _, kind in new} == {"Organ", "Tissue"}
    assert "'Gene': it knows ALL, Anatomy." in run("--tasks", "Gene")
    nlp = spacy.load(tmp_path / "joined")
    nlp.get_pipe_config("aioner_anatomy")["overwrite"] = True
    nlp.to_disk(tmp_path / "joined")
    assert "overwrites what those before it found" in run("--keep")


def test_a_docbin_is_of_one_task(aioner, joined_nlp, source, tmp_path):
    joined_nlp.to_disk(tmp_path / "joined")
    fixed = ("-o", tmp_path / "out", "-m", tmp_path / "joined", "--to", "docbin")
    result = aioner("tag", source, *fixed)
    assert result.exit_code == 1
    assert "answers the tasks ALL, Anatomy, but a DocBin" in result.stderr
    assert not list((tmp_path / "out").rglob("*.spacy"))
    assert aioner("tag", source, *fixed, "--tasks", "Anatomy").exit_code == 0
    pairs = list(read_tasks(tmp_path / "out" / "a.spacy"))
    assert {task for _, task in pairs} == {"Anatomy"}


def test_components_that_write_apart(aioner, joined_nlp, source, tmp_path):
    joined_nlp.to_disk(tmp_path / "joined")
    nlp = spacy.load(tmp_path / "joined")
    nlp.get_pipe("aioner_anatomy").cfg["spans_key"] = "anatomy"
    nlp.to_disk(tmp_path / "apart")

    def run(*options):
        return aioner("tag", source, "-m", tmp_path / "apart", *options)

    result = run("-o", tmp_path / "both")
    assert result.exit_code == 1
    assert "give them one spans_key, or name --tasks of one" in result.stderr
    assert run("-o", tmp_path / "one", "--tasks", "ALL").exit_code == 0


def test_relations_go_with_the_annotations(tag, source, tmp_path):
    relation = "1\tAssociation\t7157\t77\tNo\n"
    source.write_text(f"{PUBTATOR[:-1]}{relation}\n", encoding="utf8")
    result = tag(source)
    assert result.exit_code == 0
    (line, _) = result.stderr.splitlines()
    assert (
        "relations of annotations that are not kept are left out with them: 1" in line
    )
    assert relation not in (tmp_path / "out" / "a.PubTator").read_text()
    result = tag(source, "--keep")
    assert relation in (tmp_path / "out" / "a.PubTator").read_text()
    result = tag(source, "--keep", "--to", "jsonl")
    assert result.exit_code == 3
    assert "relations are left out, jsonl cannot hold them: 1" in result.stderr


def test_markup_stays_in_the_output(tag, tmp_path):
    text = "<i>TP53</i>" + MICE[4:].replace("loss", "l&#111;ss")
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"id": "1", "text": text}) + "\n")
    result = tag(path, "--markup")
    assert result.exit_code == 0
    value = json.loads((tmp_path / "out" / "in.jsonl").read_text())
    assert value["text"] == text
    found = {(text[e["start"] : e["end"]], e["type"]) for e in value["entities"]}
    assert found == {(word, kind) for _, _, word, kind in FOUND[:4]}
