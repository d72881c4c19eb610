import pytest
from typer.testing import CliRunner

from spacy_aioner.cli.app import app


@pytest.fixture
def aioner():
    """Run a command; gives its exit code, stdout and stderr."""

    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture(scope="session")
def model(trained_nlp, tmp_path_factory):
    """The folder of a small trained pipeline."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    trained_nlp.to_disk(folder)
    return folder
