"""What is timed: each contender turns texts into entities, or does a part of it.

A contender is loaded in a process of its own (`worker.py`). `load` imports what it
needs itself, so that the time and the memory of loading are its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bare_encoder import ENGINES, Run, run_encoder, run_products
from released import load


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    group (str): Contenders of a group differ in a setting; the fastest one counts.
    title (str): For the report.
    load (Callable[[Path, str], Run]): Takes the folder of `prepare.py` and the name of
        the released pipeline.
    """

    group: str
    title: str
    load: Callable[[Path, str], Run]


def _spacy(
    folder: Path, model: str, *, name: str = "", precision: str | None = None
) -> Run:
    import spacy

    nlp = spacy.load(folder / name) if name else load(model, precision)

    def run(texts: Sequence[str]) -> int:
        return sum(len(doc.ents) for doc in nlp.pipe(texts))

    return run


def _hugging_face(folder: Path, model: str, *, batch: int) -> Run:
    from transformers import pipeline

    # Long texts are read in overlapping parts, as nothing may be lost.
    tagger = pipeline(
        "token-classification",
        str(folder / "hugging-face"),
        aggregation_strategy="simple",
        stride=64,
        batch_size=batch,
        device=-1,
    )

    def run(texts: Sequence[str]) -> int:
        return sum(map(len, tagger(list(texts))))

    return run


CONTENDERS: dict[str, Contender] = {
    "aioner": Contender("aioner", "spacy-aioner", _spacy),
    "aioner-fp32": Contender(
        "aioner-fp32",
        "spacy-aioner in fp32",
        partial(_spacy, precision="fp32"),
    ),
    **{
        f"hugging-face-{batch}": Contender(
            "hugging-face",
            f"Hugging Face pipeline, batches of {batch}",
            partial(_hugging_face, batch=batch),
        )
        for batch in (1, 8, 32, 64)
    },
    "spacy-transformer": Contender(
        "spacy-transformer",
        "spaCy's transformer and ner",
        partial(_spacy, name="spacy-transformer"),
    ),
    "spacy-cnn": Contender(
        "spacy-cnn", "spaCy's tok2vec and ner", partial(_spacy, name="spacy-cnn")
    ),
    **{
        f"encoder-{pieces}-{attention}": Contender(
            "encoder",
            f"the bare encoder, batches of {pieces} pieces, {attention} attention",
            partial(run_encoder, pieces=pieces, engine=attention),
        )
        for pieces in (2048, 4096)
        for attention in ("sdpa", "eager")
    },
    **{
        f"encoder-{engine}": Contender(
            f"encoder-{engine}",
            f"the bare encoder, {title}",
            partial(run_encoder, pieces=2048, engine=engine),
        )
        for engine, title in ENGINES.items()
    },
    "roofline": Contender("roofline", "the encoder's matrix products", run_products),
}
