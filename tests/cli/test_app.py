import json
import os
import subprocess
import sys
import warnings

import pytest
import typer

from spacy_aioner import __version__
from spacy_aioner.cli.console import Problems, plain_errors, printable, show
from spacy_aioner.errors import AionerError, Problem
from spacy_aioner.formats.files import read_documents

COMMANDS = ("tag", "convert", "evaluate")


def test_help_names_commands_and_exit_codes(aioner):
    result = aioner("--help")
    assert result.exit_code == 0
    assert all(f"  {command} " in result.stdout for command in COMMANDS)
    for command in COMMANDS:
        assert "  3  something of the input" in aioner(command, "--help").stdout


def test_version(aioner):
    assert aioner("--version").stdout == f"aioner {__version__}\n"


def test_usage_errors_give_code_2(aioner):
    assert aioner("tag", "--no-such-option").exit_code == 2
    assert aioner("no-such-command").exit_code == 2


def test_help_needs_neither_spacy_nor_torch():
    code = (
        "import sys, spacy_aioner.cli.app\n"
        "print(*{'spacy', 'thinc', 'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


@pytest.mark.slow
def test_spacy_has_the_same_commands(tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "spacy", "aioner", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    assert run("--version").stdout == f"aioner {__version__}\n"
    done = run("evaluate", str(tmp_path / "none"), "x")
    assert done.returncode == 1
    assert done.stderr == f"error: {tmp_path / 'none'}: there is no such file; " + (
        "check the path.\n"
    )


def test_problems_of_a_file_are_told_up_to_a_number(capsys):
    problems = Problems()
    for line in range(25):
        problems(Problem("a.txt", "looks odd", line, lost=False))
    problems(Problem("a.txt", "is broken", 99))
    problems(Problem("b.txt", "looks odd", lost=False))
    with pytest.raises(typer.Exit) as raised:
        problems.finish()
    assert raised.value.exit_code == 3
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 23
    assert lines[0] == "warning: a.txt:0: looks odd"
    assert lines[-3:] == [
        "error: a.txt:99: is broken",
        "warning: b.txt: looks odd",
        "warning: a.txt: and 5 more such lines",
    ]


ODD = "\x1b]0;owned\x07\x1b[31m\u202eTP53\udcff"


def test_control_characters_do_not_reach_the_terminal(capsys, monkeypatch):
    problems = Problems()
    problems(Problem(f"a{ODD}.txt", f"the type {ODD} is odd", document=ODD, lost=False))
    with plain_errors(debug=False):
        warnings.simplefilter("always")
        warnings.warn(ODD, stacklevel=1)
    with pytest.raises(typer.Exit), plain_errors(debug=False):
        raise AionerError(ODD)
    show(f"a {ODD}\nb")
    told = capsys.readouterr()
    for line in (*told.err.splitlines(), *told.out.splitlines()):
        assert line.isprintable()
    assert told.err.count("\\x1b]0;owned") == 5
    assert told.out.splitlines() == [
        "a \\x1b]0;owned\\x07\\x1b[31m\\u202eTP53\\udcff",
        "b",
    ]
    # What can be read stays as it is.
    assert printable("α-synuclein → 漢字 🧬") == "α-synuclein → 漢字 🧬"


def test_control_characters_of_files(aioner, tmp_path):
    """Ids, types and names of files in the messages of a command."""
    path = tmp_path / "a\x1b[31m.pubtator"
    path.write_text("1\x1b]0;x\x07|t|TP53\n1\x1b]0;x\x07\t0\t4\tTP53\tGe\x1b[1mne\n\n")
    empty = tmp_path / "b.pubtator"
    empty.write_text("2|t|TP53\n2\t0\t4\tTP53\tGene\n\n")
    result = aioner("evaluate", path, empty)
    assert "\\x1b" in result.stdout
    assert "\\x1b]0;x" in result.stderr
    assert "\x1b" not in result.output
    target = tmp_path / "c\x1b[31m.json"
    assert "\x1b" not in aioner("convert", path, target, "--to", "bioc-json").output


def test_warnings_alone_are_all_well():
    problems = Problems()
    problems(Problem("a.txt", "looks odd", lost=False))
    problems.finish()
    assert problems.count == 1


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (AionerError("One\nsentence."), "error: One sentence.\n"),
        (KeyError("x"), "error: KeyError: 'x' (not foreseen: please report it"),
    ],
)
def test_errors_are_one_line(capsys, error, line):
    with pytest.raises(typer.Exit) as raised, plain_errors(debug=False):
        raise error
    assert raised.value.exit_code == 1
    told = capsys.readouterr().err
    assert told.startswith(line)
    assert told.count("\n") == 1
    with pytest.raises(type(error)), plain_errors(debug=True):
        raise error


def test_python_warnings_are_one_line(capsys):
    with plain_errors(debug=False):
        warnings.simplefilter("always")
        warnings.warn("Two\nlines", stacklevel=1)
    assert capsys.readouterr().err == "warning: Two lines\n"


@pytest.mark.parametrize("command", [["convert"], ["evaluate"]])
def test_pipes_are_refused(aioner, tmp_path, command):
    """They give their content once, and one that nobody writes to gives none."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    options = ["--to", "jsonl"] if command == ["convert"] else []
    result = aioner(*command, pipe, tmp_path / "out", *options)
    assert result.exit_code == 1
    assert "is a pipe or a device; save it as a file first" in result.stderr
    with pytest.raises(AionerError, match="pipe or a device"):
        next(read_documents(pipe))


def test_a_closed_stderr_does_not_end_the_run(tmp_path):
    """The descriptor must not become that of an output, and errors have no place."""
    source = tmp_path / "a.pubtator"
    source.write_text("1|t|TP53 loss\n1|a|\n1\t0\t4\tTP53\tGene\n\n")
    output = tmp_path / "out.jsonl"
    script = f"exec {sys.executable} -m spacy_aioner.cli convert a.pubtator {output}"
    command = ["sh", "-c", f"{script} --to jsonl 2>&-"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, timeout=120)
    assert done.returncode == 0
    [line] = output.read_text().splitlines()
    assert json.loads(line)["id"] == "1"
