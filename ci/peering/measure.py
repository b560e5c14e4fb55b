"""Measures bloathound and its peers on the same live CPython 2.7 process; every figure comes from here.

Called by ci/peers. The process measures itself how long it did not turn; its growth is the kernel's high-water mark.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection

HERE = os.path.dirname(os.path.abspath(__file__))
# Longest that one tool may take; what would take longer by the size before it isn't tried.
SECONDS_MAX = float(os.environ.get("BLOATHOUND_PEERS_SECONDS", "150"))

# Tool, what is asked of it, where it works, and what its answer contains. The first word of an inside one is its
# function in target.py.
OUTSIDE = [
    ("bloathound", "inspect", "census, references, roots, shortest paths, retained sizes, cycles, arenas, RSS explained, stacks, findings"),
    ("gcore", "core file", "a core file: no analysis"),
    ("py-spy", "dump", "the stacks of all threads"),
]
INSIDE = [
    ("talk_ids", "the talk's method", "step 1, ids", "the ids of all objects, to be compared with later"),
    ("talk_delta", "the talk's method", "step 2, delta by type", "new objects by type"),
    ("objgraph_types", "objgraph", "most common types", "counts by type"),
    ("objgraph_chain", "objgraph", "chain to one object", "one path to one object"),
    ("meliae_dump", "meliae", "dump, then load", "a file of all objects with references; counts and bytes by type once it is loaded"),
    ("pympler_summary", "pympler", "summarize", "counts and bytes by type"),
    ("guppy_heap", "guppy", "hp.heap()", "counts and bytes by type"),
    ("guppy_paths", "guppy", "path and dominated size", "shortest paths to a thousand objects, and their dominated size"),
]


def status(pid, field):
    """A field of /proc/PID/status, bytes."""
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return 0


def ended(arguments, log):
    """Runs to the end: its exit code, seconds, and peak resident bytes."""
    started = time.monotonic()
    with open(log, "wb") as output:
        child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        clock = threading.Timer(SECONDS_MAX, child.kill)
        clock.start()
        _, code, usage = os.wait4(child.pid, 0)
        clock.cancel()
    return os.waitstatus_to_exitcode(code), time.monotonic() - started, usage.ru_maxrss * 1024


class Target:
    """The process that is looked at."""

    def __init__(self, python, packages, objects, folder):
        self.dump = os.path.join(folder, "meliae.json")
        self.process = subprocess.Popen(
            [python, os.path.join(HERE, "target.py"), str(objects), packages, self.dump],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.pid = self.process.pid
        said = self.answer()
        self.tracked = said["tracked"]
        self.rss = status(self.pid, "VmRSS")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the process that is looked at has ended: %s" % self.process.wait())
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def begin(self):
        """From here on its high-water mark and its longest halt are those of a tool."""
        self.ask("begin")
        with open("/proc/%d/clear_refs" % self.pid, "w") as file:
            file.write("5")
        self.before = status(self.pid, "VmRSS")

    def end(self):
        """Seconds it was blocked, and bytes it grew at the most."""
        blocked = self.ask("end")["blocked"]
        return blocked, max(0, status(self.pid, "VmHWM") - self.before)

    def quit(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def outside(tool, target, tools, folder):
    """How a tool that works from outside is called; None where it isn't here."""
    pid = str(target.pid)
    if tool == "bloathound":
        return [tools["bloathound"], "inspect", "--quiet", pid]
    if tool == "gcore":
        return tools["gcore"] and [tools["gcore"], "-o", os.path.join(folder, "core"), pid]
    return tools["py-spy"] and [tools["py-spy"], "dump", "--pid", pid]


def middle(rows):
    """The middle of several measurements, figure by figure."""
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def measure_outside(target, tools, folder, times):
    found = []
    for tool, asked, contains in OUTSIDE:
        row = {"tool": tool, "asked": asked, "works": "outside", "contains": contains, "missing": None}
        command = outside(tool, target, tools, folder)
        if not command:
            row["missing"] = tools["why"].get(tool, "not on this machine")
            found.append(row)
            continue
        rows = []
        for _ in range(times):
            target.begin()
            code, seconds, peak = ended(command, os.path.join(folder, "said"))
            blocked, grown = target.end()
            if code != 0:
                with open(os.path.join(folder, "said"), errors="replace") as file:
                    row["missing"] = "failed with %d: %s" % (code, file.read().strip().splitlines()[-1:])
                break
            rows.append({"blocked_s": blocked, "grown_bytes": grown, "tool_peak_bytes": peak, "answer_s": seconds})
            core = os.path.join(folder, "core.%d" % target.pid)
            if os.path.exists(core):
                os.unlink(core)
        if rows and not row["missing"]:
            row.update(middle(rows))
        found.append(row)
    return found


def measure_inside(target, tools, folder, objects, before):
    found = []
    for function, tool, asked, contains in INSIDE:
        row = {"tool": tool, "asked": asked, "works": "inside", "contains": contains, "missing": None}
        found.append(row)
        earlier = before.get(function)
        if earlier and earlier[1] * objects / earlier[0] > SECONDS_MAX:
            row["missing"] = "not tried: %.0f s at %d objects" % (earlier[1], earlier[0])
            continue
        if function == "objgraph_chain" and not earlier and objects > 200_000:
            row["missing"] = "not tried: it grows with the square of the objects"
            continue
        target.ask("load", tool)
        target.begin()
        said = target.ask("run", function)
        blocked, grown = target.end()
        if said["missing"]:
            row["missing"] = said["missing"]
            continue
        row.update(blocked_s=blocked, grown_bytes=grown, tool_peak_bytes=None, answer_s=said["seconds"])
        if function == "meliae_dump":
            loading = [tools["python27"], os.path.join(HERE, "load_meliae.py"), tools["packages"], target.dump]
            code, seconds, peak = ended(loading, os.path.join(folder, "said"))
            os.unlink(target.dump)
            row["tool_peak_bytes"] = peak
            row["answer_s"] += seconds
            if code != 0:
                row["answer_s"] = None
                row["note"] = "loading its dump was ended after %.0f s" % seconds
        before[function] = (objects, said["seconds"] if function != "objgraph_chain" else said["seconds"] * 5)
        # What the talk's second step compares with, and guppy's paths begin with, stays until then.
        if function not in ("talk_ids", "guppy_heap"):
            target.ask("forget")
    return found


def look(sizes, tools):
    """All tools at all sizes."""
    found, before = [], {}
    for objects in sizes:
        with tempfile.TemporaryDirectory(prefix="bloathound-peers-", dir=tools["scratch"]) as folder:
            target = Target(tools["python27"], tools["packages"], objects, folder)
            try:
                target.begin()
                time.sleep(1)  # What the machine itself blocks it by: nobody looks at it.
                alone, _ = target.end()
                rows = measure_outside(target, tools, folder, 5 if objects <= 1_000_000 else 3)
                rows += measure_inside(target, tools, folder, objects, before)
            finally:
                target.quit()
        found.append({"objects": target.tracked, "asked": objects, "rss_bytes": target.rss, "alone_s": alone, "rows": rows})
        for row in rows:
            print(objects, row["tool"], row["asked"], row["missing"] or "%.3f s blocked, %.3f s" % (row["blocked_s"], row["answer_s"] or 0), file=sys.stderr)
    return found


class Service:
    """A service under load."""

    def __init__(self, python):
        self.process = subprocess.Popen(
            [python, os.path.join(HERE, "service.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.port = int(self.process.stdout.readline())

    def load(self, seconds, sampler=None, log=None):
        """Requests a second and the 99th percentile of their times, milliseconds, while a sampler runs beside."""
        times, stop = [], time.monotonic() + seconds
        child = None
        if sampler:
            with open(log, "wb") as output:
                child = subprocess.Popen(sampler, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        started = time.monotonic()
        while (now := time.monotonic()) < stop:
            connection.request("GET", "/rows")
            connection.getresponse().read()
            times.append(time.monotonic() - now)
        taken = time.monotonic() - started
        connection.close()
        code = None
        if child:
            try:
                code = child.wait(timeout=60)
            except subprocess.TimeoutExpired:
                child.kill()
                code = child.wait()
        times.sort()
        return {"a_second": len(times) / taken, "p99_ms": times[len(times) * 99 // 100] * 1e3, "code": code}

    def quit(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def hot(tools, pairs, seconds):
    """Samplers at 100 Hz beside a loaded service: each window with one is held against the one before it without."""
    service = Service(tools["python27"])
    pid = str(service.process.pid)
    found = []
    with tempfile.TemporaryDirectory(prefix="bloathound-peers-", dir=tools["scratch"]) as folder:
        log = os.path.join(folder, "said")
        samplers = [
            ("bloathound", "hot", [tools["bloathound"], "hot", pid, "--quiet", "--rate", "100", "--seconds", str(seconds)]),
            ("py-spy", "record", tools["py-spy"] and [
                tools["py-spy"], "record", "--pid", pid, "--rate", "100", "--duration", str(seconds), "--format", "raw",
                "--output", os.path.join(folder, "stacks"),
            ]),
            ("py-spy", "record --nonblocking", tools["py-spy"] and [
                tools["py-spy"], "record", "--nonblocking", "--pid", pid, "--rate", "100", "--duration", str(seconds),
                "--format", "raw", "--output", os.path.join(folder, "stacks"),
            ]),
        ]
        try:
            service.load(1)
            rows = {asked: [] for _, asked, _ in samplers}
            for turn in range(pairs):
                for _, asked, command in samplers if turn % 2 == 0 else samplers[::-1]:
                    if command:
                        # Without, with, without: what the machine does slowly cancels out.
                        first = service.load(seconds / 2)
                        with_it = service.load(seconds, command, log)
                        second = service.load(seconds / 2)
                        without = {key: (first[key] + second[key]) / 2 for key in ("a_second", "p99_ms")}
                        rows[asked].append((without, with_it))
        finally:
            service.quit()
    for tool, asked, command in samplers:
        row = {"tool": tool, "asked": asked, "missing": None if command else tools["why"].get(tool, "not on this machine")}
        if command:
            ratios = sorted(with_it["a_second"] / without["a_second"] for without, with_it in rows[asked])
            row.update(
                pairs=len(ratios),
                throughput_ratio=statistics.median(ratios),
                throughput_ratios=ratios,
                requests_a_second=statistics.median(with_it["a_second"] for _, with_it in rows[asked]),
                requests_a_second_without=statistics.median(without["a_second"] for without, _ in rows[asked]),
                p99_ms=statistics.median(with_it["p99_ms"] for _, with_it in rows[asked]),
                p99_ms_without=statistics.median(without["p99_ms"] for without, _ in rows[asked]),
            )
        found.append(row)
    return found


def version(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout.strip().splitlines()[0]
    except (OSError, IndexError, subprocess.SubprocessError):
        return None


def machine(tools):
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "bloathound": version([tools["bloathound"], "--version"]),
        "commit": version(["git", "-C", HERE, "rev-parse", "--short=10", "HEAD"]),
        "gdb": version(["gdb", "--version"]),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def first_in_line():
    """On a machine that others use too, all that is measured goes before them, where that is allowed."""
    try:
        # Where the kernel shares by session, a process's own number says nothing beyond its session.
        os.setpriority(os.PRIO_PROCESS, 0, -15)
        os.setsid()
        with open("/proc/self/autogroup", "w") as file:
            file.write("-15")
    except OSError:
        pass


def main():
    out, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]]
    tools = {
        "bloathound": os.environ["PEERS_BLOATHOUND"],
        "python27": os.environ["PEERS_PYTHON27"],
        "packages": os.environ["PEERS_PACKAGES"],
        "scratch": os.environ["PEERS_SCRATCH"],
        "py-spy": os.environ.get("PEERS_PYSPY") or None,
        "gcore": shutil.which("gcore"),
        "why": json.loads(os.environ.get("PEERS_WHY") or "{}"),
    }
    first_in_line()
    # A core file of us is nobody's business here.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    found = {"machine": machine(tools)}
    found["looks"] = look(sizes, tools)
    found["hot"] = hot(tools, int(os.environ.get("BLOATHOUND_PEERS_PAIRS", "8")), 6)
    with open(out, "w") as file:
        json.dump(found, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
