"""What docs/new-types.md shows in Python does what it says there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_task_is_taught_and_joined():
    page = (ROOT / "docs" / "new-types.md").read_text(encoding="utf8")
    section = page.partition("## In Python, and in your own config\n")[2]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    names = {}
    exec(code, names)
    # As a notebook shows what the last line is.
    group = eval(code.strip().splitlines()[-1], names)
    assert "leaves" in repr(list(group))
    tasks = group.attrs["tasks"]
    found = {(s.text, s.label_, t) for s, t in zip(group, tasks, strict=True)}
    assert found == {
        ("leaves", "PlantPart", "Plants"),
        ("maize", "Plant", "Plants"),
        ("maize", "Species", "ALL"),
    }
