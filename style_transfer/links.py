"""Links: settings and strokes as the query of an address."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from style_transfer.checks import cannot_use, one_of
from style_transfer.engine import Stroke, strokes_from_text, strokes_to_text
from style_transfer.settings import KNOBS, Settings
from style_transfer.versions import newest_version, settings_of

MAX_LINKED = 2000  # characters of the strokes in a link; longer links are cut by some programs
_STROKES = "strokes"  # the parameter of strokes
_VERSION = "v"  # that of the version of the default settings


def changes(settings: Settings) -> dict[str, str]:
    """Return what differs from the defaults, as texts by name with hyphens, as options have it.

    >>> changes(Settings(beta=8, style_layers={"relu1_1": 1, "relu2_1": 0.5}))
    {'beta': '8', 'style-layers': 'relu1_1,relu2_1:0.5'}
    """
    texts, default = {}, Settings()
    for name, knob in KNOBS.items():
        value = getattr(settings, name)
        if value != getattr(default, name):
            texts[name.replace("_", "-")] = knob.to_text(value)
    return texts


def to_query(settings: Settings) -> str:
    """Return `changes` and the version of the defaults as the query of a link.

    >>> to_query(Settings(beta=8, style_layers={"relu1_1": 1, "relu2_1": 0.5}))
    'beta=8&style-layers=relu1_1,relu2_1:0.5&v=4'
    """
    return urlencode(changes(settings) | {_VERSION: newest_version()}, safe=",:")


def strokes_to_query(strokes: Sequence[Stroke]) -> str:
    """Return strokes as a part of the query of a link, "" for none or where they do not fit."""
    if not strokes or sum(len(stroke.points) for stroke in strokes) > MAX_LINKED:
        return ""  # packed it would hardly be shorter, and packing takes its time
    text = strokes_to_text(strokes)
    return urlencode({_STROKES: text}) if len(text) <= MAX_LINKED else ""


def strokes_from_query(query: Mapping[str, str]) -> tuple[Stroke, ...]:
    """Return the strokes of a link, numbered from 1. Raises ValueError, one sentence."""
    try:
        return strokes_from_text(query.get(_STROKES, "")[: MAX_LINKED + 1])
    except ValueError as error:
        raise cannot_use("The link", error) from error


def from_query(query: Mapping[str, str]) -> Settings:
    """Return the settings of a link, given its parameters by name; unknown names are ignored.

    Without settings and version they are those of the plain page; with settings alone a link is of
    version 1, when links had none. Raises ValueError, one sentence, for a
    value that the settings cannot take and for a newer version, whose picture would be another.
    """
    given = {name: query[link] for name in KNOBS if (link := name.replace("_", "-")) in query}
    if not given and _VERSION not in query:
        return Settings()
    versions = {str(number): number for number in range(1, newest_version() + 1)}
    try:
        one_of("its version", version := query.get(_VERSION, "1"), versions)
        values = {name: KNOBS[name].from_text(name, text) for name, text in given.items()}
        return settings_of(versions[version], values)
    except ValueError as error:
        raise cannot_use("The link", error) from error
