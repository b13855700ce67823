"""Where things are: configurations in the repository, everything generated in one ignored folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = ROOT.parent.parent
CONFIGURATIONS = ROOT / "configurations"
RESULTS = ROOT / "results"
WORK = ROOT / ".work"


def render(template: Path, destination: Path, values: dict[str, object]) -> Path:
    """Writes `template` with each @NAME@ replaced; a name without a value is an error."""
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    left = [word for word in text.split("@")[1::2] if word.isidentifier() and word.isupper()]
    if left:
        raise ValueError(f"{template.name}: no value for {', '.join(left)}")
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_text(text)
    return destination
