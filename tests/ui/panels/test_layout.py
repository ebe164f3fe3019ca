import time

from style_transfer.ui.panels import layout


def test_a_clock_that_is_set_back_lets_no_view_look_old(session, monkeypatch):
    before = layout.view(session)["time"]
    assert abs(before - time.time()) < 60
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert layout.view(session)["time"] > before
