from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch

from style_transfer.engine.tensor_tree import put_together, take_apart, vector


@dataclass(frozen=True)
class Node:
    weight: float
    image: torch.Tensor
    name: str = "a"


class Pair(NamedTuple):
    left: object
    right: object


def data(weight=2.0, name="a", size=3):
    image = torch.zeros(size)
    return [Node(weight, image, name), {"x": (image, None)}, Pair(torch.ones(2), 7)]


def test_data_are_put_together_as_they_were():
    parts = take_apart(data())
    assert parts.numbers == [2.0]
    assert [tensor.shape for tensor in parts.tensors] == [(3,), (2,)]  # one of them occurs twice
    node, mapping, pair = put_together(parts.structure, parts.tensors, parts.numbers)
    assert type(node) is Node
    assert (node.weight, node.name) == (2.0, "a")
    assert node.image is mapping["x"][0] is parts.tensors[0]
    assert pair == Pair(parts.tensors[1], 7)


def test_structures_are_equal_where_values_of_tensors_and_floats_alone_differ():
    structure = take_apart(data()).structure
    assert take_apart(data(weight=5.0)).structure == structure
    assert hash(take_apart(data(weight=5.0)).structure) == hash(structure)
    for other in (data(name="b"), data(size=4), data()[:2], tuple(data())):
        assert take_apart(other).structure != structure
    two = Node(1.0, torch.zeros(3)), torch.zeros(3)
    assert take_apart(two).structure != take_apart((two[0], two[0].image)).structure


def test_numbers_may_be_put_in_as_tensors():
    parts = take_apart(data())
    node, *_ = put_together(parts.structure, parts.tensors, torch.tensor([4.0]).unbind())
    assert (node.weight * torch.ones(2)).tolist() == [4, 4]


def test_what_cannot_be_hashed_is_refused():
    with pytest.raises(TypeError):
        take_apart([torch.ones(1), {1, 2}])


@pytest.mark.every_device
def test_numbers_become_a_vector_be_they_floats_or_tensors(device):
    like = torch.ones(1).to(device)
    tensors = torch.tensor([1.0, 3.0]).to(device).unbind()
    for found in (vector([1.0, 3.0], like), vector(tensors, like)):
        assert found.device == like.device
        assert found.tolist() == [1, 3]
