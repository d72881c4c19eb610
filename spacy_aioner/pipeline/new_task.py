"""Teaching a trained pipeline entity types that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spacy.language import Language

from ..errors import AionerError
from ..models.architectures import get_shim
from .aioner import AionerNER


def add_task(
    nlp: Language,
    task: str,
    types: Sequence[str],
    *,
    component: str = "aioner",
    encoder: str | None = None,
    encoder_share: float = 0.6,
    head_learn_rate_scale: float | None = None,
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
    encoder (str | None): The encoder that the pipeline's encoder started from, to mix
        their weights; see `models.growth.mix_encoder`. None leaves it as it is.
    encoder_share (float): Share of that encoder in the mixture.
    head_learn_rate_scale (float | None): Learning rate of all but the encoder,
        relative; None keeps the component's setting.
    RAISES (AionerError): If there is no such component, it is not trained, the names
        of task and types cannot be, or the encoder is another.
    """
    pipes = dict(nlp.components)
    pipe = pipes.get(component)
    if not isinstance(pipe, AionerNER):
        raise AionerError(
            f"The pipeline has no 'aioner' component called '{component}': its "
            f"components are {', '.join(pipes) or 'none'}."
        )
    if isinstance(types, str) or not types:
        raise AionerError(
            f"types must be a list with at least one entity type, not {types!r}: "
            'write for example ["Organ", "Tissue"].'
        )
    pipe.add_task(task, types)
    settings = nlp.get_pipe_config(component)
    settings["task_types"] = {**settings["task_types"], task: list(types)}
    settings["tasks"] = pipe.tasks
    shim = get_shim(pipe.model)
    if encoder is not None:
        from ..models.growth import mix_encoder

        source, share = encoder, encoder_share
        shim.change(lambda network: mix_encoder(network, source, share))
    if head_learn_rate_scale is not None:
        shim.head_scale = head_learn_rate_scale
        settings["model"]["head_learn_rate_scale"] = head_learn_rate_scale


def make_add_task(
    task: str,
    types: list[str],
    component: str = "aioner",
    encoder: str | None = None,
    encoder_share: float = 0.6,
    head_learn_rate_scale: float | None = None,
) -> Callable[[Language], Language]:
    """Make a callback that adds a task, for [initialize.before_init] in a config.

    task, types, component, encoder, encoder_share, head_learn_rate_scale: See
        `add_task`.
    RETURNS (Callable[[Language], Language]): The callback.
    """

    def add(nlp: Language) -> Language:
        add_task(
            nlp,
            task,
            types,
            component=component,
            encoder=encoder,
            encoder_share=encoder_share,
            head_learn_rate_scale=head_learn_rate_scale,
        )
        return nlp

    return add
