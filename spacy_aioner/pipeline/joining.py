"""Several aioner components in one pipeline, each for tasks of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from spacy.language import Language

from ..errors import AionerError
from .aioner import AionerNER
from .loading import aioner_components


def join(nlp: Language, other: Language) -> list[str]:
    """Add the components of another pipeline for what this one was not taught.

    Each keeps its own network, so all tasks are answered as before, and as fast: a
    text is read once per task anyway. All write to one group of spans; in `doc.ents`
    what the earlier component found wins an overlap.

    nlp (Language): A trained pipeline, changed in place, its config as well.
    other (Language): Another one, e.g. a copy of it that learnt a new task; not to be
        used any more.
    RETURNS (list[str]): The names of the components added.
    RAISES (AionerError): If this pipeline has no aioner component, or the other was
        trained on no task that this one lacks.
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
        known.update(tasks)
        # The name is that of a folder too.
        name = re.sub(r"\W", "_", "_".join(["aioner", *tasks])).lower()
        if name in nlp.component_names:
            raise AionerError(f"The pipeline has a component '{name}' already.")
        nlp.add_pipe(pipe.name, name=name, source=other)
        pipe.name = name
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
    return added


def prompt(nlp: Language, tasks: Sequence[str]) -> None:
    """Ask a pipeline for tasks; components with none of them are disabled.

    nlp (Language): The pipeline, changed in place.
    tasks (Sequence[str]): Each goes to the first component that was trained on it.
    RAISES (AionerError): If no component knows one of them.
    """
    pipes = aioner_components(nlp)
    if len(pipes) == 1:
        pipes[0].tasks = list(tasks)
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
