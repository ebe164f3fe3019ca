"""The runs that a page lists: their numbers, their folders, and which of them go."""

from pathlib import Path

import pytest

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.ui.session import record_list as module
from style_transfer.ui.session.record_list import RecordList
from style_transfer.ui.session.run_inputs import RunInputs


@pytest.fixture
def records(tmp_path):
    return RecordList(lambda: tmp_path, is_crowded=lambda: False)


@pytest.fixture
def new_record(records, photo, painting):
    inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
    return lambda *origin: records.new(inputs, *origin)


def test_runs_are_numbered_as_they_begin_also_where_others_were_refused(records, new_record):
    records.refuse(new_record())
    records.add(new_record())
    records.add(new_record(" from step 4 of Run 2"))
    assert [each.name for each in records] == ["Run 2", "Run 3 from step 4 of Run 2"]


def test_a_run_that_goes_on_is_listed_once(records, new_record):
    first, second = new_record(), new_record()
    for each in (first, second, first):
        records.add(each)
    assert records == [first, second]


def test_previews_of_a_run_that_was_refused_go_unless_it_has_painted_before(records, new_record):
    painted, refused = new_record(), new_record()
    records.add(painted)
    for each in (painted, refused):
        records.refuse(each)
    assert painted.timeline.folder.exists()
    assert not refused.timeline.folder.exists()


def test_the_oldest_run_gives_its_place_and_its_previews_to_the_newest(
    records, new_record, monkeypatch
):
    monkeypatch.setattr(module, "MAX_RECORDS", 2)
    made = [new_record() for _ in range(3)]
    for record in made:
        records.add(record)
    assert records == made[1:]
    assert [record.timeline.folder.exists() for record in made] == [False, True, True]
    assert records.dropped == 1
    assert records.is_full
