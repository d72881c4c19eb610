"""What is done is passed over, and what changed is done again."""

import json
import os
import shutil

import pytest

from spacy_aioner.bulk.manifest import describe_model
from spacy_aioner.errors import AionerError


def snapshot(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_record_for_each_output(tag, sources, manifest, model):
    assert tag(sources).exit_code == 0
    records = manifest()
    assert list(records) == [f"{name}.pubtator" for name in "abcd"]
    record = records["b.pubtator"]
    assert record["input"] == str(sources / "b.pubtator")
    assert record["documents"] == 3
    found = {"CellLine": 2, "Chemical": 1, "Disease": 2, "Gene": 2}
    assert record["mentions"] == {**found, "Species": 3, "Variant": 1}
    assert record["failures"] == 0
    assert record["model"] == describe_model(str(model))
    assert len(record["input_sha256"]) == 64


def test_nothing_is_done_twice(tag, sources, tmp_path):
    tag(sources)
    before = snapshot(tmp_path / "out")
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.pubtator")}
    again = tag(sources)
    assert again.exit_code == 0
    none = "0 documents in 0 files: 0 mentions predicted, 0 problems"
    assert again.stderr == f"{none}; 4 files done before\n"
    assert {p: p.stat().st_mtime_ns for p in times} == times
    assert snapshot(tmp_path / "out") == before
    assert "12 documents in 4 files" in tag(sources, "--force").stderr
    assert snapshot(tmp_path / "out") == before


def test_only_what_changed_is_done_again(tag, sources, tmp_path):
    tag(sources)
    (sources / "a.pubtator").write_text("new|t|TP53 loss.\nnew|a|\n\n")
    os.utime(sources / "b.pubtator")  # Touched, and the same.
    (tmp_path / "out" / "c.pubtator").unlink()
    result = tag(sources)
    assert result.stderr.startswith("4 documents in 2 files")
    assert result.stderr.endswith("; 2 files done before\n")


def test_an_output_that_someone_changed_stays(tag, sources, tmp_path, losses):
    """A curator corrected an output; the input changes and the command runs again."""
    tag(sources)
    corrected = tmp_path / "out" / "d.pubtator"
    corrected.write_text("corrected by hand")
    (sources / "d.pubtator").write_text("new|t|TP53 loss.\nnew|a|\n\n")
    result = tag(sources)
    assert result.exit_code == 3
    assert corrected.read_text() == "corrected by hand"
    [loss] = losses()
    assert loss["file"] == str(sources / "d.pubtator")
    assert "was changed since it was written" in loss["reason"]
    assert tag(sources, "--force").exit_code == 0
    assert corrected.read_text().startswith("new|t|TP53 loss.")
    assert not (tmp_path / "out" / "failures.jsonl").exists()


def test_files_of_someone_else_stay(tag, sources, tmp_path, losses):
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.pubtator").write_text("of someone else")
    for option in ([], ["--force"]):
        result = tag(sources, *option)
        assert result.exit_code == 3
        assert "9 documents in 3 files" in result.stderr or not option
        [loss] = losses()
        assert "that this command did not write" in loss["reason"]
        assert (out / "b.pubtator").read_text() == "of someone else"
    (out / "b.pubtator").unlink()
    assert tag(sources).exit_code == 0


@pytest.mark.parametrize("name", ["manifest.jsonl", "failures.jsonl"])
def test_lists_of_someone_else_stay(tag, sources, tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("of someone else")
    result = tag(sources)
    assert result.exit_code == 1
    assert f"{name}: was not written by this command" in result.stderr
    assert [path.name for path in out.iterdir()] == [name]
    assert (out / name).read_text() == "of someone else"


def test_another_input_of_the_same_name_is_refused(tag, sources, tmp_path, losses):
    tag(sources)
    before = snapshot(tmp_path / "out")
    other = tmp_path / "other"
    shutil.copytree(sources, other)
    changed = other / "a.pubtator"
    changed.write_text(changed.read_text().replace("TP53", "BRCA"))
    time = (sources / "a.pubtator").stat().st_mtime_ns
    os.utime(changed, ns=(time, time))  # The same size and the same time.
    result = tag(other)
    assert result.exit_code == 3
    # The three that only lie elsewhere now are the same.
    assert "; 3 files done before" in result.stderr
    [loss] = losses()
    assert f"made of another input, {sources / 'a.pubtator'}" in loss["reason"]
    after = snapshot(tmp_path / "out")
    assert after["a.pubtator"] == before["a.pubtator"]
    assert tag(other, "--force").exit_code == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--keep"],
        ["--to", "jsonl"],
        ["--max-characters", "9"],
        ["--tasks", "ALL"],
        ["--precision", "bf16"],
    ],
)
def test_other_settings_are_another_run(tag, sources, options):
    tag(sources / "a.pubtator")
    assert "done before" not in tag(sources / "a.pubtator", *options).stderr
    assert "1 file done before" in tag(sources / "a.pubtator", *options).stderr


def test_the_precision_is_recorded_and_can_be_fixed(tag, sources, manifest):
    for options, used in (([], "fp32"), (["--precision", "bf16"], "bf16")):
        assert tag(sources / "a.pubtator", *options).exit_code == 0
        record = manifest()["a.pubtator"]
        assert record["precision"] == {"aioner": used}
        assert record["device"] == "cpu"


def test_all_workers_take_the_precision_that_was_found_once(tag, sources, monkeypatch):
    from spacy_aioner.bulk import engines
    from spacy_aioner.models import precision

    handed = []

    def worker(*args, auto, **settings):
        handed.append(auto)
        raise AionerError("enough")

    monkeypatch.setattr(engines, "Worker", worker)
    monkeypatch.setattr(precision, "cpu_precision", lambda: "bf16")
    for options in ([], ["--precision", "auto"], ["--precision", "fp16"]):
        assert "enough" in tag(sources, "--workers", "2", *options).stderr
    assert handed == ["bf16", "bf16", None]


def test_another_model_is_another_run(model, sources, tmp_path):
    first = describe_model(str(model))
    assert first == describe_model(str(model))
    other = tmp_path / "other"
    shutil.copytree(model, other)
    assert describe_model(str(other)) == first
    meta = json.loads((other / "meta.json").read_text())
    (other / "meta.json").write_text(json.dumps({**meta, "version": "9.9"}))
    assert describe_model(str(other))["version"] == "9.9"
    assert describe_model(str(other))["sha256"] != first["sha256"]
    with pytest.raises(AionerError, match="cannot be loaded"):
        describe_model("no_such_package")


def test_a_touched_file_is_looked_at_once(tag, sources):
    tag(sources / "a.pubtator")
    os.utime(sources / "a.pubtator", ns=(1, 1))
    assert "1 file done before" in tag(sources / "a.pubtator").stderr
    record = json.loads((sources.parent / "out" / "manifest.jsonl").read_text())
    assert record["input_changed"] == "1"


def test_an_empty_list_is_no_line(tag, sources, tmp_path):
    tag(sources / "a.pubtator")
    (tmp_path / "out" / ".aioner" / "files" / "x.failures.jsonl").write_text("")
    tag(sources / "a.pubtator")
    assert not (tmp_path / "out" / "failures.jsonl").exists()


def test_a_damaged_record_is_none(tag, sources, tmp_path):
    tag(sources / "a.pubtator")
    [record] = (tmp_path / "out" / ".aioner" / "files").iterdir()
    record.write_text('{"output": ')
    assert tag(sources / "a.pubtator").stderr.startswith("3 documents in 1 file")


def test_losses_are_listed_and_remembered(tag, sources, losses, manifest, tmp_path):
    bad = sources / "b.pubtator"
    bad.write_bytes(b"1|t|TP53 \xff\n\n2|t|TP53 loss\n2|a|\n\n")
    first = tag(sources)
    assert first.exit_code == 3
    assert "10 documents in 4 files" in first.stderr
    [loss] = losses()
    assert (loss["file"], loss["line"], loss["document"]) == (str(bad), 1, "1")
    assert "UTF-8" in loss["reason"]
    assert manifest()["b.pubtator"]["failures"] == 1
    second = tag(sources)
    assert second.exit_code == 3
    assert "4 files done before" in second.stderr
    assert "lists what was lost of 1 file done before" in second.stderr
    bad.write_text("1|t|TP53 loss\n1|a|\n\n")
    assert tag(sources).exit_code == 0
    assert not (tmp_path / "out" / "failures.jsonl").exists()
