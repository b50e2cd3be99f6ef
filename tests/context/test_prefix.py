"""What two prompts share, and the one sentence that says where they part."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Attachment, Counter, Message, Placed, shared_prefix

WORDS = Counter("words", lambda text: len(text.split()), per_message=2, count_attachment=lambda _: 100)
A, B = (Attachment(name=name, media_type="image/png", data=name.encode()) for name in ("a.png", "b.png"))

texts = st.text(st.sampled_from("aä\U0001d538é \n\ud800"), max_size=6)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    content = draw(texts)
    places = sorted(draw(st.lists(st.integers(0, len(content)), max_size=2)))
    attachments = tuple(Placed(at, draw(st.sampled_from([A, B]))) for at in places)
    breakpoints = tuple(sorted(draw(st.sets(st.integers(0, len(content)), max_size=2))))
    message = Message(role="user", content=content, breakpoints=breakpoints, attachments=attachments)
    return message.model_copy(update={"role": draw(st.sampled_from(["system", "user", "assistant"]))})


prompts = st.lists(messages(), max_size=4)


@dataclass(frozen=True)
class Unit:
    """One thing that a prompt is made of: a message's beginning, a byte of text, an attachment."""

    what: object
    message: int
    byte: int


def units(prompt: list[Message]) -> list[Unit]:
    """A prompt, taken apart naively."""
    apart = list[Unit]()
    for index, message in enumerate(prompt):
        apart.append(Unit(message.role, index, 0))
        byte = 0
        for char in range(len(message.content) + 1):
            apart += [Unit(placed.attachment, index, byte) for placed in message.attachments if placed.at == char]
            for one in message.content[char : char + 1].encode(errors="surrogatepass"):
                apart.append(Unit(one, index, byte))
                byte += 1
        apart.append(Unit("end", index, byte))
    return apart


def bare(prompt: Sequence[Message]) -> list[Message]:
    """The same prompt without breakpoints."""
    return [message.model_copy(update={"breakpoints": ()}) for message in prompt]


@given(before=prompts, after=prompts)
def test_the_first_byte_that_differs_is_found(before: list[Message], after: list[Message]) -> None:
    found = shared_prefix(before, after)
    old, new = units(before), units(after)
    apart = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one.what != other.what), None)
    assert found.extends == ([one.what for one in old] == [one.what for one in new[: len(old)]])
    if found.broke is None:
        assert apart is None
        return
    assert apart is not None
    assert (found.broke.message, found.broke.byte) == (old[apart].message, old[apart].byte)
    assert (found.broke.message, found.broke.byte) == (new[apart].message, new[apart].byte)
    earlier = b"".join(message.content.encode(errors="surrogatepass") for message in after[: found.broke.message])
    assert found.broke.prompt_byte == len(earlier) + found.broke.byte
    assert found.broke.was != found.broke.now or found.broke.was.startswith("the attachment")


@given(before=prompts, after=prompts)
def test_what_is_shared_begins_both_and_does_not_depend_on_their_order(
    before: list[Message], after: list[Message]
) -> None:
    there, back = shared_prefix(before, after), shared_prefix(after, before)
    assert (bare(there.messages), there.end) == (bare(back.messages), back.end)
    assert there.tokens(WORDS) == back.tokens(WORDS)
    for whole in (before, after):
        again = shared_prefix(there.messages, whole)
        assert bare(again.messages) == bare(there.messages)
        assert again.tokens(WORDS) - there.tokens(WORDS) in (0, WORDS.per_message)
        assert again.extends or (again.broke and again.broke.was == "its end")
    if there.broke and back.broke:
        assert (there.broke.was, there.broke.now) == (back.broke.now, back.broke.was)


@given(before=prompts, more=prompts)
def test_a_prompt_that_only_grew_breaks_nothing(before: list[Message], more: list[Message]) -> None:
    grown = shared_prefix(before, [*before, *more])
    assert grown.extends and grown.broke is None
    assert grown.messages == tuple(before)
    assert shared_prefix([*before, *more], before).extends == (not more)


@given(prompt=prompts)
def test_breakpoints_change_nothing(prompt: list[Message]) -> None:
    assert shared_prefix(prompt, bare(prompt)).extends
    assert shared_prefix(bare(prompt), prompt).broke is None


def system(text: str) -> Message:
    return Message(role="system", content=text)


def user(text: str, *attachments: Placed) -> Message:
    return Message(role="user", content=text, attachments=attachments)


RULES = system("Be brief.")


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            [RULES, user("A memo dated Monday, 3 May")],
            [RULES, user("A memo dated Tuesday, 4 May")],
            'the cache broke at byte 22: message 1 (user), after "A memo dated ", was "Monday,", is "Tuesday,"',
        ),
        (
            [system("Grüße")],
            [system("Grüsse")],
            'the cache broke at byte 4: message 0 (system), after "Grü", was "ße", is "sse"',
        ),
        (
            [RULES, user("One.")],
            [RULES, user("One.\n\nTwo.")],
            'the cache broke at byte 13: message 1 (user), after "One.", was its end, is "\\n\\nTwo."',
        ),
        (
            [RULES, user("One.")],
            [RULES, Message(role="assistant", content="One.")],
            "the cache broke at byte 9: message 1 (assistant), was said by user, is said by assistant",
        ),
        (
            [user("See: it.", Placed(5, A))],
            [user("See: it.", Placed(5, B))],
            'the cache broke at byte 5: message 0 (user), after "See: ", '
            'was the attachment "a.png" (5 bytes), is the attachment "b.png" (5 bytes)',
        ),
        (
            [user("See: it.")],
            [user("See: it.", Placed(5, A))],
            'the cache broke at byte 5: message 0 (user), after "See: ", was "it.", '
            'is the attachment "a.png" (5 bytes)',
        ),
    ],
)
def test_one_sentence_says_what_changed(before: list[Message], after: list[Message], sentence: str) -> None:
    broke = shared_prefix(before, after).broke
    assert broke is not None and broke.sentence == sentence


def test_long_texts_are_shown_by_a_few_characters() -> None:
    broke = shared_prefix([user("x" * 100_000 + "y" * 1000)], [user("x" * 100_000 + "z" * 1000)]).broke
    assert broke is not None and broke.char == 100_000
    assert len(broke.sentence) < 200


def test_tokens_are_those_of_the_whole_messages_and_of_the_shared_part_of_the_next() -> None:
    before = [RULES, user("one two three 4", Placed(4, A)), user("five")]
    after = [RULES, user("one two three 5", Placed(4, A)), user("five")]
    assert shared_prefix(before, after).tokens(WORDS) == (2 + 2) + (3 + 100)
    assert shared_prefix(before, before).tokens(WORDS) == (2 + 2) + (2 + 4 + 100) + (2 + 1)
    assert shared_prefix(before, [system("Else.")]).tokens(WORDS) == 0
    assert shared_prefix([], before).tokens(WORDS) == 0


def test_a_record_of_a_break_is_read_back_as_it_was() -> None:
    broke = shared_prefix([user("a")], [user("b")]).broke
    assert broke is not None and type(broke).model_validate_json(broke.model_dump_json()) == broke
