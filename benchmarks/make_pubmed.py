"""Writes made-up citations in the XML of PubMed, gzipped, as many as are asked for.

    python benchmarks/make_pubmed.py benchmarks/pubmed --documents 100000 --files 20

The sentences are of a few patterns filled with names, some of them in no other
document; the same command gives the same bytes.
"""

import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import typer

_GENES = ("TP53", "BRCA1", "EGFR", "KRAS", "MYC", "PTEN", "VEGFA", "IL-6", "TNF-alpha")
_DISEASES = ("breast cancer", "type 2 diabetes", "asthma", "glioma", "cystic fibrosis")
_CHEMICALS = ("aspirin", "metformin", "cisplatin", "dexamethasone", "imatinib")
_SPECIES = ("mice", "rats", "patients", "women", "zebrafish", "yeast")
_CELLS = ("HeLa", "MCF-7", "HEK293", "A549", "Jurkat")
_PATTERNS = (
    "{chemical} lowered the expression of {gene} in {species} with {disease}",
    "We measured {gene} and {other} in {cells} cells after treatment with {chemical}",
    "The {variant} variant of {gene} was found in {number} of 120 {species}",
    "Loss of {gene} was associated with {disease} (p < 0.0{number})",
    "In {species}, {chemical} at {number} mg/kg did not change {other} & {gene}",
    "{new} is a new partner of {gene} in {cells} cells",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def main(
    folder: Path = typer.Argument(..., help="The folder to write to."),
    documents: int = typer.Option(100_000, min=1, help="Citations in all."),
    files: int = typer.Option(20, min=1, help="Files to write them to."),
    sentences: int = typer.Option(1, min=0, help="Sentences of each abstract."),
    seed: int = typer.Option(0, help="Of everything drawn."),
) -> None:
    """Write files of made-up citations, whose PMIDs count from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    last = 0
    for number in range(files):
        first, last = last, documents * (number + 1) // files
        data = "".join(_file(range(first + 1, last + 1), sentences, dice))
        path = folder / f"made{number + 1:04}.xml.gz"
        path.write_bytes(gzip.compress(data.encode("utf8"), mtime=0))
    typer.echo(f"{documents:,} citations in {files} files", err=True)


def _file(pmids: range, sentences: int, dice: random.Random) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n'
    for pmid in pmids:
        abstract = "".join(
            f"<AbstractText>{_sentence(dice)}</AbstractText>" for _ in range(sentences)
        )
        yield (
            f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{pmid}'
            f"</PMID><Article><Journal><Title>Made up</Title></Journal><ArticleTitle>"
            f"{_sentence(dice)}</ArticleTitle>"
        )
        yield f"<Abstract>{abstract}</Abstract>" if abstract else ""
        yield "</Article></MedlineCitation></PubmedArticle>\n"
    yield "</PubmedArticleSet>\n"


def _sentence(dice: random.Random) -> str:
    text = escape(
        dice.choice(_PATTERNS).format(
            gene=dice.choice(_GENES),
            other=dice.choice(_GENES),
            chemical=dice.choice(_CHEMICALS),
            disease=dice.choice(_DISEASES),
            species=dice.choice(_SPECIES),
            cells=dice.choice(_CELLS),
            number=dice.randint(1, 99),
            variant=f"c.{dice.randint(1, 4000)}A>T",
            new="".join(dice.choices(_LETTERS, k=7)),
        )
    )
    return text[0].upper() + text[1:].replace(" in ", " <i>in</i> ", 1) + "."


if __name__ == "__main__":
    typer.run(main)
