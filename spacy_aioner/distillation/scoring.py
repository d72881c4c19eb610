"""A teacher's label scores for many texts, written once for any number of students."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..corpora.docbin import DOCBIN_SUFFIX, DocBinWriter
from ..corpora.docs import bare_doc
from ..corpora.split import split_document
from ..errors import AionerError
from ..formats.document import Document
from ..formats.sink import replace_file
from ..pipeline.aioner import AionerNER
from ..pipeline.loading import aioner_components
from ..scheme.scheme import Task
from .soft_labels import SoftLabels

# What the folder was made of, so that it is not gone on with otherwise.
SETTINGS = "scores.json"
# Bytes of half a float.
_HALF = 2


@dataclass(frozen=True)
class Question:
    """A text and the task under which a teacher is to score it.

    document (Document): The text, with gold mentions if `annotated`.
    task (str): The task.
    annotated (bool): Whether the text is annotated under that task.
    """

    document: Document
    task: str
    annotated: bool


class Teacher:
    """Pipelines whose mean label scores teach.

    pipelines (Sequence[Language]): Trained, with `aioner` components; the words of the
        first are those that are scored.
    RAISES (AionerError): If a pipeline has no such component.
    """

    def __init__(self, pipelines: Sequence[Language]) -> None:
        self.pipelines = pipelines
        self.components = [
            {task: pipe for pipe in found for task in pipe.cfg["trained_tasks"]}
            for found in map(aioner_components, pipelines)
        ]
        for number, known in enumerate(self.components, 1):
            if not known:
                raise AionerError(
                    f"Teacher {number} has no trained 'aioner' component: name a "
                    "pipeline that has one."
                )

    def task(self, name: str) -> Task:
        """Find a task that all teachers know.

        name (str): The task's name.
        RETURNS (Task): The task as the first teacher has it.
        RAISES (AionerError): If one does not know it or labels it otherwise.
        """
        tasks = []
        for number, known in enumerate(self.components, 1):
            if name not in known:
                raise AionerError(
                    f"Teacher {number} was not trained on the task '{name}': it knows "
                    f"{', '.join(known)}; score under these."
                )
            tasks.append(known[name].scheme.task(name))
        if any(set(task.labels) != set(tasks[0].labels) for task in tasks):
            raise AionerError(
                f"The teachers' labels differ under the task '{name}': score with each "
                "of them alone."
            )
        return tasks[0]

    def score(self, questions: Sequence[Question], task: str) -> list[SoftLabels]:
        """Score texts under one task.

        questions (Sequence[Question]): The texts.
        task (str): The task.
        RETURNS (list[SoftLabels]): For each text; labels in the order of the first
            teacher's, the mean over the teachers.
        """
        labels = self.task(task).labels
        answers = []
        for nlp, known in zip(self.pipelines, self.components, strict=True):
            docs = [bare_doc(nlp, question.document) for question in questions]
            answers.append(score_labels(known[task], docs, task))
        first, *others = answers
        found = []
        for i, (own, question) in enumerate(zip(first, questions, strict=True)):
            total = own.scores.astype(np.float32)
            for other in (its[i] for its in others):
                scores, read = other.align(own.start, own.end)
                scores = scores[:, [other.labels.index(label) for label in labels]]
                # What a teacher has not read, the first one answers for it.
                total = total + np.where(read[:, None], scores, own.scores)
            mean = (total / len(answers)).astype(np.float16)
            found.append(replace(own, scores=mean, annotated=question.annotated))
        return found


def score_labels(pipe: AionerNER, docs: Sequence[Doc], task: str) -> list[SoftLabels]:
    """Find how probable each label of each word is.

    pipe (AionerNER): A trained component.
    docs (Sequence[Doc]): The texts; they are not changed.
    task (str): The task.
    RETURNS (list[SoftLabels]): For each doc.
    """
    plan, rows, likely = pipe.label_scores(docs, task)
    words = plan.words
    by_word = np.zeros((len(words.start), likely.shape[1]), dtype=np.float16)
    by_word[plan.word[rows]] = likely
    labels = pipe.scheme.task(task).labels
    return [
        SoftLabels(labels, words.start[i:j], words.end[i:j], by_word[i:j], False)
        for i, j in zip(words.docs[:-1], words.docs[1:], strict=True)
    ]


def ask(
    documents: Iterable[tuple[Document, str | None]],
    tasks: Mapping[str, float],
    *,
    min_length: int = 200,
    max_length: int = 700,
    seed: int = 0,
) -> Iterator[Question]:
    """Cut texts into parts and draw the tasks under which each is scored.

    documents (Iterable[tuple[Document, str | None]]): Texts, each with the task under
        which it is annotated, or None.
    tasks (Mapping[str, float]): Probability for each task that a part is scored under
        it; what is annotated is scored under its own task in any case.
    min_length, max_length (int): Characters at which documents are cut, drawn between
        the two for each document; 0 and 0 leave them whole.
    seed (int): Of all that is drawn.
    YIELDS (Question): The parts, in order.
    """
    rng = random.Random(seed)
    for document, own in documents:
        for part in split_document(document, rng.randint(min_length, max_length)):
            if own is not None:
                yield Question(part, own, True)
            bare = replace(part, mentions=[])
            for task, share in tasks.items():
                if rng.random() < share and task != own:
                    yield Question(bare, task, False)


def count_bytes(teacher: Teacher, questions: Iterable[Question]) -> int:
    """About how large the scores of texts will be before they are compressed.

    teacher (Teacher): Knows the tasks' labels.
    questions (Iterable[Question]): The texts; a word is taken to have six characters.
    RETURNS (int): Bytes; compressed, scores take about a quarter of that.
    """
    return sum(
        len(q.document.text) // 6 * len(teacher.task(q.task).labels) * _HALF
        for q in questions
    )


def write_scores(
    teacher: Teacher,
    name: str,
    questions: Sequence[Question],
    output: Path,
    *,
    shard: int = 2000,
    batch: int = 64,
) -> Iterator[int]:
    """Score texts and write them to DocBins, one for some thousand texts.

    The reader `spacy_aioner.SampledCorpus.v1` takes the folder. DocBins that are there
    already are kept, so an interrupted run goes on where it was.

    teacher (Teacher): Scores them.
    name (str): The DocBins are called "NAME.0000.spacy" and so on.
    questions (Sequence[Question]): The texts.
    output (Path): The folder; it must exist.
    shard (int): Texts of one DocBin.
    batch (int): Texts that are scored together.
    YIELDS (int): The number of texts of each DocBin, once it is there.
    """
    for number, part in enumerate(minibatch(questions, shard)):
        path = output / f"{name}.{number:04}{DOCBIN_SUFFIX}"
        if not path.exists():
            with replace_file(path) as stream:
                writer = DocBinWriter(stream)
                for question, soft in _answers(teacher, part, batch):
                    writer.add(question.document, task=question.task, soft=soft.pack())
                writer.close()
        yield len(part)


def _answers(
    teacher: Teacher, questions: Sequence[Question], batch: int
) -> Iterator[tuple[Question, SoftLabels]]:
    for task in sorted({question.task for question in questions}):
        its = [question for question in questions if question.task == task]
        for some in minibatch(its, batch):
            yield from zip(some, teacher.score(some, task), strict=True)


def check_settings(output: Path, settings: Mapping[str, Any]) -> None:
    """Make a folder for scores, or make sure that it is of the same settings.

    output (Path): The folder.
    settings (Mapping[str, Any]): What the scores depend on, as JSON takes it.
    RAISES (AionerError): If the folder was made with others.
    """
    output.mkdir(parents=True, exist_ok=True)
    path = output / SETTINGS
    if path.exists():
        if srsly.read_json(path) != dict(settings):
            raise AionerError(
                f"{path}: was written with different settings: repeat those to resume, "
                "or delete the directory."
            )
    elif any(output.glob(f"*{DOCBIN_SUFFIX}")):
        raise AionerError(
            f"{output}: holds DocBins that are no scores: name another directory."
        )
    else:
        srsly.write_json(path, dict(settings))
