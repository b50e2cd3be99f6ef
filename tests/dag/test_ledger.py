"""The ledger: what is promised and what is spent, whatever order the bills come in."""

from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.dag import Ledger, OverBudget

usd = st.floats(0, 10, allow_nan=False)


def test_what_was_promised_to_calls_in_flight_is_not_given_to_others() -> None:
    ledger = Ledger(cap_usd=1.0)
    ledger.reserve("a", 0.6)
    assert not ledger.fits(0.6) and ledger.could_fit(0.6)
    with pytest.raises(OverBudget) as refused:
        ledger.reserve("b", 0.6)
    assert refused.value.left_usd == pytest.approx(0.4)
    ledger.settle("a", 0.1)
    ledger.reserve("b", 0.6)
    assert ledger.left_usd() == pytest.approx(0.3)


def test_a_sum_that_is_the_cap_but_for_rounding_fits() -> None:
    ledger = Ledger(cap_usd=0.3)
    ledger.reserve("a", 0.1)
    ledger.reserve("b", 0.2)


def test_a_late_bill_comes_on_top_and_one_above_its_reservation_is_booked_too() -> None:
    ledger = Ledger(cap_usd=1.0)
    ledger.reserve("a", 0.2)
    ledger.settle("a", 0.5)
    ledger.settle("a", 0.6)
    assert ledger.spent_usd == pytest.approx(1.1)
    assert ledger.unspent_usd() == 0.0 and not ledger.could_fit(0.01)
    assert ledger.left_usd() < 0


def test_a_call_that_is_not_made_gives_its_money_back() -> None:
    ledger = Ledger(cap_usd=1.0)
    ledger.reserve("a", 1.0)
    ledger.release("a")
    assert ledger.fits(1.0)


def test_without_a_cap_everything_fits() -> None:
    ledger = Ledger()
    ledger.reserve("a", 1e9)
    assert ledger.fits(1e9) and ledger.left_usd() == ledger.unspent_usd() == float("inf")


@pytest.mark.parametrize("amount", [-0.01, float("nan"), float("inf")])
def test_what_is_no_amount_of_money_is_neither_reserved_nor_booked(amount: float) -> None:
    ledger = Ledger(cap_usd=1.0)
    with pytest.raises(ValueError, match="a price must be"):
        ledger.reserve("a", amount)
    ledger.reserve("b", 0.5)
    with pytest.raises(ValueError, match="a price must be"):
        ledger.settle("b", amount)
    assert ledger.open_usd == {"b": 0.5} and ledger.spent_usd == 0


def test_ids_are_used_once_and_bills_are_for_calls_that_were_reserved() -> None:
    ledger = Ledger()
    with pytest.raises(ValueError, match="never reserved"):
        ledger.settle("a", 0.1)
    ledger.reserve("a", 0.1)
    with pytest.raises(ValueError, match="used once"):
        ledger.reserve("a", 0.1)
    ledger.settle("a", 0.1)
    with pytest.raises(ValueError, match="used once"):
        ledger.reserve("a", 0.1)


@given(usd, st.lists(st.tuples(usd, st.floats(0, 1), st.booleans())))
def test_whatever_fits_keeps_spent_and_promised_within_the_cap(
    cap_usd: float, calls: list[tuple[float, float, bool]]
) -> None:
    ledger = Ledger(cap_usd)
    for number, (worst_usd, share, settles) in enumerate(calls):
        fits = ledger.fits(worst_usd)
        assert not fits or ledger.could_fit(worst_usd)
        if not fits:
            continue
        ledger.reserve(str(number), worst_usd)
        assert fsum((ledger.spent_usd, *ledger.open_usd.values())) <= cap_usd * (1 + 1e-12)
        if settles:
            ledger.settle(str(number), worst_usd * share)
