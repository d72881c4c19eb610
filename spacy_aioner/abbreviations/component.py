"""The component that marks abbreviations and knows their long forms."""

from __future__ import annotations

from bisect import bisect_right

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from .definitions import find_all_uses, find_definitions

DEFAULT_KEY = "abbreviations"
LABEL = "ABBREVIATION"


class Abbreviations:
    """Marks every place of each abbreviation that a doc defines.

    `doc.spans["abbreviations"]` holds the places; `attrs["long_forms"]` holds for each
    of them the first and the exclusive last token of its long form, and `long_forms`
    gives these as spans. Places that do not begin and end with a token are left out.

    name (str): The component's name.
    spans_key (str): The group to write.
    """

    def __init__(self, name: str = "aioner_abbreviations", *, spans_key: str) -> None:
        self.name = name
        self.spans_key = spans_key

    def __call__(self, doc: Doc) -> Doc:
        """Mark the abbreviations of a doc.

        doc (Doc): The doc; other groups and its entities stay as they are.
        RETURNS (Doc): The same.
        """
        text = doc.text  # Made anew each time it is asked for.
        # By abbreviation, in order of text: where it is defined, and the long forms.
        defined: dict[str, tuple[list[int], list[tuple[int, int]]]] = {}
        for definition in find_definitions(text):
            long = doc.char_span(*definition.long)
            short = doc.char_span(*definition.short)
            if long is not None and short is not None:
                starts, longs = defined.setdefault(short.text, ([], []))
                starts.append(definition.short[0])
                longs.append((long.start, long.end))
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for name, uses in find_all_uses(text, defined).items():
            starts, longs = defined[name]
            for use in uses:
                span = doc.char_span(*use)
                if span is not None:
                    # Before it is defined anew, an abbreviation means what it did.
                    last = max(bisect_right(starts, use[0]) - 1, 0)
                    found[span.start, span.end] = longs[last]
        places = sorted(found)
        doc.spans[self.spans_key] = SpanGroup(
            doc,
            name=self.spans_key,
            spans=[Span(doc, start, end, label=LABEL) for start, end in places],
            attrs={"long_forms": [list(found[place]) for place in places]},
        )
        return doc


def long_forms(doc: Doc, *, spans_key: str = DEFAULT_KEY) -> list[Span]:
    """The long form of each abbreviation of a doc.

    doc (Doc): What `aioner_abbreviations` has marked.
    spans_key (str): The group.
    RETURNS (list[Span]): In the order of `doc.spans[spans_key]`.
    """
    group = doc.spans[spans_key]
    return [doc[start:end] for start, end in group.attrs["long_forms"]]


@Language.factory(  # type: ignore[untyped-decorator]
    "aioner_abbreviations",
    assigns=["doc.spans"],
    default_config={"spans_key": DEFAULT_KEY},
)
def make_abbreviations(nlp: Language, name: str, spans_key: str) -> Abbreviations:
    """Make the component.

    nlp (Language): The pipeline.
    name (str): The component's name.
    spans_key (str): Group of `doc.spans` to write.
    RETURNS (Abbreviations): The component.
    """
    return Abbreviations(name, spans_key=spans_key)
