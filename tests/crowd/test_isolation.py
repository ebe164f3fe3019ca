"""Two visitors: whatever the one tries, the other's run, pictures and files stay her own."""

import hashlib
import io
import json
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from tests.crowd.server import ROOT
from tests.crowd.visitor import Visitor

FILE = "/gradio_api/file="
GPS = 0x8825


@pytest.fixture(scope="module")
def alice(shared):
    """A visitor with a photo of her own, a paused run, a file to take home and a kept state."""
    visitor = Visitor(shared.url)
    picture, exif = Image.radial_gradient("L").resize((128, 96)).convert("RGB"), Image.Exif()
    exif.get_ifd(GPS)[1], exif.get_ifd(GPS)[2] = "N", (52.0, 31.0, 12.0)
    exif[0x010E] = "at Alice's home"
    data = io.BytesIO()
    picture.save(data, "JPEG", exif=exif)
    (path,) = visitor.http.post(
        "/gradio_api/upload", files={"files": ("alice.jpg", data.getvalue())}
    ).json()
    visitor.values["content-image"] = {"path": path, "meta": {"_type": "gradio.FileData"}}
    visitor.start(128, steps=5000, style_layers={"relu1_1": 1.0})
    visitor.wait(lambda: visitor.step >= 2)
    visitor.call("pause")
    visitor.join("export")
    taken = visitor.finished.get(timeout=60)
    visitor.taken = taken["data"][0]["path"]
    visitor.upload = path
    visitor.wait(lambda: "Paused" in visitor.status)
    yield visitor
    visitor.leave()


@pytest.fixture(scope="module")
def mallory(shared):
    visitor = Visitor(shared.url)
    yield visitor
    visitor.leave()


def paths(server, alice):
    """Where somebody would look who knows the machine, and not the names that are secret."""
    (uploads,), kept = (server.folder / "uploads").glob("*/"), server.folder / "kept"
    own = alice.upload.split("/")[-2]
    assert (uploads / own / "alice.jpg").exists()
    return [
        "page-files",
        "page-files/",
        f"page-files/{own}",
        "page-files/../../kept",
        "page-examples/../../app.py",
        str(uploads),
        f"{uploads}/",
        f"{uploads}/*",
        f"{uploads}/*/1/000001.jpg",
        f"{uploads}/{'0' * 32}/1/000001.jpg",
        str(uploads / own),
        str(uploads / alice.taken.split("/")[-2]),
        str(kept),
        *(str(file) for file in kept.rglob("*.safetensors")),
        *(str(file) for file in kept.rglob("*.json")),
        f"{uploads}/../../kept",
        f"{uploads}/../../log",
        str(server.log_file),
        "/etc/passwd",
        "//etc/passwd",
        "/proc/self/environ",
        "/proc/self/cwd/app.py",
        "/dev/zero",
        "app.py",
        "style_transfer/ui/http/gate.py",
        "assets/vgg19/block1.safetensors",
        "assets/examples/../../app.py",
        "../../../../etc/passwd",
        "..\\..\\etc\\passwd",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "~/.bashrc",
        "",
        "\0",
    ]


DOORS = [
    "/gradio_api/component_server",
    "/gradio_api/deep_link?session_hash=a",
    "/gradio_api/proxy=http://127.0.0.1:1/",
    "/gradio_api/stream/a/1/1/playlist.m3u8",
    "/gradio_api/run-history",
    "/gradio_api/dev/reload",
    "/gradio_api/vibe-edit/",
    "/gradio_api/process_recording",
    "/gradio_api/file/etc/passwd",
    "/custom_component/a/client/component/../../../../app.py",
    "/monitoring",
    "/monitoring/summary",
    "/static/../../app.py",
    "/static/%2e%2e/%2e%2e/app.py",
    "/assets/..%2f..%2f..%2fapp.py",
    "/assets/%2fetc%2fpasswd",
    "/docs",
    "/openapi.json",
    "/../app.py",
]


def secrets_of(alice):
    """What no answer to anybody else may contain."""
    token = hashlib.sha256(alice.token.encode()).hexdigest()
    folder = Path(alice.picture.split("file=")[1]).parents[1].name
    return [alice.key, alice.token, token, folder, Path(alice.upload).parent.name, "alice.jpg"]


def gives_nothing(answer, alice, asked=""):
    """Whether an answer is a refusal that betrays nothing, beside what was asked for."""
    text = answer.content.decode(errors="replace").replace(asked, "")
    text = text.replace(Path(asked).name, "")  # whose folder is told by its alias
    hidden = not any(secret in text for secret in secrets_of(alice))
    return 400 <= answer.status_code < 500 and hidden and "Traceback" not in text


def test_no_path_leads_to_what_is_not_the_pages_own(shared, alice, mallory):
    tried = paths(shared, alice)
    assert len(tried) >= 30
    for path in tried:
        for written in {quote(path), quote(path, safe=""), path.replace("..", "%2e%2e")}:
            if "\0" in written:
                continue
            answer = mallory.http.get(FILE + written, follow_redirects=False)
            assert gives_nothing(answer, alice, path), (written, answer.text[:200])


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_other_door_is_open(alice, mallory, door, method):
    answer = mallory.http.request(method, door, json={} if method == "POST" else None)
    assert gives_nothing(answer, alice), answer.text[:200]


def test_files_cannot_be_changed_or_removed_by_name(alice, mallory):
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        answer = mallory.http.request(method, FILE + alice.upload)
        assert 400 <= answer.status_code < 500
    assert alice.http.get(FILE + alice.upload).is_success


@pytest.mark.parametrize("name", ["show_preview", "show_run", "pause", "stop", "steer"])
@pytest.mark.parametrize("number", [0, 1, 2**31])
def test_handlers_reach_the_callers_own_runs_alone(alice, mallory, name, number):
    walk = {"run": "Run 1", "at": number, "last": number, "walks": number}
    mallory.values |= {"timeline": walk, "runs": {"chosen": number}}
    answer = mallory.call(name)
    assert not any(secret in answer.text for secret in secrets_of(alice))


@pytest.mark.parametrize("name", ["preview_settings", "add_steps"])
def test_the_knobs_are_not_set_as_in_the_run_of_another(alice, mallory, name):
    assert mallory.join(name).is_success
    ended = mallory.finished.get(timeout=60)
    assert not any(secret in str(ended) for secret in secrets_of(alice))


@pytest.mark.parametrize("name", ["export", "continue_run", "branch", "restart", "recover"])
def test_nothing_can_be_begun_from_the_run_of_another(alice, mallory, name):
    assert mallory.join(name).is_success
    ended = mallory.finished.get(timeout=60)
    assert not ended["success"]
    assert ended["error"].startswith("There is no ")


def test_names_like_hers_are_not_hers(alice, mallory):
    near = [
        "",
        "*",
        "%",
        alice.key[:-1],
        alice.key.upper() + "x",
        alice.key + " ",
        alice.key + "/",
        f"../{alice.key[:-1]}",
        None,
        0,
        [alice.key],
        {"$ne": ""},
    ]
    for key in near:
        for name in ("stop", "pause", "leave", "show_preview"):
            call = mallory.payload(name) | {"session_hash": key}
            answer = mallory.http.post("/gradio_api/run/predict", json=call)
            assert not any(
                secret in answer.text.replace(str(key), "") for secret in secrets_of(alice)[1:]
            )
        for door in ("cancel", "reset"):
            call = {"session_hash": key, "fn_index": 3, "event_id": str(key)}
            mallory.http.post(f"/gradio_api/{door}", json=call)


def test_tokens_like_hers_offer_nothing(alice, mallory):
    digest = hashlib.sha256(alice.token.encode()).hexdigest()
    near = [digest, alice.token[:-1], alice.token + "0", "*" * 64, "?" * 64, f"../kept/{digest}"]
    near += [alice.token.upper() if alice.token.upper() != alice.token else "f" * 64, [alice.token]]
    for token in [*near, None, 0, {}, "", "/" * 64, "\0" * 64]:
        answer = mallory.call("find_interrupted", {"token": token, "step": 5, "asked": False})
        assert answer.json()["data"][0]["step"] == 0


def test_a_path_is_no_picture(shared, alice, mallory):
    for path in [*paths(shared, alice)[:12], "/etc/passwd", "app.py", "/dev/zero"]:
        mallory.values["content-image"] = {"path": path, "meta": {"_type": "gradio.FileData"}}
        answer = mallory.join("start")
        if answer.is_success:
            ended = mallory.finished.get(timeout=60)
            assert not ended["success"], path
            assert ended["error"]
            unknown = [secret for secret in secrets_of(alice) if secret not in path]
            assert not any(secret in ended["error"] for secret in unknown)


def test_after_all_that_her_run_is_as_it_was(shared, alice):
    step = alice.step
    assert shared.health()["runs"] >= 1
    assert alice.http.get(f"/{alice.picture}").status_code == 200
    assert alice.http.get(FILE + alice.taken).content.startswith(b"\x89PNG")
    alice.call("pause")
    alice.wait(lambda: alice.step > step + 1)
    assert "Painting" in alice.status


def test_results_hold_nothing_of_the_metadata_of_the_photo(alice):
    for file in (alice.taken, alice.picture.split("file=")[1]):
        data = alice.http.get(FILE + file).content
        assert b"at Alice" not in data
        with Image.open(io.BytesIO(data)) as image:
            assert GPS not in image.getexif()


def test_the_log_names_no_visitor_and_no_picture(shared, alice):
    begun = shared.log.index("Run 1 begins")
    lines = shared.log[begun:].splitlines()
    assert lines
    assert not any(word in shared.log for word in (*secrets_of(alice), "lake.jpg", "impasto_field"))
    assert "127.0.0.1" not in shared.log[begun:]
    assert "Traceback" not in shared.log


def test_a_connection_from_another_site_is_not_allowed_to_read(alice, mallory):
    headers = {"Origin": "https://evil.example", "Host": "127.0.0.1"}
    answer = mallory.http.get("/config", headers=headers)
    assert answer.headers.get("access-control-allow-origin") != "https://evil.example"


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info"])
def test_answers_tell_no_folder_of_the_server(shared, alice, path):
    for text in (alice.http.get(path).text, json.dumps(alice.shown), json.dumps(alice.ends)):
        assert len(text) > 100
        for folder in (shared.folder, ROOT, sys.prefix):
            assert str(folder) not in text
