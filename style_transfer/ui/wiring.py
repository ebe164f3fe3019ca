"""The wiring: which event calls which handler with which components, all by elem_id."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from style_transfer.ui.handlers.brushes import BrushHandlers
from style_transfer.ui.handlers.downloads import RESTORED_IDS, DownloadHandlers
from style_transfer.ui.handlers.estimate import ESTIMATE_IDS, EstimateHandler
from style_transfer.ui.handlers.inputs import START_IDS
from style_transfer.ui.handlers.pictures import PictureHandlers
from style_transfer.ui.handlers.recover import BROUGHT_IDS, RecoverHandlers
from style_transfer.ui.handlers.start import StartHandlers
from style_transfer.ui.handlers.steering import SteeringHandlers
from style_transfer.ui.panels.brushes import BRUSHES_ID
from style_transfer.ui.panels.inputs import CONTENT_ID, MOVE_UP, STYLE_IDS
from style_transfer.ui.panels.mask import FORGET, MASK_ID
from style_transfer.ui.panels.start_options import ESTIMATE_ID, NUMBER_ESTIMATE, SIZE_ID
from style_transfer.ui.panels.take_home import BACKGROUND_ID
from style_transfer.ui.session.sessions import PageContext

FILE_WORKERS = 4  # calls that read or write files at a time; a slow one must not hold up all others
PRIVATE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
UNQUEUED: dict[str, Any] = PRIVATE | {"queue": False}  # pages never show what these refuse
NEWEST_ONLY: dict[str, Any] = {"trigger_mode": "always_last"}  # of events while a call is under way
FILES: dict[str, Any] = PRIVATE | {"concurrency_limit": FILE_WORKERS}


def connect(page: gr.Blocks, context: PageContext) -> None:
    """Attach all events of the page."""
    blocks: Any = page.blocks.values()
    named = {block.elem_id: block for block in blocks if block.elem_id}
    steering = SteeringHandlers(context)
    _connect_starts(named, context, steering)
    _connect_steering(named, steering)
    pictures = PictureHandlers(context)
    _connect_pictures(named, pictures)
    _connect_brushes(named, BrushHandlers(context))
    _connect_files(page, named, context, steering, pictures)
    tell = EstimateHandler(context).tell
    dependencies: Any = [named[elem_id] for elem_id in ESTIMATE_IDS]
    estimate = named[ESTIMATE_ID]
    gr.on(
        [page.load, *(each.change for each in dependencies)],
        tell,
        {*dependencies, estimate},
        estimate,
        js=NUMBER_ESTIMATE,
        **UNQUEUED | NEWEST_ONLY,
    )
    page.unload(steering.leave)


def _connect_starts(
    named: dict[str, Any], context: PageContext, steering: SteeringHandlers
) -> None:
    starts, limits = StartHandlers(context), context.service.limits
    recovery = RecoverHandlers(context)
    values = {named[elem_id] for elem_id in START_IDS}
    # More than can run or wait, so that all waiting is done in our admission queue.
    places = limits.runs + limits.waiting + 2
    # Each acts, also while the call of the run before, which has ended, still saves its picture.
    options = PRIVATE | {
        "concurrency_id": "runs",
        "concurrency_limit": places,
        "trigger_mode": "multiple",
    }

    def connect(trigger: Callable[..., Any], handler: Callable[..., Any]) -> None:
        submitted = trigger(starts.submit, values, None, **UNQUEUED)
        submitted.failure(starts.refuse, None, None, **PRIVATE)
        submitted.success(handler, None, named["view"], **options)

    connect(named["start"].click, starts.start)
    connect(named["restart"].click, starts.restart)
    named["wake"].click(starts.wake, None, named["view"], **options)
    # The knobs move first, so that they show what the run is made with.
    settings, made_with = named["settings"], [named["settings"], named[SIZE_ID]]
    moved = {settings, named["more"]}
    walked = {settings, named["timeline"]}
    event = named["branch"].click(steering.preview_settings, walked, made_with, **FILES)
    connect(event.success, starts.branch)
    event = named["continue"].click(steering.add_steps, moved, settings, **FILES)
    connect(event.success, starts.continue_run)
    offer = named["interrupted"]
    offer.input(recovery.find_interrupted, {offer}, offer, **UNQUEUED)
    brought = [named[elem_id] for elem_id in BROUGHT_IDS]
    event = offer.select(recovery.interrupted_inputs, {offer}, brought, **FILES)
    connect(event.success, recovery.recover)


def _connect_steering(named: dict[str, Any], steering: SteeringHandlers) -> None:
    newest_only = UNQUEUED | NEWEST_ONLY
    settings, shown = named["settings"], named["view"]
    moved = {settings, named["more"]}
    settings.input(steering.steer, moved, shown, **newest_only)
    named["pause"].click(steering.pause, None, shown, **UNQUEUED)
    named["stop"].click(steering.stop, None, shown, **UNQUEUED)
    timeline, runs = named["timeline"], named["runs"]
    timeline.input(steering.show_preview, {timeline}, shown, **newest_only)
    runs.select(steering.show_run, {runs}, shown, **newest_only)


def _connect_pictures(named: dict[str, Any], pictures: PictureHandlers) -> None:
    photo, shown = named[CONTENT_ID], named["view"]
    images, mask = [named[elem_id] for elem_id in STYLE_IDS], named[MASK_ID]
    newest_only = UNQUEUED | NEWEST_ONLY
    styles, changes = [*images, named["settings"]], [image.change for image in images]
    gr.on(changes, None, styles, styles, js=MOVE_UP, **UNQUEUED)
    gr.on(
        [*changes, mask.input],
        pictures.change_styles,
        {*images, mask, named["settings"]},
        shown,
        **newest_only,
    )
    photo.change(None, None, mask, js=FORGET, **UNQUEUED)
    photo.change(pictures.change_photo, {photo}, [mask, shown], **FILES)
    # Not while it is dragged: each size on the way would be painted, and be slow.
    named[SIZE_ID].release(pictures.change_size, {named[SIZE_ID]}, shown, **newest_only)
    for image in (photo, *images):  # each file, also one that comes while another is checked
        image.upload(pictures.check_upload, image, trigger_mode="multiple", **FILES)


def _connect_brushes(named: dict[str, Any], handlers: BrushHandlers) -> None:
    brushes = named[BRUSHES_ID]
    # The page has one call under way; where that one fails, another may be sent beside it.
    options = UNQUEUED | {"trigger_mode": "multiple"}
    sent = {brushes, named["more"]}
    brushes.input(handlers.touch, sent, [brushes, named["view"]], **options)


def _connect_files(
    page: gr.Blocks,
    named: dict[str, Any],
    context: PageContext,
    steering: SteeringHandlers,
    pictures: PictureHandlers,
) -> None:
    downloads = DownloadHandlers(context)
    named["export"].click(
        downloads.export,
        {named[elem_id] for elem_id in ("kind", "seconds", "hold", BACKGROUND_ID, "timeline")},
        named["exported"],
        api_visibility="private",
        concurrency_limit=FILE_WORKERS,
    )
    named["kind"].change(downloads.show_film_options, named["kind"], named["film"], **UNQUEUED)
    restored, settings = [named[elem_id] for elem_id in RESTORED_IDS], named["settings"]
    options, newest_only = FILES | NEWEST_ONLY, UNQUEUED | NEWEST_ONLY
    event = named["restore"].upload(downloads.restore, named["restore"], restored, **options)
    moved = {settings, named["more"]}
    event = event.success(steering.steer, moved, named["view"], **newest_only)
    event.success(pictures.change_size, {named[SIZE_ID]}, named["view"], **newest_only)
    page.load(steering.link_settings, None, [settings, named["view"]], **FILES)
