"""Check the assets named in project.yml against their checksums.

`spacy project assets` goes on after a mismatch and does not fetch a corrupt file
again; this step fails, so that nothing is trained on the wrong bytes.
"""

import hashlib
from pathlib import Path

import srsly
import typer

from spacy_aioner.cli.console import plain_errors, require_file
from spacy_aioner.errors import check_choice


def main(
    project: Path = typer.Argument(Path("."), help="Folder of project.yml."),
    names: list[str] = typer.Option([], "--only", help="Check only these files."),
) -> None:
    """Fail unless every asset is there with the right MD5 sum; extra ones may lack."""
    wrong = 0
    with plain_errors(debug=False):
        require_file(project / "project.yml")
        assets = srsly.read_yaml(project / "project.yml")["assets"]
        for name in names:
            check_choice("asset", name, [Path(a["dest"]).name for a in assets])
    for asset in assets:
        path = project / asset["dest"]
        if names and path.name not in names:
            continue
        if asset.get("extra") and not path.is_file():
            continue
        problem = _check(path, asset.get("checksum"))
        if problem:
            wrong += 1
            typer.echo(f"error: {path}: {problem}", err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo("Assets are there and match their checksums.", err=True)


def _check(path: Path, checksum: str | None) -> str | None:
    if not path.is_file():
        return "missing: run `spacy project assets`."
    found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if checksum is not None and found != checksum:
        return (
            f"its checksum is {found}, not {checksum}: delete the file and run "
            "`spacy project assets` again."
        )
    return None


if __name__ == "__main__":
    typer.run(main)
