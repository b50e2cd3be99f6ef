"""An image or a file that goes to the model as it is, and what must be known to count its tokens."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MediaType = Literal["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"]


class Attachment(BaseModel):
    """An image or a PDF. `rheostat.context.attach(path)` reads one from a file.

    Args:
        name: of the file, for the receipt and for the model.
        media_type: what the bytes are.
        data: the bytes as sent.
        width, height: of an image, in pixels.
        pages: of a PDF.
        text: that can be taken out of a PDF: models get it beside a picture of each page, and it counts.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    name: str
    media_type: MediaType
    data: bytes = Field(repr=False)
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    pages: int = Field(default=0, ge=0)
    text: str = Field(default="", repr=False)
