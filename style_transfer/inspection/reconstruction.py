"""What one layer keeps: the photo or the painting, made again from that layer alone."""

from dataclasses import replace

from style_transfer.checks import one_of
from style_transfer.network import LAYERS
from style_transfer.settings import Settings

SOURCES = ("photo", "painting")
STEPS = 80  # after which an inversion of relu1_1 at 128 px is hardly told from the photo


def reconstruction_settings(source: str, layer: str, settings: Settings) -> Settings:
    """Return the settings of a run that makes a picture from one layer alone, from noise.

    Of the "photo" its features are matched (Mahendran and Vedaldi 2015, "Understanding Deep Image
    Representations by Inverting Them"), of the "painting" its statistic (Gatys, Ecker and Bethge
    2015, "Texture Synthesis Using Convolutional Neural Networks"). Raises ValueError, one sentence.
    """
    one_of("source", source, SOURCES)
    one_of("layer", layer, LAYERS)
    return replace(
        settings,
        alpha=float(source == "photo"),
        beta=float(source == "painting"),
        tv=0.0,
        motifs=0.0,
        content_layer=layer,
        style_layers={layer: 1.0},
        steps=STEPS,
        keep_colors=0.0,
        match_colors=False,
    )
