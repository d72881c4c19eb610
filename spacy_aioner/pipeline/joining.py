"""Several aioner components in one pipeline, each for tasks of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from spacy.language import Language

from ..errors import AionerError
from ..models.architectures import get_shim
from .aioner import AionerNER
from .loading import aioner_components
from .settings import check_setting


def join(nlp: Language, other: Language) -> list[str]:
    """Add the components of another pipeline for what this one was not taught.

    Each keeps its own network, so all tasks are answered as before, and as fast: a
    text is read once per task anyway. All write to one group of spans, and the
    spans_filter of a component, if it has one, chooses from what all before it found
    as well; in `doc.ents` what the earlier component found wins an overlap. What is
    added keeps what stands in a doc already, also where it runs alone.

    nlp (Language): A trained pipeline, changed in place, its config as well.
    other (Language): Another one, e.g. a copy of it that learnt a new task; not to be
        used any more.
    RETURNS (list[str]): The names of the components added.
    RAISES (AionerError): If this pipeline has no aioner component, the other was
        trained on no task that this one lacks, or it reads the tokens of another
        tokenizer.
    """
    ours = aioner_components(nlp)
    if not ours:
        raise AionerError(
            "The pipeline has no aioner component to join others to, it holds "
            f"{', '.join(nlp.pipe_names) or 'nothing'}; give one that has one."
        )
    known = {task for pipe in ours for task in pipe.cfg["trained_tasks"]}
    added = []
    for pipe in aioner_components(other):
        tasks = [name for name in pipe.cfg["trained_tasks"] if name not in known]
        if not tasks:
            continue
        _check_tokens(nlp, other, pipe)
        known.update(tasks)
        name = _free_name(nlp, tasks)
        nlp.add_pipe(pipe.name, name=name, source=other)
        pipe.tasks = tasks
        pipe.overwrite = False
        pipe.cfg["spans_key"] = ours[0].key
        settings = {"tasks": tasks, "overwrite": False, "spans_key": ours[0].key}
        nlp.get_pipe_config(name).update(settings)
        added.append(name)
    if not added:
        raise AionerError(
            "The other pipeline was trained on no task that this one lacks: it knows "
            f"{_known(aioner_components(other))}, this one {_known(ours)}."
        )
    pipes = aioner_components(nlp)
    types = {name: t for pipe in pipes for name, t in pipe.cfg["task_types"].items()}
    for pipe in pipes:
        own = pipe.cfg["task_types"]
        pipe.cfg["other_tasks"] = {n: t for n, t in types.items() if n not in own}
    return added


def _check_tokens(nlp: Language, other: Language, pipe: AionerNER) -> None:
    ours, theirs = (each.config["nlp"]["tokenizer"] for each in (nlp, other))
    if get_shim(pipe.model).words == "tokens" and ours != theirs:
        raise AionerError(
            f"The component '{pipe.name}' of the other pipeline was taught the tokens "
            f"of {theirs['@tokenizers']}, this pipeline has {ours['@tokenizers']}: "
            "teach it with the tokenizer of this one."
        )


def _free_name(nlp: Language, tasks: Sequence[str]) -> str:
    """A name for a component, which is that of a folder too."""
    name = re.sub(r"\W", "_", "_".join(["aioner", *tasks])).lower()
    while name in nlp.component_names:
        name += "_"
    return name


def prompt(nlp: Language, tasks: Sequence[str]) -> None:
    """Ask a pipeline for tasks; components with none of them are disabled.

    What is disabled stays so when the pipeline is saved.

    nlp (Language): The pipeline, changed in place.
    tasks (Sequence[str]): Each goes to the first component that was trained on it.
    RAISES (AionerError): If no component knows one of them, or they are not a list.
    """
    check_setting("tasks", tasks)
    pipes = aioner_components(nlp)
    if len(pipes) == 1:
        pipes[0].tasks = tasks
        nlp.enable_pipe(pipes[0].name)
        return
    asked: dict[str, list[str]] = {pipe.name: [] for pipe in pipes}
    for task in tasks:
        knows = [pipe.name for pipe in pipes if task in pipe.cfg["trained_tasks"]]
        if not knows:
            raise AionerError(
                f"The pipeline was not trained on the task '{task}': it knows "
                f"{_known(pipes)}."
            )
        asked[knows[0]].append(task)
    for pipe in pipes:
        if asked[pipe.name]:
            pipe.tasks = asked[pipe.name]
            nlp.enable_pipe(pipe.name)
        elif pipe.name in nlp.pipe_names:
            nlp.disable_pipe(pipe.name)


def _known(pipes: Sequence[AionerNER]) -> str:
    known = dict.fromkeys(task for pipe in pipes for task in pipe.cfg["trained_tasks"])
    return ", ".join(known) or "none"
