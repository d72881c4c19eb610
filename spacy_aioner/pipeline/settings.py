"""What a component is asked and how it answers, checked wherever it is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from ..errors import AionerError

# Kept as the component is trained, whatever a config says.
_STATE = ("task_types", "trained_tasks", "other_tasks")
# What the config said when the settings were made.
_CONFIGURED = "configured"


@dataclass(frozen=True)
class Request:
    """What one call asks for.

    tasks (tuple[int, ...]): Numbers of the tasks that are prompted.
    threshold, consistency (float): See `models.decoding.decode`.
    abbreviations (bool): Whether abbreviations agree with their long forms.
    """

    tasks: tuple[int, ...]
    threshold: float
    consistency: float
    abbreviations: bool


class Settings(dict[str, Any]):
    """The `cfg` of a component: settings that may be changed at any time, and state.

    A setting that was changed is saved and loaded again with the component, unless
    the config with which it is loaded says something else than the config did when the
    component was made: an override of `spacy.load` wins.

    configured (Mapping[str, Any]): The settings as the config has them.
    state (Mapping[str, Any]): What else is saved.
    RAISES (AionerError): Here and wherever a value is set, if it is invalid or there is
        no such setting.
    """

    def __init__(self, configured: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        super().__init__()
        super().__setitem__(_CONFIGURED, dict(configured))
        for name, value in (*configured.items(), *state.items()):
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        check_setting(name, value)
        if isinstance(value, np.floating):
            value = float(value)  # Else it could not be saved.
        super().__setitem__(name, value)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Give a setting, which is set first where it is missing.

        name (str): The setting.
        default (Any): What it is set to.
        RETURNS (Any): Its value.
        """
        if name not in self:
            self[name] = default
        return self[name]

    def __ior__(self, others: Any) -> Settings:  # type: ignore[override,misc]
        for name, value in dict(others).items():
            self[name] = value
        return self

    def update(self, *others: Any, **more: Any) -> None:
        """Take over settings, such as those that were saved.

        others, more: As for `dict.update`. Those that hold what their config said are
            taken over where this component's config says the same.
        """
        values = dict(*others, **more)
        then = values.pop(_CONFIGURED, None)
        now = self[_CONFIGURED]
        for name, value in values.items():
            # Files of version 0.1.0 do not tell: what the config says is used.
            saved = "task_types" in values
            if saved and name in now and (then is None or then.get(name) != now[name]):
                continue
            self[name] = value


def _is_share(value: Any) -> bool:
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number and 0.0 <= float(value) <= 1.0


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_name(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_list(value: Any) -> bool:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        return False
    return all(isinstance(name, str) for name in value)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "tasks": (
        _is_list,
        'a list with at least one task, such as ["ALL"] or ["Gene", "Disease"]',
    ),
    "threshold": (_is_share, "between 0 and 1"),
    "consistency": (_is_share, "between 0 and 1"),
    "abbreviations": (_is_flag, "true or false"),
    "join_hyphenated": (_is_flag, "true or false"),
    "annotate_ents": (_is_flag, "true or false"),
    "overwrite": (_is_flag, "true or false"),
    "spans_key": (_is_name, "the name of a group, or null"),
}


def check_setting(name: str, value: Any) -> None:
    """Make sure that a setting exists and its value is valid.

    name (str): The setting.
    value (Any): Its value.
    RAISES (AionerError): If there is no such setting, or its value is invalid.
    """
    if name in _STATE:
        return
    if name not in _CHECKS:
        raise AionerError(
            f"There is no setting '{name}': the settings are {', '.join(_CHECKS)}."
        )
    valid, what = _CHECKS[name]
    if not valid(value):
        raise AionerError(f"{name} must be {what}, got {value!r}.")
