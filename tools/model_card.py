"""The part of a model card that the training knows best; what stands around it is written by hand."""

from __future__ import annotations

from pathlib import Path

from denoise.files import replacing

_BEGIN = "<!-- written by tools/train_shipped.py with each training: edit what stands around it -->"
_END = "<!-- end of what tools/train_shipped.py wrote -->"


def write_facts(card: Path, facts: dict[str, str]) -> None:
    """Put a table of facts into a card, in the place of the last one, or behind the heading if there is none.

    Args:
        card: a Markdown file; begun if it is not there.
        facts: the table's rows.
    """
    rows = [f"| {name} | {value} |" for name, value in facts.items()]
    section = "\n".join([_BEGIN, "", "| | |", "|---|---|", *rows, "", _END])
    text = card.read_text(encoding="utf-8") if card.exists() else "# Model card\n"
    if _BEGIN in text and _END in text:
        before, rest = text.split(_BEGIN, 1)
        text = before + section + rest.split(_END, 1)[1]
    else:
        heading, _, rest = text.partition("\n")
        text = f"{heading}\n\n{section}\n{rest}"
    with replacing(card) as temporary:
        temporary.write_text(text, encoding="utf-8")
