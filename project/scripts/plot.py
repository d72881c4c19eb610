"""Draw docs/benchmark.svg: strict F1 by corpus, intervals, published figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from published import FIGURES, PAPER, Figures, read_figures

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.evaluation.report import load_pyplot
from spacy_aioner.evaluation.results import read_results
from spacy_aioner.evaluation.scores import MICRO

OWN_COLOUR, ALL_COLOUR, PAPER_COLOUR = "#0072b2", "#e69f00", "#333333"


def main(
    results: Path = typer.Argument(..., help="A result file of the benchmark."),
    output: Path = typer.Argument(..., help="The SVG file to write."),
    published: Path = typer.Option(FIGURES, help="Figures of the paper (TOML)."),
) -> None:
    """Draw each corpus under its own tag and under ALL."""
    with plain_errors(debug=False):
        _draw(read_results(results)["results"], read_figures(published), output)


def _draw(corpora: Mapping[str, Any], figures: Figures, output: Path) -> None:
    pyplot = load_pyplot()
    figure, axes = pyplot.subplots(figsize=(7.5, 0.8 + 0.42 * len(corpora)))
    names = list(corpora)
    for own, colour, label, shift in (
        (True, OWN_COLOUR, "own tag", -0.12),
        (False, ALL_COLOUR, "<ALL>", 0.12),
    ):
        rows = [
            (row + shift, result["strict"][MICRO])
            for row, tasks in enumerate(corpora.values())
            for prompt, result in tasks.items()
            if (prompt == result["task"]) == own
        ]
        f1 = [scores["f1"] for _, scores in rows]
        bounds = [scores["intervals"]["f1"] for _, scores in rows]
        below = [value - low for value, (low, _) in zip(f1, bounds, strict=True)]
        above = [high - value for value, (_, high) in zip(f1, bounds, strict=True)]
        axes.errorbar(
            f1,
            [row for row, _ in rows],
            xerr=[below, above],
            fmt="o",
            color=colour,
            capsize=3,
            label=label,
        )
    paper = [
        (figures[PAPER, name][MICRO], row)
        for row, name in enumerate(names)
        if (PAPER, name) in figures
    ]
    axes.plot(
        [x for x, _ in paper],
        [y for _, y in paper],
        "D",
        color=PAPER_COLOUR,
        markerfacecolor="none",
        label="published (another encoder)",
    )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("strict micro F1 (%) with 95 % interval")
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    typer.run(main)
