"""One job: a file read, tagged, written and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from ..errors import AionerError, Problem, Report
from ..formats.account import Account
from ..formats.compression import compress
from ..formats.detect import detect_format
from ..formats.document import Document
from ..formats.files import (
    Frame,
    Writer,
    frame_of,
    make_writer,
    read_documents,
)
from ..formats.source import Input, Source
from ..models.architectures import get_shim
from .folder import Folder, HashedStream, OutputRefused
from .inputs import DOCBIN, PACKED, stored
from .job import Counts, Job, Outcome, Settings, Stopped
from .manifest import Manifest
from .tagging import load_pipeline, tag_documents

if TYPE_CHECKING:
    from spacy.language import Language

    from ..pipeline.aioner import AionerNER

Progress = Callable[[int, int], None]
"""Takes the documents done and the bytes read of the file at hand."""


def load_tagger(
    manifest: Manifest, *, gpu_id: int = -1, auto: str | None = None
) -> Tagger:
    """Load the pipeline and make it ready to do jobs.

    manifest (Manifest): Where jobs are recorded; it knows folder and settings.
    gpu_id (int): The GPU; -1 for the CPU.
    auto (str | None): What the precision "auto" stands for; None to find it out here.
    RETURNS (Tagger): Does jobs.
    RAISES (AionerError): If the pipeline does not serve.
    """
    settings = manifest.settings
    nlp, pipes = load_pipeline(
        settings.model,
        tasks=settings.tasks,
        gpu_id=gpu_id,
        precision=settings.precision,
        auto=auto,
    )
    for pipe in pipes:
        for name in ("threshold", "consistency"):
            value = getattr(settings, name)
            if value is not None:
                pipe.cfg[name] = value
    return Tagger(nlp, pipes, manifest)


class Tagger:
    """A loaded pipeline that does jobs.

    nlp (Language): The pipeline.
    pipes (Sequence[AionerNER]): Its aioner components.
    manifest (Manifest): Where jobs are recorded; it knows folder and settings.
    """

    def __init__(
        self, nlp: Language, pipes: Sequence[AionerNER], manifest: Manifest
    ) -> None:
        self.nlp = nlp
        self.pipes = pipes
        self.manifest = manifest

    @property
    def folder(self) -> Folder:
        return self.manifest.folder

    @property
    def _computed(self) -> dict[str, Any]:
        """What the predictions were computed on and in, by component."""
        shims = {pipe.name: get_shim(pipe.model) for pipe in self.pipes}
        device = next(iter(shims.values())).device.type
        used = {name: shim.used_precision for name, shim in shims.items()}
        return {"device": device, "precision": used}

    @property
    def settings(self) -> Settings:
        return self.manifest.settings

    def do(self, job: Job, progress: Progress) -> Outcome:
        """Do one job. A file that changes while it is read is read a second time.

        job (Job): The job.
        progress (Progress): Told of each document.
        RETURNS (Outcome): What came of it.
        RAISES (Stopped): At the first loss, if the settings say so.
        RAISES (AionerError): If the output cannot be written.
        """
        outcome, changed = self._once(job, progress, last=False)
        if changed:
            outcome, _ = self._once(job, progress, last=True)
        return outcome

    def _once(
        self, job: Job, progress: Progress, *, last: bool
    ) -> tuple[Outcome, bool]:
        counts = Counts()
        stopped: Stopped | None = None
        with self.manifest.failures(job) as failures:

            def report(problem: Problem) -> None:
                counts.add(problem)
                failures.add(problem)
                if problem.lost and self.settings.fail_fast:
                    raise Stopped(str(problem))

            try:
                about_input = self._try(job, counts, report, progress)
                changed = about_input is not None and _changed(job, about_input)
                if changed and last:
                    report(
                        Problem(
                            job.path,
                            "the file changed while it was read, twice; run the same "
                            "command again when it is complete",
                        )
                    )
            except Stopped as error:
                stopped = error
        if stopped is not None:
            raise stopped
        outcome = Outcome(job, counts, written=about_input is not None)
        if about_input is not None and not changed:
            self.manifest.add(outcome, about_input, self._computed)
        return outcome, changed

    def _try(
        self, job: Job, counts: Counts, report: Report, progress: Progress
    ) -> dict[str, Any] | None:
        """Write the output; gives what the record says of input and output.

        Without a new output, one of an earlier run stays as it is.
        """
        try:
            about_input = self.manifest.begin(job)
            format = job.read_as or detect_format(job.path)
        except (OSError, AionerError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            message = reason.removeprefix(f"{job.path}: ")
            report(Problem(job.path, f"{message}; it is left out"))
            return None
        conflict = self.manifest.conflict(job, about_input)
        if conflict is not None:
            report(Problem(job.path, conflict))
            return None
        try:
            output_sha256 = self._write(
                job, format, about_input, counts, report, progress
            )
        except OutputRefused as error:
            report(Problem(job.path, f"its output is left out: {error}"))
            counts.documents = 0
            counts.mentions.clear()
            return None
        except AionerError:
            raise
        except Exception as error:
            report(
                Problem(
                    job.path,
                    f"its output cannot be made ({type(error).__name__}: {error}); it "
                    "is left out; please report this",
                )
            )
            counts.documents = 0
            counts.mentions.clear()
            return None
        return {"output_sha256": output_sha256, **about_input}

    def _write(
        self,
        job: Job,
        format: str,
        about_input: dict[str, Any],
        counts: Counts,
        report: Report,
        progress: Progress,
    ) -> str:
        """Write the output; gives its SHA-256."""
        source = Input(job.path)
        keep = self.settings.keep
        account = Account(Source(source, report), job.write_as, keep=keep)
        documents = self._read(source, format, report)
        if keep:
            documents = account.watch(documents)
        with self.folder.write(job.output) as stream:
            name = "" if job.write_as in PACKED else job.output
            with compress(stream, name) as packed:
                writer = self._writer(packed, job, format, report)
                tagged = self._tag(source, documents, counts, report)
                for document in tagged if keep else account.watch(tagged):
                    writer.write(document)
                    counts.documents += 1
                    progress(counts.documents, source.position)
                writer.close()
            account.tell()
            self.manifest.claim(job, about_input)
            return cast(HashedStream, stream).sha256()

    def _read(self, source: Input, format: str, report: Report) -> Iterator[Document]:
        settings = self.settings
        try:
            yield from read_documents(
                source,
                format=format,
                columns=settings.columns,
                markup=settings.markup,
                report=report,
            )
        except AionerError:
            raise
        except Exception as error:
            report(
                Problem(
                    str(source),
                    f"reading fails ({type(error).__name__}: {error}); the documents "
                    "before this place are tagged, what follows is left out; please "
                    "report this",
                )
            )

    def _writer(
        self, stream: BinaryIO, job: Job, format: str, report: Report
    ) -> Writer:
        path = self.folder.path(job.output)
        if job.write_as == DOCBIN:
            from ..corpora.docbin import DocBinWriter

            asked = [task for pipe in self.pipes for task in pipe.tasks]
            if len(asked) > 1:
                raise AionerError(
                    f"The pipeline '{self.settings.model}' answers the tasks "
                    f"{', '.join(asked)}, but a DocBin holds each document under one "
                    "task: name one with --tasks."
                )
            return DocBinWriter(stream, task=asked[0], path=path, report=report)
        same = format == job.write_as
        frame = frame_of(job.path, format) if same else Frame()
        return make_writer(
            stream,
            job.write_as,
            path=path,
            frame=frame,
            keep=self.settings.keep,
            report=report,
        )

    def _tag(
        self,
        source: Input,
        documents: Iterable[Document],
        counts: Counts,
        report: Report,
    ) -> Iterator[Document]:
        def failed(document: Document, error: Exception) -> None:
            reason = str(error)
            if not isinstance(error, AionerError):
                reason = f"{type(error).__name__}: {error}"
            report(
                Problem(
                    str(source),
                    f"the pipeline fails on it ({reason}); it is written without "
                    "predictions",
                    document=document.id,
                )
            )

        for document, new in tag_documents(
            self.nlp,
            documents,
            spans_key=self.pipes[0].key,
            batch_size=self.settings.batch_size,
            max_characters=self.settings.max_characters,
            keep=self.settings.keep,
            failed=failed,
        ):
            counts.mentions.update(mention.type for mention in new)
            yield document


def _changed(job: Job, about_input: dict[str, Any]) -> bool:
    """Whether a file is no longer what it was before it was read."""
    with suppress(OSError):
        return stored(job.path) != (
            about_input["input_bytes"],
            about_input["input_changed"],
        )
    return True
