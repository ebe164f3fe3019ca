"""The frozen network, and how its convolutions are computed."""

from style_transfer.network.aten import copy_each
from style_transfer.network.backends import BACKENDS, BackendSet, out_of_memory
from style_transfer.network.geometry import LayerGeometry
from style_transfer.network.machine_file import MachineFile
from style_transfer.network.networks import (
    LAYERS,
    NETWORKS,
    PIXELS,
    check_content_layer,
    check_layers,
)
from style_transfer.network.onednn import product_with_symmetric
from style_transfer.network.pooling import POOLINGS
from style_transfer.network.thread_pool import ThreadPool
from style_transfer.network.timing_cache import TimingCache
from style_transfer.network.vgg import VGG, load_network

__all__ = [
    "BACKENDS",
    "LAYERS",
    "NETWORKS",
    "PIXELS",
    "POOLINGS",
    "VGG",
    "BackendSet",
    "LayerGeometry",
    "MachineFile",
    "ThreadPool",
    "TimingCache",
    "check_content_layer",
    "check_layers",
    "copy_each",
    "load_network",
    "out_of_memory",
    "product_with_symmetric",
]
