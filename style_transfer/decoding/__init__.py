"""Picture files of strangers, decoded by processes of their own, which have no need of torch."""

from style_transfer.decoding.decoder import Decoder
from style_transfer.decoding.limits import decoding_memory
from style_transfer.decoding.pool import DecoderPool
from style_transfer.decoding.webp import declared_pixels

__all__ = ["Decoder", "DecoderPool", "declared_pixels", "decoding_memory"]
