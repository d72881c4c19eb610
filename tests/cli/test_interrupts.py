"""An interruption that Python loses ends a command all the same."""

import signal
import subprocess
import sys
import time

import pytest

HEAD = """
import os, signal, time
from spacy_aioner.cli import interrupts
from spacy_aioner.cli.console import plain_errors

# It may be ignored: a shell does so for what runs in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Loses:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)  # The exception is raised here, and lost.

"""
LOST = """
interrupts._SECONDS = {seconds}
with plain_errors(debug=False):
    Loses()
    # Nor can the second one raise anything.
    signal.signal(signal.SIGINT, lambda *_: None)
    print("on", flush=True)
    while True:
        time.sleep(1)
"""
TAKEN = """
try:
    with plain_errors(debug=False):
        os.kill(os.getpid(), signal.SIGINT)
except RuntimeError as error:
    print(error.exit_code)
"""


@pytest.mark.parametrize(("seconds", "again"), [(0.5, False), (60, True)])
def test_an_interruption_that_is_lost(seconds, again):
    """Ended after a while, or with the second Ctrl-C."""
    begin = time.monotonic()
    command = [sys.executable, "-c", HEAD + LOST.format(seconds=seconds)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "on\n"
        if again:
            process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.endswith("error: interrupted\n")
    assert time.monotonic() - begin < 30


def test_a_command_that_is_interrupted_says_so():
    command = [sys.executable, "-c", HEAD + TAKEN]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("130\n", "error: interrupted\n")


def test_the_watch_ends_with_the_command(aioner):
    before = signal.set_wakeup_fd(-1)
    aioner("evaluate", "none", "none")
    assert signal.set_wakeup_fd(before) == -1
