"""A task of several jobs: counts steps of half a second into steps.log, on SIGUSR1 writes where it is and leaves.

steps.py LAST: goes on from the file `state`, where there is one.
"""

import os
import pathlib
import signal
import sys
import time

state = pathlib.Path("state")
step = int(state.read_text()) if state.exists() else 0
is_asked = []
signal.signal(signal.SIGUSR1, lambda *_: is_asked.append(True))
while step < int(sys.argv[1]):
    if is_asked:
        pathlib.Path("state.new").write_text(str(step))
        os.replace("state.new", state)
        sys.exit(3)
    time.sleep(0.5)
    step += 1
    with open("steps.log", "a") as log:
        log.write(f"{step}\n")
