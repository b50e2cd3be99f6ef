"""What `exchange` finds fits and is better, and its bound is one."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from rheostat.context.exchange import Option, exchange

NOTHING = Option(0, 0.0)
options = st.builds(Option, st.integers(1, 40), st.integers(1, 60).map(float))
offers = st.lists(st.lists(options, min_size=1, max_size=3).map(lambda of: (NOTHING, *of)), min_size=1, max_size=5)


def relaxed(offered: list[tuple[Option, ...]], room: int) -> tuple[list[int], float]:
    """Takes the densest first until one does not fit; one step a candidate, as that is all these options need."""
    start, price = [0] * len(offered), 0.0
    while True:
        left = room - sum(of[at].size for of, at in zip(offered, start, strict=True))
        steps = [
            ((option.worth - of[at].worth) / (option.size - of[at].size), index, place)
            for index, (of, at) in enumerate(zip(offered, start, strict=True))
            for place, option in enumerate(of)
            if option.size > of[at].size and option.worth > of[at].worth
        ]
        same = [
            (index, place)
            for index, (of, at) in enumerate(zip(offered, start, strict=True))
            for place, option in enumerate(of)
            if option.size <= of[at].size and option.worth > of[at].worth
        ]
        if same:
            start[same[0][0]] = same[0][1]
        elif not steps:
            return start, price
        else:
            density, index, place = max(steps)
            if offered[index][place].size - offered[index][start[index]].size > left:
                return start, density
            start[index] = place


def size_and_worth(offered: list[tuple[Option, ...]], choice: tuple[int, ...]) -> tuple[int, float]:
    chosen = [of[at] for of, at in zip(offered, choice, strict=True)]
    return sum(option.size for option in chosen), sum(option.worth for option in chosen)


@settings(max_examples=300)
@given(offers, st.integers(0, 120), st.floats(0, 1.2))
def test_it_finds_the_best_of_a_few_unless_it_is_known(offered: list[tuple[Option, ...]], room: int, share: float):
    start, price = relaxed(offered, room)
    every = [size_and_worth(offered, choice) for choice in product(*(range(len(of)) for of in offered))]
    most = max(worth for size, worth in every if size <= room)
    found = exchange(offered, start, price, room, most * share)
    assert found.bound >= most * (1 - 1e-9)
    if found.choice is not None:
        size, worth = size_and_worth(offered, found.choice)
        assert size <= room
        assert worth > most * share
        assert worth >= most * (1 - 1e-8)
    else:
        assert most * share >= most * (1 - 1e-8)


@settings(max_examples=20)
@given(st.integers(0, 10**9))
def test_where_it_gives_up_its_bound_still_holds(seed: int):
    """Worths and sizes that go together are the hardest there are: no price tells any two candidates apart."""
    sizes = [1000 + (seed * (n + 7) * 7919) % 997 for n in range(120)]
    offered = [(NOTHING, Option(size, size + 100.0)) for size in sizes]
    room = sum(sizes) // 2
    start, price = relaxed(offered, room)
    begun = size_and_worth(offered, tuple(start))[1]
    found = exchange(offered, start, price, room, begun)
    size, worth = size_and_worth(offered, found.choice or tuple(start))
    most_texts = next(n for n in range(121) if sum(sorted(sizes)[: n + 1]) > room)
    assert size <= room
    assert begun <= worth <= found.bound <= room + 100 * (most_texts + 1)
    assert worth <= room + 100 * most_texts
