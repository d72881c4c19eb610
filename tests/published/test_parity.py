"""Imported weights against what the original code computed with them."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from spacy.tokens import Doc

from spacy_aioner.models.architectures import get_shim
from spacy_aioner.published.importer import import_weights
from spacy_aioner.published.labels import PUBLISHED_TAGS
from spacy_aioner.published.weights import read_weights

FOLDER = os.environ.get("AIONER_PUBLISHED")
needs_files = pytest.mark.skipif(FOLDER is None, reason="AIONER_PUBLISHED is not set")
LENGTH = 256


def load(decoder):
    folder = Path(FOLDER)
    nlp = import_weights(
        folder / f"tiny-{decoder}-AIO.h5",
        encoder=str(folder / "tiny-encoder"),
        labels=folder / "AIO_label.vocab",
    )
    pipe = nlp.get_pipe("aioner")
    # Where bf16 is faster, it would be taken.
    get_shim(pipe.model).precision = "fp32"
    return pipe, nlp


def sentences(decoder):
    """Token and label pairs, tags included, of each sentence."""
    text = (Path(FOLDER) / f"tiny-{decoder}.predictions.tsv").read_text(encoding="utf8")
    return [
        [(line.split("\t")[0], line.split("\t")[2]) for line in block.splitlines()]
        for block in text.strip().split("\n\n")
    ]


def pieces(pipe, tokens):
    """Ids with [CLS] and [SEP], and where each token's first piece is."""
    shim = get_shim(pipe.model)
    tags = list(pipe.scheme.tags)
    ids, first = [shim.frame.begin], []
    for token in tokens:
        first.append(len(ids))
        if token in tags:
            ids.append(shim.frame.first_tag + tags.index(token))
        else:
            encoded = shim.table.tokenizer.encode(
                [token], is_pretokenized=True, add_special_tokens=False
            )
            ids += encoded.ids
    return [*ids, shim.frame.end], first


def score(pipe, ids, length):
    """Label scores of all pieces of a sequence that is padded to a length."""
    shim = get_shim(pipe.model)
    padded = torch.full((1, length), shim.frame.pad)
    padded[0, : len(ids)] = torch.tensor(ids)
    mask = (torch.arange(length) < len(ids)).long().unsqueeze(0)
    with torch.inference_mode():
        hidden = (
            shim.network.eval().encoder(padded, attention_mask=mask).last_hidden_state
        )
        return shim.network._score(hidden[0], 0.0)


def viterbi(scores, start, end, transitions):
    """The best path without any limits, as label numbers."""
    best = scores[0] + start
    back = []
    for row in scores[1:]:
        both = best[:, None] + transitions
        back.append(both.argmax(0))
        best = both.max(0) + row
    path = [int((best + end).argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


@needs_files
def test_softmax_probabilities_at_every_word_piece():
    pipe, _ = load("softmax")
    stored = np.load(Path(FOLDER) / "tiny-softmax.probabilities.npz")
    labels = pipe.scheme.labels
    worst = 0.0
    for number, sentence in enumerate(sentences("softmax")):
        ids, first = pieces(pipe, [token for token, _ in sentence])
        ours = torch.softmax(score(pipe, ids, len(ids)), -1).numpy()
        theirs = stored[f"s{number}"]
        assert ours.shape == theirs.shape
        worst = max(worst, float(np.abs(ours - theirs).max()))
        assert [labels[i] for i in ours[first].argmax(-1)] == [x for _, x in sentence]
    assert worst < 1e-4


@needs_files
def test_crf_labels_along_the_unconstrained_path():
    pipe, _ = load("crf")
    network = get_shim(pipe.model).network
    labels = pipe.scheme.labels
    start, end, transitions = (
        getattr(network, name).detach().numpy()
        for name in ("start", "end", "transitions")
    )
    for sentence in sentences("crf"):
        ids, first = pieces(pipe, [token for token, _ in sentence])
        scores = score(pipe, ids, LENGTH).numpy()
        path = viterbi(scores, start, end, transitions)
        assert [labels[path[i]] for i in first] == [x for _, x in sentence]


@needs_files
@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_the_component_scores_the_same_pieces(decoder):
    """What the pipeline computes for words is what the pieces have."""
    pipe, nlp = load(decoder)
    sentence = next(s for s in sentences(decoder) if "-" not in s[0][0])
    tokens = [token for token, _ in sentence]
    task = tokens[0].strip("<>")
    doc = Doc(nlp.vocab, words=tokens[1:-1])
    plan = pipe._plan([doc], [[pipe.scheme.index(task)]])
    ours = pipe.model.predict(plan.inputs).numpy()
    ids, first = pieces(pipe, tokens)
    np.testing.assert_allclose(
        ours, score(pipe, ids, len(ids)).numpy()[first[1:-1]], atol=1e-4
    )


@needs_files
def test_every_variable_of_the_files_is_read():
    for decoder in ("softmax", "crf"):
        weights = read_weights(Path(FOLDER) / f"tiny-{decoder}-AIO.h5")
        rows = weights["encoder.embeddings.word_embeddings.weight"]
        assert len(rows) == 113 + 2 * len(PUBLISHED_TAGS)
