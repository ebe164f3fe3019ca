"""Start the page: python app.py [--host HOST] [--port PORT]"""

from style_transfer import runtime

runtime.configure()  # before torch is imported

from style_transfer.ui.main import create, launch, read_options  # noqa: E402

options = read_options(None if __name__ == "__main__" else [])
page = create(options.host)
demo = page.blocks  # by this name a Space and `gradio app.py` find it

if __name__ == "__main__":
    launch(page, options.host, options.port)
