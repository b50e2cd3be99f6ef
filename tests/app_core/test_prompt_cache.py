"""What is foretold of a provider's cache: how far it reaches into the next prompt, and where it broke."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.ports import CacheFacts
from rheostat.app_core.prompt_cache import MOST_MARKS, Answered, Asked, Forecast, asking, blocks, forecast, marks
from rheostat.context import Counter, Message

CHARS = Counter("characters", len)
EXACT = CacheFacts()
MARKED = CacheFacts(marked=True)


def system(text: str, *breakpoints: int) -> Message:
    return Message(role="system", content=text, breakpoints=breakpoints)


def user(text: str, *breakpoints: int) -> Message:
    return Message(role="user", content=text, breakpoints=breakpoints)


def asked(*messages: Message, step: str = "answer", schema: str = "") -> Asked:
    return asking(step, messages, schema, CHARS)


def answered(request: Asked, answer: str = "Yes.", *, prompt_tokens: int | None = None, at_s: float = 0.0) -> Answered:
    return Answered(request, answer, request.likely_tokens if prompt_tokens is None else prompt_tokens, at_s)


def expected(request: Asked, *before: Answered, cache: CacheFacts | None = EXACT, now_s: float = 1.0) -> Forecast:
    return forecast(request, before, counter=CHARS, cache=cache, now_s=now_s)


def cached(request: Asked, *before: Answered, cache: CacheFacts | None = EXACT, now_s: float = 1.0) -> int:
    return expected(request, *before, cache=cache, now_s=now_s).usage.cached_tokens


FIRST = asked(system("Rules."), user("The clause.\n\nIs it fine?"))
NEXT = asked(system("Rules."), user("The clause.\n\nSince when?"))
SHARED = len("Rules.The clause.\n\n")


def test_the_first_request_finds_nothing_and_the_next_what_it_shares() -> None:
    assert cached(FIRST) == 0
    assert cached(NEXT, answered(FIRST)) == SHARED
    assert cached(NEXT, answered(asked(system("Other.")))) == 0


def test_without_a_known_cache_nothing_is_expected() -> None:
    assert expected(NEXT, answered(FIRST), cache=None) == Forecast(expected(NEXT, cache=None).usage, None)
    assert cached(NEXT, answered(FIRST), cache=None) == 0


def test_the_longest_shared_prefix_counts_whichever_request_it_was() -> None:
    others = [answered(asked(system("Rules."), user(text))) for text in ("A", "The clau", "B")]
    assert cached(NEXT, others[0], others[1], others[2]) == len("Rules.The clau")


def test_the_same_prompt_again_is_read_but_for_its_last_token() -> None:
    assert cached(FIRST, answered(FIRST)) == FIRST.likely_tokens - 1


def test_an_answer_counts_only_where_it_is_cached_too() -> None:
    talk = asked(*FIRST.messages, Message(role="assistant", content="Yes."), user("Why?"))
    assert cached(talk, answered(FIRST)) == FIRST.likely_tokens
    assert cached(talk, answered(FIRST), cache=CacheFacts(answers=True)) == FIRST.likely_tokens + len("Yes.")
    assert cached(talk, answered(FIRST, "No."), cache=CacheFacts(answers=True)) == FIRST.likely_tokens


def test_providers_serve_in_steps_from_a_least_length_and_forget() -> None:
    stepwise = CacheFacts(min_tokens=10, step_tokens=4, keeps_s=60)
    assert cached(NEXT, answered(FIRST), cache=stepwise) == SHARED // 4 * 4
    assert cached(NEXT, answered(FIRST), cache=stepwise.model_copy(update={"min_tokens": SHARED + 1})) == 0
    assert cached(NEXT, answered(FIRST, at_s=0), cache=stepwise, now_s=61) == 0


def test_reported_tokens_put_the_counter_right() -> None:
    doubled = answered(FIRST, prompt_tokens=2 * FIRST.likely_tokens)
    assert expected(NEXT, doubled).usage.prompt_tokens == 2 * NEXT.likely_tokens
    assert cached(NEXT, doubled) == 2 * SHARED
    unknown = answered(FIRST, prompt_tokens=0)
    assert cached(NEXT, unknown) == SHARED


def test_a_schema_in_the_prompt_is_cached_with_it_and_another_one_breaks_it() -> None:
    first, same = asked(*FIRST.messages, schema="{...}"), asked(*NEXT.messages, schema="{...}")
    assert cached(same, answered(first)) == SHARED + len("{...}")
    assert cached(NEXT, answered(first)) == 0


def test_a_provider_that_is_told_where_to_cache_serves_up_to_there() -> None:
    first, following = (asked(system("Rules.", 6), user(f"The clause.\n\n{task}", 13)) for task in ("One?", "Two?"))
    assert cached(following, answered(first), cache=MARKED) == SHARED
    usage = expected(first, cache=MARKED).usage
    assert (usage.cached_tokens, usage.cache_write_tokens) == (0, SHARED)
    assert expected(following, answered(first), cache=MARKED).usage.cache_write_tokens == 0
    changed = asked(system("Rules.", 6), user("The claim.\n\nOne?", 12))
    assert cached(changed, answered(first), cache=MARKED) == len("Rules.")
    assert cached(NEXT, answered(FIRST), cache=MARKED) == 0


def test_a_part_that_grows_is_found_up_to_its_last_whole_block() -> None:
    turns = [f"{turn}: {'word ' * 300}\n\n" for turn in range(12)]

    def talk(length: int) -> Asked:
        told = "".join(turns[:length])
        return asked(system("Rules.", 6), user(f"{told}Task {length}.", len(told)))

    for length in range(4, 12):
        shared = len("Rules.") + len("".join(turns[:length]))
        missed = shared - cached(talk(length + 1), answered(talk(length)), cache=MARKED)
        assert 0 <= missed <= 2000 + len(turns[-1])


def test_a_break_is_told_only_where_the_last_request_of_the_step_was_to_stay_the_same() -> None:
    before = answered(asked(system("Today is Monday. Rules.", 23), user("One?")))
    task = expected(asked(system("Today is Monday. Rules.", 23), user("Two?")), before)
    assert task.broke is None
    broken = expected(asked(system("Today is Tuesday. Rules.", 24), user("Two?")), before).broke
    assert broken is not None and 'after "Today is ", was "Monday.", is "Tuesday."' in broken.sentence
    assert expected(asked(system("Else."), user("Two?"), step="other"), before).broke is None


paragraphs = st.lists(st.sampled_from(["a" * 900, "b" * 2100, " ", "", "c"]), max_size=12).map("\n\n".join)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    text = draw(paragraphs)
    return user(text, *sorted(draw(st.sets(st.integers(0, len(text)), max_size=4))))


@given(message=messages())
def test_no_block_is_blank_and_together_they_are_the_text(message: Message) -> None:
    ends = blocks(message)
    pieces = [message.content[start:end] for start, end in zip((0, *ends), ends, strict=False)]
    assert all(piece.strip() for piece in pieces)
    assert not message.content[ends[-1] if ends else 0 :].strip()
    assert list(ends) == sorted(set(ends))


@given(prompt=st.lists(messages(), max_size=4), least=st.sampled_from([1, 1000]))
def test_marks_are_few_at_ends_of_blocks_and_only_where_there_are_breakpoints(
    prompt: list[Message], least: int
) -> None:
    places = marks(prompt, CacheFacts(marked=True, min_tokens=least))
    assert len(places) <= MOST_MARKS and list(places) == sorted(set(places))
    assert all(char in blocks(prompt[index]) for index, char in places)
    assert all(sum(len(m.content) for m in prompt[:index]) + char >= least for index, char in places)
    if not any(message.breakpoints for message in prompt):
        assert places == ()


@given(text=paragraphs, more=paragraphs)
def test_a_text_that_grows_keeps_the_ends_it_had(text: str, more: str) -> None:
    before, after = blocks(user(text)), blocks(user(f"{text}\n\n{more}"))
    assert set(before[:-1]) <= set(after)


def test_of_too_many_breakpoints_the_first_and_the_last_ones_stay() -> None:
    prompt = [system("S", 1), *(user(f"{n}", 1) for n in range(8))]
    assert marks(prompt, MARKED) == ((0, 1), (6, 1), (7, 1), (8, 1))


@pytest.mark.parametrize("least", [1, 50])
def test_no_mark_is_wasted_on_what_is_too_short(least: int) -> None:
    cache = CacheFacts(marked=True, min_tokens=least)
    prompt = [system("Short.", 6), user("x" * 60, 60)]
    assert marks(prompt, cache) == (((0, 6), (1, 60)) if least == 1 else ((1, 60),))
