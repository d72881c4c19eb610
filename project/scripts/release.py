"""Make the pipeline to release of a stored one: metadata and model card."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy
import srsly
import typer

from spacy_aioner.cli.console import plain_errors, require_file
from spacy_aioner.errors import AionerError
from spacy_aioner.evaluation.report import table
from spacy_aioner.evaluation.results import own_result, read_results
from spacy_aioner.evaluation.scores import MICRO
from spacy_aioner.toml import read_toml

Source = Mapping[str, str]
"""Name, citation and licence of a corpus or an encoder."""

TEMPLATE = Path(__file__).parents[1] / "configs" / "model-card.md"


def main(
    model: Path = typer.Argument(..., help="The stored pipeline, as it was scored."),
    output: Path = typer.Argument(..., help="Folder for the pipeline to package."),
    metrics: Path = typer.Option(..., help="Its result file from benchmark.py."),
    counts: Path = typer.Option(..., help="counts.json of the converted corpora."),
    sources: Path = typer.Option(..., help="Names and licences (TOML)."),
    adaptation: Path = typer.Option(..., help="adaptation.json of pretrain.py."),
    card: Path = typer.Option(..., help="The model card to write (Markdown)."),
    command: str = typer.Option(..., help="The command that trained it."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Fill the metadata of a stored pipeline and write its model card."""
    with plain_errors(debug=debug):
        for path in (model / "meta.json", counts, adaptation):
            require_file(path)
        results = read_results(metrics)
        known = read_toml(sources, "sources", "one with a table per corpus")
        rows = srsly.read_json(counts)["counts"]
        trained = list(_trained(rows, known))
        nlp = spacy.load(model)
        pipe = nlp.get_pipe("aioner")
        nlp.meta.update(
            description="Genes, diseases, chemicals, species, variants and cell lines "
            "in biomedical text (AIONER, all-in-one scheme).",
            author="spacy-aioner",
            license=known["encoder"]["licence"],
            notes=f"Trained with: {command}",
            sources=_sources([*(source for _, source in trained), known["encoder"]]),
            performance=_performance(results),
        )
        # The strings of the vocabulary are words of the corpora; none is needed.
        nlp.to_disk(output, exclude=["vocab"])
        training = nlp.config["training"]
        reader = nlp.config["corpora"]["train"]
        described = results["model"]
        card.write_text(
            TEMPLATE.read_text(encoding="utf8").format(
                name=nlp.meta["name"],
                version=nlp.meta["version"],
                tasks=", ".join(f"`{t}`" for t in pipe.cfg["trained_tasks"][1:]),
                parameters=described["parameters"] / 1e6,
                encoder=known["encoder"]["name"],
                encoder_licence=known["encoder"]["licence"],
                adaptation=_adaptation(srsly.read_json(adaptation)),
                decoder=described["decoder"].upper(),
                storage=nlp.config["components"]["aioner"]["model"]["storage"],
                command=command,
                steps=training["max_steps"],
                words=_size(training["batcher"]["size"]),
                exponent=reader.get("exponent", 0.5),
                weights=_weights(reader.get("weights") or {}),
                corpora=table(
                    "corpus | task | licence | source | documents | mentions",
                    (_corpus(row, source) for row, source in trained),
                    left=4,
                ),
                scores=table("corpus | own task | `ALL`", _scores(results), left=1),
            ),
            encoding="utf8",
        )


def _trained(
    rows: list[dict[str, Any]], known: Mapping[str, Source]
) -> Iterator[tuple[dict[str, Any], Source]]:
    """Counts of the corpora that were trained on, each with its source."""
    for row in rows:
        if row["split"] == "train":
            source = known.get(row["corpus"].partition("-")[0])
            if source is None:
                raise AionerError(
                    f"The corpus '{row['corpus']}' has no entry among the sources: add "
                    "its name, citation and licence."
                )
            yield row, source


def _sources(entries: Iterable[Source]) -> list[dict[str, str]]:
    """Entries of `meta.json`, each once."""
    names = {"name": "name", "author": "citation", "license": "licence"}
    unique = {entry["name"]: entry for entry in entries}
    return [{key: e[ours] for key, ours in names.items()} for e in unique.values()]


def _corpus(row: Mapping[str, Any], source: Source) -> tuple[str, ...]:
    return (
        source["name"],
        row["task"],
        source["licence"],
        source["citation"],
        f"{row['documents']:,}",
        f"{row['mentions']:,}",
    )


def _adaptation(done: Mapping[str, Any]) -> str:
    read = ", ".join(f"{name} {count:,}" for name, count in done["paragraphs"])
    return (
        f"{done['updates']:,} updates of masked-language training, about "
        f"{done['pieces']:,} word-pieces each, on the paragraphs of these files, none "
        f"of them a scored document: {read}. {done['about']}"
    ).rstrip()


def _size(size: Any) -> str:
    return f"about {size:,}" if isinstance(size, int) else "a varying number of"


def _weights(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {w:g}" for name, w in weights.items()) or "1 for all"


def _scores(results: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for corpus, by_task in results["results"].items():
        own = own_result(by_task)
        cells = [f"{own['strict'][MICRO]['f1']:.1f}"]
        every = by_task.get("ALL")
        cells.append(f"{every['strict'][MICRO]['f1']:.1f}" if every else "–")
        yield (f"{corpus} ({own['task']})", *cells)


def _performance(results: Mapping[str, Any]) -> dict[str, Any]:
    """BioRED's scores under spaCy's names, and the F1 of each corpus (0 to 1)."""
    biored = results["results"]["biored"]["ALL"]["strict"]
    names = {"ents_p": "precision", "ents_r": "recall", "ents_f": "f1"}

    def part(score: Mapping[str, float]) -> dict[str, float]:
        return {name: score[key] / 100 for name, key in names.items()}

    values: dict[str, Any] = part(biored[MICRO])
    values["ents_per_type"] = {
        kind: {name[-1]: value for name, value in part(score).items()}
        for kind, score in biored["types"].items()
    }
    for corpus, by_task in results["results"].items():
        for result in by_task.values():
            key = f"{corpus}_{result['prompted']}_ents_f".replace("-", "_").lower()
            values[key] = result["strict"][MICRO]["f1"] / 100
    return values


if __name__ == "__main__":
    typer.run(main)
