import pytest
import torch

from style_transfer.engine.blocks import ALIGNMENT, MIN_BLOCK, Window, blocks_of
from style_transfer.network import LAYERS, PIXELS, load_network


def plan(size, side, layers=("relu5_1", PIXELS)):
    return blocks_of(size, side, [*map(load_network().geometry, layers)])


@pytest.mark.parametrize("size", [(64, 64), (97, 1000), (1000, 515)])
@pytest.mark.parametrize("side", [64, 192, 768])
def test_each_position_of_each_layer_belongs_to_one_block_and_is_in_its_crop(size, side):
    counts = {
        layer: torch.zeros(load_network().geometry(layer).size(size), dtype=torch.int8)
        for layer in ("relu1_1", "relu3_1", "relu5_1", PIXELS)
    }
    for block in plan(size, side):
        for layer, count in counts.items():
            geometry = load_network().geometry(layer)
            window = block.window(geometry)
            count[window.part] += 1
            crop = tuple(each.stop - each.start for each in block.crop)
            rows, columns = window.inner
            height, width = geometry.size(crop)
            assert 0 <= rows.start < rows.stop <= height
            assert 0 <= columns.start < columns.stop <= width
    assert all((count == 1).all() for count in counts.values())


@pytest.mark.parametrize("size", [(97, 1000), (2731, 4096)])
def test_crops_show_what_positions_see_and_begin_where_pooling_does(size):
    reach = load_network().geometry("relu5_1").reach
    blocks = plan(size, 192)
    for block in blocks:
        for own, crop, length in zip(block.own, block.crop, size, strict=True):
            assert crop.start % ALIGNMENT == 0
            assert crop.start <= max(0, own.start - reach)
            assert crop.stop >= min(length, own.stop + reach)
            assert own.stop - own.start <= max(192, MIN_BLOCK) + ALIGNMENT
    shapes = {tuple(each.stop - each.start for each in block.crop) for block in blocks}
    assert len(shapes) <= 4


def test_no_layer_sees_farther_than_its_geometry_says():
    image = torch.rand((1, 3, 112, 112), generator=torch.Generator().manual_seed(0))
    for layer in ("relu1_2", "relu2_1", "relu3_1"):
        geometry = load_network().geometry(layer)
        at = 56 // geometry.stride
        free = image.clone().requires_grad_()
        load_network()(free, [layer])[layer][0, :, at, at].sum().backward()
        slopes = free.grad.abs().sum((0, 1, 2))
        seen = (slopes > 1e-4 * slopes.max()).nonzero()  # backends round where nothing is seen
        first, last = at * geometry.stride, (at + 1) * geometry.stride - 1
        assert first - geometry.reach <= int(seen[0])
        assert int(seen[-1]) <= last + geometry.reach
        assert int(seen[-1]) - int(seen[0]) >= geometry.reach + geometry.stride  # not much less


def test_the_size_of_each_layer_is_known_beforehand():
    image = torch.rand((1, 3, 53, 70), generator=torch.Generator().manual_seed(0))
    for layer, activation in load_network()(
        image, ["relu1_1", "relu2_2", "relu3_1", PIXELS]
    ).items():
        assert load_network().geometry(layer).size((53, 70)) == activation.shape[-2:]
    with pytest.raises(ValueError, match="has no layer 'relu6_1'"):
        load_network().geometry("relu6_1")
    assert LAYERS[-1] == "relu5_4"
    assert load_network().geometry("relu5_4").reach == 118


def test_values_go_into_a_window_and_come_out_of_it():
    window = Window((3, 4), (slice(1, 3), slice(2, 4)), (1, 0))
    values = torch.arange(12)
    assert window.select(values).tolist() == [6, 7, 10, 11]
    assert window.numbers(values.device).tolist() == [6, 7, 10, 11]
    assert window.updated(values, -window.select(values)).sum() == 66 - 2 * 34
    assert window.inner == (slice(0, 2), slice(2, 4))
    assert window.features(torch.arange(8.0).view(1, 1, 2, 4)).tolist() == [[2, 3, 6, 7]]
