"""Teaching a trained pipeline entity types that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from spacy.language import Language
from spacy.util import registry

from ..corpora.docbin import docbin_files, read_tasks
from ..errors import AionerError
from ..models.architectures import get_shim
from .aioner import AionerNER
from .loading import load_trained


def add_task(
    nlp: Language, task: str, types: Sequence[str], *, component: str = "aioner"
) -> None:
    """Add a task with a tag pair, an outside label and types to a trained component.

    The network keeps all rows that it has and gets new ones; see `models.growth.grow`.
    The new task is prompted besides those that were prompted before, and must be
    trained before anything is predicted. Add tasks before the training: an optimizer
    that has seen the smaller network cannot go on.

    nlp (Language): A trained pipeline, e.g. from `spacy.load`, changed in place, its
        config as well.
    task (str): Name of the task, e.g. "Anatomy" for <Anatomy> … </Anatomy>.
    types (Sequence[str]): The entity types that it annotates; the model may know some
        of them already.
    component (str): Name of the component.
    RAISES (AionerError): If there is no such component, it is not trained, or the
        names of task and types cannot be.
    """
    pipe = _find(nlp, component)
    if isinstance(types, str) or not types:
        raise AionerError(
            f"The types of the task '{task}' must be a list with at least one entity "
            f'type, not {types!r}: write for example ["Organ", "Tissue"].'
        )
    pipe.add_task(task, types)
    settings = nlp.get_pipe_config(component)
    settings["task_types"] = {**settings["task_types"], task: list(types)}
    settings["tasks"] = pipe.tasks


def loosen(
    nlp: Language,
    *,
    component: str = "aioner",
    encoder: str | None = None,
    encoder_share: float = 0.6,
    head_learn_rate_scale: float | None = None,
) -> None:
    """Make a trained component more ready to learn something new.

    nlp (Language): The pipeline, changed in place, its config as well.
    component (str): Name of the component.
    encoder (str | None): The encoder that the component's encoder started from, to mix
        their weights; see `models.growth.mix_encoder`. None leaves it as it is.
    encoder_share (float): Share of that encoder in the mixture.
    head_learn_rate_scale (float | None): Learning rate of all but the encoder,
        relative; None keeps the component's setting.
    RAISES (AionerError): If there is no such component, or the encoder is another.
    """
    pipe = _find(nlp, component)
    shim = get_shim(pipe.model)
    if encoder is not None:
        from ..models.growth import mix_encoder

        source, share = encoder, encoder_share
        shim.change(lambda network: mix_encoder(network, source, share))
    if head_learn_rate_scale is not None:
        shim.head_scale = head_learn_rate_scale
        settings = nlp.get_pipe_config(component)
        settings["model"]["head_learn_rate_scale"] = head_learn_rate_scale


def make_add_task(
    task: str | None = None,
    types: list[str] | None = None,
    data: Path | None = None,
    component: str = "aioner",
    encoder: str | None = None,
    encoder_share: float = 0.6,
    head_learn_rate_scale: float | None = None,
    tokenizer: str | None = None,
) -> Callable[[Language], Language]:
    """Make a callback that adds tasks, for [initialize.before_init] in a config.

    task (str | None): The task; if it is not given, each that `data` has and the
        pipeline has not.
    types (list[str] | None): Its types; if they are not given, those that `data` has.
    data (Path | None): The folder of DocBins that will be learnt.
    component, encoder, encoder_share, head_learn_rate_scale: See `loosen`.
    tokenizer (str | None): A pipeline whose tokenizer is taken, e.g. that of the
        component, so that text is cut as it is there.
    RETURNS (Callable[[Language], Language]): The callback; it raises an AionerError if
        it is not told what to add.
    """

    def add(nlp: Language) -> Language:
        if data is None and (task is None or types is None):
            raise AionerError(
                "spacy_aioner.add_task.v1 is not told what to add: give it task and "
                "types, or data, the folder of the training data."
            )
        found = {} if data is None else tasks_of(Path(data))
        if task is not None:
            new = {task: types or found.get(task, [])}
        else:
            known = [t.name for t in _find(nlp, component).scheme.tasks]
            new = {name: found[name] for name in found if name not in known}
        if tokenizer is not None:
            _take_tokenizer(nlp, tokenizer)
        for name, its_types in new.items():
            add_task(nlp, name, its_types, component=component)
        loosen(
            nlp,
            component=component,
            encoder=encoder,
            encoder_share=encoder_share,
            head_learn_rate_scale=head_learn_rate_scale,
        )
        return nlp

    return add


def _take_tokenizer(nlp: Language, source: str) -> None:
    settings = load_trained(source).config["nlp"]["tokenizer"]
    create = registry.resolve({"tokenizer": settings})["tokenizer"]
    nlp.tokenizer = create(nlp)
    nlp.config["nlp"]["tokenizer"] = settings


def tasks_of(path: Path) -> dict[str, list[str]]:
    """Find the tasks of training data and their types.

    path (Path): A folder of DocBins.
    RETURNS (dict[str, list[str]]): The types that occur, sorted, by task.
    RAISES (AionerError): If there is no DocBin.
    """
    found: dict[str, set[str]] = {}
    for file in docbin_files(path):
        for document, task in read_tasks(file):
            found.setdefault(task, set()).update(m.type for m in document.mentions)
    return {task: sorted(types) for task, types in found.items()}


def _find(nlp: Language, component: str) -> AionerNER:
    pipes = dict(nlp.components)
    pipe = pipes.get(component)
    if not isinstance(pipe, AionerNER):
        raise AionerError(
            f"The pipeline has no 'aioner' component called '{component}': its "
            f"components are {', '.join(pipes) or 'none'}."
        )
    return pipe
