"""What is measured: each module is a command of its own."""

import style_transfer  # noqa: F401  # before torch, which takes over how threads wait
