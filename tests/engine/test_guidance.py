import pytest
import torch

from style_transfer.engine.guidance import position_weights, spatial_guidance


def right_half(height=60, width=100):
    mask = torch.zeros((1, 1, height, width))
    mask[..., width // 2 :] = 1
    return mask


def test_without_masks_each_painting_counts_its_share_everywhere():
    assert [(g.share, g.mask) for g in spatial_guidance((0.75, 0.25), None, None)] == [
        (0.75, None),
        (0.25, None),
    ]


def test_shares_and_masks_add_up_to_the_strength():
    strength, left = torch.rand((1, 1, 60, 100)), 1 - right_half()
    found = spatial_guidance((0.75, 0.25), strength, (left, torch.ones_like(left)))
    total = sum(guide.mask for guide in found)
    torch.testing.assert_close(total, strength)
    assert sum(guide.share for guide in found) == pytest.approx(strength.mean().item())
    both, alone = found[0].mask / strength, found[1].mask / strength
    torch.testing.assert_close(both[..., :50], torch.full((1, 1, 60, 50), 0.75))
    torch.testing.assert_close(alone[..., 50:], torch.ones((1, 1, 60, 50)))


def test_where_no_painting_goes_none_counts():
    left = 1 - right_half()
    found = spatial_guidance((1.0, 0.0), None, (left, 1 - left))
    assert found[0].share == 0.5
    assert found[1].share == 0
    assert all(guide.mask.isfinite().all() for guide in found)


def test_the_positions_of_a_layer_weigh_1_in_all_or_nothing():
    weights = position_weights(right_half(), (6, 10))
    assert weights.sum() == pytest.approx(1)
    torch.testing.assert_close(weights.view(6, 10)[:, 5:], torch.full((6, 5), 1 / 30))
    assert not position_weights(torch.zeros((1, 1, 60, 100)), (6, 10)).any()
