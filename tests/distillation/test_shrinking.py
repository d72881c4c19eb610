"""A student of fewer layers is a pipeline like any other."""

import pytest
import spacy

from spacy_aioner.distillation.shrinking import keep_layers
from spacy_aioner.errors import AionerError
from spacy_aioner.models.architectures import get_shim

TEXT = "TP53 loss causes breast cancer."


def network_of(nlp):
    return get_shim(nlp.get_pipe("aioner").model).network


def test_layers_are_left_out_saved_and_loaded(trained_copy, tmp_path):
    kept = network_of(trained_copy).encoder.encoder.layer[1]
    keep_layers(trained_copy, [1])
    assert list(network_of(trained_copy).encoder.encoder.layer) == [kept]
    trained_copy.to_disk(tmp_path)
    again = spacy.load(tmp_path)
    assert network_of(again).encoder.config.num_hidden_layers == 1
    assert again(TEXT).to_json() == trained_copy(TEXT).to_json()


def test_all_layers_give_the_same(trained_copy, trained_nlp):
    keep_layers(trained_copy, [0, 1])
    assert trained_copy(TEXT).to_json() == trained_nlp(TEXT).to_json()


@pytest.mark.parametrize("layers", [[], [2], [1, 0], [0, 0], [-1]])
def test_layers_that_are_not_there(trained_copy, layers):
    with pytest.raises(AionerError, match="ascending numbers from 0 to 1"):
        keep_layers(trained_copy, layers)


def test_a_pipeline_without_a_network(make_nlp):
    with pytest.raises(AionerError, match="0 trained 'aioner' components"):
        keep_layers(make_nlp(), [0])
