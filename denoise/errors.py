"""What can go wrong, as one tree; every message says which file, what is wrong and what to do.

    McdenoiseError              anything this project reports in one line instead of a traceback
    ├── FrameError              a frame that cannot be read, understood or written
    ├── PairsError              a data set of passes that is missing, broken or of no use
    ├── ModelError              a model file that cannot be used
    ├── TrainingError           a training that cannot start or go on
    └── RenderError             a scene that does not load or render, or no renderer to do it with

Library code raises these; only the command-line files turn them into a line and an exit status.
"""


class McdenoiseError(Exception):
    """Base of every error a user can cause and mend."""


class FrameError(McdenoiseError):
    """A frame that cannot be read, understood or written."""


class PairsError(McdenoiseError):
    """A data set of passes that is missing, broken or of no use."""


class ModelError(McdenoiseError):
    """A model file that cannot be used."""


class TrainingError(McdenoiseError):
    """A training that cannot start or go on."""


class RenderError(McdenoiseError):
    """A scene that does not load or render, or no renderer to do it with."""
