"""What measure.py measured, as a table and as a picture: `tell.py peers.json peers.md peers.svg`."""

import json
import math
import sys
from html import escape


def time_of(seconds):
    if seconds is None:
        return "–"
    if seconds < 0.01:
        return "%.1f ms" % (seconds * 1e3)
    return "%.0f ms" % (seconds * 1e3) if seconds < 1 else "%.1f s" % seconds


def bytes_of(count):
    if count is None:
        return "–"
    mega = count / 1e6
    if mega < 0.95:
        return "%.0f kB" % (count / 1e3) if count else "0"
    return "%.0f MB" % mega if mega < 1000 else "%.2f GB" % (mega / 1000)


def count_of(objects):
    return "%g M" % round(objects / 1e6, 1) if objects >= 950_000 else "%d k" % round(objects / 1000)


def look_table(look):
    yield "### %s tracked objects, %s resident" % (count_of(look["objects"]), bytes_of(look["rss_bytes"]))
    yield ""
    yield "| tool | asked for | target blocked | target grows by | tool's own peak | answer after | what the answer contains |"
    yield "|---|---|--:|--:|--:|--:|---|"
    for row in look["rows"]:
        if row["missing"]:
            figures = "%s | | | " % row["missing"].replace("|", "/")
        else:
            own = "in the target" if row["works"] == "inside" and row["tool_peak_bytes"] is None else bytes_of(row["tool_peak_bytes"])
            figures = " | ".join(
                [time_of(row["blocked_s"]), bytes_of(row["grown_bytes"]), own, row.get("note") or time_of(row["answer_s"])]
            )
        yield "| %s | %s | %s | %s |" % (row["tool"], row["asked"], figures, row["contains"])
    yield ""
    yield "Left alone for a second it was blocked for %s by the machine itself." % time_of(look["alone_s"])
    yield ""


def hot_table(rows):
    yield "### Sampling at 100 Hz, beside a service under load"
    yield ""
    yield "| sampler | throughput with it | requests a second: without, with | p99: without, with | pairs |"
    yield "|---|--:|--:|--:|--:|"
    for row in rows:
        if row["missing"]:
            yield "| %s %s | %s | | | |" % (row["tool"], row["asked"], row["missing"])
            continue
        low, high = row["throughput_ratios"][0], row["throughput_ratios"][-1]
        yield "| %s %s | %.1f %% (%.1f to %.1f) | %.0f, %.0f | %.2f ms, %.2f ms | %d |" % (
            row["tool"], row["asked"], row["throughput_ratio"] * 100, low * 100, high * 100,
            row["requests_a_second_without"], row["requests_a_second"], row["p99_ms_without"], row["p99_ms"], row["pairs"],
        )
    yield ""
    yield "The middle of the pairs, and the lowest and highest of them: more than 100 % is what the machine itself changes meanwhile."
    yield ""


def table(found):
    machine = found["machine"]
    lines = [
        "# bloathound and its peers, side by side",
        "",
        "Written by `ci/peers` at commit %s, %s, on %d processors (%s, load %.1f, nice %d): one CPython 2.7 process a"
        % (machine["commit"], machine["date"][:10], machine["processors"], machine["processor"], machine["load_before"], machine["nice"]),
        "size, all tools on that same process. It measures itself for how long it could not turn; growth is the kernel's",
        "high-water mark of its resident memory; outside tools are the middle of several times.",
        "",
    ]
    for look in found["looks"]:
        lines += look_table(look)
    lines += hot_table(found["hot"])
    return "\n".join(lines).rstrip() + "\n"


STYLE = """
text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#59636e}.head{font-size:15px;font-weight:600}
.ours{fill:#0072b2}.other{fill:#8c959f}.grid{fill:none;stroke:#d1d9e0}.value{font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.ours{fill:#56b4e9}.other{fill:#6e7681}.grid{stroke:#3d444d}}
"""
LEFT, WIDTH, ROW = 276, 860, 22
FLOOR = 1e-3


class Scale:
    """Decades from a millisecond to the first that is longer than all."""

    def __init__(self, longest):
        self.decades = max(1, math.ceil(math.log10(longest / FLOOR)))
        self.width = WIDTH - LEFT - 190

    def length(self, seconds):
        return max(2.0, math.log10(max(seconds, FLOOR) / FLOOR) / self.decades * self.width)


def picture(found):
    """How long each tool blocks the process, for the largest size at which most were measured."""
    measured = lambda look: sum(1 for row in look["rows"] if not row["missing"])
    look = max(found["looks"], key=lambda look: (measured(look) >= 9, look["objects"] <= 2_000_000, look["objects"]))
    rows = [row for row in look["rows"] if not row["missing"]]
    rows.sort(key=lambda row: row["blocked_s"])
    scale = Scale(max(row["blocked_s"] for row in rows))
    height = 66 + len(rows) * ROW + 44
    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" '
        'aria-label="How long each tool blocks a process">' % (WIDTH, height, WIDTH, height),
        "<style>%s</style>" % STYLE,
        '<text class="head" x="8" y="22">How long a service of %s objects stands still while it is looked at</text>' % count_of(look["objects"]),
        '<text class="small" x="8" y="41">seconds blocked, each step ten times as long; the same live CPython 2.7 process, commit %s, by ci/peers</text>'
        % escape(str(found["machine"]["commit"])),
    ]
    for decade in (FLOOR * 10**step for step in range(scale.decades + 1)):
        x = LEFT + scale.length(decade) if decade > FLOOR else LEFT
        out.append('<path class="grid" d="M%.1f 56V%d"/>' % (x, height - 40))
        label = "%g ms" % (decade * 1e3) if decade < 0.99 else "%g s" % decade
        out.append('<text class="small" x="%.1f" y="%d" text-anchor="middle">%s</text>' % (x, height - 24, label))
    out.append('<text class="small" x="%d" y="%d">Left alone for a second, the same process was kept from turning for %s by the machine itself.</text>' % (8, height - 6, time_of(look["alone_s"])))
    for index, row in enumerate(rows):
        y = 62 + index * ROW
        kind = "ours" if row["tool"] == "bloathound" else "other"
        name = "%s: %s" % (row["tool"], row["asked"])
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 8, y + 13, escape(name)))
        out.append(
            '<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"><title>%s: %s</title></rect>'
            % (kind, LEFT, y + 2, scale.length(row["blocked_s"]), ROW - 7, escape(name), escape(row["contains"]))
        )
        out.append(
            '<text class="small value" x="%.1f" y="%d">%s, answer after %s</text>'
            % (LEFT + scale.length(row["blocked_s"]) + 6, y + 13, time_of(row["blocked_s"]), time_of(row["answer_s"]))
        )
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    with open(sys.argv[1]) as file:
        found = json.load(file)
    with open(sys.argv[2], "w") as file:
        file.write(table(found))
    with open(sys.argv[3], "w") as file:
        file.write(picture(found))


if __name__ == "__main__":
    main()
