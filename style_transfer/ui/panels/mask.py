"""The mask, painted over the photo: where which style goes, and what is left as it is."""

from style_transfer.engine import STYLE_COLORS
from style_transfer.ui.panels.panel import Panel, widget

MASK_ID = "mask"
# Lets regions go with their photo before the server tells of the next: a start may come first.
FORGET = "() => ({ mask: '', photo: null })"


def build() -> None:
    """Place the drawer, with an empty mask."""
    # Not by gr.ImageEditor, whose server function stores whatever anybody sends for good.
    widget(MASK_ID, _html(), {"mask": "", "photo": ""}, script=("pointer", MASK_ID))


def _html() -> str:
    pens = {"Leave the photo": "#000000", "Half": "#808080", "Paint": ""}
    pens |= {
        f"Style {number}": "#" + "".join(f"{round(255 * c):02x}" for c in color)
        for number, color in enumerate(STYLE_COLORS.values(), 1)
    }
    radios = "".join(
        f'<label data-pen="{number - 2}"><input type="radio" name="pen" value="{color}"'
        f"{' checked' * (not number)}>"
        f'<i style="background: {color or "#fff"}"></i>{words}</label>'
        for number, (words, color) in enumerate(pens.items())
    )
    return (
        "<details><summary>Regions</summary><p>Paint over the photo what is to be left as it is, "
        f'or in which style it goes.</p><div class="paper"><img alt="The photo, to paint on">'
        '<canvas role="img" aria-label="Regions painted so far"></canvas></div>'
        f"<fieldset><legend>Brush</legend>{radios}</fieldset>"
        '<input type="range" min="2" max="30" value="10" aria-label="Width of the brush">'
        '<div class="choice"><button type="button" class="undo">Undo</button>'
        '<button type="button" class="clear">Clear</button></div>'
        '<label class="file">Or take a mask from a file '
        '<input type="file" accept="image/*"></label><p class="refusal" role="alert"></p></details>'
    )


PANEL = Panel(MASK_ID, build)
