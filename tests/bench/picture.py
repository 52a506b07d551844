"""docs/bench.png: seconds of a quiet run by number of services, ours and those of a bare loop."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.world import ROOT

FILE = ROOT / "docs/bench.png"


def draw(seconds: Mapping[int, tuple[float, float]]) -> None:
    """By number of services the medians of both."""
    # Only a full run needs it, and only `make bench` installs it.
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    sizes = sorted(seconds)
    axes.plot(sizes, [seconds[size][1] for size in sizes], marker="s", label="bare loop: fetches and parses the list")
    axes.plot(sizes, [seconds[size][0] for size in sizes], marker="o", label="checkevent: nothing has changed")
    axes.set(xscale="log", yscale="log", xlabel="linked services", ylabel="seconds, without the forms")
    # Numbers as a person writes them, not powers of ten.
    axes.set_xticks(sizes)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,g}")
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(FILE, dpi=110)
