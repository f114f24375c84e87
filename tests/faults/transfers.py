"""One transfer on loopback with one fault in it, and the judgement of how it went."""

import shutil
import tempfile
from pathlib import Path

from world import Content, Run

TRANSFERS = ("v1", "hybrid", "magnet", "resumed")
SIDES = ("get", "seed")
# What a transfer may take with a fault in it: connections are made anew after five to twenty seconds.
PATIENCE_S = 60.0


class Wrong(Exception):
    """How it went is not how it may go."""


class Stage:
    """The content, its torrents, and a seed without faults of each. Any thread runs transfers on it."""

    def __init__(self, options, box, ports):
        self.spate, self.preload, self.box, self.ports = options.spate, options.preload, box, ports
        self.content = Content(box / "origin")
        self.torrents = {version: self.content.create(self.spate, version) for version in ("v1", "hybrid")}
        self.seeds = {}
        self.magnets = {}
        for version in self.torrents:
            run, address = self.start_seed(version)
            if not run.wait_event("ready", PATIENCE_S):
                raise RuntimeError(f"no seed: {run.errors()}")
            self.seeds[version] = run, address
            self.magnets[version] = run.events("ready")[0]["magnet"]

    def stop(self):
        for run, _ in self.seeds.values():
            run.stop()

    @staticmethod
    def version(transfer):
        return "v1" if transfer in ("v1", "resumed") else "hybrid"

    def start_seed(self, version, plan=None, address=None):
        address = address or self.ports.take()
        words = [self.spate, "seed", self.torrents[version], "--data", self.content.folder, "--no-tracker", "--json",
                 "--listen", address, "--cores", "1"]
        return Run(self.box, words, plan, self.preload), address

    def start_get(self, transfer, out, peer, plan=None):
        version = self.version(transfer)
        source = self.magnets[version] if transfer == "magnet" else self.torrents[version]
        words = [self.spate, "get", source, "-o", out, "--peer", peer, "--no-tracker", "--json",
                 "--listen", self.ports.take(), "--cores", "1"]
        return Run(self.box, words, plan, self.preload)

    def make_out(self, transfer):
        out = Path(tempfile.mkdtemp(dir=self.box))
        if transfer == "resumed":
            self.leave_half(out)
        return out

    def leave_half(self, out):
        """As a run leaves it that was cut off: some right, some wrong, some missing."""
        for path, content in self.content.files:
            copy = out / self.content.name / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path == "a.bin":
                copy.write_bytes(content[:150_000] + bytes(50_000) + content[200_000:])
            elif path == "z.bin":
                copy.write_bytes(content[:250_000])

    def run(self, case, number):
        """One transfer; raises Wrong. True when the fault struck."""
        out = self.make_out(case.transfer)
        try:
            side = self.run_get if case.side == "get" else self.run_seed
            return side(case, number, out)
        finally:
            shutil.rmtree(out, ignore_errors=True)

    # --- The fault is in `get`

    def run_get(self, case, number, out):
        _, peer = self.seeds[self.version(case.transfer)]
        run = self.start_get(case.transfer, out, peer, case.plan(number))
        try:
            code = run.wait_end(PATIENCE_S)
            if code is None:
                code = self.stop_waiting(run)
            self.judge_end(run, code, case)
        finally:
            run.kill()
        struck = run.counters()["struck"] > 0
        if code == 0:
            self.judge_content(out, "it said that all is complete")
        else:
            self.complete(case.transfer, out, peer)
        shutil.rmtree(run.box, ignore_errors=True)
        return struck

    def stop_waiting(self, run):
        """It waits for something: it must have said for what, and end when it is told to."""
        told = [event["message"] for event in run.events("warning") + run.events("error")]
        code = run.stop()
        if code is None:
            raise Wrong("it hangs: Ctrl-C doesn't end it")
        if not told:
            last = [{key: event.get(key) for key in ("event", "t", "state")} for event in run.events()[-2:]]
            raise Wrong(f"it waits and doesn't say for what; its last words: {last}")
        return code

    def judge_end(self, run, code, case, is_over=lambda code: code in (0, 1, 130)):
        if not is_over(code):
            raise Wrong(f"it ended with {code}: {run.errors()[-400:]}")
        if code != 1:
            self.judge_descriptors(run)
            return
        told = [event["message"] for event in run.events("error")]
        if not told and "error" not in run.errors():
            raise Wrong(f"exit code 1 without a sentence: {run.errors()[-400:]}")
        if case.is_passing and run.events("ready"):
            raise Wrong(f"a passing lack ended it: {told}")

    def judge_descriptors(self, run):
        left = run.counters()["descriptors"]
        if left > 3:
            raise Wrong(f"{left - 3} descriptors are open at its end")

    def judge_content(self, out, when):
        difference = self.content.differs(out)
        if difference:
            raise Wrong(f"{when}, but {difference}")

    def complete(self, transfer, out, peer):
        """The next run, without a fault, leaves everything right."""
        run = self.start_get(transfer, out, peer)
        code = run.wait_end(PATIENCE_S)
        run.kill()
        if code != 0:
            raise Wrong(f"the next run ended with {code}: {run.errors()[-400:]}")
        self.judge_content(out, "after the next run, which said that all is complete")
        shutil.rmtree(run.box, ignore_errors=True)

    # --- The fault is in `seed`

    def run_seed(self, case, number, out):
        version = self.version(case.transfer)
        seed, address = self.start_seed(version, case.plan(number))
        try:
            seed.wait_event("ready", PATIENCE_S)
            leecher = self.start_get(case.transfer, out, address)
            try:
                code = leecher.wait(lambda: seed.child.poll() is not None, PATIENCE_S)
                if code is None:
                    seed, code = self.replace_seed(case, version, seed, address, leecher)
            finally:
                leecher.kill()
            if code != 0:
                raise Wrong(f"`get` from it ended with {code}: {leecher.errors()[-400:]}")
            self.judge_content(out, "`get` from it said that all is complete")
            shutil.rmtree(leecher.box, ignore_errors=True)
            if hasattr(seed, "report"):
                self.end_seed(case, seed)
            struck = seed.struck if hasattr(seed, "struck") else seed.counters()["struck"] > 0
        finally:
            seed.kill()
        shutil.rmtree(seed.box, ignore_errors=True)
        return struck

    def end_seed(self, case, seed):
        code = seed.child.poll()
        if code is None:
            code = seed.stop()
        if code is None:
            raise Wrong("the seed hangs: Ctrl-C doesn't end it")
        self.judge_end(seed, code, case, lambda code: code in (0, 1, 3, 130))

    def replace_seed(self, case, version, seed, address, leecher):
        """It ended, or `get` waits for it. With a sentence that may be; without the fault all must go on."""
        if seed.child.poll() is None:
            told = seed.events("warning") + seed.events("error")
            if not told:
                raise Wrong("`get` from it doesn't complete, and it says nothing")
        self.end_seed(case, seed)
        struck = seed.counters()["struck"] > 0
        shutil.rmtree(seed.box, ignore_errors=True)
        seed, _ = self.start_seed(version, None, address)
        seed.struck = struck
        return seed, leecher.wait_end(PATIENCE_S)
