"""Tab: what a visitor does on a page, without a browser."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import Job, Lasting
from style_transfer.settings import Settings
from style_transfer.ui.handlers.pictures import PictureHandlers
from style_transfer.ui.handlers.start import StartHandlers
from style_transfer.ui.handlers.steering import SteeringHandlers
from style_transfer.ui.handlers.watch import watch_run
from style_transfer.ui.panels import controls, status, transport
from style_transfer.ui.panels.inputs import STYLE_IDS
from style_transfer.ui.panels.timeline import NOT_MOVED
from style_transfer.ui.session.run_inputs import RunInputs

TOKEN = "a" * 64
SETTINGS = Settings(steps=4, style_layers=["relu1_1"], content_layer="relu2_1")


def with_slider(values, **moved):
    """Values of components with that of the timeline's slider, by default one not moved."""
    return {**values, gr.HTML(elem_id="timeline"): NOT_MOVED | moved}


class Tab:
    """What a visitor does on a page whose picture has come to rest at step 4."""

    def __init__(self, context, photo, painting, key="one", photo_file=Path("photo.jpg")):
        self.context, self.session = context, context.sessions.of(key)
        self.request = SimpleNamespace(session_hash=key, headers={}, client=None)
        self.steering, self.starts = SteeringHandlers(context), StartHandlers(context)
        self.pictures = PictureHandlers(context)
        self.session.token, self.knobs, self.moves = TOKEN, SETTINGS, 0
        self.recipe = Recipe(photo=photo_file.name, size=max(photo.shape))
        self._photo, self._painting, self._photo_file = photo, painting, photo_file

    def paint(self):
        def begin():
            styles = Styles((self._painting,))
            inputs = RunInputs(self._photo, styles, self._photo_file, self.recipe)
            record, service = self.session.records.new(inputs), self.context.service
            record.checkpoint = service.checkpoints.create(TOKEN, inputs.tensors)
            record.steps_after_change = 3
            job, lasting = Job(self._photo, styles, SETTINGS), Lasting(3, settles=True)
            return record, service.start(job, lasting=lasting, on_frame=record.write_checkpoint)

        for _ in watch_run(self.context, self.session, begin):
            pass
        return self

    def submit(self, photo, *styles, size=64, more=3):
        """Send what a run begins with, as each button does that starts one."""
        chosen = dict.fromkeys(STYLE_IDS) | dict(zip(STYLE_IDS, map(str, styles), strict=False))
        chosen |= {"content-image": str(photo), "mask": {"mask": ""}, "more": more}
        chosen |= {
            "settings": controls.to_value(self.knobs, 1, self.moves),
            "interrupted": {"token": TOKEN},
        }
        chosen |= {"size": {"size": size, "enlarge": False}, "seed": 0, "init": "content"}
        chosen |= {"optimizer": "lbfgs", "network": "oxford-vgg19"}
        values = {gr.HTML(elem_id=elem_id): value for elem_id, value in chosen.items()}
        self.starts.submit(values, self.request)

    def steer(self, more=3, **knobs):
        """Move knobs; return whether the page is to wake the picture."""
        self.knobs, self.moves = replace(self.knobs, **knobs), self.moves + 1
        values = {
            gr.HTML(elem_id="settings"): controls.to_value(self.knobs, 1, self.moves),
            gr.HTML(elem_id="more"): more,
        }
        shown = self.steering.steer(values, self.request)
        return self.shown(shown)["transport"]["wake"]

    def resize(self, side, enlarge=False):
        """Move the size; return whether the page is to wake the picture."""
        answer = self.pictures.change_size(
            {gr.HTML(elem_id="size"): {"size": side, "enlarge": enlarge}}, self.request
        )
        return self.shown(answer)["transport"]["wake"]

    def drop_photo(self, file):
        """Drop a photo; return whether the page is to wake the picture."""
        values = {gr.HTML(elem_id="content-image"): str(file)}
        mask, answer = self.pictures.change_photo(values, self.request)
        assert mask["mask"] == ""
        return self.shown(answer)["transport"]["wake"]

    def choose_styles(self, *files):
        """Choose style images; return whether the page is to wake the picture."""
        chosen = dict.fromkeys(STYLE_IDS) | dict(zip(STYLE_IDS, files, strict=False))
        values = {gr.HTML(elem_id=elem_id): file for elem_id, file in chosen.items()}
        values[gr.HTML(elem_id="mask")] = {"mask": ""}
        values[gr.HTML(elem_id="settings")] = controls.to_value(self.knobs, 1, self.moves)
        answer = self.pictures.change_styles(values, self.request)
        return self.shown(answer)["transport"]["wake"]

    def shown(self, answer):
        return answer if "transport" in answer else {"transport": transport.value(self.session)}

    def wake(self):
        for _ in self.starts.wake(self.request):
            pass
        return self

    @property
    def state(self):
        return status.value(self.session)["state"]
