"""Pictures of a session are written once, and not held for that."""

import gc
from weakref import ref

import pytest
import torch

from style_transfer.ui.session.picture_files import PictureFiles


@pytest.mark.usefixtures("no_garbage")
def test_a_painting_is_written_once_and_held_by_nobody(tmp_path):
    pictures, painting = PictureFiles(lambda: tmp_path), torch.rand(1, 3, 32, 32)
    (file,) = pictures.painting_files([painting])
    assert pictures.painting_files([painting]) == [file]
    held = ref(painting)
    del painting
    gc.collect()
    assert held() is None


def test_another_painting_at_the_same_place_of_memory_has_its_own_file(tmp_path):
    pictures, files = PictureFiles(lambda: tmp_path), set()
    for value in range(20):
        painting = torch.full((1, 3, 32, 32), value / 20)
        files.update(pictures.painting_files([painting]))
        del painting
    assert len(files) == 20
