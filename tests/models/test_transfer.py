"""Copies to main memory."""

import pytest
import torch

from spacy_aioner.models.transfer import HostCopy


def test_in_main_memory_nothing_is_copied():
    values = torch.arange(6.0).view(2, 3)
    assert HostCopy(values).wait() is values


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_from_a_gpu():
    values = torch.arange(6.0, device="cuda").view(2, 3)
    copied = HostCopy(values)
    values += 1  # Given to the device after the copy.
    assert copied.wait().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert copied.wait().device.type == "cpu"
