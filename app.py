"""Start the page: python app.py"""

from style_transfer import runtime

runtime.configure()  # before torch is imported

from style_transfer.ui.main import create, launch  # noqa: E402

page = create()
demo = page.blocks  # by this name a Space and `gradio app.py` find it

if __name__ == "__main__":
    launch(page)
