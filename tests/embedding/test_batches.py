"""Every text is in a batch with others of its length."""

from hypothesis import given
from hypothesis import strategies as st

from localtopics.embedding.batches import STEP, batches, blocks


@given(sizes=st.lists(st.integers(0, 300), min_size=1), budget=st.integers(1, 500), most=st.integers(1, 40))
def test_blocks_and_batches_hold_every_row_once(sizes: list[int], budget: int, most: int) -> None:
    rows = list(range(len(sizes)))
    slices = [rows[block] for block in blocks(sizes, budget)]
    made = batches(sizes, budget, most)
    places = [batch.places for batch in made]
    assert [row for block in slices for row in block] == rows
    assert sorted(row for batch in places for row in batch) == rows
    assert all(sum(sizes[row] for row in block) <= budget for block in slices if len(block) > 1)
    assert all(len({-(-sizes[row] // STEP) for row in batch}) == 1 for batch in places)
    assert all(len(batch) * max(sizes[row] for row in batch) <= budget for batch in places if len(batch) > 1)
    full = {(-(-sizes[batch.places[0]] // STEP), batch.rows) for batch in made}
    assert len(dict(full)) == len(full), "texts of one length come in batches of one size"
    assert all(len(batch.places) <= batch.rows <= most for batch in made)
