"""Work done by several threads that are switched as often as Python can."""

import sys
import threading


def in_threads(work, arguments):
    """Call ``work`` once for each tuple of ``arguments``, all at the same time, and wait."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=own) for own in arguments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
