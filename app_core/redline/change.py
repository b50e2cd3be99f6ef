"""A proposed change of a document's text."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Change(BaseModel):
    """Replaces a span of `Document.text`.

    Args:
        start, end: the span; equal to insert.
        new: what is to stand there; "" to delete. A line end makes a new paragraph.
        comment: why, shown in the margin; "" for none. A change whose `new` is the old text is a comment alone.
    """

    model_config = ConfigDict(frozen=True)

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    new: str
    comment: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"a change ends at {self.end}, before its start at {self.start}; swap the two")
        return self
