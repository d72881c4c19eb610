"""Tag the example abstracts with the released model: types, scores, offsets."""

import sys
from pathlib import Path

import spacy

from spacy_aioner.corpora.docs import bare_doc, doc_to_mentions
from spacy_aioner.formats.files import read_documents

EXAMPLES = Path(__file__).parents[1] / "examples" / "untagged.pubtator"
MODEL = "en_aioner_minilm"


def main() -> None:
    nlp = spacy.load(MODEL)
    print("document\tstart\tend\ttype\tscore\ttext")
    for document in read_documents(EXAMPLES):
        doc = nlp(bare_doc(nlp, document))
        for m in doc_to_mentions(doc, document):
            row = document.id, m.start, m.end, m.type, f"{m.score:.2f}", m.text
            print(*row, sep="\t")
    print(
        f"\nThe model is installed as {MODEL}; tag a file or folder of yours:\n\n"
        f"    .venv/bin/aioner tag FILE --output tagged --model {MODEL} --tasks ALL",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
