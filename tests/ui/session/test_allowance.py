from style_transfer.ui.session.allowance import BURST, SHARE, Allowance


def test_what_was_overspent_is_waited_for_and_looking_takes_its_share_in_the_long_run():
    now = [0.0]
    allowance, spent = Allowance(lambda: now[0]), 0.0
    for _ in range(10_000):
        if allowance.is_open:
            allowance.spend(0.3)
            spent += 0.3
        now[0] += 0.1
    assert SHARE * now[0] <= spent <= SHARE * now[0] + BURST + 0.3


def test_after_a_while_a_question_is_answered_at_once_but_no_more_is_saved():
    now = [0.0]
    allowance = Allowance(lambda: now[0])
    assert allowance.is_open
    allowance.spend(BURST + 0.6)
    assert not allowance.is_open
    now[0] = 0.5 / SHARE
    assert not allowance.is_open
    now[0] = 1000 / SHARE
    assert allowance.is_open
    allowance.spend(BURST)
    assert not allowance.is_open
