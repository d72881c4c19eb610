"""Train on the example texts, about a minute, and tag two abstracts."""

import random
import sys
from pathlib import Path

from spacy.training import Example
from thinc.api import Adam, fix_random_seed
from tqdm import trange

from spacy_aioner.corpora.docs import bare_doc, blank_pipeline, document_to_doc
from spacy_aioner.formats.files import read_documents

EXAMPLES = Path(__file__).parents[1] / "examples"
OUTPUT = Path(__file__).parents[1] / "training" / "demo"
UPDATES = 120


def main() -> None:
    fix_random_seed(0)
    nlp = blank_pipeline()
    nlp.add_pipe("aioner")
    documents = list(read_documents(EXAMPLES / "train.pubtator"))
    examples = [
        Example(bare_doc(nlp, d), document_to_doc(nlp, d, task="ALL"))
        for d in documents
    ]
    nlp.initialize(lambda: examples)
    optimizer = Adam(2e-4, use_averages=False)
    print(f"Training on {len(examples)} example abstracts …", file=sys.stderr)
    for _ in (bar := trange(UPDATES, unit="update", disable=None)):
        losses = nlp.update(random.sample(examples, 4), sgd=optimizer, losses={})
        bar.set_postfix(loss=f"{losses['aioner']:.3f}")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(OUTPUT)
    print("document\tstart\tend\ttype\tscore\ttext")
    for document in read_documents(EXAMPLES / "untagged.pubtator"):
        doc = nlp(bare_doc(nlp, document))
        group = doc.spans["aioner"]
        for span, score in zip(group, group.attrs["scores"], strict=True):
            print(
                f"{document.id}\t{span.start_char}\t{span.end_char}\t{span.label_}\t"
                f"{score:.2f}\t{span.text}"
            )
    print(
        "\nTwelve abstracts make a demonstration, not a model: `spacy project run "
        "biored` trains one on 500. The pipeline is in project/training/demo; tag a "
        "file of yours:\n\n    .venv/bin/aioner tag FILE --output tagged --model "
        "project/training/demo",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
