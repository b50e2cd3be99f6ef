"""Whose yes counts on a question: the people that the policy names, their roles, and for whom the run acts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from .question import Approval, Question, zoned
from .shown import plain

Team = Mapping[str, Sequence[str]]
"""Who may approve, each with their roles. Empty where a policy names nobody: then anybody may, and has no role."""

NOBODY: Team = {}


def may_answer(question: Question, team: Team, *, now: datetime) -> list[str]:
    """The people of a team whose yes counts now, sorted. Empty where the policy names nobody, too."""
    asking = [person for person in team if not (question.verdict.four_eyes and _same(person, question.asked_for))]
    first = [person for person in asking if not _same(person, question.escalate_to)]
    waits = not question.is_escalated(zoned(now)) and _suffice(question, first, team)
    return sorted(first if waits else asking)


def is_stranger(by: str, team: Team) -> bool:
    """Whether a policy names people, and this is none of them: then not even their no counts."""
    return bool(team) and not any(_same(by, person) for person in team)


def why_not(question: Question, approval: Approval, team: Team) -> str:
    """Why what a person said does not count, as a sentence for them; empty if it does.

    Anybody of the team may say no at any time.
    """
    if is_stranger(approval.by, team):
        return f"{plain(approval.by)} may not answer here. The policy names who may: {_listed(team)}."
    if not approval.accepts:
        return ""
    if question.verdict.four_eyes and _same(approval.by, question.asked_for):
        return f"This is done for {plain(approval.by)}, so somebody else has to accept it."
    if question.verdict.roles and not team:
        return (
            f"Only {_listed(question.verdict.roles)} may accept this, and the policy names nobody who is. "
            "Name the people and their roles there, under `people`."
        )
    able = may_answer(question, team, now=approval.at)
    if team and not any(_same(approval.by, person) for person in able) and question.escalate_at is not None:
        return (
            f"Until {question.escalate_at:%Y-%m-%d %H:%M %Z} this is for others to accept: {_listed(able)}. "
            "Wait until then, or let them."
        )
    return ""


def different(people: Iterable[str]) -> list[str]:
    """People, each once: in whatever case an id was typed, it is one person."""
    return list({person.casefold(): person for person in people}.values())


def roles_wanting(question: Question, people: Iterable[str], team: Team) -> list[str]:
    """The roles that a question asks for and that none of these people has."""
    return sorted(set(question.verdict.roles) - set(roles_of(people, team)))


def roles_of(people: Iterable[str], team: Team) -> list[str]:
    """The roles that these people have among them, sorted."""
    names = {person.casefold() for person in people}
    return sorted({role for person, roles in team.items() if person.casefold() in names for role in roles})


def _suffice(question: Question, people: Sequence[str], team: Team) -> bool:
    return len(people) >= question.people and not roles_wanting(question, people, team)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(plain(name) for name in sorted(names)) or "nobody"
