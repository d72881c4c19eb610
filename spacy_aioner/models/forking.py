"""Forks that compute, such as the workers of `nlp.pipe(n_process=…)`.

torch's threads do not survive a fork, and a child that was told nothing waits for them
for ever. Only a fork in which our network computes is touched, and only then.
"""

from __future__ import annotations

import os

import torch

# The number of threads that this process took over when it was forked, until it has
# computed; 0 in others.
_inherited = 0


def _note() -> None:
    global _inherited
    _inherited = torch.get_num_threads()


def survive_fork() -> None:
    """Let the network compute in this process; called whenever it is about to.

    In a fork it sets one thread, which is also what workers together run fastest with,
    unless the fork has chosen a number itself.
    """
    global _inherited
    if _inherited and torch.get_num_threads() == _inherited:
        torch.set_num_threads(1)
    _inherited = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note)
