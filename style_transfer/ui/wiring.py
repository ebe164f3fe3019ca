"""Which event calls which handler with which components, all by elem_id."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from style_transfer.ui.handlers import downloads, estimate, pictures, start, steering
from style_transfer.ui.service import SERVICE

RUNS_HELD = (
    SERVICE.limits.runs + SERVICE.limits.waiting + 2
)  # so that the line is ours, not Gradio's
FILES_AT_ONCE = 4  # a visitor with a slow one should not hold up all others
CHOSEN = (  # what a run begins with
    "content-image",
    *pictures.CHOSEN,
    "settings",
    "size",
    "init",
    "seed",
    "optimizer",
    "network",
    "pooling",
    "more",
    "interrupted",
)
AT_ONCE: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
IN_LINE: dict[str, Any] = {
    "concurrency_id": "runs",
    "concurrency_limit": RUNS_HELD,
    "show_progress": "hidden",
    "api_visibility": "private",
}


def connect(page: gr.Blocks) -> None:
    """Attach all events of the page."""
    blocks: Any = page.blocks.values()
    named = {block.elem_id: block for block in blocks if block.elem_id}
    shown: Any = named["view"]
    chosen: Any = {named[name] for name in CHOSEN}

    def begins(trigger: Callable[..., Any], handler: Callable[..., Any], mode: str) -> None:
        chosen_now = trigger(start.choose, chosen, None, **AT_ONCE)
        chosen_now.success(handler, None, shown, trigger_mode=mode, **IN_LINE)

    # A second click on Start is an accident; a branch, which paints, may be branched from.
    begins(named["start"].click, start.start, "once")
    begins(named["restart"].click, start.restart, "multiple")
    # The knobs are moved first, so that they tell what the run is made with.
    knobs: Any = {"inputs": {named["settings"], named["more"]}, "outputs": named["settings"]}
    moved = named["branch"].click(steering.settings_shown, **knobs, **AT_ONCE)
    begins(moved.success, start.branch, "multiple")
    moved = named["continue"].click(steering.more_steps, **knobs, **AT_ONCE)
    begins(moved.success, start.go_on, "multiple")
    cut_off: Any = named["interrupted"]
    cut_off.input(steering.interrupted, {cut_off}, cut_off, **AT_ONCE)
    moved = cut_off.select(steering.settings_interrupted, {cut_off}, named["settings"], **AT_ONCE)
    begins(moved.success, start.recover, "multiple")

    named["settings"].input(
        steering.steer,
        {named["settings"]},
        [named["link"], shown],
        trigger_mode="always_last",
        **AT_ONCE,
    )
    chosen_pictures = [named[name] for name in pictures.CHOSEN]
    gr.on(
        [*(picture.change for picture in chosen_pictures[:-1]), chosen_pictures[-1].input],
        steering.restyle,
        {*chosen_pictures, named["settings"]},
        [*chosen_pictures[1:-1], named["settings"]],
        trigger_mode="always_last",
        **AT_ONCE,
    )
    named["content-image"].change(steering.without_regions, None, named["regions"], **AT_ONCE)
    told: Any = [named[name] for name in estimate.CHOSEN]
    gr.on(
        [page.load, *(each.change for each in told)],
        estimate.prospect,
        set(told),
        named["forecast"],
        trigger_mode="always_last",
        **AT_ONCE,
    )
    named["pause"].click(steering.pause, None, shown, **AT_ONCE)
    named["stop"].click(steering.stop, None, None, **AT_ONCE)
    named["timeline"].input(
        steering.walk, {named["timeline"]}, shown, trigger_mode="always_last", **AT_ONCE
    )
    named["runs"].select(steering.bring_back, {named["runs"]}, shown, **AT_ONCE)
    _connect_files(page, named)
    page.unload(steering.leave)


def _connect_files(page: gr.Blocks, named: dict[str, Any]) -> None:
    quiet: dict[str, Any] = {
        "show_progress": "hidden",
        "api_visibility": "private",
        "concurrency_limit": FILES_AT_ONCE,
    }
    for name in ("content-image", *pictures.CHOSEN[:-1]):
        named[name].upload(steering.check_picture, named[name], **quiet)
    named["export"].click(
        downloads.export,
        {named[name] for name in ("kind", "seconds", "hold")},
        named["exported"],
        api_visibility="private",
        concurrency_limit=FILES_AT_ONCE,
    )
    named["kind"].change(downloads.film_chosen, named["kind"], named["film"], **AT_ONCE)
    restored = [named[name] for name in downloads.RESTORED]
    back = named["restore"].upload(downloads.restore, named["restore"], restored, **quiet)
    back.success(steering.steer, {named["settings"]}, [named["link"], named["view"]], **AT_ONCE)
    page.load(steering.settings_in_link, None, [named["settings"], named["link"]], **quiet)
