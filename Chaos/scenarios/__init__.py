"""One module a scenario; each has `run(task, row)`, which fills the row and raises `Failed` or `Skipped`."""
