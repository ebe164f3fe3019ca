"""Start the page: python app.py"""

from style_transfer import runtime

runtime.configure()  # before torch is imported

from style_transfer.ui.main import launch  # noqa: E402
from style_transfer.ui.page import build  # noqa: E402

demo = build()  # by this name a Space and `gradio app.py` find it

if __name__ == "__main__":
    launch(demo)
