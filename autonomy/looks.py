"""What a text looks like: capitals, accents, letters of other alphabets and hidden characters make no difference."""

from unicodedata import category, normalize

_DRAWN_ALIKE = {
    "a": "аαɑ",
    "b": "вьβ",
    "c": "сᴄ",
    "d": "ԁɗ",
    "e": "еεҽ℮",
    "f": "ƒϝ",
    "g": "ɡցɢ",
    "h": "һнհ",
    "i": "іιı",
    "j": "јϳ",
    "k": "кκ",
    "l": "ӏǀן",
    "m": "м",
    "n": "пηո",
    "o": "оοσօ",
    "p": "рρ",
    "q": "ԛզ",
    "r": "гʀ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υսʋμ",
    "v": "ѵν",
    "w": "шωԝѡա",
    "x": "хχ",
    "y": "уγүყ",
    "z": "ᴢζ",
    "-": "‐‒–—−",
    "/": "∕⁄",
    ".": "。",
    ":": "∶։",
    "'": "‘’ʼ",
}

_LATIN = {letter: drawn for drawn, letters in _DRAWN_ALIKE.items() for letter in letters}

_UNSEEN = frozenset(("Mn", "Me", "Cf", "Cc"))
"""Unicode's marks on other letters, and characters that show nothing. Control characters count, but not in ASCII."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_MOST_KEPT = 4096


class _Looks(dict[int, str]):
    """What each character looks like, by its number, as `str.translate` asks for it."""

    def __missing__(self, code: int) -> str:
        seen = _looks_of(chr(code))
        if len(self) < _MOST_KEPT:
            self[code] = seen
        return seen


def _looks_of(character: str) -> str:
    if character.isascii():
        return character.lower()
    plain = normalize("NFKD", normalize("NFKD", character).casefold())
    return "".join(
        _LATIN.get(each, each) for each in plain if category(each) not in _UNSEEN and each not in _BLANK_LETTERS
    ).lower()


_LOOKS = _Looks()


def looks(text: str) -> str:
    """The text as it looks, for comparing: `Ａnn`, `ANN` and an `аnn` that begins with a Cyrillic letter are `ann`.

    Each character is folded by itself, so what stands next to it changes nothing.
    """
    return text.lower() if text.isascii() else text.translate(_LOOKS)
