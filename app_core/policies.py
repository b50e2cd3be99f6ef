"""By which policy a run is decided: its App's, and that of whoever runs this machine."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from rheostat.autonomy import BadPolicy, Patience, Policy

from .home import config_folder
from .vertical import Vertical


def operators_policy() -> Path:
    """The file by which whoever runs this machine holds for every App on it. It need not exist."""
    return config_folder() / "policy.yaml"


def policy_of(app: Vertical) -> Policy:
    """The policy that holds now: the App's, and the operator's on top of it. Files are read anew.

    Raises BadPolicy: a file is there but is no policy, or the two contradict each other. Nothing may be decided then.
    """
    own = Policy() if app.policy is None else app.policy if isinstance(app.policy, Policy) else _read(app.policy)
    whole = joined(own, _read(operators_policy())) if _stands(operators_policy()) else own
    if unmet := [each.sentence for each in whole.unmet()]:
        raise BadPolicy(*unmet)
    return whole


def joined(own: Policy, operators: Policy) -> Policy:
    """Two policies as one. Each rule of both speaks; whom either names may approve; the shorter wait ends a question.

    Raises BadPolicy if they contradict each other.
    """
    try:
        return Policy(
            rules=(*own.rules, *(rule for rule in operators.rules if rule not in own.rules)),
            people=_people(own, operators),
            patience=_patience(own.patience, operators.patience),
        )
    except ValidationError as error:
        where = f"Seen together, the App's policy and {operators_policy()} can't both be meant."
        raise BadPolicy(where, *(str(each["msg"]) for each in error.errors())) from None


def _people(own: Policy, operators: Policy) -> dict[str, tuple[str, ...]]:
    """Everybody that either names, with the roles that either gives them."""
    people = dict(own.people)
    spelled = {person.casefold(): person for person in people}
    for person, roles in operators.people.items():
        name = spelled.get(person.casefold(), person)
        people[name] = tuple(dict.fromkeys((*people.get(name, ()), *roles)))
    return people


def _patience(own: Patience, operators: Patience) -> Patience:
    """Who is reminded, and whom it goes on to, is the operator's word where there is one."""
    expiries = [each.expires_s for each in (own, operators) if each.expires_s is not None]
    spoken = own if operators == Patience(expires_s=operators.expires_s) else operators
    return spoken.model_copy(update={"expires_s": min(expiries, default=None)})


def _read(path: Path) -> Policy:
    from rheostat.autonomy.io import read_policy

    return read_policy(path)


def _stands(path: Path) -> bool:
    """Whether there is something to read. What can't be looked at is no less there."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True
