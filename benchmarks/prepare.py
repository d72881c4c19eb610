"""Build what the released model is timed against, with the same encoder and weights.

    python benchmarks/prepare.py project/assets/BioRED_Test.PubTator benchmarks/prepared

writes into the folder: `encoder` (a Hugging Face folder), `hugging-face` (the encoder
with a head for token classification), `spacy-transformer` and `spacy-cnn` (pipelines).
Their heads are fitted to what the released model finds, so that all have about as many
entities to write; how right they are does not matter here, and is not measured.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
import torch
import typer
from documents import first_documents
from released import MODEL
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import filter_spans, fix_random_seed, minibatch
from transformers import AutoModelForTokenClassification, PreTrainedTokenizerFast

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.models.architectures import get_shim

# The longest text that the encoder reads at once, in pieces.
_LONGEST = 512
_RIDGE = 1.0


def main(
    corpus: Path = typer.Argument(..., help="Documents to fit the heads on."),
    output: Path = typer.Argument(..., help="Folder for the contenders."),
    model: str = typer.Option(MODEL, help="The released pipeline."),
    documents: int = typer.Option(60, min=2, help="Documents to fit on."),
    updates: int = typer.Option(30, min=1, help="Updates of each spaCy pipeline."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Write encoder, Hugging Face model and two spaCy pipelines into a folder."""
    with plain_errors(debug=debug):
        fix_random_seed(0)
        nlp = spacy.load(model)
        texts = [document.text for document in first_documents(corpus, documents)]
        docs = list(nlp.pipe(texts))
        output.mkdir(parents=True, exist_ok=True)
        _write_encoder(nlp, output / "encoder")
        _write_hugging_face(docs, output / "encoder", output / "hugging-face")
        transformer = _transformer_pipeline(output / "encoder")
        for name, peer in (
            ("spacy-transformer", transformer),
            ("spacy-cnn", _cnn_pipeline()),
        ):
            _fit(peer, docs, updates)
            peer.to_disk(output / name)
            typer.echo(f"{name}: {_count(peer, texts)} entities", err=True)
        typer.echo(f"released: {sum(len(doc.ents) for doc in docs)} entities", err=True)


def _write_encoder(nlp: Language, folder: Path) -> None:
    """The encoder as it was trained and its tokenizer, as plain Hugging Face files."""
    shim = get_shim(nlp.get_pipe("aioner").model)
    shim.network.encoder.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=shim.table.tokenizer,
        model_max_length=_LONGEST,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    tokenizer.save_pretrained(folder)


def _write_hugging_face(docs: list[Doc], encoder: Path, folder: Path) -> None:
    """Fit a linear head by least squares to the labels of the docs' word-pieces."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(encoder)
    kinds = sorted({ent.label_ for doc in docs for ent in doc.ents})
    labels = ["O", *(f"{mark}-{kind}" for kind in kinds for mark in "BI")]
    model = AutoModelForTokenClassification.from_pretrained(
        encoder,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    ).eval()
    rows, targets = [], []
    for doc in docs:
        encoded = tokenizer(
            doc.text, truncation=True, return_offsets_mapping=True, return_tensors="pt"
        )
        offsets = encoded.pop("offset_mapping")[0].tolist()
        with torch.inference_mode():
            rows.append(model.base_model(**encoded).last_hidden_state[0])
        targets += [labels.index(_label(doc, *place)) for place in offsets]
    hidden, gold = torch.cat(rows).double(), torch.tensor(targets)
    hidden = torch.cat([hidden, hidden.new_ones(len(hidden), 1)], dim=1)
    wanted = torch.nn.functional.one_hot(gold, len(labels)).double()
    square = hidden.T @ hidden + _RIDGE * torch.eye(hidden.shape[1])
    weights = torch.linalg.solve(square, hidden.T @ wanted).float()
    with torch.no_grad():
        model.classifier.weight.copy_(weights[:-1].T)
        model.classifier.bias.copy_(weights[-1])
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _label(doc: Doc, start: int, end: int) -> str:
    """The BIO label of a word-piece."""
    for ent in doc.ents:
        if ent.start_char <= start < end <= ent.end_char:
            return f"{'B' if start == ent.start_char else 'I'}-{ent.label_}"
    return "O"


def _parser(tok2vec: dict[str, Any], *, use_upper: bool) -> dict[str, Any]:
    return {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": use_upper,
        "tok2vec": tok2vec,
    }


def _transformer_pipeline(encoder: Path) -> Language:
    """What `spacy init config --pipeline ner --gpu` makes, with this encoder."""
    nlp = spacy.blank("en")
    transformer = {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(encoder),
        "tokenizer_config": {"use_fast": True},
        "get_spans": {
            "@span_getters": "spacy-transformers.strided_spans.v1",
            "window": 128,
            "stride": 96,
        },
    }
    nlp.add_pipe("transformer", config={"model": transformer})
    listener = {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 0.0,
        "pooling": {"@layers": "reduce_mean.v1"},
    }
    nlp.add_pipe("ner", config={"model": _parser(listener, use_upper=False)})
    return nlp


def _cnn_pipeline() -> Language:
    """What `spacy init config --pipeline ner` makes; scispaCy's models are such."""
    nlp = spacy.blank("en")
    tok2vec = {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 96,
        "depth": 4,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    }
    nlp.add_pipe("tok2vec", config={"model": tok2vec})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}
    nlp.add_pipe("ner", config={"model": _parser(listener, use_upper=True)})
    return nlp


def _fit(nlp: Language, docs: list[Doc], updates: int) -> None:
    examples = list(_examples(nlp, docs))
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.003
    frozen = [name for name in nlp.pipe_names if name == "transformer"]
    done = 0
    while done < updates:
        for batch in minibatch(examples, 8):
            nlp.update(batch, sgd=optimizer, exclude=frozen, annotates=frozen)
            done += 1


def _examples(nlp: Language, docs: list[Doc]) -> Iterator[Example]:
    """The released model's entities as far as they fit this pipeline's tokens."""
    for doc in docs:
        gold = nlp.make_doc(doc.text)
        spans = [
            gold.char_span(
                e.start_char, e.end_char, e.label_, alignment_mode="contract"
            )
            for e in doc.ents
        ]
        gold.ents = filter_spans(span for span in spans if span is not None)
        yield Example(nlp.make_doc(doc.text), gold)


def _count(nlp: Language, texts: list[str]) -> int:
    return sum(len(doc.ents) for doc in nlp.pipe(texts))


if __name__ == "__main__":
    typer.run(main)
