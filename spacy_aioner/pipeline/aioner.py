"""The component: an all-in-one named entity recognizer over whole docs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.errors import Errors
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..errors import panics_as_errors
from ..models.architectures import AioModel, get_shim
from ..models.types import Emissions, Ints, Plan
from ..scheme.scheme import Scheme
from .filters import SpanFilter
from .groups import Prediction, agreed, to_predictions, write_group
from .learner import TaskLearner, task_types
from .mending import mended
from .settings import Request, Settings, check_setting
from .stream import annotate


def _setting(name: str, about: str) -> Any:
    """A setting as an attribute: `pipe.threshold` is `pipe.cfg["threshold"]`."""

    def read(pipe: Any) -> Any:
        return pipe.cfg[name]

    def write(pipe: Any, value: Any) -> None:
        pipe.cfg[name] = value

    return property(read, write, doc=about)


class AionerNER(TaskLearner):
    """Named entity recognition under the all-in-one scheme (Luo et al. 2023).

    vocab (Vocab): The shared vocabulary.
    model (AioModel): Scores labels; see `spacy_aioner.AioTagger.v1`.
    name (str): The component's name in the pipeline.
    scheme (Scheme): Tasks and labels.
    tasks (Sequence[str]): Tasks whose tags are prompted when predicting.
    spans_key (str | None): Group for all predictions; None to write none.
    spans_filter (SpanFilter | None): Chooses what goes to the group.
    annotate_ents (bool): Whether to write `doc.ents`.
    ents_filter (SpanFilter): Chooses what goes to `doc.ents`.
    overwrite (bool): Whether to replace spans and entities that are there.
    threshold (float): Predictions below this probability are dropped.
    consistency (float): How much the same words elsewhere in the doc count.
    abbreviations (bool): Whether abbreviations agree with their long forms.
    join_hyphenated (bool): Whether words parted at the end of a line are read as one.
    scorer (Callable | None): The scoring method.
    RAISES (AionerError): If a task is unknown, or a share not within 0 and 1.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: AioModel,
        name: str = "aioner",
        *,
        scheme: Scheme,
        tasks: Sequence[str],
        spans_key: str | None,
        spans_filter: SpanFilter | None,
        annotate_ents: bool,
        ents_filter: SpanFilter,
        overwrite: bool,
        threshold: float,
        consistency: float,
        abbreviations: bool,
        join_hyphenated: bool,
        scorer: Callable[..., dict[str, Any]] | None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scheme = scheme
        self.spans_filter = spans_filter
        self.ents_filter = ents_filter
        self.scorer = scorer
        configured = {
            "tasks": list(tasks) if not isinstance(tasks, str) else tasks,
            "threshold": threshold,
            "consistency": consistency,
            "abbreviations": abbreviations,
            "join_hyphenated": join_hyphenated,
            "spans_key": spans_key,
            "annotate_ents": annotate_ents,
            "overwrite": overwrite,
        }
        state = {
            "task_types": task_types(scheme),
            "trained_tasks": [],
            "other_tasks": {},
        }
        self.cfg = Settings(configured, state)
        self._numbers(tasks)

    threshold = _setting("threshold", "Predictions below it are dropped.")
    consistency = _setting("consistency", "How much repetitions of the words count.")
    abbreviations = _setting("abbreviations", "Whether they agree with long forms.")
    join_hyphenated = _setting("join_hyphenated", "Whether parted words are joined.")
    annotate_ents = _setting("annotate_ents", "Whether `doc.ents` is written.")
    overwrite = _setting("overwrite", "Whether what is there is replaced.")

    @property
    def tasks(self) -> list[str]:
        """Tasks that are prompted when predicting; may be set at any time."""
        return list(dict.fromkeys(self.cfg["tasks"]))

    @tasks.setter
    def tasks(self, names: Sequence[str]) -> None:
        check_setting("tasks", names)
        self._numbers(names)
        self.cfg["tasks"] = list(dict.fromkeys(names))

    def _numbers(self, names: Sequence[str]) -> tuple[int, ...]:
        """Numbers of tasks, each once, if all are known and trained."""
        numbers = tuple(self.scheme.index(name) for name in dict.fromkeys(names))
        self._check_trained(names)
        return numbers

    def _request(self, **given: Any) -> Request:
        """What a call asks for: what it names itself, the rest as the settings are."""
        values = {}
        for name in ("tasks", "threshold", "consistency", "abbreviations"):
            value = given.get(name)
            values[name] = self.cfg[name] if value is None else value
            check_setting(name, values[name])
        return Request(**{**values, "tasks": self._numbers(values["tasks"])})

    def __call__(
        self,
        doc: Doc,
        *,
        tasks: Sequence[str] | None = None,
        threshold: float | None = None,
        consistency: float | None = None,
        abbreviations: bool | None = None,
    ) -> Doc:
        """Annotate a doc.

        The settings may be given for this call alone, also by way of the pipeline:
        `nlp(text, component_cfg={"aioner": {"tasks": ["Gene"]}})`.

        doc (Doc): The doc.
        tasks (Sequence[str] | None): Tasks to prompt; None as the component has them,
            here and below.
        threshold, consistency (float | None): See `make_aioner`.
        abbreviations (bool | None): Likewise.
        RETURNS (Doc): The same, annotated.
        """
        request = self._request(
            tasks=tasks,
            threshold=threshold,
            consistency=consistency,
            abbreviations=abbreviations,
        )
        try:
            with panics_as_errors():
                self.set_annotations([doc], self._begin([doc], request)())
        except Exception as error:
            self.get_error_handler()(self.name, self, [doc], error)
        return doc

    def pipe(
        self,
        stream: Iterable[Doc],
        *,
        batch_size: int = 128,
        tasks: Sequence[str] | None = None,
        threshold: float | None = None,
        consistency: float | None = None,
        abbreviations: bool | None = None,
    ) -> Iterator[Doc]:
        """Annotate a stream of docs.

        stream (Iterable[Doc]): The docs.
        batch_size (int): Docs to predict together at most; long docs make it fewer.
        tasks, threshold, consistency, abbreviations: For this stream alone; see
            `__call__`.
        YIELDS (Doc): The docs in order.
        """
        handle = self.get_error_handler()
        request = self._request(
            tasks=tasks,
            threshold=threshold,
            consistency=consistency,
            abbreviations=abbreviations,
        )

        def begin(docs: list[Doc]) -> Callable[[], None]:
            read = self._begin(docs, request)
            return lambda: self.set_annotations(docs, read())

        return annotate(
            stream,
            batch_size,
            begin=begin,
            ahead=self._ahead,
            failed=lambda docs, error: handle(self.name, self, docs, error),
        )

    @property
    def _ahead(self) -> int:
        """A GPU scores a batch while this process reads the one before."""
        network = get_shim(self.model).network
        return int(network is not None and network.output.weight.is_cuda)

    def predict(self, docs: Iterable[Doc]) -> list[list[Prediction]]:
        """Find entities, without changing the docs.

        docs (Iterable[Doc]): The docs.
        RETURNS (list[list[Prediction]]): For each doc what the tasks predict, in
            order of text; what two tasks predict alike stands once.
        RAISES (AionerError): If a task is prompted that was not trained.
        """
        return self._begin(list(docs), self._request())()

    def _begin(
        self, docs: list[Doc], request: Request
    ) -> Callable[[], list[list[Prediction]]]:
        """Have the network score docs.

        docs (list[Doc]): The docs.
        request (Request): What is asked.
        RETURNS (Callable): Waits for the scores and reads the predictions from them; a
            GPU computes while other things are done before it is called.
        """
        from ..models.decoding import host_chains
        from ..models.transfer import HostCopy

        self._require_network()
        self._warn_if_untrained()
        plan = self._plan(docs, [request.tasks] * len(docs))
        network = get_shim(self.model).network
        # First, as to copy them later would be to wait for the scores.
        chains = host_chains(network, self.scheme, plan)  # type: ignore[arg-type]
        scores = HostCopy(self.model.predict(plan.inputs))
        return lambda: self._read(docs, request, Emissions(plan, scores.wait()), chains)

    def _read(
        self,
        docs: Sequence[Doc],
        request: Request,
        emissions: Emissions,
        chains: Mapping[int, Any],
    ) -> list[list[Prediction]]:
        from ..models.decoding import decode

        spans = decode(
            self.scheme,
            emissions,
            chains,
            consistency=request.consistency,
            threshold=request.threshold,
        )
        found = to_predictions(self.scheme, emissions.plan.words, spans)
        found = [mended(doc, its) for doc, its in zip(docs, found, strict=True)]
        if not request.abbreviations:
            return found
        return [agreed(doc, its) for doc, its in zip(docs, found, strict=True)]

    def label_scores(
        self, docs: Sequence[Doc], task: str
    ) -> tuple[Plan, Ints, NDArray[np.float64]]:
        """Find how probable each label of each word is under one task.

        docs (Sequence[Doc]): The docs; they are not changed.
        task (str): The task, which must have been trained.
        RETURNS (tuple): What the network read; its output rows, (n,); and the
            probabilities of the labels in the order of `Task.labels`, (n, n_labels).
        RAISES (AionerError): If the task is unknown or was not trained.
        """
        from ..models.decoding import host_chains, label_scores

        self._require_network()
        self._warn_if_untrained()
        self._check_trained([task])
        index = self.scheme.index(task)
        plan = self._plan(docs, [[index]] * len(docs))
        network = get_shim(self.model).network
        chains = host_chains(network, self.scheme, plan)  # type: ignore[arg-type]
        scores = self.model.predict(plan.inputs).cpu()
        found = label_scores(self.scheme, Emissions(plan, scores), chains)
        labels = self.scheme.task(task).labels
        nothing = np.zeros(0, dtype=np.int64), np.zeros((0, len(labels)))
        return plan, *found.get(index, nothing)

    def set_annotations(
        self, docs: Iterable[Doc], scores: Sequence[Sequence[Prediction]]
    ) -> None:
        """Write predictions to `doc.spans` and `doc.ents`.

        docs (Iterable[Doc]): The docs to change.
        scores (Sequence[Sequence[Prediction]]): From `predict`.
        """
        for doc, predictions in zip(docs, scores, strict=True):
            if self.key is not None:
                write_group(
                    doc,
                    self.key,
                    predictions,
                    spans_filter=self.spans_filter,
                    overwrite=self.cfg["overwrite"],
                )
            if self.cfg["annotate_ents"]:
                best_first = sorted(predictions, key=lambda p: -p.score)
                spans = [Span(doc, p.start, p.end, label=p.label) for p in best_first]
                there = [] if self.cfg["overwrite"] else list(doc.ents)
                ents = self.ents_filter(there, spans)
                try:
                    doc.ents = sorted(ents)
                except ValueError:
                    raise ValueError(Errors.E854) from None
