"""Train on the example texts for about a minute and tag two abstracts."""

import random
import sys
import time
from pathlib import Path

import spacy
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

from spacy_aioner.corpora.docs import bare_doc, document_to_doc
from spacy_aioner.formats.files import read_documents

EXAMPLES = Path(__file__).parents[1] / "examples"
SECONDS = 45


def main() -> None:
    fix_random_seed(0)
    tokenizer = {"@tokenizers": "spacy_aioner.Tokenizer.v1"}
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}})
    nlp.add_pipe("aioner")
    documents = list(read_documents(EXAMPLES / "train.pubtator"))
    examples = [
        Example(bare_doc(nlp, d), document_to_doc(nlp, d, task="ALL"))
        for d in documents
    ]
    nlp.initialize(lambda: examples)
    optimizer = Adam(2e-4, use_averages=False)
    print(f"Training on {len(examples)} example abstracts …", file=sys.stderr)
    begin, losses, updates = time.monotonic(), {"aioner": 1.0}, 0
    # The loss of the last batch says when the examples are learnt.
    while time.monotonic() - begin < SECONDS and losses["aioner"] > 0.01:
        losses = nlp.update(random.sample(examples, 4), sgd=optimizer, losses={})
        updates += 1
    print(f"{updates} updates, loss {losses['aioner']:.3f}\n", file=sys.stderr)
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
        "\nTwelve abstracts make a demonstration, not a model: "
        "`spacy project run biored` trains one on 500.",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
