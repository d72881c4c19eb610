import io

import pytest

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.conll import ConllSentence, write_conll


def written(*sentences):
    stream = io.StringIO(newline="\n")
    write_conll(sentences, stream)
    return stream.getvalue()


def test_a_sentence_is_its_lines_and_an_empty_one():
    first = ConllSentence(["<Gene>", "TP53", "</Gene>"], ["O-Gene", "B-Gene", "O-Gene"])
    second = ConllSentence(["<ALL>", "</ALL>"], ["O", "O"])
    assert written(first, second) == (
        "<Gene>\tO-Gene\nTP53\tB-Gene\n</Gene>\tO-Gene\n\n<ALL>\tO\n</ALL>\tO\n\n"
    )


def test_no_sentence_writes_nothing():
    assert written() == ""


def test_sentences_are_taken_one_at_a_time():
    stream = io.StringIO()

    def sentences():
        for count in range(3):
            assert stream.getvalue().count("\n\n") == count
            yield ConllSentence(["a"], ["O"])

    write_conll(sentences(), stream)


def test_label_count_must_fit():
    with pytest.raises(AionerError, match="2 tokens but 1 labels"):
        written(ConllSentence(["a", "b"], ["O"]))


@pytest.mark.parametrize("token", ["", "a b", "a\t", "a\nb", "a\u00a0b", "\u2028"])
def test_a_token_must_fit_into_a_cell(token):
    with pytest.raises(AionerError, match="cannot be written as CoNLL"):
        written(ConllSentence([token], ["O"]))
