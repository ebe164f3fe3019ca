"""Runs on ZeroGPU: the real package, a faked device API, and workers that compute on the CPU."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
pytest.importorskip("spaces", reason="ZeroGPU needs spaces; comes with requirements-dev.txt")
if sys.platform != "linux":
    pytest.skip("ZeroGPU is there on Linux alone", allow_module_level=True)

SCENARIOS = (
    *("by_hand", "whole", "paused", "killed", "deadline"),
    *("steered", "woken", "refused", "page"),
)


def played(*names):
    """What the scenarios of these names tell, by name."""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.runs.zero_gpu_scenarios", *names],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def scenario():
    return played(*SCENARIOS)


def test_a_run_is_one_call_of_a_worker_and_ends_with_the_whole_state(scenario):
    run = scenario["whole"]
    assert run["calls"] == 1
    assert run["worker"]
    assert run["word"] == "finished"
    assert run["state"] == 60


@pytest.mark.parametrize("name", ["whole", "paused", "killed", "deadline"])
def test_calls_go_on_from_each_other_as_if_nothing_had_happened(scenario, name):
    run, by_hand = scenario[name], scenario["by_hand"]
    assert run["steps"] == list(range(1, 61))
    assert run["totals"] == by_hand["totals"]  # to the last bit
    assert run["sum"] == by_hand["sum"]


def test_a_call_ends_before_its_time_is_up_and_the_next_goes_on(scenario):
    assert scenario["deadline"]["calls"] > 1
    assert set(scenario["deadline"]["asked"]) == {3}


def test_a_pause_and_a_dead_worker_cost_one_more_call(scenario):
    assert scenario["paused"]["calls"] == scenario["killed"]["calls"] == 2


def test_a_call_is_asked_for_in_the_name_of_who_started_or_resumed_it(scenario):
    assert scenario["whole"]["token"] == "ada"
    assert scenario["paused"]["token"] == "bob-later"


def test_moved_knobs_act_within_one_call_at_the_step_that_is_named(scenario):
    steered = scenario["steered"]
    assert steered["calls"] == 1
    # Of ten, since a busy machine makes single steps late.
    assert statistics.median(map(abs, steered["errors"])) <= 2
    assert steered["seconds"][5] < 0.5 + 4 / steered["speed"]


def test_a_burst_of_knobs_wakes_a_resting_picture_by_one_call(scenario):
    woken = scenario["woken"]
    assert woken["calls"] == 1
    assert woken["beta"] == 29
    assert woken["steps"][0] == 61


def test_a_stopped_run_lets_go_of_its_gpu(scenario):
    assert scenario["steered"]["word"] == "stopped"
    assert scenario["steered"]["left"] < 5


def test_a_used_up_quota_is_one_sentence_and_the_picture_rests(scenario):
    refused = scenario["refused"]
    assert refused["word"] == "unavailable"
    assert refused["rests"]
    assert refused["error"].startswith("Your GPU time of the day is used up. Try again in 2 h, ")


def test_the_page_starts_on_the_platform_and_tells_what_a_run_asks_for(scenario):
    page = scenario["page"]
    assert page["reported"]
    assert page["alive"]
    assert page["estimate"].endswith(" s of your day's GPU time")


def test_a_run_asks_for_half_more_than_it_uses_at_the_most():
    quota = played("quota")["quota"]
    print(quota)
    assert quota["asked"] <= 1.5 * quota["used"]
