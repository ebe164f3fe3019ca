import json
import os
from contextlib import suppress
from dataclasses import fields, replace
from errno import EFBIG

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from style_transfer.engine import state as state_module
from style_transfer.engine.state import State
from style_transfer.engine.strokes import Stroke
from style_transfer.network import TimingCache
from style_transfer.settings import Settings

IMAGE = torch.rand((1, 3, 33, 35), generator=torch.Generator().manual_seed(0))
FIRST = State(0, 0, IMAGE)
LATER = State(
    step=7,
    stage=1,
    image=IMAGE,
    memory=(*(IMAGE * factor for factor in range(13)), torch.tensor(5.0)),
    objective=Settings(alpha=1 / 3, style_layers={"relu1_1": 0.1}).objective,
    matches={"0.relu3_1.1.00c0ffee": torch.tensor([-1, 3, 2**31 - 1], dtype=torch.int32)},
    good=IMAGE / 3,
    loss=0.1 + 0.2,
    timings=TimingCache.from_dict({"64-64": {"torch": (0.1 + 0.2, 1 / 3)}}),
    setbacks=2,
    strokes=(Stroke("wipe", ((0.5, 0.5, 1.0),), step=3), Stroke("undo", step=4)),
    before=tuple(IMAGE[..., :side] for side in range(1, 13)),
    touched=IMAGE[:, :1] / 4,
    touch_limit=0.25,
    reach=IMAGE[:, :1] / 2,
)


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other) and one.dtype == other.dtype
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return one == other


@pytest.mark.parametrize("state", [FIRST, LATER], ids=["first", "later"])
def test_a_saved_state_comes_back_bit_for_bit(state, tmp_path):
    state.save(tmp_path / "run.state")
    loaded = State.load(tmp_path / "run.state")
    for field in fields(State):
        assert same(getattr(state, field.name), getattr(loaded, field.name)), field.name


def test_a_state_is_found_among_others():
    others = [replace(LATER), replace(FIRST, image=IMAGE.clone())]
    assert FIRST not in others
    assert [*others, FIRST].index(FIRST) == 2
    assert len({*others, FIRST, FIRST}) == 3


def test_a_loaded_tensor_lies_in_memory_as_a_new_one_does(tmp_path):
    # torch.dot adds in another order where it does not; 64 bytes are torch's own alignment.
    LATER.save(tmp_path / "run.state")
    loaded = State.load(tmp_path / "run.state")
    tensors = (loaded.image, loaded.good, *loaded.memory)
    assert all(tensor.data_ptr() % 64 == 0 for tensor in tensors)


def test_the_step_of_a_saved_state_is_read_without_its_tensors(tmp_path):
    LATER.save(tmp_path / "run.state")
    assert State.step_in(tmp_path / "run.state") == 7
    (tmp_path / "run.state").write_text("no state at all")
    with pytest.raises(ValueError, match=r"^run\.state: not a saved state"):
        State.step_in(tmp_path / "run.state")


def test_a_state_is_smaller_by_what_the_optimiser_goes_on_with():
    assert LATER.memory_bytes == 14 * IMAGE.nbytes + 4
    assert FIRST.memory_bytes == LATER.without_memory().memory_bytes == 0
    left = LATER.without_memory()
    changed = {
        f.name for f in fields(State) if not same(getattr(left, f.name), getattr(LATER, f.name))
    }
    assert changed == {"memory", "good", "loss"}


def test_saving_replaces_an_older_state_and_leaves_nothing_else(tmp_path):
    FIRST.save(tmp_path / "run.state")
    LATER.save(str(tmp_path / "run.state"))
    assert State.load(str(tmp_path / "run.state")).step == 7
    assert [file.name for file in tmp_path.iterdir()] == ["run.state"]


def test_a_state_for_which_there_is_no_room_is_refused_in_the_words_of_the_system(tmp_path):
    resource = pytest.importorskip("resource")  # not on Windows
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        with pytest.raises(OSError, match=os.strerror(EFBIG)) as refused:
            FIRST.save(tmp_path / "state")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert (refused.value.errno, refused.value.strerror) == (EFBIG, os.strerror(EFBIG))
    assert not [*tmp_path.iterdir()]


def test_a_save_that_fails_leaves_the_older_state(tmp_path, monkeypatch):
    FIRST.save(tmp_path / "run.state")

    def full(*_, **__):
        raise OSError("no room")

    monkeypatch.setattr("style_transfer.engine.state.save_file", full)
    with pytest.raises(OSError, match="no room"):
        LATER.save(tmp_path / "run.state")
    assert State.load(tmp_path / "run.state").step == 0


def with_numbers(file, change):
    """Save a state whose numbers are changed, as by hand or by another program."""
    LATER.save(file)
    with safe_open(file, framework="pt") as content:
        tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        metadata = content.metadata()
    numbers = json.loads(metadata["numbers"])
    change(numbers)
    save_file(tensors, file, metadata | {"numbers": json.dumps(numbers)})


@pytest.mark.parametrize("name", ["rates", "timings"])
@pytest.mark.parametrize(
    "timings", [[1], {"64-64": {}}, {"64-64": [1]}, {"64-64": {"torch": [1]}}, None]
)
def test_malformed_timings_are_refused(name, timings, tmp_path):
    def change(numbers):
        del numbers["timings"]
        numbers[name] = timings

    with_numbers(tmp_path / "run.state", change)
    with pytest.raises(ValueError, match=r"^run\.state: not a saved state \(timings "):
        State.load(tmp_path / "run.state")


def test_timings_of_earlier_versions_are_read(tmp_path):
    def change(numbers):
        del numbers["timings"]
        numbers["rates"] = {"64-64": {"packed": [1, 2]}}

    with_numbers(tmp_path / "run.state", change)
    loaded = State.load(tmp_path / "run.state").timings
    assert loaded == TimingCache.from_dict({"64-64": {"onednn": (1.0, 2.0)}})


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"format": "style-transfer-state-99"}, "of another version of this program"),
        ({"format": "pt"}, "of another program"),
        (None, "of another program"),
    ],
)
def test_where_a_file_is_from_is_told(form, words, tmp_path):
    save_file({"image": IMAGE}, tmp_path / "run.state", form)
    for read in (State.load, State.step_in):
        with pytest.raises(ValueError, match=rf"^run\.state: not a saved state \({words}\)\.$"):
            read(tmp_path / "run.state")


def cut(file):
    LATER.save(file)
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize(
    "write",
    [
        lambda file: None,
        lambda file: file.write_bytes(b""),
        lambda file: file.write_text("no state at all"),
        lambda file: save_file({"image": IMAGE}, file),
        lambda file: save_file({"image": IMAGE}, file, {"format": "style-transfer-state-0"}),
        lambda file: save_file(
            {"image": IMAGE}, file, {"format": "style-transfer-state-1", "numbers": "[1]"}
        ),
        lambda file: save_file(
            {"image": IMAGE}, file, {"format": "style-transfer-state-1", "numbers": "[" * 10**5}
        ),
        lambda file: file.mkdir(),
        cut,
    ],
    ids=["missing", "empty", "text", "weights", "older", "numbers", "brackets", "folder", "cut"],
)
def test_what_is_no_state_is_refused_in_one_sentence(write, tmp_path):
    write(tmp_path / "run.state")
    with pytest.raises(ValueError, match=r"^run\.state: not a saved state") as error:
        State.load(tmp_path / "run.state")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "wrong", [{"step": -5}, {"step": "x"}, {"step": 1.5}, {"stage": -1}, {"stage": "x"}], ids=str
)
def test_a_state_whose_place_in_the_run_is_none_is_refused_in_one_sentence(tmp_path, wrong):
    State(**{"step": 1, "stage": 0, "image": IMAGE} | wrong).save(tmp_path / "run.state")
    with pytest.raises(ValueError, match=r"^run\.state: not a saved state \(st"):
        State.load(tmp_path / "run.state")


def test_a_state_moves_with_all_its_tensors():
    moved = LATER.to("meta")
    single = moved.image, moved.good, moved.touched, moved.reach
    assert all(t.device.type == "meta" for t in (*single, *moved.memory, *moved.before))
    assert (len(moved.memory), len(moved.before)) == (14, 12)
    assert all(t.device.type == "meta" for t in moved.matches.values())
    assert (moved.step, moved.loss, moved.objective) == (7, LATER.loss, LATER.objective)
    assert FIRST.to("meta").good is None


def test_a_state_of_the_version_before_goes_on_without_the_optimisers_memory(tmp_path):
    LATER.save(tmp_path / "run.state")
    with safe_open(tmp_path / "run.state", framework="pt") as content:
        tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        metadata = content.metadata() | {"format": "style-transfer-state-1"}
    save_file(tensors, tmp_path / "older.state", metadata)
    older = State.load(tmp_path / "older.state")
    assert older.memory == ()
    assert torch.equal(older.image, LATER.image)
    assert (older.step, older.loss) == (LATER.step, LATER.loss)


def test_only_tensors_that_share_a_storage_are_copied_to_be_saved(tmp_path, monkeypatch):
    written = {}
    monkeypatch.setattr(state_module, "save_file", lambda tensors, *_: written.update(tensors))
    both = torch.rand(2, 1, 3, 8, 8)
    own, pair = torch.rand(1, 3, 8, 8), (both[0], both[1])
    with suppress(FileNotFoundError):  # nothing was written
        State(1, 0, own, memory=pair, good=own).save(tmp_path / "state")
    assert written["image"].data_ptr() == own.data_ptr()
    copies = [written[name] for name in ("good", "memory.000", "memory.001")]
    assert len({each.untyped_storage().data_ptr() for each in (own, both, *copies)}) == 5
    assert all(map(torch.equal, copies, (own, *pair)))
