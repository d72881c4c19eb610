"""What a run is made of: settings, one job for each file, and what came of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import MAX_TOLD, AionerError, Problem
from ..formats.document import MAX_CHARACTERS
from ..formats.rows import Columns


class Stopped(AionerError):
    """The first loss of a run that was to stop at it."""


@dataclass(frozen=True)
class Settings:
    """What all files of a run have in common.

    model (str): The pipeline: an installed package or a folder.
    tasks (tuple[str, ...] | None): Tasks to prompt; as the pipeline has them if None.
    threshold, consistency (float | None): See `make_aioner`; likewise.
    precision (str | None): See `models.precision.pick_dtype`; likewise.
    keep (bool): Whether the documents' own mentions stay.
    markup (bool): Whether the texts hold markup; see `read_documents`.
    columns (Columns): What the columns of JSONL, CSV and Parquet are called.
    batch_size (int): Documents to predict together, at most.
    max_characters (int): A longer document is listed and not tagged.
    fail_fast (bool): Whether the first loss ends the run.
    force (bool): Whether to replace outputs of other inputs, and those that were
        changed since they were written.
    """

    model: str
    tasks: tuple[str, ...] | None = None
    threshold: float | None = None
    consistency: float | None = None
    precision: str | None = None
    keep: bool = False
    markup: bool = False
    columns: Columns = field(default_factory=Columns)
    batch_size: int = 128
    max_characters: int = MAX_CHARACTERS
    fail_fast: bool = False
    force: bool = False


@dataclass(frozen=True)
class Job:
    """One file to tag.

    path (str): The input, as the user named it.
    output (str): The name of the output in the output folder.
    read_as (str | None): The format of the input; None if it could not be told, so that
        reading it will say why.
    write_as (str): The format of the output.
    bytes (int): The size of the input, as it is stored.
    """

    path: str
    output: str
    read_as: str | None
    write_as: str
    bytes: int = 0


@dataclass
class Counts:
    """What was seen in one file.

    documents (int): Documents that were written.
    mentions (Counter[str]): Predicted mentions by type.
    problems (list[Problem]): The first problems.
    told (dict[bool, int]): All problems: losses under True, others under False.
    """

    documents: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    told: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def add(self, problem: Problem) -> None:
        """Count a problem, and keep it if it is among the first."""
        self.told[problem.lost] += 1
        if self.told[problem.lost] <= MAX_TOLD[problem.lost]:
            self.problems.append(problem)


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    job (Job): The job.
    counts (Counts): What was seen.
    written (bool): Whether there is an output.
    """

    job: Job
    counts: Counts
    written: bool

    def to_json(self) -> str:
        """Write the outcome as JSON, for another machine."""
        counts = self.counts
        value = {
            "job": asdict(self.job),
            "written": self.written,
            "documents": counts.documents,
            "mentions": dict(counts.mentions),
            "problems": [asdict(problem) for problem in counts.problems],
            "lost": counts.told[True],
            "others": counts.told[False],
        }
        return json.dumps(value)

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """Read what `to_json` wrote."""
        value: dict[str, Any] = json.loads(text)
        counts = Counts(
            value["documents"],
            Counter(value["mentions"]),
            [Problem(**problem) for problem in value["problems"]],
            {True: value["lost"], False: value["others"]},
        )
        return cls(Job(**value["job"]), counts, value["written"])


def failed(job: Job, message: str) -> Outcome:
    """Make the outcome of a job that could not be done at all.

    job (Job): The job.
    message (str): Why.
    RETURNS (Outcome): One loss and no output.
    """
    counts = Counts()
    counts.add(Problem(job.path, message))
    return Outcome(job, counts, written=False)
