"""What can go wrong above the rooms, and who can mend it.

    RheostatError
    └── GatewayError              a model could not be called, or its answer not used
        ├── UnknownModel          no model of this name is known                            builder
        ├── UnknownPrice          the model is known, but not what it costs or how it is    operator
        ├── BadPrice              a stated price can't be true                              operator
        ├── ModelNotAllowed       RHEOSTAT_ALLOW_MODELS does not list it                    operator
        ├── NoLocalModel          a local model's file is missing, broken or can't be had   operator
        ├── ModelRefused          the provider said no, and would again
        │   ├── BadRequest        to what was asked: too long, unsupported, against policy  builder
        │   └── NotPermitted      to who asked: key, permission, credit                     operator
        ├── ModelBusy             overloaded or broken, each time it was asked              operator
        ├── ModelTimeout          no whole answer within the time allowed                   operator
        ├── NoNetwork             the provider could not be reached, or the line broke      operator
        └── AnswerUnusable        the model answered, again and again, but not as required  model

Each message says what is wrong, why, and what to do. `mend` says who can do it: the builder by changing the program,
the model by answering again or giving way to a better one, the operator by keys, settings, network or money, the user
by asking otherwise. run_errors.py adds what can go wrong in a run.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

Mend = Literal["builder", "model", "operator", "user"]


class RheostatError(Exception):
    """The root of all that rheostat raises above its rooms.

    `mend` says who can put it right. With `stops_run` a run stops where it is, to be resumed once that is done; else it
    goes on without the step that failed.
    """

    mend: ClassVar[Mend] = "builder"
    stops_run: ClassVar[bool] = False


class GatewayError(RheostatError):
    """A model could not be called, or its answer not used.

    Args:
        message: what is wrong, why, and what to do.
        cost_usd: what the failed call may have cost, booked at the most it could; 0.0 if it surely was not billed.
    """

    mend: ClassVar[Mend] = "operator"

    def __init__(self, message: str, *, cost_usd: float = 0.0) -> None:
        super().__init__(message)
        self.cost_usd = cost_usd


class UnknownModel(GatewayError):
    """No model of this name is known; the message names those most like it."""

    mend: ClassVar[Mend] = "builder"


class UnknownPrice(GatewayError):
    """The model is known, but not its price or size, so no budget could hold. The message says how to state them."""


class BadPrice(GatewayError):
    """A price is negative, not a number or absurd."""


class ModelNotAllowed(GatewayError):
    """The model is not among those that `RHEOSTAT_ALLOW_MODELS` allows."""


class NoLocalModel(GatewayError):
    """A local model's file is missing, broken or can't be fetched."""


class ModelRefused(GatewayError):
    """The provider refused, and would refuse again. The subclass says whose fault it is."""


class BadRequest(ModelRefused):
    """The provider refused what was asked: too long, not supported, against its policy."""

    mend: ClassVar[Mend] = "builder"


class NotPermitted(ModelRefused):
    """The provider refused who asked: no key, a wrong key, no right to the model, no credit."""


class ModelBusy(GatewayError):
    """The provider was overloaded or broken each time; asking later may help."""


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
        message: what is wrong, why, and what to do.
        attempts: each answer and its problem, in order. Each was booked as it came, so `cost_usd` is 0.
    """

    mend: ClassVar[Mend] = "model"

    def __init__(self, message: str, attempts: tuple[Attempt, ...]) -> None:
        super().__init__(message)
        self.attempts = attempts
