"""Which run a page paints and which it shows."""

from style_transfer.ui.session.page_runs import PageRuns
from style_transfer.ui.session.record_list import RecordList


def test_without_a_run_there_is_nothing_to_show_and_nothing_to_steer(tmp_path):
    runs = PageRuns(RecordList(lambda: tmp_path, is_crowded=lambda: False))
    assert runs.run is runs.preview is runs.painted is runs.touched is None
    assert not runs.shows_newest
    assert not runs.is_waking


def test_the_run_before_ends_where_another_record_is_taken_up(tab, monkeypatch):
    before, called = tab.session.latest, []
    monkeypatch.setattr(before.run, "stop", lambda: called.append("stop"))
    record = tab.session.records.new(before.inputs)
    tab.session.take_up(record)
    assert tab.session.latest is tab.session.selected is record
    assert tab.session.records == [before, record]
    assert called == ["stop"]
    assert before.run is None  # with the memory of its optimiser


def test_to_follow_the_newest_preview_is_to_follow_the_run(tab):
    session, record = tab.session, tab.session.selected
    session.select(record, record.previews[0])
    assert session.preview is record.previews[0]
    assert session.touched is None
    session.select(record, record.previews[-1])
    assert session.touched is record
