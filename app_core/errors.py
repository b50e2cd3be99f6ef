"""What can go wrong above the rooms, and who can mend it.

    RheostatError
    └── GatewayError              a model could not be called, or not used
        ├── UnknownModel          no model of this name is known                            builder
        ├── UnknownPrice          the model is known, but not what it costs                 operator
        ├── BadPrice              a stated price can't be true                              operator
        ├── ModelNotAllowed       RHEOSTAT_ALLOW_MODELS does not list it                    operator
        ├── NoLocalModel          the embedded model's file is missing and can't be had     operator
        ├── ModelRefused          the provider said no, and would again
        │   ├── BadRequest        to what was asked: too long, unsupported, against policy  builder
        │   └── NotPermitted      to who asked: key, permission, credit                     operator
        ├── ModelBusy             asked again as often as allowed, and still too busy       operator
        ├── ModelTimeout          no whole answer within the time allowed                   operator
        ├── NoNetwork             the provider could not be reached, or the line broke      operator
        └── AnswerUnusable        the model answered, again and again, but not as required  model

Each message says what is wrong, why, and what to do. `mender` says who can do it: the *builder* by changing the program,
the *model* by answering again or giving way to a better one, the *operator* by keys, settings, network or money.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

Mender = Literal["builder", "model", "operator"]


class RheostatError(Exception):
    """The root of all errors that rheostat raises above its rooms.

    Args:
        what: a sentence that says what is wrong.
        why: one that says why.
        remedy: one that says what to do.
    """

    mender: ClassVar[Mender] = "builder"

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(" ".join(part for part in (what, why, remedy) if part))
        self.what, self.why, self.remedy = what, why, remedy


class GatewayError(RheostatError):
    """A model could not be called, or its answer not used.

    `cost_usd` is what the failed call may have cost, booked at the most it could: 0.0 if it surely was not billed.
    """

    mender: ClassVar[Mender] = "operator"

    def __init__(self, what: str, why: str, remedy: str, *, cost_usd: float = 0.0) -> None:
        super().__init__(what, why, remedy)
        self.cost_usd = cost_usd


class UnknownModel(GatewayError):
    """No model of this name is known; the message names those most like it."""

    mender: ClassVar[Mender] = "builder"


class UnknownPrice(GatewayError):
    """The model is known, but not its price or its size, so no budget could hold; the message says how to state them."""


class BadPrice(GatewayError):
    """A price is negative, not a number or absurd."""


class ModelNotAllowed(GatewayError):
    """The model is not in the list that `RHEOSTAT_ALLOW_MODELS` allows."""


class NoLocalModel(GatewayError):
    """A local model's file is missing, broken or can't be fetched."""


class ModelRefused(GatewayError):
    """The provider refused the request, and would refuse it again. The subclass says whose fault it is."""


class BadRequest(ModelRefused):
    """The provider refused what was asked: too long, not supported, against its policy."""

    mender: ClassVar[Mender] = "builder"


class NotPermitted(ModelRefused):
    """The provider refused who asked: no key, a wrong key, no right to the model, no credit."""


class ModelBusy(GatewayError):
    """The provider was overloaded or broken each time; asking again later may help."""


class ModelTimeout(GatewayError):
    """No whole answer came within the time allowed. It may have been billed all the same."""


class NoNetwork(GatewayError):
    """The provider could not be reached, or the line broke."""


@dataclass(frozen=True)
class Attempt:
    """An answer that could not be used, and what was wrong with it."""

    text: str
    problem: str


class AnswerUnusable(GatewayError):
    """The model's answers did not satisfy what was asked, as often as it was asked again.

    Args:
        attempts: each answer and its problem, in order. What they cost was booked with each call, so `cost_usd` is 0.
    """

    mender: ClassVar[Mender] = "model"

    def __init__(self, what: str, why: str, remedy: str, *, attempts: tuple[Attempt, ...]) -> None:
        super().__init__(what, why, remedy)
        self.attempts = attempts
