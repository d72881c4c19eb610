"""Draw the development documents of all corpora and write the list of their ids.

The documents of the anchors' list stay as they are, and no others are drawn of the
anchors'. Of every other corpus that names the list as its dev_ids, documents that the
leak-free protocol keeps are drawn until the share is reached, counting those that are
in the list already; whole articles where the documents are parts of articles.
"""

import random
from pathlib import Path

import typer

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.config import read_corpora
from spacy_aioner.corpora.leakage import Selected, select_documents
from spacy_aioner.formats.sink import replace_file
from spacy_aioner.toml import read_toml


def main(
    corpora: Path = typer.Argument(..., help="The corpora file (TOML)."),
    first: Path = typer.Argument(..., help="Ids that the list begins with."),
    output: Path = typer.Argument(..., help="The list to write."),
    share: float = typer.Option(0.08, help="Share of each corpus's articles."),
    most: int = typer.Option(200, help="Most articles to draw of one corpus."),
    seed: int = typer.Option(0, help="Of the draw."),
) -> None:
    """Write the list, sorted, and print how many were drawn of each corpus."""
    with plain_errors(debug=False):
        # With the documents of a former list, so that the draw does not depend on it.
        selected = select_documents(read_corpora(corpora), with_dev=True)
        ids = set(first.read_text(encoding="utf8").split())
        anchored = {
            document.id
            for one in selected
            if one.corpus.anchor
            for document in one.documents["train"]
        }
        dice = random.Random(seed)
        typer.echo("corpus\tarticles\tin the list before\tdrawn\tdocuments drawn")
        tables = read_toml(corpora, "corpora file", "one with a table per corpus")
        for one in selected:
            named = tables[one.corpus.name].get("dev_ids") == output.name
            if named and not one.corpus.anchor and one.documents["train"]:
                _draw(one, ids, anchored, share, most, dice)
        with replace_file(output) as stream:
            stream.write("".join(f"{i}\n" for i in sorted(ids)).encode())


def _draw(
    one: Selected,
    ids: set[str],
    anchored: set[str],
    share: float,
    most: int,
    dice: random.Random,
) -> None:
    """Add ids of one corpus to the list."""
    articles: dict[str, list[str]] = {}
    for document in one.documents["train"]:
        articles.setdefault(one.corpus.article_of(document.id), []).append(document.id)
    listed = {a for a, parts in articles.items() if not ids.isdisjoint(parts)}
    free = [
        a
        for a, parts in sorted(articles.items())
        if a not in listed and anchored.isdisjoint(parts)
    ]
    wanted = max(0, min(most, round(share * len(articles))) - len(listed))
    drawn = dice.sample(free, min(wanted, len(free)))
    documents = {i for article in drawn for i in articles[article]}
    ids |= documents
    typer.echo(
        f"{one.corpus.name}\t{len(articles)}\t{len(listed)}\t{len(drawn)}\t"
        f"{len(documents)}"
    )


if __name__ == "__main__":
    typer.run(main)
