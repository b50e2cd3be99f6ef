"""`fit` keeps its promises for any sizes and worths."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Need
from rheostat.context.fit import Candidate, Forms, fit, worth

scores = st.one_of(st.just(0.0), st.floats(min_value=0, max_value=1e6), st.integers(0, 5).map(float))
sizes = st.lists(st.integers(0, 40), min_size=1, max_size=3).map(tuple)
many = st.lists(st.tuples(st.sampled_from(Need), scores, sizes).map(lambda of: Candidate(*of)), max_size=12)
one_band = st.lists(st.tuples(scores.filter(bool), sizes).map(lambda of: Candidate(Need.SHOULD, *of)), max_size=5)


def tokens(offered: list[Candidate], forms: Forms) -> int:
    return sum(c.size(form) for c, form in zip(offered, forms, strict=True))


def chosen(offered: list[Candidate], room: int) -> Forms:
    return fit(offered, room).forms


def shortest_musts(offered: list[Candidate]) -> int:
    return sum(min(c.sizes) for c in offered if c.need is Need.MUST)


def all_choices(offered: list[Candidate], room: int) -> list[Forms]:
    options: list[list[int | None]] = [[*range(len(c.sizes)), None] for c in offered]
    return [forms for forms in product(*options) if tokens(offered, forms) <= room]


@given(many, st.integers(-5, 200))
def test_it_stays_within_the_room_and_keeps_every_must(offered: list[Candidate], room: int):
    forms = chosen(offered, room)
    assert len(forms) == len(offered)
    assert tokens(offered, forms) <= max(room, shortest_musts(offered))
    assert all(form is not None for c, form in zip(offered, forms, strict=True) if c.need is Need.MUST)


@given(many, st.integers(0, 200))
def test_no_better_form_is_left_that_would_still_fit(offered: list[Candidate], room: int):
    forms = chosen(offered, room)
    left = room - tokens(offered, forms)
    for candidate, form in zip(offered, forms, strict=True):
        better = range(len(candidate.sizes) if form is None else form)
        assert all(candidate.size(f) - candidate.size(form) > left for f in better) or left < 0


@given(one_band, st.integers(0, 120))
def test_a_few_candidates_are_chosen_as_well_as_can_be(offered: list[Candidate], room: int):
    made = fit(offered, room)
    kept = sum(worth(offered, made.forms))
    best = max((sum(worth(offered, forms)) for forms in all_choices(offered, room)), default=0.0)
    assert kept >= best * (1 - 0.0005)
    assert kept >= best * (1 - made.gap) * (1 - 1e-9)


@given(many, st.integers(0, 200))
def test_a_later_need_never_takes_from_an_earlier_one(offered: list[Candidate], room: int):
    forms = chosen(offered, room)
    for need in Need:
        kept = tuple(form for c, form in zip(offered, forms, strict=True) if c.need <= need)
        assert kept == chosen([c for c in offered if c.need <= need], room)


def test_what_does_not_fit_keeps_out_nothing_smaller():
    big, small = Candidate(Need.SHOULD, 100.0, (90,)), Candidate(Need.SHOULD, 0.1, (10,))
    assert chosen([big, small], 50) == (None, 0)


def test_one_large_text_beats_crumbs_that_are_denser_but_worth_less():
    crumb, loaf = Candidate(Need.SHOULD, 2.0, (1,)), Candidate(Need.SHOULD, 100.0, (100,))
    assert chosen([crumb, loaf], 100) == (None, 0)


def test_musts_shorten_before_any_is_dropped_and_lengthen_where_room_is_left():
    musts = [Candidate(Need.MUST, 1.0, (50, 20)), Candidate(Need.MUST, 9.0, (50, 20))]
    assert chosen(musts, 40) == (1, 1)
    assert chosen(musts, 70) == (1, 0)
    assert chosen(musts, 100) == (0, 0)
    assert chosen(musts, 10) == (1, 1)


def test_a_must_takes_its_longest_form_before_a_should_gets_anything():
    assert chosen([Candidate(Need.MUST, 0.0, (50, 20)), Candidate(Need.SHOULD, 9.0, (10,))], 50) == (0, None)


def test_without_scores_as_many_as_possible_are_kept_and_ties_go_to_the_earlier():
    assert chosen([Candidate(Need.COULD, 0.0, (10,))] * 4, 25) == (0, 0, None, None)
    assert chosen([Candidate(Need.COULD, 0.0, (20,)), *[Candidate(Need.COULD, 0.0, (10,))] * 2], 20) == (None, 0, 0)


def test_a_shorter_form_is_lengthened_with_the_room_that_is_left():
    assert chosen([Candidate(Need.COULD, 1.0, (100, 10)), Candidate(Need.COULD, 1.0, (10,))], 60) == (1, 0)
    assert chosen([Candidate(Need.COULD, 1.0, (100, 10)), Candidate(Need.COULD, 1.0, (10,))], 110) == (0, 0)


def test_the_room_left_by_what_does_not_fit_goes_to_the_densest_that_do():
    big, dense, middling = (Candidate(Need.SHOULD, *of) for of in [(90.0, (90,)), (95.0, (20,)), (5.0, (80,))])
    small = Candidate(Need.SHOULD, 4.0, (40,))
    assert chosen([big, dense, middling, small, small], 100) == (None, 0, None, 0, 0)


def test_a_form_that_density_alone_would_skip_is_chosen_where_it_is_the_longest_that_fits():
    assert chosen([Candidate(Need.COULD, 1.0, (100, 95, 10)), Candidate(Need.COULD, 50.0, (100,))], 196) == (1, 0)


def test_what_has_a_score_comes_before_what_has_none():
    assert chosen([Candidate(Need.COULD, 0.0, (5,)), Candidate(Need.COULD, 0.5, (10,))], 10) == (None, 0)


def test_nothing_fits_in_nothing():
    assert chosen([], 100) == ()
    assert chosen([Candidate(Need.COULD, 1.0, (1,))], 0) == (None,)
