"""What a citation such as "Section 4.2(a)", "Article IV" or "Term and Termination" points at."""

import re

from .ancestry import ancestors, visible
from .document import Block, Document
from .numbering import ATTACHMENT, DIVISION, address, roman
from .titles import run_in_title

_CITED = re.compile(
    rf"[\s,:]*(?:(?P<keyword>{ATTACHMENT}|{DIVISION})\s*[\"'“]?(?P<value>\d{{1,3}}|[ivxl]{{1,7}}|[a-z](?:-\d{{1,2}})?)[\"'”]?(?![\w])"
    r"|(?:sections?|sec\.|clauses?|paragraphs?|para\.?|§+)(?=[\s\d(]|$)"
    r"|(?P<decimal>\d{1,3}(?:\.\d{1,3})*)\.?(?![\w%])"
    r"|\((?P<inner>[a-z]|([a-z])\5|[ivxl]{1,6}|\d{1,3})\))",
    re.I,
)
_ALONE = re.compile(r"\(?([a-z]|([a-z])\2|[ivxl]{1,6})[.)]?", re.I)

Key = tuple[str, ...]


def stands_at(document: Document, index: int, start: int, end: int, place: str) -> bool:
    """Whether the span, which touches the block at `index`, stands at the cited place: in that clause or below it."""
    cited, also = _parts(place)
    if not cited:
        return _has_title(document, index, place)
    if also and not _opens_with(document, index, also):
        return False  # whoever cites "4.2, as counsel agreed" would have words of their own pass for the contract's
    block = document.blocks[index]
    keys = _keys(block)
    if cited in keys:
        return True
    # "3(b)" may be a list inside the sentence of clause 3
    depth = next((depth for depth in range(len(cited) - 1, 0, -1) if cited[:depth] in keys), 0)
    inner = cited[depth:]
    listed = depth > 0 and all(not part[0].isdigit() or len(part) < 3 for part in inner)
    text = document.block_text(block)
    return listed and all(_in_item(text, start - block.start, end - block.start, item) for item in inner)


def _key(place: str) -> Key:
    return _parts(place)[0]


def _parts(place: str) -> tuple[Key, list[str]]:
    """A citation in parts, and the words after them: "Section 4.2(a) Term" as ("4.2", "a") and ["term"].

    A title has no parts.
    """
    alone = _ALONE.fullmatch(place.strip())
    if alone is not None:
        return (alone[1].lower(),), []
    parts: list[str] = []
    at, numbered = 0, False
    while (found := _CITED.match(place, at)) is not None:
        if found["decimal"] and numbered:
            break
        if found["keyword"]:
            word, value = found["keyword"].lower(), found["value"].lower()
            is_division = re.fullmatch(DIVISION, word) is not None
            parts += [word, str(roman(value) or value) if is_division else value]
        elif found["decimal"]:
            parts.append(_plain_decimal(found["decimal"]))
            numbered = True
        elif found["inner"]:
            parts.append(found["inner"].lower())
        at = found.end()
    return tuple(parts), _words(place[at:])


def _plain_decimal(number: str) -> str:
    return number[:-2] if number.endswith(".0") and number.count(".") == 1 else number


def _keys(block: Block) -> set[Key]:
    """Every way to cite the block or a clause around it."""
    labels = [label for label in (*block.path, block.number) if label]
    keys = {_key(address(labels[: depth + 1])) for depth in range(len(labels))} | {_key(label) for label in labels}
    keys |= {(label.split()[-1].lower(),) for label in labels if re.match(DIVISION, label, re.I)}
    for key in list(keys):
        if len(key) > 1 and re.fullmatch(DIVISION, key[0]):
            keys.add(key[1:])
        if key and "." in key[0] and key[0][0].isdigit():
            outer = key[0].split(".")
            keys |= {(".".join(outer[:depth]),) for depth in range(1, len(outer))}
    return keys


def _in_item(text: str, start: int, end: int, item: str) -> bool:
    """Whether a span of a clause's text stands in its item "(b)": after "(b)" and before "(c)"."""
    begins = text.rfind(f"({item})", 0, max(end, 0))
    return begins >= 0 and text.find(f"({_next_item(item)})", begins, max(start, 0)) < 0


def _next_item(item: str) -> str:
    if item.isdigit():
        return str(int(item) + 1)
    if len(item) == 1 and item != "i":
        return chr(ord(item) + 1)
    numerals = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split()
    return numerals[numerals.index(item) + 1] if item in numerals[:-1] else item * 2


def _has_title(document: Document, index: int, place: str) -> bool:
    """Whether the cited words are, or begin, the title of the block or of a clause around it."""
    cited = _words(place)
    return bool(cited) and any(title[: len(cited)] == cited for title in _titles(document, index))


def _opens_with(document: Document, index: int, words: list[str]) -> bool:
    """Whether the block or a clause around it, or its title, begins with these words."""
    blocks = (document.blocks[around] for around in (*ancestors(document)[index], index))
    texts = (_words(visible(document, block.start, block.end)) for block in blocks)
    return any(text[: len(words)] == words for text in (*texts, *_titles(document, index)))


def _titles(document: Document, index: int) -> list[list[str]]:
    titles = list(document.blocks[index].path)
    for around in (*ancestors(document)[index], index):
        block = document.blocks[around]
        text = visible(document, block.start, block.end)
        titles.append(text if block.kind == "heading" else run_in_title(text))
    return [_words(title) for title in titles]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())
