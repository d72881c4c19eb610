"""A network that is taught by what it was."""

import numpy as np
import pytest
import torch

from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.decoding import loss
from spacy_aioner.models.teaching import Teacher, inputs_of_tasks
from spacy_aioner.models.types import Emissions

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
DOSE = "Patients with the c.76A>T variant tolerated aspirin."


@pytest.fixture(params=["softmax", "crf"])
def pipe(request, trained, make_nlp):
    nlp = make_nlp(request.param).from_bytes(trained[request.param].to_bytes())
    pipe = nlp.get_pipe("aioner")
    pipe.docs = [nlp.make_doc(MICE), nlp.make_doc(DOSE), nlp.make_doc(MICE)]
    return pipe


def emissions_of(pipe, tasks):
    numbers = [[pipe.scheme.index(name)] for name in tasks]
    plan = pipe._plan(pipe.docs, numbers)
    return Emissions(plan, pipe.model.predict(plan.inputs).clone())


def test_windows_of_some_tasks_give_the_rows_that_all_give(pipe):
    whole = emissions_of(pipe, ["ALL", "Gene", "ALL"])
    inputs = whole.plan.inputs
    chosen, rows = inputs_of_tasks(inputs, [pipe.scheme.index("ALL")])
    assert 0 < len(rows) < len(whole.plan.word)
    torch.testing.assert_close(pipe.model.predict(chosen), whole.scores[rows])
    none, rows = inputs_of_tasks(inputs, [pipe.scheme.index("Variant")])
    assert not len(rows)
    assert not len(none.pieces)


def test_the_loss_is_the_mean_square_of_what_differs_between_labels(pipe):
    teacher = Teacher(pipe.model, pipe.scheme, ["ALL"], weight=0.5)
    asked = emissions_of(pipe, ["ALL", "Gene", "ALL"])
    assert float(teacher.loss(pipe.scheme, asked)) == pytest.approx(0.0, abs=1e-6)
    # The same for all labels of a word changes nothing.
    moved = asked.scores + torch.arange(len(asked.scores)).unsqueeze(1)
    assert float(teacher.loss(pipe.scheme, Emissions(asked.plan, moved))) < 1e-6
    labels = pipe.scheme.label_ids(pipe.scheme.task("ALL"))
    changed = asked.scores.clone()
    changed[:, labels[0]] += 1.0
    # One label of n is 1 off: from the mean it is (n - 1) / n, the others 1 / n.
    n, words = len(labels), len(asked.plan.word)
    square = ((n - 1) ** 2 + (n - 1)) / n**3
    _, taught = inputs_of_tasks(asked.plan.inputs, [pipe.scheme.index("ALL")])
    expected = 0.5 * square * len(taught) / words
    value = teacher.loss(pipe.scheme, Emissions(asked.plan, changed))
    assert float(value) == pytest.approx(expected, rel=1e-4)


def test_text_of_other_tasks_only(pipe):
    teacher = Teacher(pipe.model, pipe.scheme, ["ALL"], weight=0.5)
    asked = emissions_of(pipe, ["Gene", "Gene", "Gene"])
    assert float(teacher.loss(pipe.scheme, asked)) == 0.0


def test_the_copy_stays_as_it_was(pipe):
    teacher = Teacher(pipe.model, pipe.scheme, ["ALL"], weight=0.5)
    asked = emissions_of(pipe, ["ALL", "ALL", "ALL"])
    network = get_shim(pipe.model).network
    assert all(parameter.requires_grad for parameter in network.parameters())
    with torch.no_grad():
        network.output.weight.mul_(2.0)
    get_shim(pipe.model)._fast = None
    after = emissions_of(pipe, ["ALL", "ALL", "ALL"])
    assert not torch.allclose(after.scores, asked.scores)
    assert float(teacher.loss(pipe.scheme, asked)) == pytest.approx(0.0, abs=1e-6)
    assert float(teacher.loss(pipe.scheme, after)) > 0.01


def test_labels_of_tasks_that_are_left_out(pipe):
    asked = emissions_of(pipe, ["ALL", "Gene", "ALL"])
    network = get_shim(pipe.model).network
    gold = np.zeros(len(asked.plan.word), dtype=np.int64)
    whole, gene = (pipe.scheme.index(name) for name in ("ALL", "Gene"))

    def value(*without):
        result = loss(network, pipe.scheme, asked, gold, without=without)
        return result.detach().item()

    assert value() == pytest.approx(value(gene) + value(whole), rel=1e-5)
    assert value(whole, gene) == 0.0
