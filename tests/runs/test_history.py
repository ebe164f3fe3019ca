from style_transfer.runs import history as module
from style_transfer.runs.history import SettingsHistory
from style_transfer.settings import Settings

BEFORE = Settings()


def beta(value):
    return Settings(beta=value)


def test_a_dragged_slider_leaves_one_change_for_each_step():
    history = SettingsHistory()
    history.record(3, BEFORE, beta(6))
    history.record(3, beta(6), beta(7))
    history.record(4, beta(7), beta(8))
    assert [(each.step, each.description) for each in history] == [
        (3, "beta 5 to 7"),
        (4, "beta 7 to 8"),
    ]


def test_a_change_is_seen_by_other_threads_while_another_one_takes_its_place(monkeypatch):
    history, seen = SettingsHistory(), []
    history.record(3, BEFORE, beta(6), "2 styles")
    monkeypatch.setattr(module, "_joined", lambda *words: seen.append(len(history)) or words[0])
    history.record(3, beta(6), beta(7))
    assert seen == [1]


def test_what_was_moved_back_before_a_step_was_made_is_no_change():
    history = SettingsHistory()
    history.record(3, BEFORE, beta(6))
    history.record(3, beta(6), BEFORE)
    assert history == []


def test_other_changes_are_told_beside_those_of_the_settings():
    history = SettingsHistory()
    history.record(3, BEFORE, BEFORE, "2 styles")
    history.record(3, BEFORE, beta(6))
    assert [each.description for each in history] == ["2 styles, beta 5 to 6"]


def test_all_that_was_changed_before_a_step_is_told_and_of_numbers_the_last():
    history = SettingsHistory()
    for words in ("another photo, 1 style", "brush strokes", "3 styles", "brush strokes"):
        history.record(3, BEFORE, BEFORE, words)
    assert [each.description for each in history] == ["another photo, 3 styles, brush strokes"]
