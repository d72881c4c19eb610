"""Which files are tagged, and what their outputs are called."""

import io
from pathlib import PurePath

import fsspec
import pytest

from spacy_aioner.bulk.folder import Folder
from spacy_aioner.bulk.inputs import find_files, plan, stored
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.compression import compress

PUBMED = "<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>"


def packed(data, path):
    stream = io.BytesIO()
    with compress(stream, path) as packer:
        packer.write(data)
    return stream.getvalue()


def find(*inputs, output="memory://nowhere/out"):
    problems = []
    names = [str(each) for each in inputs]
    return find_files(names, Folder(str(output)), report=problems.append), problems


def test_files_folders_and_patterns(tmp_path):
    names = ["a.xml", "b.xml.gz", "c.nxml.zst", ".d.xml", "e.md", "deep/f.jsonl.gz"]
    (tmp_path / "deep").mkdir()
    for name in names:
        (tmp_path / name).write_text("x")
    found, problems = find(tmp_path, tmp_path / "e.md", tmp_path / "a.xml")
    assert found == [str(tmp_path / n) for n in (*names[:3], "e.md")]
    [problem] = problems
    assert not problem.lost
    assert problem.message == (
        "skipped: 1 file of unknown format (.md 1), 1 subdirectory; name files, or "
        f"use a pattern such as '{tmp_path}/**/*'"
    )
    found, _ = find(tmp_path / "**" / "*.gz")
    assert found == [str(tmp_path / "b.xml.gz"), str(tmp_path / "deep" / "f.jsonl.gz")]
    found, [problem] = find(tmp_path / "*.none")
    assert (found, problem.lost) == ([], True)
    with pytest.raises(AionerError, match="no such file"):
        find(tmp_path / "none.xml")


def test_what_a_folder_skips_is_counted(tmp_path):
    names = ["a.pdf", "b.PDF", "c.md.gz", "README", "x.docx", ".hidden", "in.txt"]
    names += [f"n.x{number}" for number in range(6)]
    for name in names:
        (tmp_path / name).write_text("x")
    for name in ("one", "two", ".git", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "gone.txt").symlink_to(tmp_path / "none")
    found, [problem] = find(tmp_path, output=tmp_path / "out")
    assert found == [str(tmp_path / "in.txt")]
    assert problem.message.startswith(
        "skipped: 11 files of unknown format (.pdf 2, no suffix 1, .md 1, .x0 1, "
        ".x1 1, .x2 1, .x3 1, .x4 1, others 2), 1 broken link, 2 subdirectories; "
    )
    (tmp_path / "in.txt").unlink()
    found, [nothing, skipped] = find(tmp_path, output=tmp_path / "out")
    assert (nothing.lost, skipped.message) == (True, problem.message)


def test_patterns_and_links_that_lead_back(tmp_path):
    """With two such links there are 2 ** 40 paths to each file."""
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / ".hidden").mkdir()
    for name in ("a.txt", "sub/b.txt", "sub/c.xml", ".hidden/d.txt"):
        (tmp_path / "in" / name).write_text("x")
    (tmp_path / "in" / "x").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "sub" / "y").symlink_to(tmp_path / "in")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "e.txt").write_text("x")
    (tmp_path / "in" / "z").symlink_to(tmp_path / "elsewhere")

    def names(pattern):
        found, problems = find(tmp_path / pattern)
        assert problems == []
        return sorted(PurePath(path).name for path in found)

    assert names("in/**/*.txt") == ["a.txt", "b.txt", "e.txt"]
    assert names("**/*.xml") == ["c.xml"]
    assert names("in/**") == ["a.txt", "b.txt", "c.xml", "e.txt"]
    assert names("*/**/s*/**/b.txt") == ["b.txt"]


def test_a_link_in_the_output_folder_is_no_input(tmp_path):
    """Its output would take its place."""
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "a.txt").write_text("TP53")
    (out / "a.txt").symlink_to(tmp_path / "a.txt")
    with pytest.raises(AionerError, match="lies in the output folder"):
        find(out / "a.txt", output=out)
    assert find(tmp_path / "*" / "*.txt", output=out)[0] == []


def test_a_name_with_brackets_is_a_name(tmp_path):
    path = tmp_path / "a[1].txt"
    path.write_text("x")
    assert find(path)[0] == [str(path)]


def test_inputs_are_not_in_the_output_folder(tmp_path):
    """Whatever it is called: an output could take the place of an input."""
    (tmp_path / "in" / "out").mkdir(parents=True)
    path = tmp_path / "in" / "a.txt"
    path.write_text("x")
    (tmp_path / "in" / "out" / "a.txt").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for given in (path, path.parent, f"file://{path}", tmp_path / "link" / "a.txt"):
        for output in (tmp_path / "in", f"file://{tmp_path}/in", tmp_path / "link"):
            with pytest.raises(AionerError, match="lies in the output folder"):
                find(given, output=output)
    # Outputs of an earlier run that a pattern meets are no inputs.
    pattern = tmp_path / "in" / "**" / "*.txt"
    assert find(pattern, output=tmp_path / "in" / "out")[0] == [str(path)]
    system = fsspec.filesystem("memory")
    system.pipe({"/both/a.xml": b"x"})
    with pytest.raises(AionerError, match="lies in the output folder"):
        find("memory://both", output="memory://both")
    system.rm("/both", recursive=True)


def test_a_name_does_not_depend_on_what_can_be_read(tmp_path):
    path = tmp_path / "b.pubtator.gz"
    path.write_bytes(b"no gzip")
    [job] = plan([str(path)], read_as=None, write_as="jsonl")
    assert (job.output, job.read_as) == ("b.jsonl.gz", None)
    [job] = plan([str(tmp_path / "none.xml")], read_as=None, write_as=None)
    assert (job.output, job.read_as) == ("none.xml", None)
    text = '{"id": 1, "text": "TP53"}'
    for name in ("rows.jsonl", "rows.jsonl.gz", "plain", "a.nxml"):
        for to in (None, "bioc-json", "pubtator", "jsonl", "bioc-xml"):
            path = tmp_path / name
            path.write_bytes(packed(text.encode(), path))
            [good] = plan([str(path)], read_as=None, write_as=to)
            path.unlink()
            [gone] = plan([str(path)], read_as=None, write_as=to)
            assert gone.output == good.output


def test_what_is_no_file(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AionerError, match="neither a file nor a folder"):
        find(tmp_path / "pipe")
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(b"")
    assert find(tmp_path)[0] == []
    with pytest.raises(AionerError, match="decompress the file first"):
        plan([str(path)], read_as=None, write_as=None)


def test_remote_files():
    system = fsspec.filesystem("memory")
    system.pipe({"/in/a.xml": b"x", "/in/b.txt.gz": b"x", "/in/c.md": b"x"})
    both = ["memory:///in/a.xml", "memory:///in/b.txt.gz"]
    names = [name.replace("memory:///", "memory://") for name in both]
    for given in (["memory://in/*"], names, ["memory://in"]):
        found, problems = find(*given)
        assert [name.rsplit("/", 1)[1] for name in found][:2] == ["a.xml", "b.txt.gz"]
        assert len(problems) == (given == ["memory://in"])
    assert "1 file of unknown format (.md 1); name" in problems[0].message
    assert stored(found[0])[0] == 1
    with pytest.raises(AionerError, match="no such file"):
        find("memory://none.xml")
    system.rm("/in", recursive=True)


@pytest.mark.parametrize(
    ("name", "content", "to", "output", "formats"),
    [
        ("a.PubTator", "", None, "a.PubTator", ("pubtator", "pubtator")),
        ("a.txt", "TP53", None, "a.txt", ("text", "text")),
        ("a.xml", PUBMED, None, "a.xml", ("pubmed-xml", "bioc-xml")),
        ("a.1.nxml", "<article/>", None, "a.1.xml", ("jats", "bioc-xml")),
        ("a.xml", PUBMED, "parquet", "a.parquet", ("pubmed-xml", "parquet")),
        ("a.b", "1|t|x", "docbin", "a.b.spacy", ("pubtator", "docbin")),
        ("a.b", "1|t|x", "pubtator", "a.b.pubtator", ("pubtator", "pubtator")),
        ("a.jsonl", '{"id": 1}', "bioc-json", "a.json", ("jsonl", "bioc-json")),
        ("a.jsonl", '{"id": 1}', "pubtator", "a.pubtator", ("jsonl", "pubtator")),
    ],
)
def test_names_of_outputs(tmp_path, name, content, to, output, formats):
    path = tmp_path / name
    path.write_text(content)
    [job] = plan([str(path)], read_as=None, write_as=to)
    assert (job.output, (job.read_as, job.write_as)) == (output, formats)
    assert job.bytes == len(content)


def test_compression_of_outputs(tmp_path):
    import gzip

    path = tmp_path / "a.xml.gz"
    path.write_bytes(gzip.compress(PUBMED.encode()))
    outputs = {None: "a.xml.gz", "jsonl": "a.jsonl.gz", "parquet": "a.parquet"}
    for to, output in outputs.items():
        [job] = plan([str(path)], read_as=None, write_as=to)
        assert (job.read_as, job.output) == ("pubmed-xml", output)


def test_outputs_that_clash(tmp_path):
    for name in ("a.json", "a.xml", "manifest.jsonl"):
        (tmp_path / name).write_text("")
    two = [str(tmp_path / "a.json"), str(tmp_path / "a.xml")]
    assert len(plan(two, read_as=None, write_as=None)) == 2
    with pytest.raises(AionerError, match=r"same name as that of .*a\.json, a\.jsonl"):
        plan(two, read_as=None, write_as="jsonl")
    with pytest.raises(AionerError, match="rename the input"):
        plan([str(tmp_path / "manifest.jsonl")], read_as=None, write_as=None)
