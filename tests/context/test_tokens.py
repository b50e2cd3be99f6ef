"""A Counter's count is an upper bound, error included."""

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Counter, Message


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
