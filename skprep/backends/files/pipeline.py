"""Reading, calculating and writing at the same time: each on a thread of its own, a few batches apart.

The queues are ``SimpleQueue``: an interrupt between two lines of ``queue.Queue``, which is Python, can leave
its lock closed for good, and the command hangs. Batches are counted by tokens that go the other way.
"""

import threading
from contextlib import contextmanager
from queue import SimpleQueue

APART = 2  # batches that wait between two of them: memory stays constant


def _tokens():
    tokens = SimpleQueue()
    for _ in range(APART):
        tokens.put(None)
    return tokens


def ahead(batches):
    """Yield what an iterable yields, which a thread asks for the next one meanwhile.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    ready, free, stopped = SimpleQueue(), _tokens(), []

    def read():
        try:
            for batch in batches:
                free.get()
                if stopped:
                    return
                ready.put((batch, None))
            ready.put((None, None))
        except BaseException as error:
            ready.put((None, error))
        finally:
            if hasattr(batches, "close"):  # of a generator, which holds a file
                batches.close()

    reader = threading.Thread(target=read, name="skprep-reader", daemon=True)
    reader.start()
    try:
        while True:
            batch, error = ready.get()
            if error is not None:
                raise error
            if batch is None:
                return
            free.put(None)
            yield batch
    finally:
        stopped.append(True)
        free.put(None)  # the reader may wait for it
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
    ready, free, failed, done = SimpleQueue(), _tokens(), [], object()

    def work():
        while (batch := ready.get()) is not done:
            if not failed:
                try:
                    write(batch)
                except BaseException as error:
                    failed.append(error)
            free.put(None)

    def hand_over(batch):
        free.get()
        if failed:
            raise failed[0]
        ready.put(batch)

    writer = threading.Thread(target=work, name="skprep-writer", daemon=True)
    writer.start()
    try:
        yield hand_over
    except BaseException as error:
        failed.append(error)  # what waits is not written any more
        raise
    finally:
        ready.put(done)
        writer.join()
    if failed:
        raise failed[0]
