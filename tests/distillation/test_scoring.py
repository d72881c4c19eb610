"""A teacher's scores are written once, and students learn them."""

import numpy as np
import pytest
import spacy

from spacy_aioner.corpora.docbin import read_training_texts
from spacy_aioner.corpora.sampling import create_sampled_corpus
from spacy_aioner.distillation.scoring import (
    Question,
    Teacher,
    ask,
    check_settings,
    count_bytes,
    write_scores,
)
from spacy_aioner.distillation.soft_labels import SHARE_KEY, SOFT_KEY, SoftLabels
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage

TEXT = "TP53 loss causes breast cancer. It is rare. Patients with TP53 live."


def document(text=TEXT, mentions=()):
    return Document("7", [Passage(0, text, "abstract")], list(mentions))


@pytest.fixture(scope="module")
def teacher(trained_nlp):
    return Teacher([trained_nlp])


def questions(tasks):
    return [Question(document(), task, False) for task in tasks]


def test_probabilities_agree_with_what_is_found(teacher, trained_nlp):
    (soft,) = teacher.score(questions(["ALL"]), "ALL")
    assert soft.labels == trained_nlp.get_pipe("aioner").scheme.task("ALL").labels
    np.testing.assert_allclose(soft.scores.astype(float).sum(1), 1.0, atol=2e-2)
    doc = trained_nlp(TEXT)
    likely = soft.scores.argmax(1)
    for ent in doc.ents:
        word = soft.start.tolist().index(ent.start_char)
        assert soft.labels[likely[word]] == f"B-{ent.label_}"


def test_several_teach_their_mean(trained_nlp, make_nlp, make_examples):
    other = make_nlp()
    other.initialize(lambda: make_examples(other))
    answers = [Teacher([t]).score(questions(["ALL"]), "ALL")[0].scores
               for t in (trained_nlp, other)]  # fmt: skip
    (both,) = Teacher([trained_nlp, other]).score(questions(["ALL"]), "ALL")
    mean = (answers[0].astype(float) + answers[1].astype(float)) / 2
    np.testing.assert_allclose(both.scores, mean, atol=2e-3)


def test_who_cannot_teach(make_nlp, teacher):
    with pytest.raises(AionerError, match="Teacher 1 has no trained 'aioner'"):
        Teacher([spacy.blank("en")])
    with pytest.raises(AionerError, match="not trained on the task 'Plants'"):
        teacher.task("Plants")


def test_texts_are_asked_under_their_task_and_others():
    gold = document(mentions=[Mention(0, 4, "TP53", "Gene")])
    pairs = [(gold, "Gene"), (document(), None)]
    asked = list(ask(pairs, {"ALL": 1.0, "Gene": 1.0}, min_length=0, max_length=0))
    assert [(q.task, q.annotated) for q in asked] == [
        ("Gene", True),
        ("ALL", False),
        ("ALL", False),
        ("Gene", False),
    ]
    assert [len(q.document.mentions) for q in asked] == [1, 0, 0, 0]
    drawn = list(ask([(document(), None)] * 400, {"ALL": 0.25}))
    assert 60 < len(drawn) < 140


def test_an_interrupted_run_goes_on(teacher, tmp_path):
    asked = questions(["ALL"] * 5)
    settings = {"tasks": {"ALL": 1.0}}
    check_settings(tmp_path, settings)
    run = write_scores(teacher, "text", asked, tmp_path, shard=2)
    assert next(run) == 2
    run.close()
    (first,) = tmp_path.glob("*.spacy")
    before = first.stat()
    check_settings(tmp_path, settings)
    assert list(write_scores(teacher, "text", asked, tmp_path, shard=2)) == [2, 2, 1]
    assert first.stat() == before
    assert sum(1 for f in tmp_path.glob("*.spacy") for _ in read_training_texts(f)) == 5
    with pytest.raises(AionerError, match="written with different settings"):
        check_settings(tmp_path, {"tasks": {}})


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / "gold.spacy").touch()
    with pytest.raises(AionerError, match="DocBins that are no scores"):
        check_settings(tmp_path, {})


def test_the_size_is_told_before(teacher):
    size = count_bytes(teacher, questions(["ALL"]))
    (soft,) = teacher.score(questions(["ALL"]), "ALL")
    assert 0.5 * soft.scores.nbytes < size < 2 * soft.scores.nbytes


def test_the_reader_takes_scores_and_gold(teacher, tmp_path, trained_nlp):
    gold = document(mentions=[Mention(0, 4, "TP53", "Gene")])
    asked = [Question(gold, "ALL", True), *questions(["ALL"])]
    list(write_scores(teacher, "both", asked, tmp_path))
    stream = iter(create_sampled_corpus(tmp_path, teacher_share=0.25)(trained_nlp))
    examples = [next(stream) for _ in range(2)]
    annotated = sorted(
        SoftLabels.unpack(eg.reference.user_data[SOFT_KEY]).annotated for eg in examples
    )
    assert annotated == [False, True]
    assert {eg.reference.user_data[SHARE_KEY] for eg in examples} == {0.25}
    with pytest.raises(AionerError, match="teacher_share must be between 0 and 1"):
        next(iter(create_sampled_corpus(tmp_path, teacher_share=1.5)(trained_nlp)))


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_a_student_learns_what_its_teacher_knows(
    teacher, tmp_path, make_nlp, make_examples, decoder, trained_nlp, learn
):
    list(write_scores(teacher, "text", questions(["ALL"]), tmp_path))
    student = make_nlp(decoder=decoder)
    student.initialize(lambda: make_examples(student))
    stream = iter(create_sampled_corpus(tmp_path)(student))
    learn(student, [next(stream)], steps=300)
    # Nobody told it anything but the scores.
    asked = questions(["ALL"])
    (own,) = Teacher([student]).score(asked, "ALL")
    (theirs,) = teacher.score(asked, "ALL")
    assert np.abs(own.scores.astype(float) - theirs.scores).max() < 0.2
    found = [(e.text, e.label_) for e in student(TEXT).ents]
    assert found == [(e.text, e.label_) for e in trained_nlp(TEXT).ents] != []
