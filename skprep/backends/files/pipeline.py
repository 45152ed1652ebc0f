"""Reading, calculating and writing at the same time: each on a thread of its own, a few batches apart."""

import queue
import threading
from contextlib import contextmanager

APART = 2  # batches that wait between two of them: memory stays constant
PATIENCE = 0.05  # seconds after which a thread that waits looks whether it is still wanted


def ahead(batches):
    """Yield what an iterable yields, which a thread asks for the next one meanwhile.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    waiting, stop = queue.Queue(APART), threading.Event()

    def put(item):
        while not stop.is_set():
            try:
                return waiting.put(item, timeout=PATIENCE)
            except queue.Full:
                continue

    def read():
        try:
            for batch in batches:
                put((batch, None))
                if stop.is_set():
                    return
            put((None, None))
        except BaseException as error:
            put((None, error))
        finally:
            if hasattr(batches, "close"):  # of a generator, which holds a file
                batches.close()

    reader = threading.Thread(target=read, name="skprep-reader", daemon=True)
    reader.start()
    try:
        while True:
            batch, error = waiting.get()
            if error is not None:
                raise error
            if batch is None:
                return
            yield batch
    finally:
        stop.set()
        reader.join()


@contextmanager
def behind(write):
    """Yield a function that hands batches to a thread, which writes all of them in order.

    An error of ``write`` comes with the next batch, or at the end.

    Examples
    --------
    >>> written = []
    >>> with behind(written.append) as write:
    ...     write("a")
    ...     write("b")
    >>> written
    ['a', 'b']
    """
    waiting, failed, done = queue.Queue(APART), [], object()

    def work():
        while (batch := waiting.get()) is not done:
            if failed:
                continue
            try:
                write(batch)
            except BaseException as error:
                failed.append(error)

    def hand_over(batch):
        if failed:
            raise failed[0]
        waiting.put(batch)

    writer = threading.Thread(target=work, name="skprep-writer", daemon=True)
    writer.start()
    try:
        yield hand_over
    except BaseException as error:
        failed.append(error)  # what waits is not written any more
        raise
    finally:
        waiting.put(done)
        writer.join()
    if failed:
        raise failed[0]
