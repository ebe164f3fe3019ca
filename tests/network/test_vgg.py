import sys
import threading
from functools import cache, partial
from types import SimpleNamespace
from urllib.error import URLError

import pytest
import torch
from torch import nn

from style_transfer.network import (
    BACKENDS,
    LAYERS,
    NETWORKS,
    VGG,
    BackendSet,
    TimingCache,
    load_network,
    vgg,
)
from style_transfer.network.backend import Problem
from style_transfer.network.convolution import Convolution

CHANNELS = [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8  # of the convolutions of VGG-19


def noise_image(height, width):
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(0))


def plain_activations(network, image, pool):
    """Activations by layer of a VGG-19 of torch's own layers with the network's weights."""
    x = (image * 255 - torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)).double()
    activations, inputs = {}, 3
    for layer, outputs in zip(LAYERS, CHANNELS, strict=True):
        if layer.endswith("_1") and inputs > 3:
            x = pool(x)
        padding = "replicate" if inputs == 3 else "zeros"  # where ours differs from the paper's
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode=padding)
        convolution.load_state_dict(network.convolutions[layer].state_dict())
        x, inputs = convolution.double()(x).relu(), outputs
        activations[layer] = x
    return activations


def test_the_layers_are_those_of_the_paper():
    assert len(LAYERS) == 16
    assert LAYERS[:5] == ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1")
    assert LAYERS[-2:] == ("relu5_3", "relu5_4")


def test_the_bundled_weights_have_the_shapes_of_vgg19(network):
    convolutions = list(network.convolutions.values())
    shapes = [tuple(convolution.weight.shape) for convolution in convolutions]
    inputs = [3, *CHANNELS[:-1]]
    assert shapes == [(out, into, 3, 3) for out, into in zip(CHANNELS, inputs, strict=True)]
    assert [tuple(convolution.bias.shape) for convolution in convolutions] == [
        (out,) for out in CHANNELS
    ]
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


@pytest.mark.every_device
@pytest.mark.parametrize("pooling", ["average", "max"])
@torch.no_grad()
def test_every_layer_agrees_with_a_vgg19_of_torchs_own_layers(network, pooling, device):
    image = noise_image(36, 48)
    pool = nn.AvgPool2d(2) if pooling == "average" else nn.MaxPool2d(2)
    expected = plain_activations(network, image, pool)
    activations = network(image.to(device), LAYERS, pooling)
    assert activations.keys() == expected.keys()
    for layer, activation in activations.items():
        # float32 against float64, through up to 16 convolutions; cuDNN multiplies in TF32
        relative, least = (1e-2, 5e-3) if device == "cuda" else (1e-3, 1e-5)
        least *= expected[layer].abs().max().item()
        found = activation.cpu().double()
        torch.testing.assert_close(found, expected[layer], rtol=relative, atol=least)


@torch.no_grad()
def test_one_colour_stays_one_colour_in_the_first_layer(network):
    activation = network(torch.full((1, 3, 32, 32), 0.7), ["relu1_1"])["relu1_1"]
    torch.testing.assert_close(activation, activation[..., :1, :1].expand_as(activation))


@pytest.mark.parametrize(
    ("layers", "convolutions"),
    [([], 0), (["relu1_1"], 1), (["relu3_1", "relu1_2"], 5), (["relu5_4"], 16)],
)
def test_the_network_stops_at_the_deepest_layer_needed(network, layers, convolutions):
    calls = []
    hooks = [
        convolution.register_forward_hook(lambda *_: calls.append(1))
        for convolution in network.convolutions.values()
    ]
    activations = network(noise_image(32, 32), layers)
    for hook in hooks:
        hook.remove()
    assert len(calls) == convolutions
    assert activations.keys() == set(layers)


def test_a_layer_is_the_same_whatever_else_is_computed(network):
    image = noise_image(32, 32)
    alone = network(image, ["relu2_1"])["relu2_1"]
    assert torch.equal(alone, network(image, LAYERS)["relu2_1"])


@pytest.mark.every_device
def test_only_the_image_gets_a_gradient(network, device):
    image = noise_image(32, 32).to(device).requires_grad_()
    network(image, ["relu1_1", "relu5_1"])["relu5_1"].sum().backward()
    assert image.grad.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.integration
@pytest.mark.parametrize("name", [each for each in BACKENDS if each != "cudnn"])  # that of GPUs
def test_the_gradient_of_every_layer_is_torchs_whatever_the_backend(name):
    network = VGG(backends=BackendSet({n: BACKENDS[n] for n in {"torch", name}}))
    favour(network, name)
    for size in [(32, 48), (33, 34)]:  # remainders of 0, 1 and more
        fast = image_gradients(network, size)
        for layer, gradient in torchs_gradients(size).items():
            # At a value of 0 within rounding a ReLU may let through what another holds back.
            assert (fast[layer] - gradient).abs().max() < 1e-3 * gradient.abs().max(), layer


def favour(network, name):
    """Give the network timings by which this backend is the fastest wherever it is supported."""
    for convolution in network.convolutions.values():
        (outs, ins), padding = convolution.weight.shape[:2], int(convolution.padding == "zeros")
        for backward in (False, True):
            problem = Problem(ins, outs, padding, backward=backward)
            names = convolution.backends.supporting(problem)
            network.timings.set(problem, {n: (float(n != name), 0.0) for n in names})


def torchs_own(convolution, x, timings, relu=False, **_):
    padding = {"zeros": "constant"}.get(convolution.padding, convolution.padding)
    x = nn.functional.pad(x, (1, 1, 1, 1), mode=padding)
    return nn.functional.relu(nn.functional.conv2d(x, convolution.weight, convolution.bias))


@cache
def torchs_gradients(size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Convolution, "forward", torchs_own)
        return image_gradients(load_network(), size)


def image_gradients(network, size):
    """Gradients of the image by layer, for the same random gradient of each activation."""
    image, generator = noise_image(*size).requires_grad_(), torch.Generator().manual_seed(1)
    return {
        layer: torch.autograd.grad(
            x, image, torch.randn(x.shape, generator=generator), retain_graph=True
        )[0]
        for layer, x in network(image, LAYERS).items()
    }


@pytest.mark.parametrize("size", [(32, 32), (33, 32), (32, 47), (63, 65), (32, 640), (51, 37)])
def test_every_size_from_32_px_up_works_odd_ones_as_well(network, size):
    deepest = network(noise_image(*size), LAYERS)["relu5_4"]
    assert deepest.shape == (1, 512, size[0] // 16, size[1] // 16)
    assert deepest.isfinite().all()


def test_an_unknown_layer_is_refused_with_all_that_there_are(network):
    with pytest.raises(ValueError, match=r"vgg19 has no layer 'relu6_1'; it has .*relu1_1, "):
        network(noise_image(32, 32), ["relu1_1", "relu6_1"])


def test_an_unknown_network_or_pooling_is_refused(network):
    with pytest.raises(ValueError, match="network 'alexnet' is not one of oxford-vgg19, "):
        VGG("alexnet")
    with pytest.raises(ValueError, match="pooling 'sum' is not one of average, max"):
        network(noise_image(32, 32), ["relu1_1"], "sum")


def test_the_network_is_loaded_once():
    assert load_network() is load_network()
    assert load_network(device=torch.device("cpu")) is load_network(device="cpu")


def test_a_network_that_was_loaded_in_inference_mode_serves_outside_of_it():
    with torch.inference_mode():
        network = vgg._load.__wrapped__(NETWORKS[0], "cpu")
    assert not any(each.is_inference() for each in network.buffers())


URL = "https://download.pytorch.org/models/vgg16-397923af.pth"


@pytest.fixture
def torchvisions_download(monkeypatch):
    """Leave out torchvision, which takes seconds to import; the download itself is torch's."""

    def get_weight(_):
        return SimpleNamespace(get_state_dict=partial(torch.hub.load_state_dict_from_url, URL))

    monkeypatch.setitem(sys.modules, "torchvision.models", SimpleNamespace(get_weight=get_weight))


@pytest.mark.usefixtures("torchvisions_download")
def test_torchvisions_weights_offline_give_one_sentence(monkeypatch, tmp_path):
    def unreachable(*_, **__):
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", unreachable)
    with pytest.raises(ValueError, match="no route to host") as error:
        VGG("torchvision-vgg19")
    assert "oxford-vgg19 needs no download" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("torchvisions_download")
@pytest.mark.parametrize("content", [b"", b"junk", b"hello world"])
def test_a_damaged_download_gives_one_sentence(monkeypatch, tmp_path, content):
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / URL.rpartition("/")[2]).write_bytes(content)
    with pytest.raises(ValueError, match="torchvision-vgg16 cannot be had"):
        VGG("torchvision-vgg16")


@pytest.mark.integration
@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
@torch.no_grad()
def test_torchvisions_networks_load_and_agree_with_torchvision(monkeypatch, name):
    import torchvision  # takes seconds

    original = getattr(torchvision.models, name)(weights=None, init_weights=False)
    monkeypatch.setattr(
        "torchvision.models._api.load_state_dict_from_url",
        lambda *_, **__: original.state_dict(),
    )
    network = VGG(f"torchvision-{name}")
    assert network.layers == tuple(
        layer
        for layer in LAYERS
        if name == "vgg19" or layer not in ("relu3_4", "relu4_4", "relu5_4")
    )

    image = noise_image(48, 48)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    features = original.features[:-1]  # without the last pooling
    features[0].padding = (0, 0)
    normalised = (image - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    expected = features(nn.functional.pad(normalised, (1, 1, 1, 1), mode="replicate"))
    deepest = network.layers[-1]
    found = network(image, [deepest], "max")[deepest]
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)


def timings_of(network):
    list(network.activations(noise_image(32, 32).requires_grad_(), ["relu2_1"]))
    return network.timings.as_dict()


@pytest.mark.every_device
def test_backends_are_measured_on_the_cpu_alone(device):
    network = VGG().to(device)
    network(noise_image(32, 32).to(device), ["relu2_1"])
    assert (network.timings == TimingCache()) == (device != "cpu")


def test_shapes_are_measured_when_they_are_first_met():
    network = VGG()
    assert network.timings == TimingCache()
    timings_of(network)
    assert network.timings.get(Problem(64, 64))
    assert not network.timings.get(Problem(512, 512))


def test_a_view_with_timings_of_its_own_shares_all_else():
    network, timings = VGG(), TimingCache()
    view = network.with_timings(timings)
    assert timings_of(view)
    assert view.timings is timings
    assert network.timings == TimingCache()
    layer = "relu1_2"
    assert view.convolutions[layer] is network.convolutions[layer]
    assert view.mean is network.mean
    assert view.threads is network.threads


def test_a_view_takes_the_backends_of_its_timings():
    network, x = VGG(), noise_image(32, 32)
    favour(network, "torch")
    view, first = network.with_timings(TimingCache()), network(x, ["relu2_1"])["relu2_1"]
    favour(view, "winograd")
    assert not torch.equal(view(x, ["relu2_1"])["relu2_1"], first)
    assert torch.equal(network(x, ["relu2_1"])["relu2_1"], first)


def test_no_thread_is_left_after_a_pass():
    before, threads = threading.enumerate(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        network, x = VGG(), noise_image(64, 64).requires_grad_()
        with network.threads.running():
            network(x, ["relu3_1"])["relu3_1"].sum().backward()
        assert threading.enumerate() == before
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_the_network_works_where_torchs_private_operators_have_changed(monkeypatch, caplog):
    def changed(*_):
        raise RuntimeError("expected at most 9 arguments")

    for name in "packed_filters", "packed_int8_filters":
        monkeypatch.setattr(f"style_transfer.network.onednn.{name}", changed)
    network, images = VGG(), [noise_image(32, 48).requires_grad_() for _ in range(2)]
    network(images[0], ["relu2_2"])["relu2_2"].sum().backward()
    plain = VGG(backends=BackendSet({"torch": BACKENDS["torch"]}))
    plain(images[1], ["relu2_2"])["relu2_2"].sum().backward()
    expected = images[1].grad
    assert (images[0].grad - expected).abs().max() < 1e-3 * expected.abs().max()
    names = [record.getMessage().split(" are off")[0] for record in caplog.records]
    assert sorted(set(names)) == sorted(names)  # each backend says it once
