"""Write table and plot of docs/new-types.md from what learning_curve.py wrote."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import srsly
import typer

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.errors import AionerError
from spacy_aioner.evaluation.report import load_pyplot, table
from spacy_aioner.evaluation.scores import MICRO
from spacy_aioner.formats.sink import replace_file

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
NAMES = {"raw": "raw encoder", "released": "released model"}
COLOURS = {"raw": "#333333", "released": "#0072b2"}
Rows = Sequence[Mapping[str, Any]]


def main(
    results: Path = typer.Argument(..., help="What learning_curve.py wrote."),
    page: Path = typer.Argument(..., help="The page with the marks to write between."),
    plot: Path = typer.Argument(..., help="The SVG file to write."),
) -> None:
    """Replace what stands between the marks of the page, and draw the plot."""
    with plain_errors(debug=False):
        rows = srsly.read_json(results)["rows"]
        text = page.read_text(encoding="utf8")
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (begin and end):
            raise AionerError(f"{page}: lacks the lines '{BEGIN}' and '{END}'.")
        body = f"{before}{BEGIN}\n\n{report(rows)}\n{END}{after}"
        with replace_file(page) as stream:
            stream.write(body.encode())
        _draw(rows, plot)


def report(rows: Rows) -> str:
    """Table and intervals in Markdown."""
    shares = sorted({row["share"] for row in rows})
    starts = [start for start in NAMES if any(r["start"] == start for r in rows)]
    lines = []
    for share in shares:
        here = [row for row in rows if row["share"] == share]
        documents = here[0]["documents"]
        cells = [
            f"{100 * share:.0f} %",
            documents,
            _between([r["mentions"] for r in here]),
        ]
        lines.append([*cells, *(_cell(here, start) for start in starts)])
    head = " | ".join(["share", "documents", "mentions", *(NAMES[s] for s in starts)])
    text = table(head, lines, left=1)
    whole = [row for row in rows if row["share"] == shares[-1]]
    for row in whole:
        if row["seed"] == min(r["seed"] for r in whole):
            micro = row["new"]["strict"][MICRO]
            low, high = micro["intervals"]["f1"]
            text += (
                f"\nAll documents, {NAMES[row['start']]}, seed {row['seed']}: "
                f"{micro['f1']:.2f} (95 % interval {low:.1f} to {high:.1f} over test "
                "documents).\n"
            )
    return text


def _values(rows: Rows, start: str) -> list[float]:
    return [r["new"]["strict"][MICRO]["f1"] for r in rows if r["start"] == start]


def _cell(rows: Rows, start: str) -> str:
    values = _values(rows, start)
    if not values:
        return "–"
    return f"{mean(values):.1f} ({_between(values)})"


def _between(values: Sequence[float]) -> str:
    low, high = (
        f"{value:.{0 if isinstance(value, int) else 1}f}"
        for value in (min(values), max(values))
    )
    return low if low == high else f"{low} to {high}"


def _draw(rows: Rows, output: Path) -> None:
    pyplot = load_pyplot()
    figure, axes = pyplot.subplots(figsize=(6.5, 4.0))
    for start, name in NAMES.items():
        chosen = [row for row in rows if row["start"] == start]
        if not chosen:
            continue
        by_size: dict[int, list[float]] = {}
        for row in chosen:
            f1 = row["new"]["strict"][MICRO]["f1"]
            by_size.setdefault(row["documents"], []).append(f1)
        sizes = sorted(by_size)
        means = [mean(by_size[size]) for size in sizes]
        low = [min(by_size[size]) for size in sizes]
        high = [max(by_size[size]) for size in sizes]
        axes.plot(sizes, means, "o-", color=COLOURS[start], label=name)
        axes.fill_between(sizes, low, high, color=COLOURS[start], alpha=0.15)
    axes.set_xscale("log")
    ticks = sorted({row["documents"] for row in rows})
    axes.set_xticks(ticks, [str(size) for size in ticks])
    axes.minorticks_off()
    axes.set_xlabel("training documents")
    axes.set_ylabel("strict F1, eleven types")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(output, metadata={"Date": None})


if __name__ == "__main__":
    typer.run(main)
