"""Photo and styles, and the samples that are offered for them."""

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageOps

from style_transfer import assets
from style_transfer.ui.panels import inputs

SAMPLES = (*inputs.PHOTOS, *inputs.STYLES)
PAGE_LOAD = 150_000  # bytes; 3 seconds of a slow network


@pytest.fixture
def offered(uploads):
    with gr.Blocks(analytics_enabled=False) as page:
        inputs.build()
    return [block for block in page.blocks.values() if isinstance(block, gr.Dataset)]


def test_samples_are_seen_by_small_pictures(offered):
    shown = [Path(file["path"]) for each in offered for (file,) in each.get_config()["samples"]]
    assert [file.stem for file in shown] == [file.stem for file in SAMPLES]
    assert sum(file.stat().st_size for file in shown) < PAGE_LOAD


def test_a_sample_is_taken_whole(offered):
    taken = [each.preprocess(index) for each in offered for index in range(len(each.samples))]
    assert [Path(file) for _, (file,) in taken] == list(SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_thumbnail_shows_its_sample(sample):
    with Image.open(sample) as whole, Image.open(assets.thumbnail(sample)) as small:
        images = (ImageOps.fit(image.convert("RGB"), (24, 18)) for image in (whole, small))
        first, second = (np.asarray(image, np.float32) for image in images)
    assert np.abs(first - second).mean() < 12  # of 255; two samples are 21 apart
