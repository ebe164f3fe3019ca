"""Reading what a visitor chose: the values of components, as the inputs of a run."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.checks import number, whole_number
from style_transfer.engine import MAX_SEED, Styles, equal_images, masked
from style_transfer.recipe import Recipe
from style_transfer.runs import Limits
from style_transfer.settings import MAX_STEPS, Settings
from style_transfer.ui.http.calls import error_on_page, or_error_on_page, shorten
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.inputs import CONTENT_ID, STYLE_IDS
from style_transfer.ui.panels.mask import MASK_ID
from style_transfer.ui.panels.start_options import SIZE_ID, START_OPTION_IDS, chosen_size
from style_transfer.ui.session.pending_run import PendingRun
from style_transfer.ui.session.picture_reader import PictureReader
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import PhotoSource, RunInputs
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import Preview

PAINTED_MASK = "painted on the page"  # the name of such a mask in a recipe
START_IDS = (  # components whose values a run begins with
    CONTENT_ID,
    *STYLE_IDS,
    MASK_ID,
    "settings",
    SIZE_ID,
    *START_OPTION_IDS,
    "more",
    "interrupted",
)
_PNG_URL = "data:image/png;base64,"


def read_inputs(session: Session, named: Mapping[str, Any], reader: PictureReader) -> RunInputs:
    """Return the inputs of a run from component values by elem_id; gr.Error for those that no
    run can have."""
    content_file, files = named[CONTENT_ID], style_files(named)
    for chosen, words in ((content_file, "photo"), (files, "style picture")):
        if not chosen:
            raise error_on_page(f"Choose a {words} first.")
    options = {elem_id: named[elem_id] for elem_id in START_OPTION_IDS}
    options |= or_error_on_page(chosen_size, named[SIZE_ID])
    options["seed"] = or_error_on_page(
        whole_number, "seed", filled("seed", named["seed"]), 0, MAX_SEED
    )
    recipe = or_error_on_page(
        Recipe, photo=Path(content_file).name, **style_names(named), **options
    )
    session.uploads.update(map(Path, [content_file, *files]))
    content, opacity = or_error_on_page(reader.photo, content_file, recipe.size, recipe.enlarge)
    styles = or_error_on_page(chosen_styles, named, session.loaded_styles(files), reader)
    styles = styles.where_seen(opacity)
    return RunInputs(content, styles, Path(content_file), recipe, opacity, tuple(files))


def filled(what: str, value: Any) -> Any:
    """Return what stands in the field of a number; gr.Error where nothing does."""
    if value is None:
        raise error_on_page(f"{what} must be a number, and its field is empty.")
    return value


def with_photo(inputs: RunInputs, source: PhotoSource, reader: PictureReader) -> RunInputs:
    """Return inputs with the photo of `source`; regions of another photo go with that.

    Raises ValueError, one sentence, where it cannot be read or is too large.
    """
    content, opacity = reader.photo(str(source.file), source.side, source.enlarge)
    if equal_images(content, inputs.content):
        content = inputs.content  # so that nothing seems to have changed
    styles, recipe = inputs.styles, inputs.recipe
    recipe = replace(recipe, photo=source.name, size=source.side, enlarge=source.enlarge)
    if source.file != inputs.photo_file:
        styles = Styles(styles.images).where_seen(opacity)
        recipe = replace(recipe, mask="")
    return replace(
        inputs,
        content=content,
        styles=styles,
        photo_file=source.file,
        recipe=recipe,
        opacity=opacity,
    )


def painted_from(record: RunRecord, preview: Preview, reader: PictureReader) -> RunInputs:
    """Return what a preview was painted from; its photo is read again where it was another one.

    Raises ValueError as `with_photo` does.
    """
    inputs, origin = record.inputs, preview.origin
    if origin is inputs.origin:
        return inputs
    if origin.source != inputs.source:
        inputs = with_photo(inputs, origin.source, reader)
    inputs = replace(inputs, styles=origin.styles, style_files=origin.style_files)
    return replace(inputs, recipe=origin.recipe)


def read_settings(named: Mapping[str, Any], limits: Limits) -> Settings:
    """Return the settings on the page; gr.Error for those that no run can have here."""
    settings: Settings = or_error_on_page(usable_settings, named["settings"], limits)
    return settings


def usable_settings(value: Mapping[str, Any], limits: Limits) -> Settings:
    """Return the settings in the value of the knobs. Raises ValueError, one sentence, for those
    that no run can have here."""
    settings = controls.to_settings(value)
    limits.check_steps(settings.steps)
    return settings


def last_value(steered: RunRecord | PendingRun | None) -> dict[str, Any]:
    """Return the value of the knobs as what they steer has them, or none has yet."""
    if steered is None:
        return controls.to_value(Settings())
    return controls.to_value(steered.settings, steered.preview_every)


def use_knobs(session: Session, named: Mapping[str, Any], limits: Limits) -> Mapping[str, Any]:
    """Give the knobs among component values to what they steer; return their value as it is used.

    One that is refused, in the session's notice, keeps its last value; the others act. Raises
    ValueError, one sentence, for what is no value of the knobs.
    """
    steered = session.steered

    def use(value: Mapping[str, Any]) -> None:
        settings = usable_settings(value, limits)
        if steered:
            steered.preview_every = value["preview_every"]
            steered.steer(settings)

    if steered:
        steered.steps_after_change = steps_after_change(named)
    used, refusal = controls.use_each(named["settings"], last_value(steered), use)
    session.notice = shorten(refusal)
    return used


def steps_after_change(named: Mapping[str, Any]) -> int:
    """Return how many steps a change is followed by at least, the nearest that can be had.

    What is refused is told where one continues for so many. Raises ValueError for no number.
    """
    return int(min(max(1, number("more steps", named.get("more") or 1)), MAX_STEPS))


def token_in(named: Mapping[str, Any]) -> Any:
    """Return the token by which a visitor's checkpoints are found, None where there is none."""
    value = named["interrupted"]
    return value.get("token") if isinstance(value, dict) else None


def style_files(named: Mapping[str, Any]) -> list[str]:
    """Return the files of the style images, without gaps."""
    return [named[elem_id] for elem_id in STYLE_IDS if named[elem_id]]


def chosen_styles(
    named: Mapping[str, Any], loaded: Mapping[str, Tensor], reader: PictureReader
) -> Styles:
    """Return the styles that were chosen; `loaded` has style images by file, not to be read again.

    Raises ValueError, one sentence, for a style image or a mask that cannot be read.
    """
    images = tuple(
        loaded[file] if file in loaded else reader.style(file) for file in style_files(named)
    )
    painted = _painted(named)
    if not painted:
        return Styles(images)
    try:
        data = base64.b64decode(painted.removeprefix(_PNG_URL), validate=True)
    except binascii.Error:
        raise ValueError("The regions are no picture.") from None
    return masked(images, reader.painted_mask(data))


def style_names(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a recipe that name style images and mask."""
    first, *others = (Path(file).name for file in style_files(named))
    mask = PAINTED_MASK if _painted(named) else ""
    return {"style": first, "more_styles": tuple(others), "mask": mask}


def _painted(named: Mapping[str, Any]) -> str:
    """Return the mask that was painted on the page as a data URL, "" where there is none."""
    value = named[MASK_ID]
    mask = value.get("mask") if isinstance(value, Mapping) else None
    return mask if isinstance(mask, str) else ""
