"""The CPU table as a picture: a group of bars for each case, one for each proxy."""

from __future__ import annotations

from xml.sax.saxutils import escape

COLORS = {
    "haproxy": "#4c78a8", "nginx": "#54a24b", "envoy": "#8a8f98", "envoy-cached": "#bcc0c7", "tollgate": "#e4572e",
}
OTHER_COLOR = "#b279a2"
WIDTH, LEFT, RIGHT = 900, 290, 70
BAR, GAP = 13, 10
TOP, BOTTOM = 46, 30
STEPS = (1, 2, 5, 10, 20, 50, 100)


def svg(result: dict[str, object]) -> str:
    """Bars in microseconds from zero; the longest takes the whole width."""
    groups = grouped(result["rows"])
    longest = max(row["cpu_us"] for row in result["rows"])
    scale = (WIDTH - LEFT - RIGHT) / longest
    height = TOP + BOTTOM + sum(len(rows) * BAR + GAP for _, rows in groups)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(LEFT, 16, "CPU per request, µs (less is better)", size=13),
        *legend(result["peers"]),
        *grid(longest, scale, height),
    ]
    top = TOP
    for title, rows in groups:
        parts.append(text(LEFT - 8, top + len(rows) * BAR / 2 + 4, title, anchor="end"))
        for row in rows:
            length = row["cpu_us"] * scale
            color = COLORS.get(row["peer"], OTHER_COLOR)
            parts.append(f'<rect x="{LEFT}" y="{top + 1:.1f}" width="{length:.1f}" height="{BAR - 2}" fill="{color}"/>')
            parts.append(text(LEFT + length + 4, top + BAR - 3, f"{row['cpu_us']:.1f}", size=10))
            top += BAR
        top += GAP
    return "\n".join([*parts, "</svg>"]) + "\n"


def grouped(rows: list[dict[str, object]]) -> list[tuple[str, list[dict[str, object]]]]:
    groups: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault(row["title"], []).append(row)
    return list(groups.items())


def legend(peers: dict[str, dict[str, object]]) -> list[str]:
    parts, left = [], LEFT
    for name, peer in peers.items():
        parts.append(f'<rect x="{left}" y="25" width="10" height="10" fill="{COLORS.get(name, OTHER_COLOR)}"/>')
        parts.append(text(left + 14, 34, peer["title"]))
        left += 32 + 6.5 * len(peer["title"])
    return parts


def grid(longest: float, scale: float, height: int) -> list[str]:
    step = next((step for step in STEPS if longest / step <= 10), STEPS[-1])
    parts = []
    for value in range(0, int(longest) + 1, step):
        x = LEFT + value * scale
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{height - BOTTOM + 4}" stroke="#e2e2e2"/>')
        parts.append(text(x, height - BOTTOM + 18, str(value), anchor="middle", size=10))
    return parts


def text(x: float, y: float, content: str, anchor: str = "start", size: int = 11) -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#222222">'
            f"{escape(content)}</text>")
