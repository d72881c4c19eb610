"""Ctrl-C ends a command within seconds, whatever it is at."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
# What a command may take to end by itself.
_SECONDS = 5.0


@contextmanager
def ends_when_interrupted() -> Iterator[None]:
    """End this process and its workers if an interruption does not do it in time.

    Python raises KeyboardInterrupt when its main thread comes to the next line, which
    may take long, and in a destructor or a callback the exception is lost. So a thread
    watches for the signal too, and ends all after some seconds or with the second
    Ctrl-C. Outputs appear only when complete, and the next run removes what was not.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only there can signals be watched.
        yield
        return
    watched, signals = socket.socketpair()
    signals.setblocking(False)
    before = signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(watched,), daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        signals.close()
        watch.join()
        watched.close()


def _watch(watched: socket.socket) -> None:
    """Wait for the first signal; then for the end of the command, for a while."""
    try:
        while number := watched.recv(1):
            if number[0] == signal.SIGINT:
                if watched.gettimeout() is not None:
                    break
                watched.settimeout(_SECONDS)
        else:
            return
    except TimeoutError:
        pass
    for process in multiprocessing.active_children():
        process.kill()
    os.write(2, b"\nerror: interrupted\n")
    os._exit(INTERRUPTED)
