"""The page about new types on made-up results and on the committed ones."""

import subprocess
import sys
from pathlib import Path

import srsly

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "project" / "scripts" / "learning_report.py"
RESULTS = ROOT / "project" / "metrics" / "new-types.json"
PAGE = "# Page\n\n<!-- results -->\nold\n<!-- end of results -->\n\nThe end.\n"


def run(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def scores(f1):
    return {"strict": {"micro": {"f1": f1, "intervals": {"f1": [f1 - 4, f1 + 4]}}}}


def row(start, share, seed, f1):
    documents = round(300 * share)
    return {
        "start": start,
        "share": share,
        "seed": seed,
        "documents": documents,
        "mentions": documents * (5 + seed),
        "new": scores(f1),
    }


def test_means_ranges_and_intervals(tmp_path):
    rows = [
        row("raw", 0.1, 0, 20.0),
        row("raw", 0.1, 1, 30.0),
        row("released", 0.1, 0, 40.5),
        row("released", 1.0, 0, 60.0),
    ]
    results = {"corpus": "anem", "rows": rows}
    srsly.write_json(tmp_path / "results.json", results)
    page, plot = tmp_path / "page.md", tmp_path / "plot.svg"
    page.write_text(PAGE, encoding="utf8")
    done = run(tmp_path / "results.json", page, plot)
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf8")
    assert text.startswith("# Page\n")
    assert text.endswith("\nThe end.\n")
    assert "old\n" not in text
    assert "| 10 % | 30 | 150 to 180 | 25.0 (20.0 to 30.0) | 40.5 (40.5) |" in text
    assert "| 100 % | 300 | 1500 | – | 60.0 (60.0) |" in text
    assert "seed 0: 60.00 (95 % interval 56.0 to 64.0 over test documents)" in text
    first = plot.read_bytes()
    run(tmp_path / "results.json", page, plot)
    assert plot.read_bytes() == first
    assert page.read_text(encoding="utf8") == text


def test_a_page_without_marks(tmp_path):
    srsly.write_json(tmp_path / "results.json", {"rows": [row("raw", 1.0, 0, 50.0)]})
    page = tmp_path / "page.md"
    page.write_text("# Page\n", encoding="utf8")
    done = run(tmp_path / "results.json", page, tmp_path / "plot.svg")
    assert done.returncode == 1
    assert "lacks the lines" in done.stderr
    assert page.read_text(encoding="utf8") == "# Page\n"


def test_the_committed_page_is_of_the_committed_results(tmp_path):
    committed = (ROOT / "docs" / "new-types.md").read_text(encoding="utf8")
    page = tmp_path / "page.md"
    page.write_text(committed, encoding="utf8")
    assert run(RESULTS, page, tmp_path / "plot.svg").returncode == 0
    assert page.read_text(encoding="utf8") == committed
