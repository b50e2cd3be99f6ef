"""What every event of a Log is made of."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Never changed once made. Numbers that are none, or endless, are kept as such."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")
