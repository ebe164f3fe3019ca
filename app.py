"""Start the page: python app.py"""

import logging

from style_transfer import runtime

runtime.configure()  # before torch is imported

from style_transfer.ui.page import LAUNCH, build  # noqa: E402

demo = build()

if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("style_transfer").setLevel(logging.INFO)
    demo.launch(**LAUNCH)
