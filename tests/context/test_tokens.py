"""A Counter's count is an upper bound, error included."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Attachment, Counter, Message, Placed, Uncountable, remembered

PICTURE = Attachment(name="a.png", media_type="image/png", data=b"", width=10, height=10)


def test_a_request_is_its_texts_its_schema_and_the_format_around_them():
    counter = Counter("characters", len, per_message=4, per_request=3)
    messages = [Message(role="system", content="12345"), Message(role="user", content="123")]
    assert counter.count(messages) == 5 + 4 + 3 + 4 + 3
    assert counter.count(messages, "{}", "") == 21
    assert counter.count([]) == 3


@given(st.text(), st.floats(0, 2))
def test_the_stated_error_is_added_and_rounded_up(text: str, error: float):
    counted = Counter("characters", len, error=error).count([Message(role="user", content=text)])
    assert isinstance(counted, int)
    assert counted >= len(text) * (1 + error)


@pytest.mark.parametrize(
    "flaw", [{"error": -0.1}, {"error": nan}, {"error": inf}, {"per_message": -1}, {"per_request": -1}]
)
def test_one_that_would_count_too_little_is_refused(flaw: dict[str, Any]):
    with pytest.raises(ValueError, match="count too little"):
        Counter("flawed", len, **flaw)


def test_a_picture_is_counted_and_its_bound_is_not_raised_by_the_error_of_texts():
    message = Message(role="user", content="x" * 100, attachments=(Placed(0, PICTURE),))
    counter = Counter("characters", len, per_message=4, error=0.5, count_attachment=lambda _: 70)
    assert counter.count([message]) == 1.5 * 104 + 70
    assert counter.measure([message], "{}") == (102, 4, 70)


def test_a_counter_that_does_not_know_pictures_says_so():
    with pytest.raises(Uncountable, match="a.png"):
        Counter("characters", len).count([Message(role="user", content="", attachments=(Placed(0, PICTURE),))])


@given(st.lists(st.text(max_size=5), max_size=40), st.integers(1, 8))
def test_remembered_counts_are_the_counts(texts: list[str], most: int):
    asked = list[str]()

    def count(text: str) -> int:
        asked.append(text)
        return 2 * len(text) + 1

    counted = remembered(count, most)
    assert [counted(text) for text in texts] == [2 * len(text) + 1 for text in texts]
    if len(set(texts)) <= most:
        assert sorted(asked) == sorted(set(texts))


def test_what_is_used_is_not_forgotten():
    asked = list[str]()

    def count(text: str) -> int:
        asked.append(text)
        return len(text)

    counted = remembered(count, most=10)
    for other in range(1000):
        counted("often")
        counted(str(other))
    assert asked.count("often") == 1
    assert len(asked) == 1001


def test_threads_may_share_a_memory():
    counted = remembered(len, most=50)
    texts = ["x" * n for n in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(counted, texts * 50)) == list(range(200)) * 50


def words(text: str) -> int:
    """A tokenizer whose tokens are words, runs of slashes after line feeds, and runs of white space."""
    kinds = ["/" if c == "/" else "_" if c.isspace() else "w" for c in text]
    joined = "".join(kinds).replace("_/", "__")
    return sum(now != before for before, now in zip(" " + joined, joined, strict=False))


@given(st.lists(st.sampled_from(["", "a", "a\n\n", "\n", "\n\n", " b\n\n", "/", "/c\n\n", "d e\n\n"]), max_size=12))
def test_parts_count_as_the_whole(parts: Sequence[str]):
    whole = words("".join(parts))
    assert Counter("words", words, sticky="/").count_parts(parts) == whole
    assert Counter("words", words, sticky=None).count_parts(parts) == whole


def test_parts_that_stick_to_nothing_are_counted_alone():
    asked = list[str]()

    def count(text: str) -> int:
        asked.append(text)
        return words(text)

    Counter("words", count, sticky="/").count_parts(["a\n\n", "b\n\n", "/c\n\n", " d\n\n", "e"])
    assert asked == ["a\n\n", "b\n\n/c\n\n d\n\n", "e"]
