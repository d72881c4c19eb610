"""Whole files only, one run at a time, and clear words when writing fails."""

import errno
import subprocess
import sys

import fsspec
import pytest

from spacy_aioner.bulk.folder import Folder
from spacy_aioner.errors import AionerError

HOLD = """
import sys
from spacy_aioner.bulk.folder import Folder
with Folder(sys.argv[1]).hold():
    print("held", flush=True)
    sys.stdin.read()
"""


def break_off(folder):
    with folder.write("a.txt") as stream:
        stream.write(b"two")
        raise KeyError


def test_a_file_appears_when_it_is_whole(tmp_path):
    folder = Folder(str(tmp_path / "out"))
    with folder.hold():
        with folder.write("a.txt") as stream:
            stream.write(b"one")
            assert folder.read("a.txt") is None
        assert folder.read("a.txt") == b"one"
        with pytest.raises(KeyError):
            break_off(folder)
        assert folder.read("a.txt") == b"one"
        assert folder.names(".aioner/partial") == []
        with folder.write("a.txt") as stream:
            stream.write(b"three")
        assert folder.size("a.txt") == 5
        folder.write_lines("a.txt", iter(()))
        assert folder.size("a.txt") is None
        folder.remove("a.txt")
        assert folder.names("none") == []


def test_two_runs_on_one_folder(tmp_path, tag, sources):
    out = tmp_path / "out"
    command = [sys.executable, "-c", HOLD, str(out)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        partial = out / ".aioner" / "partial" / ("0" * 32)
        partial.write_text("of the other run")
        (partial.parent / "notes").write_text("of someone else")
        result = tag(sources)
        assert result.exit_code == 1
        assert "another run writes to this folder" in result.stderr
        assert partial.exists()
        other.kill()
    # A run that was killed holds nothing, and what it left behind is removed.
    assert tag(sources).exit_code == 0
    assert [path.name for path in partial.parent.iterdir()] == ["notes"]


@pytest.mark.parametrize("name", ["", "partial", "files", "lock"])
def test_links_in_place_of_own_folders(tag, sources, tmp_path, name):
    """What a link leads to is left alone."""
    private = tmp_path / "private"
    private.mkdir()
    (private / ("0" * 32)).write_text("precious")
    link = tmp_path / "out" / ".aioner" / name
    link.parent.mkdir(parents=True)
    target = private / ("0" * 32) if name == "lock" else private
    link.parent.joinpath(link.name).symlink_to(target)
    result = tag(sources)
    assert result.exit_code == 1
    assert "is a link; remove it" in result.stderr
    assert [path.name for path in private.iterdir()] == ["0" * 32]
    assert (private / ("0" * 32)).read_text() == "precious"


def test_local_names_are_taken_literally(tag, sources, tmp_path, monkeypatch):
    """fsspec takes "::" for a chain of file systems, and "~" for a home."""
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "a.pubtator").write_text("precious")
    places = tmp_path / "in::x"
    sources.rename(places)
    (places / "a.pubtator").rename(places / "a::b.pubtator")
    out = tmp_path / "keep::b"
    assert tag(places, "--output", out).exit_code == 0
    names = {path.name for path in out.glob("*.pubtator")}
    assert names == {"a::b.pubtator", "b.pubtator", "c.pubtator", "d.pubtator"}
    assert (tmp_path / "keep" / "a.pubtator").read_text() == "precious"
    monkeypatch.chdir(tmp_path)
    assert tag("in::x/*.pubtator", "--output", "~::y").exit_code == 0
    assert len(list((tmp_path / "~::y").glob("*.pubtator"))) == 4


@pytest.mark.parametrize("moment", ["write", "flush"])
@pytest.mark.parametrize("name", [".pubtator", "manifest", ".record"])
def test_a_full_disk(tag, sources, tmp_path, monkeypatch, moment, name):
    """Everything is written, up to the file with this name."""
    real = Folder.write
    full = OSError(errno.ENOSPC, "No space left on device")

    class Full:
        def __init__(self, stream):
            self.stream = stream

        def write(self, data):
            if moment == "write":
                raise full
            return len(data)

        def __getattr__(self, name):
            if moment == "flush" and name == "flush":
                raise full
            return getattr(self.stream, name)

    class System:
        def __init__(self, system, partial):
            self.system, self.partial = system, partial

        def __getattr__(self, name):
            return getattr(self.system, name)

        def open(self, path, mode):
            return Wrapped(self.system.open(path, mode))

    class Wrapped:
        def __init__(self, stream):
            self.stream = stream

        def __enter__(self):
            return Full(self.stream)

        def __exit__(self, *error):
            self.stream.close()

    def write(self, file):
        if name in file and (name != ".pubtator" or file == "b.pubtator"):
            copy = Folder(self.name)
            copy.system = System(self.system, file)
            return real(copy, file)
        return real(self, file)

    with monkeypatch.context() as context:
        context.setattr(Folder, "write", write)
        result = tag(sources)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert "Traceback" not in result.stderr
    out = tmp_path / "out"
    whole = {path.name for path in out.glob("*.pubtator")}
    assert "b.pubtator" not in whole or name != ".pubtator"
    assert list((out / ".aioner" / "partial").iterdir()) == []
    # With space again the run goes on, and gives what it would have given.
    assert tag(sources).exit_code == 0
    found = {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}
    assert tag(sources, "--force").exit_code == 0
    assert found == {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}


def test_outputs_that_cannot_be(tag, sources, tmp_path):
    (tmp_path / "out").write_text("a file")
    result = tag(sources)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "is no folder" in result.stderr
    (tmp_path / "out").unlink()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.pubtator").mkdir()
    result = tag(sources)
    assert result.exit_code == 3
    assert "a file a.pubtator that this command did not write" in result.stderr
    assert len(list((tmp_path / "out").glob("*.pubtator"))) == 4
    (tmp_path / "out" / "a.pubtator").rmdir()
    (tmp_path / "out" / "manifest.jsonl").unlink()
    (tmp_path / "out" / "manifest.jsonl").mkdir()
    result = tag(sources)
    assert result.exit_code == 1
    assert "manifest.jsonl: cannot be written" in result.stderr


def test_a_name_that_cannot_be_does_not_end_the_run(tag, sources, tmp_path, losses):
    """An output's name may be too long where that of its input is not."""
    name = "n" * 250
    (sources / "b.pubtator").rename(sources / f"{name}.txt")
    result = tag(sources, "--to", "pubtator")
    assert result.exit_code == 3
    names = {path.name for path in (tmp_path / "out").glob("*.pubtator")}
    assert names == {"a.pubtator", "c.pubtator", "d.pubtator"}
    [loss] = losses()
    assert "cannot be written" in loss["reason"]


def test_other_file_systems():
    system = fsspec.filesystem("memory")
    folder = Folder("memory://bucket/out")
    with folder.hold():
        with folder.write("a") as stream:
            stream.write(b"one")
        folder.write_lines("b", iter(["x", "y"]))
    assert folder.read("a") == b"one"
    assert folder.read("b") == b"x\ny\n"
    assert folder.names("") == [".aioner", "a", "b"]
    assert folder.read_json("b") is None
    system.rm("/bucket", recursive=True)
    with pytest.raises(AionerError, match="cannot be used"):
        Folder("nowhere://bucket")
