"""By which policy a run is decided: its App's, and that of whoever runs this machine."""

from __future__ import annotations

import os
from pathlib import Path

from rheostat.autonomy import BadRule, Patience, Policy, Rule, quoted

from .home import config_folder
from .vertical import Vertical


def operators_policy() -> Path:
    """The file by which whoever runs this machine holds for every App on it. It need not exist."""
    return config_folder() / "policy.yaml"


def policy_of(app: Vertical) -> Policy:
    """The policy that holds now: the App's, and the operator's on top of it. Files are read anew.

    Raises:
        BadPolicy: a file is there, but is not a policy. Nothing may be decided then.
        BadRule: both have a rule of one name.
    """
    own = Policy() if app.policy is None else app.policy if isinstance(app.policy, Policy) else _read(app.policy)
    return joined(own, _read(operators_policy())) if _stands(operators_policy()) else own


def joined(own: Policy, operators: Policy) -> Policy:
    """Two policies as one. Each rule of both speaks; whom either names may approve; the shorter wait ends a question.

    Raises BadRule if two different rules have one name.
    """
    people = {
        person: tuple(dict.fromkeys((*own.people.get(person, ()), *operators.people.get(person, ()))))
        for person in (*own.people, *operators.people)
    }
    rules = (*own.rules, *(rule for rule in operators.rules if rule not in own.rules))
    _check_names(own.rules, rules)
    return Policy(rules=rules, people=people, patience=_patience(own.patience, operators.patience))


def _patience(own: Patience, operators: Patience) -> Patience:
    """Who is reminded, and whom it goes on to, is the operator's word where there is one."""
    expiries = [each.expires_s for each in (own, operators) if each.expires_s is not None]
    spoken = operators if operators.model_fields_set - {"expires_s"} else own
    return spoken.model_copy(update={"expires_s": min(expiries, default=None)})


def _check_names(own: tuple[Rule, ...], both: tuple[Rule, ...]) -> None:
    names = {rule.name for rule in own}
    twice = next((rule.name for rule in both[len(own) :] if rule.name in names), None)
    if twice is not None:
        raise BadRule(
            f"The App's policy and {operators_policy()} each have a rule called {quoted(twice)}, and they differ, so "
            "nobody could tell which one spoke. Rename one."
        )


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
