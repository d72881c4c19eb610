"""What can go wrong with a user's input, as values and as exceptions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class AionerError(ValueError):
    """A mistake in input or settings that one sentence explains to the user."""


def check_choice(what: str, value: str, choices: Collection[str]) -> None:
    """Make sure that a setting is one of its choices.

    what (str): The setting's name.
    value (str): What the user chose.
    choices (Collection[str]): What can be chosen.
    RAISES (AionerError): If it cannot; names the choices.
    """
    if value not in choices:
        raise AionerError(
            f"Unknown {what} '{value}': choose one of {', '.join(choices)}."
        )


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Make ordinary errors of the panics of Rust code, such as the tokenizers library.

    They are no `Exception`s, so that what handles the errors of a document would not
    see them (https://docs.rs/pyo3/latest/pyo3/panic/struct.PanicException.html).
    Whatever else is none, such as `KeyboardInterrupt`, passes as it is.

    RAISES (RuntimeError): In place of a panic.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one place of one input file.

    path (str): The file, as the user named it.
    message (str): What is wrong and what was done about it: one sentence.
    line (int | None): The line, counted from 1, where the format has lines.
    document (str | None): The id of the document.
    lost (bool): Whether anything of the input was left out because of it.
    """

    path: str
    message: str
    line: int | None = None
    document: str | None = None
    lost: bool = True

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        who = "" if self.document is None else f"document {self.document}: "
        return f"{where}: {who}{self.message}"


# How many problems of one file are told one by one, losses and others; the rest are
# counted.
MAX_TOLD = {True: 100, False: 20}

Report = Callable[[Problem], None]


def raise_problem(problem: Problem) -> None:
    """Stop at the first problem: the default of readers used from Python.

    RAISES (AionerError): If anything was lost; otherwise the problem is ignored.
    """
    if problem.lost:
        raise AionerError(str(problem))
