"""What ends a run early, said in one sentence."""


class Failed(Exception):
    """The run cannot go on, or a promise was broken: the text says which and where to look."""


class Skipped(Exception):
    """This machine cannot run the check: the text says why."""
