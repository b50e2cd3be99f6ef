"""What a node that names no choices may use, given the models of a run."""

from __future__ import annotations

from collections.abc import Sequence

from .choice import Call, Choice, best_of, cascade

_ALONE = 4
_SAMPLES = 3


def menu(models_by_price: Sequence[str], *, checked: bool) -> tuple[Choice, ...]:
    """Ways to run a node, for the planner to choose from.

    Args:
        models_by_price: their names, the cheapest first. Of more than four the cheapest, the dearest and two between.
        checked: whether the node has checks. Only they can tell a good answer from a bad one, so without them there is
            each model alone; with them also cascades, and samples of the cheaper models.

    Raises:
        ValueError: no model was named.
    """
    models = _spread_out(list(dict.fromkeys(models_by_price)))
    alone = tuple(Call(model=model) for model in models)
    if not checked or len(models) == 1:
        return alone
    through = () if len(models) == 2 else (cascade(*models),)
    sampled = tuple(best_of(_SAMPLES, model) for model in models[:-1][:2])
    return (*alone, cascade(models[0], models[-1]), *through, *sampled)


def _spread_out(models: list[str]) -> list[str]:
    if not models:
        raise ValueError("A menu needs at least one model; name one.")
    if len(models) <= _ALONE:
        return models
    last = len(models) - 1
    return [models[round(place * last / (_ALONE - 1))] for place in range(_ALONE)]
