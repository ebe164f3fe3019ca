import shutil

import pytest
import torch

from style_transfer.network.networks import NETWORKS, SPECS
from style_transfer.network.weights import bundled_weights, torchvision_weights

FOLDER, SHA256 = SPECS[NETWORKS[0]].load_weights.args


def test_the_files_are_read_from_shallow_to_deep():
    assert [len(bias) for _, bias in bundled_weights(FOLDER, SHA256)][:4] == [64, 64, 128, 128]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda file: file.unlink(), "cannot be read"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "is damaged"),
        (lambda file: file.write_bytes(b""), "is damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"?"), "is damaged"),
    ],
    ids=["missing", "truncated", "empty", "altered"],
)
def test_a_bad_weights_file_is_named_in_one_sentence(tmp_path, damage, words):
    for file in FOLDER.glob("*.safetensors"):
        shutil.copy(file, tmp_path)
    bad = tmp_path / "block3.safetensors"
    damage(bad)
    with pytest.raises(ValueError, match=words) as error:
        bundled_weights(tmp_path, SHA256)
    assert str(bad) in str(error.value)
    assert "\n" not in str(error.value)


def test_what_a_download_prints_is_not_mixed_into_the_output(monkeypatch, capsys):
    def download(*_, **__):
        print("Downloading: weights")
        return {"features.0.weight": torch.ones(1), "features.0.bias": torch.zeros(1)}

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", download)
    assert torchvision_weights("VGG19_Weights.DEFAULT") == [(torch.ones(1), torch.zeros(1))]
    assert capsys.readouterr() == ("", "Downloading: weights\n")
