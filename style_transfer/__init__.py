"""Neural style transfer that you steer while it paints (Gatys, Ecker and Bethge 2015)."""

__version__ = "0.1.0"

import os

# Both must be set before torch is loaded, and are left alone where somebody has set them.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait leave the cores to others
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # large tensors in large pages: fewer faults
