"""The most tokens that an image or a PDF can take, by what the providers' pages on images and PDFs say."""

import re
from collections.abc import Callable
from math import ceil
from typing import NamedTuple

from rheostat.context import Attachment, Uncountable

_Tokens = Callable[[int, int], int]
"""Of an image, by its width and height in pixels."""

_PAGE_PX = (1448, 2048)
"""Nobody says how large the picture of a PDF's page is: an A4 page, as large as OpenAI takes an image."""

_MORE_TEXT = 1.25
"""Nor how a page's text is taken out of it: up to this many times what we take out."""


class _Sight(NamedTuple):
    names: re.Pattern[str]
    image: _Tokens
    page_tokens: int
    """The picture of one page of a PDF."""


def count_attachment(model: str, attachment: Attachment, count_text: Callable[[str], int]) -> int:
    """The most tokens that an attachment takes in a request to a hosted model.

    An image: by the formula of the model's family, at the highest resolution that is used unasked. A PDF: for each
    page a picture, and its text.

    Args:
        model: its name.
        attachment: an image whose width and height, or a PDF whose pages and text are stated.
        count_text: the most tokens of a text.

    Raises:
        Uncountable: the family's formula is not known, or what it needs is not stated.
    """
    sight = next((sight for sight in _SIGHTS if sight.names.search(model.lower())), None)
    if sight is None:
        raise Uncountable(
            f"It is not known how {model} counts {attachment.media_type}, so no limit would hold. "
            f"Send {attachment.name} as text, or ask a model of OpenAI, Anthropic or Google."
        )
    if not attachment.pages and not (attachment.width and attachment.height):
        raise Uncountable(f"The size of {attachment.name} is not stated. Read it with rheostat.context.attach(path).")
    if attachment.media_type == "application/pdf":
        return attachment.pages * sight.page_tokens + ceil(count_text(attachment.text) * _MORE_TEXT)
    return sight.image(attachment.width, attachment.height)


def _tiles(base: int, each: int) -> _Tokens:
    """OpenAI's older way: made to fit 2048 x 2048 pixels, then 768 on the short side, then cut into squares of 512."""

    def tokens(width: int, height: int) -> int:
        short, long = sorted((width, height))
        if long > 2048:
            short, long = _part(short, 2048, long), 2048
        if short > 768:
            short, long = 768, _part(long, 768, short)
        return base + each * ceil(short / 512) * ceil(long / 512)

    return tokens


def _part(of: int, numerator: int, denominator: int) -> int:
    """Scaled and rounded up, in whole numbers."""
    return -(-of * numerator // denominator)


def _patches(side_px: int, most: int | None = None, factor: float = 1.0) -> _Tokens:
    """One token for each square of the image, after it was made smaller until there are no more than `most`."""

    def tokens(width: int, height: int) -> int:
        squares = ceil(width / side_px) * ceil(height / side_px)
        return ceil(min(squares, most or squares) * factor)

    return tokens


def _gemini_tiles(width: int, height: int) -> int:
    """Before Gemini 3: 258 for a small image, else for each tile; the tiles' size is described in two ways."""
    if max(width, height) <= 384:
        return 258
    unit = max(1, int(min(width, height) / 1.5))
    return 258 * max(ceil(width / side) * ceil(height / side) for side in (unit, 768))


def _sight(names: str, image: _Tokens, page_tokens: int | None = None) -> _Sight:
    return _Sight(re.compile(names), image, image(*_PAGE_PX) if page_tokens is None else page_tokens)


_SIGHTS = (
    # OpenAI, "Images and vision" and "File inputs". Where it states no factor, 1.62 is more than the 1.2 that users
    # measured.
    _sight(r"gpt-4o-mini", _tiles(2833, 5667)),
    _sight(r"gpt-4o|gpt-4\.5|gpt-4\.1(?!-mini|-nano)", _tiles(85, 170)),
    _sight(r"o4-mini", _patches(32, 1536, 1.72)),
    _sight(r"\bo[13](-|$)", _tiles(75, 150)),
    _sight(r"gpt-(4\.1|5|5\.4)-nano", _patches(32, 1536, 2.46)),
    _sight(r"gpt-(4\.1|5|5\.4)-mini|gpt-5\.[23]|gpt-5.*codex", _patches(32, 1536, 1.62)),
    _sight(r"gpt-5(-chat|-20|$)", _tiles(70, 140)),
    _sight(r"gpt-5\.4(-20|-pro|$)", _patches(32, 2500, 1.62)),
    _sight(r"gpt-5\.5(-20|-pro|$)", _patches(32, 10_000, 1.62)),
    _sight(r"gpt-5\.[6-9]|gpt-[6-9]", _patches(32, None, 2.46)),  # no limit at all is documented since 5.6
    # Anthropic, "Vision" and "PDF support": one token for 28 x 28 pixels; images are made smaller to 1,568 pixels and
    # about 1,600 tokens, since Opus 4.7 to 2,576 pixels and 3.75 megapixels.
    _sight(r"claude-(3|opus-4(-[0156]|-20|$)|sonnet-4|haiku-4)", _patches(28, 1600)),
    _sight(r"claude", _patches(28, 4784)),
    # Google, "Understand and count tokens" and "Media resolution".
    _sight(r"gemini-(1|2|pro-vision)", _gemini_tiles, 258),
    _sight(r"gemini", lambda _width, _height: 1120, 560),
)
