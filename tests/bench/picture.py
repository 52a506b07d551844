"""docs/bench.png: seconds of a quiet run by number of services, ours and those of a bare loop."""

from __future__ import annotations

from collections.abc import Mapping

from tests.world import ROOT

FILE = ROOT / "docs/bench.png"


def draw(seconds: Mapping[int, tuple[float, float]]) -> None:
    """By number of services the medians of both."""
    # Only a full run needs it, and only `make bench` installs it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    sizes = sorted(seconds)
    axes.plot(sizes, [seconds[size][1] for size in sizes], marker="s", label="bare loop: fetches and parses the list")
    axes.plot(sizes, [seconds[size][0] for size in sizes], marker="o", label="checkevent: nothing has changed")
    axes.set(xscale="log", yscale="log", xlabel="linked services", ylabel="seconds, without the forms")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(FILE, dpi=110)
