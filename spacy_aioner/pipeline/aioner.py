"""The component: an all-in-one named entity recognizer over whole docs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from spacy.errors import Errors
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Optimizer, set_dropout_rate

from ..errors import AionerError
from ..models.architectures import AioModel, get_shim
from ..models.types import Emissions, Plan
from ..scheme.growth import label_analogies
from ..scheme.scheme import Scheme, Task, add_tasks
from .filters import SpanFilter
from .gold import check_types, example_task, gold_labels, is_annotated
from .groups import Prediction, to_predictions, write_group
from .stream import annotate


class AionerNER(TrainablePipe):  # type: ignore[misc]
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
        scorer: Callable[..., dict[str, Any]] | None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scheme = scheme
        self.spans_filter = spans_filter
        self.annotate_ents = annotate_ents
        self.ents_filter = ents_filter
        self.overwrite = overwrite
        self.scorer = scorer
        for what, value in (("threshold", threshold), ("consistency", consistency)):
            if not 0.0 <= value <= 1.0:
                raise AionerError(f"The {what} {value} is not within 0 and 1.")
        self.cfg: dict[str, Any] = {
            "threshold": threshold,
            "consistency": consistency,
            "spans_key": spans_key,
            "task_types": _task_types(scheme),
            "trained_tasks": [],
        }
        self.tasks = list(tasks)

    @property
    def tasks(self) -> list[str]:
        """Tasks that are prompted when predicting; may be set at any time."""
        return list(self._tasks)

    @tasks.setter
    def tasks(self, names: Sequence[str]) -> None:
        if isinstance(names, str) or not names:
            raise AionerError(
                f"tasks must be a list with at least one task, not {names!r}: "
                'write for example ["ALL"] or ["Gene", "Disease"].'
            )
        for name in names:
            self.scheme.index(name)
        self._check_trained(names)
        self._tasks = list(dict.fromkeys(names))

    def _check_trained(self, names: Sequence[str]) -> None:
        trained = self.cfg["trained_tasks"]
        missing = [name for name in names if trained and name not in trained]
        if missing:
            raise AionerError(
                f"The model of '{self.name}' was not trained on the task "
                f"'{missing[0]}': it knows {', '.join(trained)}; prompt what it knows, "
                "or train it on the other."
            )

    @property
    def key(self) -> str | None:
        """The group of spans that predictions are written to."""
        return self.cfg["spans_key"]  # type: ignore[no-any-return]

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types that the component can predict."""
        return self.scheme.types

    @property
    def label_data(self) -> tuple[str, ...]:
        """The labels, as `spacy init labels` writes them."""
        return self.labels

    def _require_network(self) -> None:
        if get_shim(self.model).network is None:
            raise ValueError(Errors.E109.format(name=self.name))

    def _plan(self, docs: Sequence[Doc], tasks: Sequence[Sequence[int]]) -> Plan:
        from ..models.planning import plan_windows

        shim = get_shim(self.model)
        words = shim.table.words(docs)  # type: ignore[union-attr]
        return plan_windows(
            words,
            tasks,
            max_pieces=shim.limit,
            context_pieces=self.model.attrs["context_pieces"],
        )

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate a stream of docs.

        stream (Iterable[Doc]): The docs.
        batch_size (int): Docs to predict together at most; long docs make it fewer.
        YIELDS (Doc): The docs in order.
        """
        handle = self.get_error_handler()

        def begin(docs: list[Doc]) -> Callable[[], None]:
            read = self._begin(docs)
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
        return self._begin(list(docs))()

    def _begin(self, docs: list[Doc]) -> Callable[[], list[list[Prediction]]]:
        """Have the network score docs.

        docs (list[Doc]): The docs.
        RETURNS (Callable): Waits for the scores and reads the predictions from them; a
            GPU computes while other things are done before it is called.
        """
        from ..models.decoding import host_chains
        from ..models.transfer import HostCopy

        self._require_network()
        self._check_trained(self._tasks)
        asked = [self.scheme.index(name) for name in self._tasks]
        plan = self._plan(docs, [asked] * len(docs))
        network = get_shim(self.model).network
        # First, as to copy them later would be to wait for the scores.
        chains = host_chains(network, self.scheme, plan)  # type: ignore[arg-type]
        scores = HostCopy(self.model.predict(plan.inputs))
        return lambda: self._read(Emissions(plan, scores.wait()), chains)

    def _read(
        self, emissions: Emissions, chains: Mapping[int, Any]
    ) -> list[list[Prediction]]:
        from ..models.decoding import decode

        spans = decode(
            self.scheme,
            emissions,
            chains,
            consistency=self.cfg["consistency"],
            threshold=self.cfg["threshold"],
        )
        return to_predictions(self.scheme, emissions.plan.words, spans)

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
                    overwrite=self.overwrite,
                )
            if self.annotate_ents:
                best_first = sorted(predictions, key=lambda p: -p.score)
                spans = [Span(doc, p.start, p.end, label=p.label) for p in best_first]
                there = [] if self.overwrite else list(doc.ents)
                ents = self.ents_filter(there, spans)
                try:
                    doc.ents = sorted(ents)
                except ValueError:
                    raise ValueError(Errors.E854) from None

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from examples, each under the task that its reference names.

        examples (Iterable[Example]): The batch; those without any statement about
            entities are passed over.
        drop (float): Dropout rate of the head.
        sgd (Optimizer | None): The optimizer; None to collect gradients only.
        losses (dict[str, float] | None): Losses by component, added to.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "AionerNER.update")
        self._require_network()
        examples = [eg for eg in examples if is_annotated(eg, self.key)]
        tasks = [[example_task(self.scheme, eg)] for eg in examples]
        plan = self._plan([eg.predicted for eg in examples], tasks)
        if not len(plan.word):
            return losses
        self._add_trained({self.scheme.tasks[t].name for ts in tasks for t in ts})
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(plan.inputs)
        loss, d_scores = self.get_loss(examples, Emissions(plan, scores))
        backprop(d_scores)
        # `spacy train` passes False and finishes the update itself.
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(
        self, examples: Iterable[Example], scores: Emissions
    ) -> tuple[float, Any]:
        """Compare scores with gold labels.

        examples (Iterable[Example]): The batch.
        scores (Emissions): The plan of the batch and its label scores.
        RETURNS (tuple[float, torch.Tensor]): Mean loss per word, and its gradient,
            (n_rows, n_labels). A CRF's own parameters collect theirs right here.
        """
        from ..models.decoding import loss

        gold = gold_labels(self.scheme, list(examples), scores.plan, self.key)
        leaf = scores.scores.detach().requires_grad_()
        network = get_shim(self.model).network
        value = loss(network, self.scheme, replace(scores, scores=leaf), gold)  # type: ignore[arg-type]
        value.backward()  # type: ignore[no-untyped-call]
        return value.item(), leaf.grad

    def _add_trained(self, names: Iterable[str]) -> None:
        known = {*self.cfg["trained_tasks"], *names}
        ordered = [task.name for task in self.scheme.tasks if task.name in known]
        self.cfg["trained_tasks"] = ordered

    def add_task(self, name: str, types: Sequence[str]) -> None:
        """Add a task that the network shall learn, and prompt it too.

        Of the pipeline only the component changes; see `new_task.add_task`.

        name (str): Name of the task.
        types (Sequence[str]): The entity types that it annotates.
        RAISES (AionerError): If the component is not trained or a name cannot be.
        """
        from ..models.growth import grow

        shim = get_shim(self.model)
        known = self.cfg["trained_tasks"]
        if shim.network is None or not known:
            raise AionerError(
                f"'{self.name}' is not trained, so there is nothing to add the task "
                f"'{name}' to: name it in task_types of the component's config."
            )
        grown = add_tasks(self.scheme, [Task(name, tuple(types))])
        analogies, fresh = label_analogies(self.scheme, grown, known)
        shim.change(lambda net: grow(net, n_tags=2, analogies=analogies, fresh=fresh))
        self.scheme = grown
        self.cfg["task_types"] = _task_types(grown)
        self.model.set_dim("nO", len(grown.labels), force=True)
        self.model.attrs["n_tags"] = len(grown.tags)
        self._tasks.append(name)

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        """Load the encoder and learn from the examples which tasks will be trained.

        get_examples (Callable[[], Iterable[Example]]): Gives all training examples.
        nlp (Language | None): The pipeline.
        labels (Sequence[str] | None): From `spacy init labels`; must be the types of
            the component's config, which decides.
        RAISES (AionerError): If examples hold types that their task does not
            annotate, or a prompted task does not occur.
        """
        validate_get_examples(get_examples, "AionerNER.initialize")
        if labels is not None and set(labels) != set(self.labels):
            raise AionerError(
                f"The labels {sorted(labels)} differ from the types "
                f"{sorted(self.labels)} of '{self.name}': set types in its config."
            )
        self.cfg["trained_tasks"] = []
        seen = set()
        for eg in get_examples():
            task = example_task(self.scheme, eg)
            seen.add(self.scheme.tasks[task].name)
            check_types(self.scheme, eg, task, self.key)
        self._add_trained(seen)
        self._check_trained(self._tasks)
        self.model.set_dim("nO", len(self.scheme.labels), force=True)
        self.model.attrs["n_tags"] = len(self.scheme.tags)
        self.model.initialize()


def _task_types(scheme: Scheme) -> dict[str, list[str]]:
    """The types of each task, as the scorer takes them and JSON keeps them."""
    return {task.name: list(task.types) for task in scheme.tasks}
