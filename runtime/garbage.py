"""How often a process looks for garbage; imported first by every process: it slows the start most.

Nearly everything is freed when its last reference goes. The interpreter looks for the rest once there are 700 more
objects than before, at times among all of them, of which hardly any is garbage in a process that starts.
"""

import gc

gc.set_threshold(50_000, 20, 20)


def keep_all() -> None:
    """What there is by now stays: no search walks through it again. For the end of a start."""
    gc.freeze()
