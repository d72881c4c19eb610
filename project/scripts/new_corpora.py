"""What corpora must have for a trained pipeline to learn them as new tasks."""

from pathlib import Path

from spacy_aioner.cli.console import tell
from spacy_aioner.corpora.config import SPLITS
from spacy_aioner.corpora.leakage import Selected
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Mention
from spacy_aioner.pipeline.loading import aioner_components, load_trained
from spacy_aioner.scheme.scheme import check_names

# The share of mentions with wrong offsets that is only warned of.
MOST_WRONG = 0.1


def check_new(corpora: Path, selected: list[Selected], model: str) -> None:
    """Stop at what would fail or spoil the training later.

    corpora (Path): The corpora file, for messages.
    selected (list[Selected]): What was read of it.
    model (str): The pipeline that is to learn it.
    RAISES (AionerError): If a corpus has a task that the pipeline knows or that cannot
        be one, a split without mentions, or many mentions in wrong places.
    """
    pipes = aioner_components(load_trained(model))
    known = {task for pipe in pipes for task in pipe.cfg["trained_tasks"]}
    for one in selected:
        where = f"{corpora}: corpus '{one.corpus.name}'"
        try:
            check_names("task", [one.corpus.task])
        except AionerError as error:
            raise AionerError(f"{where}: {error}") from error
        if one.corpus.task in known:
            raise AionerError(
                f"{where} has the task '{one.corpus.task}', which the pipeline "
                f"'{model}' has already: give what is new another name."
            )
        for split in SPLITS:
            if not any(document.mentions for document in one.documents[split]):
                raise AionerError(
                    f"{where} has no documents with mentions for {split}"
                    f"{_why(one, split)}: name files that hold some."
                )
        _check_offsets(where, one)


def _why(one: Selected, split: str) -> str:
    if split == "dev" and one.corpus.dev_ids:
        return f" ({len(one.corpus.dev_ids)} dev_ids, none of a training document)"
    dropped = one.dropped[split]
    return f" ({dropped} left out, as other splits hold them)" if dropped else ""


def _is_there(mention: Mention, text: str) -> bool:
    """Whether the text has the mention's words; of a discontinuous one it has more."""
    return set(mention.text.split()) <= set(text.split())


def _check_offsets(where: str, one: Selected) -> None:
    """What stands elsewhere than it is said to would be learnt there."""
    mentions = [
        (document, mention)
        for documents in one.documents.values()
        for document in documents
        for mention in document.mentions
    ]
    wrong = [(d, m) for d, m in mentions if not _is_there(m, d.text[m.start : m.end])]
    if not wrong:
        return
    document, mention = wrong[0]
    text = document.text[mention.start : mention.end]
    message = (
        f"{where}: {len(wrong)} of {len(mentions)} mentions are not where their text "
        f"is, first '{mention.text}' of document {document.id}, which has '{text}' at "
        f"{mention.start} to {mention.end}; `aioner convert` tells each"
    )
    if len(wrong) > MOST_WRONG * len(mentions):
        raise AionerError(f"{message}: correct the offsets.")
    tell("warning", message)
