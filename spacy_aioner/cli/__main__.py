"""`python -m spacy_aioner.cli`: the command line where no script is installed."""

from .app import main

main()
