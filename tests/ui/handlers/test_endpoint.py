"""The endpoint for programs, without a server."""

import inspect
import shutil
from dataclasses import replace

import gradio as gr
import pytest

from style_transfer.images import save
from style_transfer.recipe import read_recipe
from style_transfer.runs import AdmissionQueue, Limits, MemoryReservations, RunService
from style_transfer.settings import KNOBS, Settings
from style_transfer.ui.handlers import endpoint
from style_transfer.ui.handlers.endpoint import build, stylize
from style_transfer.ui.handlers.endpoint_parameters import document, parameters
from style_transfer.ui.session.made_files import MadeFiles
from style_transfer.ui.session.session import Session
from tests.runs.fake_executor import FakeExecutor
from tests.runs.test_thread_executor import wait_for


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def call(context, tmp_path, photo, painting):
    """A function that calls the endpoint with pictures of 48 px and returns what it yields."""
    files = str(tmp_path / "photo.png"), str(tmp_path / "style.png")
    for picture, file in zip((photo, painting), files, strict=True):
        save(picture, tmp_path / file)
    given = Settings().as_dict() | {"photo": files[0], "style": files[1], "other_style": None}
    given |= {"mask": None, "other_weight": 1.0, "size": 48, "seed": 0}

    def call(steps=3, **others):
        called = given | {"steps": steps} | others
        return stylize(context, context.sessions.of("a program"), called)

    yield call
    for session in context.sessions.all():
        session.close()


def test_a_call_gives_a_picture_and_leaves_nothing_reserved(context, call):
    context.service.admission = AdmissionQueue(places=1, waiting=1, each=9)
    *_, file = call()
    assert file.endswith(".png")
    assert context.service.admission.ahead(context.service.admission.join()) == 0
    wait_for(lambda: not context.service.under_way)


def test_a_program_that_makes_many_calls_leaves_bounded_files(context, call, tmp_path, monkeypatch):
    session, styles = context.sessions.of("a program"), []
    session.answers = MadeFiles(session.folder.make, most=2)
    monkeypatch.setattr(endpoint, "MAX_UPLOADS", 3)
    for number in range(4):
        styles.append(shutil.copy(tmp_path / "style.png", tmp_path / f"style-{number}.png"))
        *_, file = call(steps=1, style=str(styles[-1]))
    assert len(list(session.folder.make().rglob("picture.png"))) == 2
    assert read_recipe(file).step == 1
    # The photo is named by each call, and is one of the three.
    assert session.uploads == {tmp_path / "photo.png", *styles[-2:]}


@pytest.fixture
def offered(context):
    """The endpoint's parameters as programs are told of them, by name, and the inputs' readers."""
    with gr.Blocks() as page:
        build(context)
    (function,) = page.fns.values()
    told = page.get_api_info()["named_endpoints"]["/stylize"]["parameters"]
    return {
        each["parameter_name"]: (each, component.preprocess)
        for each, component in zip(told, function.inputs, strict=True)
    }


def test_what_a_call_leaves_out_has_the_default_of_the_library(call, offered):
    defaults = {
        name: read(told["parameter_default"])
        for name, (told, read) in offered.items()
        if name in KNOBS and name != "steps"
    }
    *_, file = call(**defaults)
    assert read_recipe(file).settings == Settings(steps=3)
    assert offered["steps"][0]["parameter_default"] == Settings().steps


@pytest.mark.parametrize(
    "layers",
    [
        ["relu2_1", "pixels:0.5"],
        "pixels:0.5,relu2_1",
        {"pixels": 0.5, "relu2_1": 1},
    ],
)
def test_layers_may_be_given_with_weights(call, offered, layers):
    told, read = offered["style_layers"]
    assert told["type"] == {"type": "array", "items": {"type": "string"}}
    *_, file = call(style_layers=read(layers))
    assert read_recipe(file).settings.style_layers == {"pixels": 0.5, "relu2_1": 1}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", 2.5, "steps must be a whole number from 1 to 500, not 2.5."),
        ("size", 64.5, "size must be a whole number from 32 to"),
        ("seed", 0.5, "seed must be a whole number from 0 to"),
        ("style_layers", "relu9_9", "style layer 'relu9_9' is not one of pixels, relu1_1,"),
        ("style_layers", ["relu1_1:x"], "the weight of relu1_1 must be a number, not 'x'."),
        ("style_layers", [], "The style needs at least one layer with a weight above 0."),
        ("style_layers", None, "style layers must be names with a weight each, not None."),
        ("content_layer", "relu9_9", "content layer 'relu9_9' is not one of relu1_1,"),
        ("match_colors", "yes", "match_colors must be true or false, not 'yes'."),
    ],
)
def test_what_does_not_fit_is_refused_in_the_words_of_the_library(
    call, offered, name, value, words
):
    with pytest.raises(gr.Error) as refused:
        list(call(**{name: offered[name][1](value)}))
    assert refused.value.message.startswith(words)


def test_a_call_for_which_there_is_no_memory_is_refused_in_one_sentence(context, call):
    context.service.memory = MemoryReservations(lambda: 100_000_000)
    with pytest.raises(gr.Error, match=r"48 x 48 pixels needs .* are free; choose a smaller size"):
        list(call())
    assert context.service.under_way == 0


@pytest.mark.parametrize(("frames", "told"), [(1, None), (3, 2)])
def test_a_call_whose_time_is_up_gives_the_picture_so_far(context, call, frames, told, monkeypatch):
    start = context.service.start
    context.service.executor.allowed = frames

    def start_late(job, **options):
        return start(job, **options | {"visitor": "a visitor"})

    monkeypatch.setattr(context.service, "start", start_late)
    context.service.limits = replace(context.service.limits, seconds=1)
    if told is None:  # no step was made
        with pytest.raises(gr.Error, match="The run has used its 1 seconds"):
            list(call(9))
    else:
        *_, file = call(9)
        assert read_recipe(file).step == told


def test_a_program_is_told_what_it_sent_as_it_is(context, call, monkeypatch):
    words = "<b> & 'c' cannot be read."

    def refuse(*_):
        raise ValueError(words)

    monkeypatch.setattr(context.reader.__class__, "photo", refuse)
    with pytest.raises(gr.Error) as refused:
        list(call())
    assert refused.value.message == words  # where a page would show "&lt;b&gt;"


def test_a_caller_who_seems_to_have_left_gets_a_reason_instead_of_nothing(
    context, call, monkeypatch
):
    monkeypatch.setattr(Session, "has_left", property(lambda _: True))
    monkeypatch.setattr(AdmissionQueue, "join", lambda *_: pytest.fail("It took a place."))
    with pytest.raises(gr.Error, match="its connection seemed to be closed"):
        list(call())
    monkeypatch.undo()
    assert context.service.admission.ahead(context.service.admission.join()) == 0


@pytest.fixture
def leave(context, monkeypatch):
    """A function that lets the caller leave."""
    monkeypatch.setattr(endpoint, "HEARTBEAT", 0.01)
    return lambda: monkeypatch.setattr(Session, "has_left", property(lambda _: True))


def test_a_caller_who_leaves_while_waiting_gives_the_turn_to_others(context, call, leave):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    queue.join()
    answers = call()
    assert [next(answers), next(answers)] == [None, None]
    assert queue.waiting == 1
    leave()
    with pytest.raises(gr.Error, match="its connection seemed to be closed"):
        next(answers)
    assert queue.waiting == 0
    assert not context.service.executor.executions


@pytest.mark.parametrize("told_by", ["nothing", "Gradio"])
def test_the_run_of_a_caller_who_leaves_ends_and_gives_its_place_back(
    context, call, leave, told_by
):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    context.service.executor.allowed = 1
    answers = call()
    assert next(answers) is None
    (run,) = context.service._runs
    (execution,) = context.service.executor.executions
    assert queue.ahead(waiting := queue.join()) == 1
    if told_by == "Gradio":
        answers.close()
    else:
        leave()
        execution.allow(1)
        with pytest.raises(gr.Error, match="its connection seemed to be closed"):
            next(answers)
    assert queue.ahead(waiting) == 0
    assert run.join(20)
    assert run.outcome.word == "stopped"
    assert context.service.under_way == 0


def test_the_endpoint_has_every_knob_of_the_table_that_belongs_there():
    described = parameters()
    offered = {name for name, knob in KNOBS.items() if knob.in_endpoint}
    assert offered <= set(described)
    assert set(described) - offered == {
        *("photo", "style", "size", "seed", "other_style", "other_weight", "mask")
    }
    assert list(described)[-1] == "mask" or list(described)[-1] in KNOBS


def test_parameters_are_documented_with_their_ranges():
    described = parameters()
    assert described["beta"].text == (
        "Weight of the paint, usually 0 to 100; 1 is gentle, 5 balanced, 20 bold."
    )
    assert described["steps"].text == "How many steps to make, 1 to 500."
    assert described["statistic"].text.startswith("What makes a style: gram, ")
    assert described["style_layers"].text.startswith(
        "Layers at which the style is matched, pixels or relu1_1 to relu5_4, with a weight as in "
        "relu1_1:0.5; "
    )
    assert described["content_layer"].text == "VGG layer at which the photo is matched."


def test_a_documented_function_has_the_signature_that_gradio_reads():
    def call(request, *values): ...

    document(call, parameters())
    names = list(inspect.signature(call).parameters)
    assert names == ["request", *parameters()]
    assert call.__name__ == "stylize"
    assert call.__annotations__["style_layers"] == list[str]
    for name, each in parameters().items():
        assert f"    {name}: {each.text}\n" in call.__doc__
