"""How the component learns: its tasks, its updates, what it may be asked for."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Optimizer, set_dropout_rate

from ..errors import AionerError
from ..models.architectures import AioModel, get_shim
from ..models.types import Emissions, Plan
from ..scheme.growth import label_analogies
from ..scheme.scheme import Scheme, Task, add_tasks
from .gold import check_types, example_task
from .targets import make_targets, says_something


class TaskLearner(TrainablePipe):  # type: ignore[misc]
    """A component whose network learns the tasks of a scheme.

    What it was trained on stands in `cfg["trained_tasks"]`: only that can be asked.
    """

    name: str
    model: AioModel
    scheme: Scheme
    cfg: dict[str, Any]
    _told_untrained = False

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

    def _check_trained(self, names: Sequence[str]) -> None:
        trained = self.cfg["trained_tasks"]
        missing = [name for name in names if trained and name not in trained]
        if missing:
            raise AionerError(
                f"The model of '{self.name}' was not trained on the task "
                f"'{missing[0]}': it knows {', '.join(trained)}; prompt what it knows, "
                "or train it on the other."
            )

    def from_disk(
        self, path: str | Path, *, exclude: Iterable[str] = ()
    ) -> "TaskLearner":
        """Load what `to_disk` wrote.

        path (str | Path): The directory.
        exclude (Iterable[str]): Names of parts to leave out.
        RETURNS (TaskLearner): The component.
        RAISES (AionerError): If the weights are damaged, or of a model with another
            head or other types than the config has.
        """
        super().from_disk(path, exclude=exclude)
        self._check_types()
        return self

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Iterable[str] = ()
    ) -> "TaskLearner":
        """Load what `to_bytes` wrote.

        bytes_data (bytes): The bytes.
        exclude (Iterable[str]): Names of parts to leave out.
        RETURNS (TaskLearner): The component.
        RAISES (AionerError): As `from_disk`.
        """
        super().from_bytes(bytes_data, exclude=exclude)
        self._check_types()
        return self

    def _check_types(self) -> None:
        """Make sure that the labels of the config are those of the weights."""
        shim = get_shim(self.model)
        if shim.network is None or shim.frame is None:
            return
        # The order counts too: it numbers the rows of the weights.
        saved, own = self.cfg["task_types"], task_types(self.scheme)
        if list(saved.items()) != list(own.items()):
            raise AionerError(
                f"The weights of '{self.name}' are of a model with the tasks and types "
                f"{saved}, but the config has {own}: correct the config, or train "
                "again."
            )
        n_labels = shim.network.output.out_features
        rows = shim.network.encoder.get_input_embeddings().num_embeddings
        tags = rows - shim.frame.first_tag
        expected = len(self.scheme.labels), len(self.scheme.tags)
        if (n_labels, tags) != expected:
            raise AionerError(
                f"The weights of '{self.name}' are of a model with {n_labels} labels "
                f"and {tags} tags, but the types of the config have {expected[0]} and "
                f"{expected[1]}: correct the config, or train again."
            )

    def _require_network(self) -> None:
        if get_shim(self.model).network is None:
            raise AionerError(
                f"The component '{self.name}' has no weights: load a trained pipeline, "
                "such as spacy.load('en_aioner_minilm'), or call nlp.initialize() and "
                "train it."
            )

    def _warn_if_untrained(self) -> None:
        """Tell once that predictions are random."""
        if self._told_untrained or get_shim(self.model).trained:
            return
        self._told_untrained = True
        warnings.warn(
            f"The component '{self.name}' has not been trained, so its predictions are "
            "random: train it, or load a trained pipeline such as "
            "spacy.load('en_aioner_minilm').",
            stacklevel=2,
        )

    def _plan(self, docs: Sequence[Doc], tasks: Sequence[Sequence[int]]) -> Plan:
        from ..models.planning import plan_windows

        shim = get_shim(self.model)
        words = shim.table.words(  # type: ignore[union-attr]
            docs, join_hyphenated=self.cfg["join_hyphenated"]
        )
        return plan_windows(
            words,
            tasks,
            max_pieces=shim.limit,
            context_pieces=shim.context_pieces,
        )

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from examples, each under the task that its reference names.

        examples (Iterable[Example]): The batch; those with neither a statement about
            entities nor a teacher's scores are passed over.
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
        examples = [eg for eg in examples if says_something(eg, self.key)]
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
        """Compare scores with gold labels and a teacher's scores.

        examples (Iterable[Example]): The batch.
        scores (Emissions): The plan of the batch and its label scores.
        RETURNS (tuple[float, torch.Tensor]): Mean loss per word, and its gradient,
            (n_rows, n_labels). A CRF's own parameters collect theirs right here.
        """
        from ..models.decoding import loss

        targets = make_targets(self.scheme, list(examples), scores.plan, self.key)
        leaf = scores.scores.detach().requires_grad_()
        network = get_shim(self.model).network
        value = loss(
            network,  # type: ignore[arg-type]
            self.scheme,
            replace(scores, scores=leaf),
            targets.labels,
            targets.soft,
        )
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
        self.cfg["task_types"] = task_types(grown)
        self.model.set_dim("nO", len(grown.labels), force=True)
        self.model.attrs["n_tags"] = len(grown.tags)
        self.cfg["tasks"] = [*self.cfg["tasks"], name]

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
        if labels is not None and set(labels) != set(self.labels):
            raise AionerError(
                f"The labels {sorted(labels)} differ from the types "
                f"{sorted(self.labels)} of '{self.name}': set types in its config."
            )
        self.model.set_dim("nO", len(self.scheme.labels), force=True)
        self.model.attrs["n_tags"] = len(self.scheme.tags)
        # Before the examples, which may take minutes to read: it may be missing.
        self.model.initialize()
        validate_get_examples(get_examples, "AionerNER.initialize")
        self.cfg["trained_tasks"] = []
        seen = set()
        for eg in get_examples():
            task = example_task(self.scheme, eg)
            seen.add(self.scheme.tasks[task].name)
            check_types(self.scheme, eg, task, self.key)
        self._add_trained(seen)
        self._check_trained(self.cfg["tasks"])


def task_types(scheme: Scheme) -> dict[str, list[str]]:
    """The types of each task, as the scorer takes them and JSON keeps them."""
    return {task.name: list(task.types) for task in scheme.tasks}
