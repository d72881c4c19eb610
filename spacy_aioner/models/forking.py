"""Worker processes of `nlp.pipe(n_process=…)`, which are forks of the parent.

torch's threads do not survive a fork, but a child that was told nothing waits for them
for ever. The tokenizers library has the same trouble and says so with every fork.
"""

from __future__ import annotations

import os

import torch

_PARALLELISM = "TOKENIZERS_PARALLELISM"
_quieted = False


def _before() -> None:
    global _quieted
    _quieted = _PARALLELISM not in os.environ
    if _quieted:
        os.environ[_PARALLELISM] = "false"


def _in_parent() -> None:
    if _quieted:
        del os.environ[_PARALLELISM]


def _in_child() -> None:
    # One thread a worker is also what the workers together run fastest with.
    torch.set_num_threads(1)


def survive_forks() -> None:
    """Make forks of this process able to compute; called once, when torch is loaded."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_before, after_in_parent=_in_parent, after_in_child=_in_child
        )
