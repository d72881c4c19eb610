"""`aioner tag`: files in, files with predicted mentions out."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import AionerError, Problem, check_choice
from .console import (
    LOST,
    Debug,
    IdColumn,
    Problems,
    TextColumns,
    plain_errors,
    plural,
    say,
    split_names,
    tell,
)

if TYPE_CHECKING:
    from ..bulk.engines import Outcomes
    from ..bulk.job import Job, Outcome
    from ..bulk.manifest import Manifest
    from ..bulk.progress import ProgressBar


class Precision(StrEnum):
    """The number format to compute in."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class Engine(StrEnum):
    """Who does the work."""

    local = "local"
    ray = "ray"


def tag(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Files, folders, or patterns in quotation marks such as "
            "'in/**/*.xml.gz'. Of a folder: its own files with a known suffix "
            "(.pubtator, .xml, .nxml, .nbib, .json, .jsonl, .ndjson, .csv, .tsv, "
            ".parquet, .txt, also with .gz or .zst, .tar.gz, .tgz, .tar, .zip), none "
            "of its subfolders and no hidden file.",
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="Folder to write to.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="A pipeline: package or folder.")
    ],
    tasks: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Tasks to predict, for example ALL or Gene,Disease. Default: the "
            "pipeline's tasks.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Drop mentions that are less probable. Default: the pipeline's.",
        ),
    ] = None,
    consistency: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="How much the same words elsewhere in a document count. Default: the "
            "pipeline's.",
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            help="The number format to compute in; auto: on a CPU the faster of fp32 "
            "and bf16. Default: the pipeline's, mostly auto. manifest.jsonl says which "
            "it was."
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep existing annotations and add to them.")
    ] = False,
    format: Annotated[
        str | None,
        typer.Option(
            help="Format of all inputs: pubtator, bioc-xml, bioc-json, pubmed-xml, "
            "jats, nbib, jsonl, csv, parquet, archive or text; told from each file if "
            "not given."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="Format of the outputs: pubtator, bioc-xml, bioc-json, jsonl, "
            "parquet, text (a table of mentions without ids of documents) or docbin "
            "(of one task); that of each input if not given, jsonl for csv, bioc-xml "
            "for others that hold no mentions."
        ),
    ] = None,
    id_column: IdColumn = None,
    text_columns: TextColumns = None,
    markup: Annotated[
        bool,
        typer.Option(
            "--markup",
            help="The texts hold HTML or XML: tags and entities are read as such. The "
            "texts are written as they are stored, and offsets count in them.",
        ),
    ] = False,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Documents to predict together.")
    ] = 128,
    max_characters: Annotated[
        int, typer.Option(min=1, help="A longer document is listed and not tagged.")
    ] = 5_000_000,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            help="Processes that tag files side by side; with a GPU one for each, "
            "beginning with that of --gpu-id; with --engine ray actors.",
        ),
    ] = 1,
    gpu_id: Annotated[int, typer.Option(min=-1, help="GPU; -1 for the CPU.")] = -1,
    engine: Annotated[
        Engine, typer.Option(help="local: this machine; ray: a Ray cluster.")
    ] = Engine.local,
    address: Annotated[
        str | None,
        typer.Option(help="ray: where the cluster is; none starts one here."),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Tag again what is done, and replace outputs that were made of other "
            "inputs or changed since. A file of someone else is never replaced.",
        ),
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first loss.")
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Neither progress nor summary on stderr."),
    ] = False,
    json_progress: Annotated[
        bool,
        typer.Option("--json-progress", help="Progress as lines of JSON on stderr."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Find entities in files.

    Each input gives one file in the output folder, which appears there when it is
    complete. Existing annotations are replaced unless --keep is given. Predictions
    carry their probability where the format has room for it.

    Run the same command again after an interruption: what is done is passed over, and
    what changed is done again. Beside the outputs, manifest.jsonl says what was made
    of what, and failures.jsonl what was left out and why.

    A document on which the pipeline fails is reported and written without
    predictions; the rest goes on.
    """
    with plain_errors(debug=debug, interrupted="run the same command again to resume"):
        from ..bulk.engines import processors
        from ..bulk.folder import Folder
        from ..bulk.inputs import OUTPUTS, find_files, plan
        from ..bulk.job import Settings, Stopped
        from ..bulk.manifest import Manifest, describe_model
        from ..bulk.progress import ProgressBar
        from ..formats.files import FORMATS
        from ..formats.rows import Columns

        if format is not None:
            check_choice("format", format, FORMATS)
        if to is not None:
            check_choice("format", to, OUTPUTS)
        if address is not None and engine is not Engine.ray:
            raise AionerError("--address is that of a Ray cluster: add --engine ray.")
        _check_output(output)
        columns = split_names(text_columns, "--text-columns")
        names = split_names(tasks, "--tasks")
        settings = Settings(
            model,
            tasks=None if names is None else tuple(names),
            threshold=threshold,
            consistency=consistency,
            precision=None if precision is None else precision.value,
            keep=keep,
            markup=markup,
            columns=Columns(id_column, None if columns is None else tuple(columns)),
            batch_size=batch_size,
            max_characters=max_characters,
            fail_fast=fail_fast,
            force=force,
        )
        problems = Problems()
        folder = Folder(output)
        paths = find_files(inputs, folder, report=problems)
        if not paths:
            problems.finish()
        jobs = plan(paths, read_as=format, write_as=to)
        manifest = Manifest(folder, describe_model(model), settings)
        run = _Run(jobs, manifest, problems)
        run.find_done(force)
        style = "none" if quiet else "json" if json_progress else "bar"
        if engine is Engine.local and workers == 1 and run.todo:
            # Before the folder is made: settings may be wrong.
            run.load(gpu_id)
        elif gpu_id < 0 and engine is Engine.local and workers > processors():
            own = plural(processors(), "processor")
            tell("warning", f"{plural(workers, 'worker')} share {own}")
        with folder.hold(), ProgressBar(len(run.todo), run.size, style) as bar:
            try:
                run.do(engine, bar, workers=workers, gpu_id=gpu_id, address=address)
            except Stopped as error:
                tell("error", error)
                raise typer.Exit(LOST) from None
            finally:
                manifest.assemble()
        if not quiet:
            say(run.summary())
        run.finish()


def _check_output(output: str) -> None:
    """A directory, not a file by mistake."""
    import os

    from ..formats.detect import is_known

    if output == "-":
        raise AionerError(
            "--output - is not supported: outputs are files in a directory; name one."
        )
    if is_known(output) and not os.path.isdir(output):
        raise AionerError(
            f"--output {output} looks like a file, but must be a directory, in which "
            "each output has the name of its input; make the directory first if that "
            "is what you want."
        )


class _Run:
    """What files have in common, and the counts over all of them."""

    def __init__(self, jobs: list[Job], manifest: Manifest, problems: Problems) -> None:
        self.todo = jobs
        self.manifest = manifest
        self.problems = problems
        self.skipped = self.skipped_losses = 0
        self.files = self.documents = 0
        self.mentions: Counter[str] = Counter()
        self._tagger: Any = None

    @property
    def size(self) -> int:
        """Bytes of the files to do."""
        return sum(job.bytes for job in self.todo)

    def find_done(self, force: bool) -> None:
        """Pass over what is done."""
        if force:
            return
        todo = []
        for job in self.todo:
            record = self.manifest.done(job)
            if record is None:
                todo.append(job)
            else:
                self.skipped += 1
                self.skipped_losses += record["failures"] > 0
        self.todo = todo

    def load(self, gpu_id: int) -> None:
        """Load the pipeline into this process."""
        from ..bulk.tag_file import load_tagger

        self._tagger = load_tagger(self.manifest, gpu_id=gpu_id)

    def do(
        self,
        engine: Engine,
        bar: ProgressBar,
        *,
        workers: int,
        gpu_id: int,
        address: str | None,
    ) -> None:
        """Do what is left to do."""
        from ..bulk.engines import run_here, run_workers

        outcomes: Outcomes
        jobs, manifest = self.todo, self.manifest
        if not jobs:
            return
        if engine is Engine.ray:
            from ..bulk.ray_engine import run_ray

            gpu = gpu_id >= 0
            outcomes = run_ray(
                jobs, manifest, address=address, workers=workers, gpu=gpu
            )
        elif workers == 1:
            outcomes = run_here(jobs, self._tagger, watch=bar.watch)
        else:
            outcomes = run_workers(
                jobs, manifest, workers=workers, gpu_id=gpu_id, watch=bar.watch
            )
        # What is still at work ends before the folder is free for another run.
        with closing(outcomes):
            for outcome in outcomes:
                self._take(outcome)
                bar.file_done(outcome.counts.documents, outcome.job.bytes)

    def _take(self, outcome: Outcome) -> None:
        counts = outcome.counts
        for problem in counts.problems:
            self.problems(problem)
        for lost, number in counts.told.items():
            kept = sum(problem.lost is lost for problem in counts.problems)
            self.problems.count_only(outcome.job.path, number - kept, lost=lost)
        self.files += outcome.written
        self.documents += counts.documents
        self.mentions.update(counts.mentions)

    def summary(self) -> str:
        """What was done, in one line."""
        types = ", ".join(f"{name} {n}" for name, n in sorted(self.mentions.items()))
        files = plural(self.skipped, "file")
        before = f"; {files} done before" if self.skipped else ""
        return (
            f"{plural(self.documents, 'document')} in {plural(self.files, 'file')}: "
            f"{plural(self.mentions.total(), 'mention')} predicted"
            f"{f' ({types})' * bool(types)}, {plural(self.problems.count, 'problem')}"
            f"{before}"
        )

    def finish(self) -> None:
        """Tell what is left, and end with the right exit code."""
        if self.skipped_losses:
            files = plural(self.skipped_losses, "file")
            name = f"{self.manifest.folder.name}/failures.jsonl"
            problem = Problem(name, f"lists what was lost of {files} done before")
            self.problems(problem)
        self.problems.finish()
