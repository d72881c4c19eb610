"""What a pipeline predicts for gold documents, for scripts that score it."""

from collections.abc import Collection

from spacy.language import Language

from spacy_aioner.bulk.tagging import tag_documents
from spacy_aioner.corpora.mapping import task_mentions
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document
from spacy_aioner.pipeline.aioner import AionerNER


def predict(
    nlp: Language,
    component: AionerNER,
    gold: list[Document],
    *,
    task: str,
    types: Collection[str] | None,
) -> list[Document]:
    """Copies of documents with predicted mentions of the types that are scored."""

    def fail(document: Document, error: Exception) -> None:
        raise AionerError(f"document {document.id} cannot be tagged: {error}")

    tagged = tag_documents(
        nlp,
        gold,
        spans_key=component.key,
        batch_size=nlp.batch_size,
        keep=False,
        failed=fail,
    )
    return [task_mentions(d, task=task, type_map={}, types=types) for d, _ in tagged]
