"""What was measured, for eyes: a table, what it is against what it must reach, and what the limit was."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Medians = Mapping[str, Mapping[str, float]]

RATE, CPU, PEAK = "messages_per_s", "cpu_us_per_message", "peak_mb"
SINK_CPU, SINK_BUSY = "sink_us_per_message", "sink_busy_percent"
LIMIT = 85.0
"""Per cent of a processor: a sink as busy as that was the limit."""


def tell(medians: Medians) -> None:
    """The table, and the ratios."""
    print(f"\n{'case':<25}{'messages/s':>12}{'CPU µs each':>13}{'peak MB':>9}{'sink µs':>9}{'sink busy':>11}")
    for case, figures in medians.items():
        line = f"{case:<25}{figures[RATE]:>12,.0f}{figures[CPU]:>13,.1f}{figures[PEAK]:>9,.0f}"
        if SINK_CPU in figures:
            line += f"{figures[SINK_CPU]:>9,.1f}{figures[SINK_BUSY]:>10,.0f}%"
        print(line)
    print(f"\n{'of this run':<48}{'reached':>9}{'floor':>8}{'aim':>7}")
    for words, figure, floor, aim in ratios(medians):
        print(f"{words:<48}{figure:>9,.2f}{floor:>8,.1f}{aim:>7,.1f}")
    for case, figures in medians.items():
        if figures.get(SINK_BUSY, 0) >= LIMIT:
            print(f"{case}: the sink was the limit")


def ratios(medians: Medians) -> list[tuple[str, float, float, float]]:
    """(what, reached, floor, aim) for all that this run has figures for."""
    found: list[tuple[str, float, float, float]] = []

    def add(words: str, cases: tuple[str, ...], figure: Callable[..., float], floor: float, aim: float) -> None:
        if all(case in medians for case in cases):
            found.append((words, figure(*(medians[case] for case in cases)), floor, aim))

    def rate(one: Mapping[str, float], other: Mapping[str, float]) -> float:
        return one[RATE] / other[RATE]

    add("full path against naive, messages/s", ("full path", "naive"), rate, 100, 200)
    add("full path against smtp-source -d, messages/s", ("full path", "smtp-source -d"), rate, 1.2, 2)
    add("full path, µs of CPU a message (at most)", ("full path",), lambda one: one[CPU], 40, 25)
    add("over TLS against pooled aiosmtplib", ("full path TLS", "pooled aiosmtplib TLS"), rate, 12, 20)
    add("at 20 ms against pooled aiosmtplib", ("full path 20 ms", "pooled aiosmtplib 20 ms"), rate, 3.8, 4)
    add("CPU a message, 1M against 10k (at most)", ("full path 1M", "full path 10k"), _cpu, 1.2, 1.05)
    add("peak MB at 1M recipients (at most)", ("full path 1M",), lambda one: one[PEAK], 100, 64)
    add("sealing, seconds (at most, for 1M)", ("sealing",), lambda one: one["seconds"], 3, 1.5)
    add("sealing, longest the writer was held, ms", ("sealing",), lambda one: one["longest_hold_ms"], 100, 100)
    return found


def _cpu(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return one[CPU] / other[CPU]
