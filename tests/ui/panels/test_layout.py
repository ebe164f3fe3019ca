import time

from style_transfer.ui.panels import layout
from style_transfer.ui.panels.panel import Panel


def test_a_clock_that_is_set_back_lets_no_view_look_old(session, monkeypatch):
    before = layout.view(session)["time"]
    assert abs(before - time.time()) < 60
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert layout.view(session)["time"] > before


def test_a_view_that_is_begun_before_a_change_is_older_than_the_one_that_shows_it(
    session, monkeypatch
):
    shown_at_once = []

    def value(session):
        notice = session.notice
        if not shown_at_once:  # another thread changes something now
            session.notice = "changed"
            shown_at_once.append(None)
            shown_at_once[0] = layout.view(session)
        return notice

    monkeypatch.setattr(layout, "PANELS", [Panel("notice", list, value)])
    begun_before = layout.view(session)
    assert begun_before["notice"] == ""
    assert shown_at_once[0]["notice"] == "changed"
    assert begun_before["time"] < shown_at_once[0]["time"]
