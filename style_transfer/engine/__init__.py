"""The optimisation: objective, image pyramid, optimisers, and the generator of its frames."""

from style_transfer.engine.blocks import block_pixels
from style_transfer.engine.content_change import equal_images, with_content
from style_transfer.engine.device_choice import (
    chosen_device,
    default_device,
    default_size,
    differences,
)
from style_transfer.engine.evaluator import (
    NO_MATCHES,
    Evaluation,
    EvaluatorFactory,
    FeatureExtractor,
    StepEvaluator,
)
from style_transfer.engine.frame import Frame
from style_transfer.engine.guidance import (
    Guidance,
    position_weights,
    spatial_guidance,
    with_regions,
)
from style_transfer.engine.initial_image import INITS, MAX_SEED, is_from_content, with_palette
from style_transfer.engine.local_style import LocalStyle, check_places, local_styles
from style_transfer.engine.masks import STYLE_COLORS, composite, style_weight_map
from style_transfer.engine.mixtures import shared_places
from style_transfer.engine.multiscale import (
    MultiscaleObjective,
    evaluation_shares,
    evaluation_sizes,
    in_blocks,
)
from style_transfer.engine.objective import Objective
from style_transfer.engine.optimize import stylize
from style_transfer.engine.optimizers import OPTIMIZERS, Optimizer
from style_transfer.engine.preconditioner import LARGE
from style_transfer.engine.pyramid import (
    Stage,
    image_size,
    remaining_steps,
    resize_clamped,
    stages,
)
from style_transfer.engine.state import State, save_tensors
from style_transfer.engine.step import DivergedError
from style_transfer.engine.step_graphs import graphs
from style_transfer.engine.stepper import Style
from style_transfer.engine.stroke_text import strokes_from_text, strokes_to_text
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.strokes import STROKE_KINDS, Stroke, due, in_effect, newest_number
from style_transfer.engine.style_image import place_in, style_image_size, style_picture
from style_transfer.engine.style_pass import LARGEST_STYLE
from style_transfer.engine.styles import Styles, masked
from style_transfer.engine.target_cache import Variant
from style_transfer.engine.temporal import FrameEvaluators, TemporalTarget
from style_transfer.engine.touch import released

__all__ = [
    "INITS",
    "LARGE",
    "LARGEST_STYLE",
    "MAX_SEED",
    "NO_MATCHES",
    "OPTIMIZERS",
    "STROKE_KINDS",
    "STYLE_COLORS",
    "DivergedError",
    "Evaluation",
    "EvaluatorFactory",
    "FeatureExtractor",
    "Frame",
    "FrameEvaluators",
    "Guidance",
    "LocalStyle",
    "MultiscaleObjective",
    "Objective",
    "Optimizer",
    "Stage",
    "State",
    "StepEvaluator",
    "Stroke",
    "StrokedContent",
    "Style",
    "Styles",
    "TemporalTarget",
    "Variant",
    "block_pixels",
    "check_places",
    "chosen_device",
    "composite",
    "default_device",
    "default_size",
    "differences",
    "due",
    "equal_images",
    "evaluation_shares",
    "evaluation_sizes",
    "graphs",
    "image_size",
    "in_blocks",
    "in_effect",
    "is_from_content",
    "local_styles",
    "masked",
    "newest_number",
    "place_in",
    "position_weights",
    "released",
    "remaining_steps",
    "resize_clamped",
    "save_tensors",
    "shared_places",
    "spatial_guidance",
    "stages",
    "strokes_from_text",
    "strokes_to_text",
    "style_image_size",
    "style_picture",
    "style_weight_map",
    "stylize",
    "with_content",
    "with_palette",
    "with_regions",
]
