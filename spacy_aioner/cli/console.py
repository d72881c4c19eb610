"""What all commands share: problems, errors and exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import MAX_TOLD, AionerError, Problem, panics_as_errors
from .interrupts import INTERRUPTED, ends_when_interrupted

WRONG_SETTING = 1
LOST = 3

EXIT_CODES = """\b
Exit codes:
  0  all went well
  1  a setting or a file name is wrong, or a file cannot be written
  2  the command line is not understood
  3  something of the input was left out; lines with "error:" say what
  130  interrupted from the keyboard"""

IdColumn = Annotated[
    str | None,
    typer.Option(
        help="JSONL, CSV and Parquet: the column of the document's id; id or pmid if "
        "not given."
    ),
]
TextColumns = Annotated[
    str | None,
    typer.Option(
        metavar="A,B",
        help="JSONL, CSV and Parquet: the columns of the text; those of title, "
        "abstract and text that are there if not given.",
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the Python traceback of an error.")
]


def open_standard_streams() -> None:
    """Give closed standard streams to the null device.

    Otherwise Python has no `sys.stderr`, and the next file that is opened gets the
    descriptor to which C libraries and worker processes write their messages.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"),
                                   (2, "stderr", "w")):  # fmt: skip
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            stream = open(descriptor, mode, closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def printable(text: str) -> str:
    """Write what a terminal would obey, or could not show, as Python escapes it.

    Names of files, documents and types come from the input: an escape sequence in
    them could change the terminal, a bidirectional control what is read.

    text (str): Any text.
    RETURNS (str): The same in one line of printable characters.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def say(text: str) -> None:
    """Write one line to stderr, above the progress bar where there is one.

    text (str): The line.
    """
    from tqdm import tqdm

    with tqdm.external_write_mode():
        typer.echo(printable(text), err=True)


def show(text: str) -> None:
    """Write lines for people to stdout.

    text (str): The lines.
    """
    for line in text.splitlines():
        typer.echo(printable(line))


def tell(kind: str, message: object) -> None:
    """Tell the user one thing in one line on stderr.

    kind (str): "error" or "warning".
    message (object): The message; its line breaks become spaces.
    """
    say(f"{kind}: {' '.join(str(message).split())}")


class Problems:
    """Takes problems as a `Report`, tells them and knows whether any lost input."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def __call__(self, problem: Problem) -> None:
        kind = "error" if problem.lost else "warning"
        self._counts[problem.path, kind] += 1
        if self._counts[problem.path, kind] <= MAX_TOLD[problem.lost]:
            tell(kind, problem)

    def count_only(self, path: str, number: int, *, lost: bool) -> None:
        """Count problems that are not told one by one.

        path (str): The file.
        number (int): How many.
        lost (bool): Whether they lost input.
        """
        self._counts[path, "error" if lost else "warning"] += number

    @property
    def count(self) -> int:
        """How many problems there were."""
        return self._counts.total()

    def finish(self) -> None:
        """Tell how many problems were not told, and end with the right exit code.

        RAISES (typer.Exit): With code 3 if any problem lost input.
        """
        for (path, kind), count in self._counts.items():
            rest = count - MAX_TOLD[kind == "error"]
            if rest > 0:
                tell(kind, f"{path}: and {rest} more such lines")
        if any(n and kind == "error" for (_, kind), n in self._counts.items()):
            raise typer.Exit(LOST)


def plural(count: int, noun: str) -> str:
    """Write a number with its noun: "1 document", "2 documents"."""
    return f"{count} {noun}{'s' * (count != 1)}"


@contextmanager
def plain_errors(*, debug: bool, interrupted: str = "") -> Iterator[None]:
    """Make one line of every error and warning, and exit code 1 of errors.

    debug (bool): Whether errors pass through with their traceback.
    interrupted (str): What to do after an interruption.
    RAISES (typer.Exit): With code 1 after an error, 130 after an interruption.
    """
    with ends_when_interrupted(), warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            with panics_as_errors():
                yield
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            tell("error", "; ".join(filter(None, ["interrupted", interrupted])))
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if debug:
                raise
            if isinstance(error, AionerError):
                tell("error", error)
            else:
                tell(
                    "error",
                    f"{type(error).__name__}: {error} (not foreseen: please report it "
                    "with the output of the same command with --debug)",
                )
            raise typer.Exit(WRONG_SETTING) from None


def _show_warning(message: Warning | str, *args: Any, **kwargs: Any) -> None:
    tell("warning", message)


def require_file(path: Path) -> None:
    """Make sure that an input file is there.

    path (Path): The file.
    RAISES (AionerError): If there is none.
    """
    if not path.exists():
        raise AionerError(f"{path}: there is no such file; check the path.")
    if path.is_dir():
        raise AionerError(f"{path}: is a folder; name a file.")
    if not path.is_file():
        raise AionerError(f"{path}: is a pipe or a device; save it as a file first.")


def require_input(path: Path) -> None:
    """Make sure that an input is there: a file, or a folder of brat's files.

    path (Path): The input.
    RAISES (AionerError): If it is neither.
    """
    from ..formats.brat import holds_brat

    if not path.is_dir():
        require_file(path)
    elif not holds_brat(path):
        raise AionerError(
            f"{path}: is a folder without .ann files; name a file, or a folder of "
            "brat's .txt and .ann files."
        )


def split_names(text: str | None, option: str) -> list[str] | None:
    """Read a list of names as it is written on the command line.

    text (str | None): For example "Gene,Disease".
    option (str): The option, for the message.
    RETURNS (list[str] | None): The names; None if the option was not given.
    RAISES (AionerError): If it was given without any name.
    """
    if text is None:
        return None
    names = [name for part in text.split(",") if (name := part.strip())]
    if not names:
        raise AionerError(f"{option} names nothing; write for example Gene,Disease.")
    return names
