"""Where things are: configurations in the repository, everything generated in one ignored folder."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = ROOT.parent.parent
CONFIGURATIONS = ROOT / "configurations"
RESULTS = ROOT / "results"
WORK = ROOT / ".work"


#: The start of a line that stands only in cases with that feature.
CONDITION = re.compile(r"@(\w+)\? ?")


def render(
    template: Path, destination: Path, values: dict[str, object], features: frozenset[str] = frozenset(),
) -> Path:
    """Writes `template` with each @NAME@ replaced, without the lines of features (`@rule? …`) that are not given.

    A name without a value is an error.
    """
    text = "".join(kept(line, features) for line in template.read_text().splitlines(keepends=True))
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    left = [word for word in text.split("@")[1::2] if word.isidentifier() and word.isupper()]
    if left:
        raise ValueError(f"{template.name}: no value for {', '.join(left)}")
    destination.parent.mkdir(parents=True, exist_ok=True)
    # A configuration may hold the secret of HS256.
    destination.touch(mode=0o600)
    destination.write_text(text)
    return destination


def kept(line: str, features: frozenset[str]) -> str:
    condition = CONDITION.match(line)
    if condition is None:
        return line
    return line[condition.end() :] if condition.group(1) in features else ""
