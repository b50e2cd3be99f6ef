"""The chain of a Log: whatever is changed, taken away, moved or emptied is found, and the record named."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.events import EVENT, Erased, Event, NodeFinished, NodeStarted, RunEnded
from rheostat.app_core.heads import Head, Heads, examine, heads_of, read_heads
from rheostat.app_core.label import BUILDER
from rheostat.app_core.log import GENESIS, Record, beginning, buried, can_be_buried, chained, faults, verify, written
from rheostat.app_core.run_errors import DamagedLog, UnfitHeads
from rheostat.app_core.testing import MemoryStore

from .court import Court, answers

RUN = "run-1"
KEY = bytes(range(32))

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


def finished(node: str, value: Any) -> NodeFinished:
    return NodeFinished(node=node, value=value, label=BUILDER)


def log_of(*events: Event, run: str = RUN) -> list[Record]:
    """A Log in which each event came a second after the one before."""
    records = list[Record]()
    for seq, event in enumerate(events):
        records += chained([event], seq=seq, after=records[-1].digest if records else beginning(run), at=float(seq))
    return records


def sample(length: int = 8) -> list[Record]:
    return log_of(*(NodeStarted(node=f"node {at}") for at in range(length)))


def found(records: Sequence[Record]) -> list[int]:
    """The places of the records in which something is wrong."""
    return [fault.seq for fault in faults(RUN, records)]


@given(st.lists(values, min_size=1, max_size=6))
def test_what_was_written_has_no_fault(given: list[Any]) -> None:
    assert found(log_of(*(finished("n", value) for value in given))) == []


@given(values)
def test_an_event_has_one_text_only(value: Any) -> None:
    text = written(finished("n", value))
    assert written(EVENT.validate_json(text)) == text


def test_every_event_of_a_run_has_one_text_only(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(small=False))
    records = court.store.read(court.go().id)
    assert len({record.event.kind for record in records}) > 8
    for record in records:
        assert written(record.event) == record.body


def test_the_order_of_a_mappings_keys_is_part_of_what_is_written() -> None:
    one, other = log_of(finished("n", {"b": 1, "a": 2})), log_of(finished("n", {"a": 2, "b": 1}))
    assert one[0].digest != other[0].digest


@given(st.data())
def test_a_changed_character_is_found_where_it_is(data: st.DataObject) -> None:
    records = sample()
    at = data.draw(st.integers(0, len(records) - 1))
    body = records[at].body
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda character: character != body[place]))
    records[at] = records[at]._replace(body=f"{body[:place]}{other}{body[place + 1 :]}")
    assert found(records) == [at]


@given(st.integers(0, 7), st.sampled_from([0.5, -1.0, 1e-6]))
def test_a_changed_time_is_found_where_it_is(at: int, by: float) -> None:
    records = sample()
    records[at] = records[at]._replace(at=records[at].at + by)
    assert found(records) == [at]


@given(st.integers(0, 6))
def test_a_changed_digest_is_found_there_or_right_after(at: int) -> None:
    records = sample()
    records[at] = records[at]._replace(digest="0" * 64)
    assert found(records)[0] == at


@given(st.integers(0, 6))
def test_a_record_that_was_changed_along_with_its_digest_breaks_the_one_after_it(at: int) -> None:
    records = sample()
    before = records[at - 1].digest if at else beginning(RUN)
    [records[at]] = chained([NodeStarted(node="another")], seq=at, after=before, at=records[at].at)
    assert found(records) == [at + 1]


@given(st.integers(0, 6), st.integers(1, 3))
def test_missing_records_are_named(first: int, number: int) -> None:
    records = sample()
    left = [*records[:first], *records[min(first + number, 7) :]]
    [fault] = faults(RUN, left)
    assert (fault.seq, "missing" in fault.sentence) == (first, True)


@given(st.lists(st.integers(0, 7), min_size=2, max_size=2, unique=True))
def test_records_that_changed_places_are_named(places: list[int]) -> None:
    records, (one, other) = sample(), sorted(places)
    swapped = list(records)
    swapped[one] = records[other]._replace(seq=one)
    swapped[other] = records[one]._replace(seq=other)
    first, last = faults(RUN, swapped)
    assert (first.seq, last.seq) == (one, other)
    assert first.sentence == f"Record {one} stands in the place of record {other}."


def test_an_added_record_is_found() -> None:
    records = sample()
    again = [*records[:4], records[3]._replace(seq=4), *(record._replace(seq=record.seq + 1) for record in records[4:])]
    assert found(again)[0] == 4


@given(st.lists(st.integers(0, 7), max_size=10), st.booleans())
def test_only_a_beginning_of_a_log_passes_for_one(chosen: list[int], numbered: bool) -> None:
    records = sample()
    picked = [records[at]._replace(seq=seq) if numbered else records[at] for seq, at in enumerate(chosen)]
    assert (found(picked) == []) == (picked == records[: len(picked)])


def test_the_log_of_another_run_is_not_this_ones() -> None:
    assert found(log_of(NodeStarted(node="n"), run="run-2")) == [0]


def test_a_log_of_the_first_version_is_still_whole_and_goes_on_in_the_second() -> None:
    old, before = list[Record](), GENESIS
    for seq in range(3):
        body = written(NodeStarted(node=f"old {seq}"))
        before = sha256(f"{before}\n{seq}\n{0.5!r}\n{body}".encode()).hexdigest()
        old.append(Record(seq, 0.5, body, before))
    both = old + chained([RunEnded(status="done")], seq=3, after=before, at=1.0)
    assert found(both) == []
    assert [can_be_buried(each, prior) for each, prior in zip(both[2:], (both[1].digest, before), strict=True)] == [
        False,
        True,
    ]
    both[1] = both[1]._replace(at=0.25)
    assert found(both) == [1]
    with pytest.raises(DamagedLog, match="Record 1 of the Log of run run-1"):
        verify(RUN, both)


@given(st.sets(st.integers(0, 7), min_size=1))
def test_what_was_erased_is_gone_and_the_chain_whole_if_a_record_tells_of_it(gone: set[int]) -> None:
    told = Erased(records=tuple((seq, seq) for seq in sorted(gone)), by="Ann")
    records = [*sample()]
    records += chained([told], seq=8, after=records[-1].digest, at=9.0)
    after = [buried(record) if record.seq in gone else record for record in records]
    assert found(after) == []
    assert all("node" not in record.body for record in after if record.seq in gone)
    assert [buried(record).body for record in after if record.seq in gone] == [after[seq].body for seq in sorted(gone)]
    unsaid = [buried(record) if record.seq == 7 else record for record in after]
    assert found(unsaid) == ([] if 7 in gone else [7])


def test_a_tombstone_for_something_else_is_found() -> None:
    records = sample()
    records[2] = buried(records[3])._replace(seq=2, at=records[2].at, digest=records[2].digest)
    assert found(records)[0] == 2


@pytest.mark.parametrize(
    "body", ['{"kind":"tombstone","digest":"', '{"kind":"tombstone","digest":"00"}', "", "null", "{"]
)
def test_nonsense_in_place_of_a_record_is_a_fault_and_no_error(body: str) -> None:
    records = sample()
    records[2] = records[2]._replace(body=body)
    assert found(records)[0] == 2


def test_a_damaged_word_on_who_erased_is_a_fault_and_no_error() -> None:
    records = [*sample(2)]
    records += chained([Erased(records=((0, 1),), by="Ann")], seq=2, after=records[-1].digest, at=2.0)
    records = [*map(buried, records[:2]), records[2]._replace(body='{"kind":"erased","records":7}')]
    assert found(records) == [2, 0, 1]


# Heads


def head(records: Sequence[Record], run: str = RUN) -> Head:
    return Head(run=run, records=len(records), digest=records[-1].digest)


@given(st.integers(1, 8), st.integers(1, 8))
def test_against_a_head_a_log_may_have_grown_but_not_shrunk(then: int, now: int) -> None:
    records = sample()
    seen = examine(RUN, records[:now], head(records[:then]))
    assert [fault.seq for fault in seen.faults] == ([] if now >= then else [now])
    assert (seen.records, now >= then or "cut" in seen.faults[0].sentence) == (now, True)


def test_against_a_head_a_log_that_was_written_anew_is_seen_though_its_chain_is_whole() -> None:
    anew = log_of(*(NodeStarted(node=f"other {at}") for at in range(9)))
    [fault] = examine(RUN, anew, head(sample())).faults
    assert (fault.seq, "written anew" in fault.sentence) == (7, True)
    assert examine(RUN, anew).faults == ()


def test_against_a_head_a_run_that_is_gone_is_seen() -> None:
    [fault] = examine(RUN, (), head(sample())).faults
    assert "whole Log is gone" in fault.sentence


def test_erasing_leaves_the_head_as_it_was() -> None:
    records = sample()
    kept = [*map(buried, records)]
    kept += chained([Erased(records=((0, 7),), by="Ann")], seq=8, after=records[-1].digest, at=9.0)
    seen = examine(RUN, kept, head(records))
    assert (seen.faults, seen.erased) == ((), 8)


def test_of_a_log_with_many_faults_a_few_are_named() -> None:
    records = [record._replace(at=record.at + 0.5) for record in sample(1_000)]
    assert len(examine(RUN, records).faults) == 20


def test_heads_are_of_every_log_and_none_is_made_of_a_damaged_one() -> None:
    store = MemoryStore()
    store.append(RUN, 0, sample())
    assert heads_of(store).heads == (head(sample()),)
    store.append("run-2", 0, sample())
    with pytest.raises(DamagedLog, match="run-2"):
        heads_of(store)


def exported() -> Heads:
    store = MemoryStore()
    store.append(RUN, 0, sample())
    return heads_of(store)


def test_signed_heads_are_read_back_with_the_key_alone() -> None:
    signed = exported().signed(KEY)
    assert read_heads(signed.model_dump_json(indent=2), KEY) == signed
    assert read_heads(signed.model_dump_json()) == signed
    with pytest.raises(UnfitHeads, match="not signed with this key"):
        read_heads(signed.model_dump_json(), KEY[::-1])
    with pytest.raises(UnfitHeads, match="not signed with this key"):
        read_heads(exported().model_dump_json(), KEY)


@given(st.data())
def test_no_character_of_signed_heads_can_be_changed(data: st.DataObject) -> None:
    signed = exported().signed(KEY)
    text = signed.model_dump_json()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from('0a"{}:,1f x').filter(lambda character: character != text[at]))
    changed = f"{text[:at]}{other}{text[at + 1 :]}"
    try:
        assert read_heads(changed, KEY) == signed, "only what says the same may pass"
    except UnfitHeads:
        pass


def test_a_short_key_is_refused() -> None:
    with pytest.raises(UnfitHeads, match=r"16 bytes.*guessed"):
        exported().signed(bytes(16))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "rheostat heads", "at": "now", "heads": []}', "\x00"])
def test_what_is_no_file_of_heads_is_refused(text: str) -> None:
    with pytest.raises(UnfitHeads, match="no file of heads"):
        read_heads(text)
