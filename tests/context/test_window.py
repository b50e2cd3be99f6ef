"""A window leaves room for a prompt, or it is none."""

import pytest

from rheostat.context import ContextError, Window


def test_its_room_is_what_the_answer_leaves():
    assert Window(8192, 1024).room == 7168


@pytest.mark.parametrize(("tokens", "kept"), [(1000, 1000), (1000, 4000), (0, 0), (1000, -1)])
def test_one_without_room_is_refused_in_a_sentence(tokens: int, kept: int):
    with pytest.raises(ValueError, match="window") as refused:
        Window(tokens, kept)
    assert isinstance(refused.value, ContextError)
