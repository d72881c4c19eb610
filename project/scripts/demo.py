"""Tag the example abstracts with the released model: types, scores, offsets."""

import sys
from pathlib import Path

import spacy

from spacy_aioner.corpora.docs import bare_doc
from spacy_aioner.formats.files import read_documents

EXAMPLES = Path(__file__).parents[1] / "examples" / "untagged.pubtator"
MODEL = "en_aioner_minilm"


def main() -> None:
    nlp = spacy.load(MODEL)
    print("document\tstart\tend\ttype\tscore\ttext")
    for document in read_documents(EXAMPLES):
        doc = nlp(bare_doc(nlp, document))
        group = doc.spans["aioner"]
        for (start, end), span, score in zip(
            group.attrs["offsets"], group, group.attrs["scores"], strict=True
        ):
            text = document.text[start:end]
            row = document.id, start, end, span.label_, f"{score:.2f}", text
            print(*row, sep="\t")
    print(
        f"\nThe model is installed as {MODEL}; tag a file or folder of yours:\n\n"
        f"    .venv/bin/aioner tag FILE --output tagged --model {MODEL} --tasks ALL",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
