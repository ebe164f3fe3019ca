"""The size, which acts at once like the knobs, and what acts from the next start: first image,
optimiser, network."""

import gradio as gr

from style_transfer.engine import INITS, OPTIMIZERS, default_size
from style_transfer.network import NETWORKS
from style_transfer.ui.panels.panel import Panel

SIZES = (128, 2048)  # px, range of the longer side
START_OPTION_IDS = ("size", "seed", "init", "optimizer", "network")


def build() -> None:
    """Place the size with the estimate of what a run takes, and the others in a frame."""
    optimizers = list(OPTIMIZERS)
    gr.Slider(*SIZES, default_size(), step=32, label="Size in pixels", elem_id="size")
    gr.HTML("", elem_id="estimate")
    with gr.Group(elem_id="start-options"):
        with gr.Accordion("First image, optimiser, network", open=False, elem_id="expert"):
            gr.Dropdown(list(INITS), value=INITS[0], label="First image", elem_id="init")
            gr.Number(0, label="Seed of the noise", precision=0, elem_id="seed")
            gr.Dropdown(optimizers, value=optimizers[0], label="Optimiser", elem_id="optimizer")
            gr.Dropdown(list(NETWORKS), value=NETWORKS[0], label="Network", elem_id="network")
        gr.HTML("<p>These act from the next start.</p>", elem_id="start-words")
        gr.Button(
            "Restart from the picture as it is now", interactive=False, size="sm", elem_id="restart"
        )


PANEL = Panel("start-options", build)
