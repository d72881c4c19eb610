"""Completing and checking the JSON object of a BioC document, before bioc takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .source import quote

KEYS = {
    "document": ("id", "infons", "passages", "annotations", "relations"),
    "passage": ("offset", "infons", "text", "sentences", "annotations", "relations"),
    "sentence": ("offset", "infons", "text", "annotations", "relations"),
    "annotation": ("id", "infons", "text", "locations"),
    "relation": ("id", "infons", "nodes"),
    "location": ("offset", "length"),
    "node": ("refid", "role"),
}
# What each list holds.
ITEMS = {
    "passages": "passage",
    "sentences": "sentence",
    "annotations": "annotation",
    "relations": "relation",
    "locations": "location",
    "nodes": "node",
}

# Larger numbers are in few JSON files, and Python does not write those of any length.
MAX_NUMBER = 10**18


def complete(value: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Fill in the optional keys of a document and check the types of all of them.

    value (dict[str, Any]): The JSON object of a document.
    RETURNS (tuple[dict[str, Any], set[str]]): An object that bioc takes, and the names
        of keys below the document that BioC does not have, which are not in it.
    RAISES (ValueError): Where a required key is missing, a value is of a wrong type, or
        nothing but unknown keys may hold the text; says what the document "has".
    """
    unknown: set[str] = set()
    others = value.keys() - {*KEYS["document"], "bioctype"}
    if "passages" not in value and others:
        names = quote(", ".join(sorted(others)))
        raise ValueError(f"has no passages but other keys, {names}")
    made = _complete(value, "document", unknown)
    return made, unknown - {f"document.{key}" for key in value}


def _complete(value: Any, kind: str, unknown: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"has a {kind} that is no JSON object")
    unknown |= {
        f"{kind}.{key}" for key in value if key not in (*KEYS[kind], "bioctype")
    }
    made: dict[str, Any] = {}
    for key in KEYS[kind]:
        given = value.get(key)
        if key in ITEMS:
            given = _check(given, list, [], kind, key)
            made[key] = [_complete(each, ITEMS[key], unknown) for each in given]
        elif key in CHECKS:
            made[key] = CHECKS[key](given, kind, key)
    return made


def _check(given: Any, wanted: type, default: Any, kind: str, key: str) -> Any:
    if given is None:
        return default
    if not isinstance(given, wanted):
        raise ValueError(f"has a {kind} whose {key!r} is of the wrong type")
    return given


def _infons(given: Any, kind: str, key: str) -> Any:
    return _check(given, dict, {}, kind, key)


def _text(given: Any, kind: str, key: str) -> Any:
    text = _check(given, str, None, kind, key)
    try:
        (text or "").encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"has a {kind} whose text holds half a character") from None
    return text


def _name(given: Any, kind: str, key: str) -> Any:
    if isinstance(given, (dict, list)):
        raise ValueError(f"has a {kind} whose {key!r} is of the wrong type")
    return "" if given is None else given


def _number(given: Any, kind: str, key: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        fault = "is missing" if given is None else "is no whole number"
        raise ValueError(f"has a {kind} whose {key!r} {fault}")
    if abs(given) >= MAX_NUMBER:
        raise ValueError(f"has a {kind} whose {key!r} is too large")
    return given


CHECKS: dict[str, Callable[[Any, str, str], Any]] = {
    "id": _name,
    "infons": _infons,
    "text": _text,
    "offset": _number,
    "length": _number,
    "refid": _name,
    "role": _name,
}
