"""Settings drawn by chance, and strokes, for what must bring them back as they were."""

import random

from style_transfer.engine import Stroke
from style_transfer.losses import STATISTICS
from style_transfer.network import LAYERS, POOLINGS
from style_transfer.settings import MAX_STEPS, MAX_STYLES, Settings

STROKES = (
    Stroke("smear", ((0.2, 0.5, 1.0), (0.6, 0.5, 1.0)), 0.2, number=1, step=7),
    Stroke("undo", number=2, step=9),
)


def random_settings(chance: random.Random) -> Settings:
    """Return settings of which any value may be at the end of its range."""
    weights = (0.0, 1.0, 5.0, 1e-300, 1e6, 0.1 + 0.2, chance.random(), 100 * chance.random())
    layers = chance.sample(LAYERS, chance.randint(1, len(LAYERS)))
    return Settings(
        alpha=chance.choice(weights),
        beta=chance.choice(weights),
        tv=chance.choice(weights),
        content_layer=chance.choice(LAYERS),
        style_layers={layer: chance.choice(weights[1:]) for layer in layers},
        statistic=chance.choice(list(STATISTICS)),
        pooling=chance.choice(POOLINGS),
        steps=chance.randint(1, MAX_STEPS),
        style_weights=[chance.choice(weights[1:]) for _ in range(chance.randint(1, MAX_STYLES))],
        motifs=chance.choice(weights),
        style_scale=chance.uniform(0.25, 4),
        match_colors=chance.random() < 0.5,
        even_mixture=chance.random() < 0.5,
        crop_frame=chance.random() < 0.5,
        keep_colors=chance.random(),
    )
