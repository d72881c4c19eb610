"""Forks of a program that has loaded the network."""

import os

import pytest
import torch

from spacy_aioner.models.forking import survive_fork

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@pytest.fixture
def in_fork():
    """Run a function in a fork of a process with three threads; gives its number."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)

    def run(function):
        child = os.fork()
        if not child:
            status = 99
            try:
                status = function()
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    yield run
    torch.set_num_threads(before)


def test_other_forks_are_left_alone(in_fork):
    assert in_fork(torch.get_num_threads) == 3
    quiet = "TOKENIZERS_PARALLELISM"
    expected = os.environ.get(quiet)
    assert in_fork(lambda: int(os.environ.get(quiet) == expected)) == 1


def test_a_fork_that_computes_gets_one_thread(in_fork):
    def compute():
        survive_fork()
        return torch.get_num_threads()

    assert in_fork(compute) == 1
    survive_fork()
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("first", [True, False])
def test_a_fork_may_choose_its_threads(in_fork, first):
    def compute():
        if not first:
            survive_fork()
        torch.set_num_threads(2)
        survive_fork()
        survive_fork()
        return torch.get_num_threads()

    assert in_fork(compute) == 2


def test_predicting_in_a_fork_sets_threads(in_fork, trained_nlp):
    def predict():
        trained_nlp("TP53 loss in mice.")
        return torch.get_num_threads()

    assert in_fork(predict) == 1
    assert in_fork(lambda: len(trained_nlp.make_doc("mice")) + 1) == 2
