"""How a run begins: anew, from a moment of another one, or where that one ended."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from style_transfer.checks import whole_number
from style_transfer.engine import remaining_steps, stages
from style_transfer.images import MIN_SIDE, open_image, resize, to_tensor
from style_transfer.recipe import MAX_SEED, MAX_SIZE, Recipe
from style_transfer.runs import CheckpointWriter, Job, Run
from style_transfer.settings import Settings
from style_transfer.ui.handlers import pictures
from style_transfer.ui.handlers.steering import SESSIONS, Shown
from style_transfer.ui.handlers.watch import paint
from style_transfer.ui.http.calls import Values, by_elem_id, or_error_on_page, session_key
from style_transfer.ui.panels import controls
from style_transfer.ui.service import SERVICE
from style_transfer.ui.session.record import Record, Source
from style_transfer.ui.session.session import Session

LOOPBACK = ("127.0.0.1", "::1")


def choose(values: Values, request: gr.Request) -> None:
    """Take note of what is chosen; the run then begins with it.

    A call of its own, because Gradio busies itself with the inputs of a call until that ends.
    """
    session = SESSIONS.of(session_key(request))
    session.chosen = by_elem_id(values)
    session.here = bool(request.client) and request.client.host in LOOPBACK


def start(request: gr.Request) -> Iterator[Shown]:
    """Begin a run from the first image that was chosen, and show it until it ends."""
    session, named = _session(request)
    source, settings = _source(session, named), _settings(named)

    def begin() -> tuple[Record, Run]:
        record = session.new_record(source)
        return record, _run(session, record, settings, named, init=source.recipe.init)

    yield from paint(session, begin)


def restart(request: gr.Request) -> Iterator[Shown]:
    """Begin a run with what is chosen now from the picture that is looked at."""
    session, named = _session(request)
    if session.shown is None or session.moment is None:
        raise gr.Error("There is no picture to go on from yet.", print_exception=False)
    source, settings = _source(session, named), _settings(named)
    yield from paint(session, _branching(session, source, settings, named))


def branch(request: gr.Request) -> Iterator[Shown]:
    """Begin a run from the moment that is looked at, with the settings of that moment."""
    session, named = _session(request)
    if session.shown is None or session.moment is None:
        raise gr.Error("There is no moment to branch from yet.", print_exception=False)
    source, settings = session.shown.source, session.moment.settings
    yield from paint(session, _branching(session, source, settings, named))


def go_on(request: gr.Request) -> Iterator[Shown]:
    """Make more steps with the run that is looked at, as if it had never ended."""
    session, named = _session(request)
    record = session.shown
    if record is None or record.last is None:
        raise gr.Error("There is no run to go on with yet.", print_exception=False)
    last, settings = record.last, _settings(named)
    settings = replace(settings, steps=max(settings.steps, last.step + 1))

    def begin() -> tuple[Record, Run]:
        options: dict[str, Any] = {"init": record.source.recipe.init, "state": record.state}
        return record, _run(session, record, settings, named, **options)

    yield from paint(session, begin)


def recover(request: gr.Request) -> Iterator[Shown]:
    """Go on with this visitor's run that was cut off, as if it had never been."""
    session, named = _session(request)
    writer = SERVICE.checkpoints.claim(_token(named))
    if writer is None:
        raise gr.Error("There is no interrupted run any more.", print_exception=False)
    run = None

    def begin() -> tuple[Record, Run]:
        nonlocal run
        record = session.new_record(source, f", continued at step {recipe.step}", kept.losses)
        named["settings"]["preview_every"] = recipe.preview_every
        options = {"init": recipe.init, "state": kept.state, "checkpoint": writer}
        run = _run(session, record, recipe.settings, named, **options)
        return record, run

    try:
        kept = or_error_on_page(writer.load)
        recipe = kept.recipe
        source = Source(kept.content, kept.styles, session.keep_photo(kept.content), recipe)
        yield from paint(session, begin)
    finally:
        if run is None:  # refused, or left while waiting: it can be continued another time
            writer.release()


def _session(request: gr.Request) -> tuple[Session, Mapping[str, Any]]:
    """Return the session of a page and what was chosen on it, which serves once."""
    session = SESSIONS.of(session_key(request))
    chosen, session.chosen = session.chosen, {}
    if not chosen:
        raise gr.Error("Nothing was chosen yet to begin with.", print_exception=False)
    or_error_on_page(controls.to_settings, chosen["settings"])
    return session, chosen


def _branching(
    session: Session, source: Source, settings: Settings, named: Mapping[str, Any]
) -> Callable[[], tuple[Record, Run]]:
    """Return how to begin a run from the moment that is looked at now."""
    parent, moment = session.shown, session.moment
    assert parent is not None
    assert moment is not None
    same = source is parent.source
    size = source.content.shape[-2], source.content.shape[-1]
    picture = resize(moment.picture, size)

    def begin() -> tuple[Record, Run]:
        step = moment.step
        if step >= settings.steps:  # it was finished: paint the finest scale again
            step = sum(remaining_steps(stages(size), 0, settings.steps)[:-1])
        record = session.new_record(
            source, f" from step {moment.step} of {parent.name.split(' from')[0]}"
        )
        if same:
            record.timeline.begin_with(replace(moment, step=step))
        return record, _run(session, record, settings, named, init=picture.clamp(0, 1), step=step)

    return begin


def _run(
    session: Session,
    record: Record,
    settings: Settings,
    named: Mapping[str, Any],
    checkpoint: CheckpointWriter | None = None,
    **options: Any,
) -> Run:
    source, recipe = record.source, record.source.recipe
    job = Job(
        source.content,
        source.styles,
        settings,
        optimizer=recipe.optimizer,
        seed=recipe.seed,
        network=recipe.network,
        pooling=recipe.pooling,
        **options,
    )
    token = _token(named)
    record.checkpoint = checkpoint or SERVICE.checkpoints.create(token, source.pictures)
    return or_error_on_page(
        SERVICE.start,
        job,
        preview_every=named["settings"]["preview_every"],
        on_frame=record.keep,
        after=session.run,
    )


def _source(session: Session, named: Mapping[str, Any]) -> Source:
    files = [named["content-image"], *pictures.style_files(named)]
    for name, words in (("content-image", "photo"), ("style-image", "style picture")):
        if named[name] is None:
            raise gr.Error(f"Choose a {words} first.", print_exception=False)
    recipe = or_error_on_page(
        Recipe,
        photo=Path(files[0]).name,
        **pictures.names(named),
        size=or_error_on_page(whole_number, "size", named["size"], MIN_SIDE, MAX_SIZE),
        seed=or_error_on_page(whole_number, "seed", named["seed"] or 0, 0, MAX_SEED),
        **{name: named[name] for name in ("init", "optimizer", "network", "pooling")},
    )
    session.uploads.update(map(Path, files))
    tensor = to_tensor(or_error_on_page(open_image, files[0]), recipe.size)
    or_error_on_page(SERVICE.limits.check_size, *tensor.shape[-2:])
    styles = or_error_on_page(pictures.styles, named, session.paintings(files[1:]))
    session.painting_files = files[1:]
    return Source(tensor, styles, session.keep_photo(tensor), recipe)


def _settings(named: Mapping[str, Any]) -> Settings:
    settings = or_error_on_page(controls.to_settings, named["settings"])
    or_error_on_page(SERVICE.limits.check_steps, settings.steps)
    return settings


def _token(named: Mapping[str, Any]) -> Any:
    value = named["interrupted"]
    return value.get("token") if isinstance(value, dict) else None
