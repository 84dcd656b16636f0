"""The loop: moves, and between them what a person wants to see, to keep and to change."""

from __future__ import annotations

import logging
import math
import queue
from collections.abc import Callable
from dataclasses import dataclass

from studio.data.dataset import Dataset
from studio.runs.folder import RunFolder, RunState, Status
from studio.training import checkpoint, device, events, sheets
from studio.training.control import Control, Pause, Resume, SaveNow, SetRate, StepOnce, Stop
from studio.training.cycle import Cycle
from studio.training.observing import Look, Metrics, Observer, looks
from studio.training.pace import Clock, Pace, Speed
from studio.training.players import NotFinite
from studio.training.recorder import Recorder
from studio.training.snapshot import Camera
from studio.training.trouble import Reason, Trouble, guarded, last_good

log = logging.getLogger(__name__)

PROGRESS = 0.25
"""Seconds between two :class:`~studio.training.events.Progress`."""


class _Stopped(Exception):
    """A person asked for it."""


@dataclass
class Work:
    """The training in memory, and how to make it anew at step 0."""

    cycle: Cycle
    anew: Callable[[], Cycle]


class Loop:
    """One training from now to its end.

    Args:
        steps: at which it is finished.
        seconds: of training before.
    """

    def __init__(
        self,
        run: RunFolder,
        data: Dataset,
        work: Work,
        steps: int,
        seconds: float,
        emit: Callable[[events.Event], None],
        *,
        metrics: Observer | Metrics | None,
        save_every: float,
    ) -> None:
        self._run = run
        self._name = str(run.path)
        self._spec = data.spec
        self.cycle = work.cycle
        self._anew = work.anew
        self._steps = steps
        self._emit = emit
        self._clock = Clock(seconds)
        self._recorder = Recorder(run, emit, self._clock)
        self.camera = Camera(self._name, data)
        drawn = self.cycle.average.model
        self._sheet = sheets.sheet_of(drawn, data, self.cycle.device)
        self._sheet_step = -1
        self._sheets = Pace(self._clock, 0.03, lambda seconds: max(2.0, 0.03 * seconds), first=1.5)
        self._looks = looks(metrics, self._clock, self.cycle.feed.order.count / self.cycle.feed.batch)
        self._saves = Pace(self._clock, 0.05, lambda seconds: save_every, first=save_every)
        self._states = Pace(self._clock, 0.01, lambda seconds: 10.0)
        self._progressed = -math.inf
        self._speed = Speed()
        self._save_wanted = False
        self._changed = False
        """Since the last checkpoint."""
        self._status: Status = "running"

    def go(self, control: queue.SimpleQueue[Control]) -> tuple[Status, str]:
        """To the end: "finished" or "stopped", and what should be said about it."""
        self._control = control
        self._write_state()
        self._emit(
            events.Started(
                self._name,
                self.cycle.step,
                self._steps,
                self.cycle.rates(),
                device.describe(self.cycle.device),
                self.cycle.precision,
            )
        )
        self.camera.take(self.cycle)
        self._clock.start()
        self._speed.add(self._clock(), self.cycle.step)
        try:
            while True:
                trouble = self._guarded(self._turn)
                if trouble is not None:
                    self._pause(trouble)
                elif self.cycle.step >= self._steps and not self._changed:
                    return "finished", ""
        except _Stopped:
            return "stopped", self._keep()
        except Exception:
            self._guarded(self._last_words)  # the weights are those of before the move that failed
            raise
        finally:
            self._clock.stop()

    def state(self, status: Status, message: str = "") -> RunState:
        """What state.json says."""
        return RunState(status, self.cycle.step, self._steps, round(self._clock(), 3), message=message)

    # --- one turn

    def _turn(self) -> None:
        self._obey()
        if self._sheet_step < 0:
            self._draw()  # noise, at once
        if self.cycle.step >= self._steps:
            self._finish()
            return
        moved = self.cycle.move()
        self._changed = True
        self._recorder.add(moved.values)
        self._recorder.spread(self.cycle.step, moved.spreads)
        if moved.cycle:
            self._after_cycle()
        self.camera.serve(self.cycle)
        self._progress()

    def _after_cycle(self) -> None:
        step = self.cycle.step
        self._recorder.cycle(step)
        self._speed.add(self._clock(), step)
        if self._sheets.due():
            self._draw()
        for look in self._looks:
            if look.due(step):
                self._measure(look)
        if self._save_wanted or self._saves.due():
            self._save()
        if self._states.due():
            with self._states.working():
                self._write_state()

    def _finish(self) -> None:
        for look in self._looks if self._changed else ():
            self._measure(look)
        self._draw()
        self._progress(now=True)
        self._recorder.flush(self.cycle.step)
        if self._changed:
            self._save()

    def _guarded(self, work: Callable[[], None]) -> Trouble | None:
        """Do it; what can be survived comes back with an explanation."""
        trouble = guarded(work, self._run, self.cycle)
        if trouble is not None and trouble.reason == "nan":
            self._recorder.drop()
        return trouble

    # --- wishes

    def _obey(self) -> None:
        while True:
            try:
                wish = self._control.get_nowait()
            except queue.Empty:
                return
            match wish:
                case Stop():
                    raise _Stopped
                case Pause():
                    self._pause(Trouble("asked"))
                case SaveNow():
                    self._save_wanted = True
                case SetRate(player=player, rate=rate):
                    self._set_rate(player, rate)
                case _:
                    log.info("%s is for a paused training; passed over", wish)

    def _set_rate(self, player: str, rate: float) -> None:
        try:
            mover = self.cycle.player(player)
        except KeyError as wrong:
            log.warning("%s", wrong.args[0])
            return
        if not (math.isfinite(rate) and rate >= 0):
            log.warning("a learning rate is a number from 0 up, not %s", rate)
            return
        mover.rate = rate
        self._changed = True
        self._recorder.mark(self.cycle.step, f"{player} rate {rate:g}")
        self._emit(events.RateChanged(self._name, self.cycle.step, player, rate))

    def _pause(self, why: Trouble) -> None:
        """Until Resume. Raises _Stopped on Stop."""
        self._clock.stop()
        self._status = "paused"
        trouble: Trouble | None = why
        if why.reason == "asked" and self._changed:
            trouble = self._guarded(self._save) or why
        while trouble is not None:
            self._say_paused(trouble)
            trouble = self._wait(trouble.reason)
        self._status = "running"
        self._clock.start()
        self._speed.seen.clear()
        self._speed.add(self._clock(), self.cycle.step)
        self._write_state()
        self._emit(events.Resumed(self._name, self.cycle.step))

    def _say_paused(self, why: Trouble) -> None:
        self.camera.take(self.cycle)
        if why.reason != "disk":
            self._recorder.flush(self.cycle.step)
            self._write_state(why.message)
        self._emit(events.Paused(self._name, self.cycle.step, why.reason, why.message))

    def _wait(self, reason: Reason) -> Trouble | None:
        """Obey until Resume (None) or until there is new trouble."""
        while True:
            match self._control.get():
                case Resume():
                    if reason == "nan":
                        self._go_back()
                    return None
                case Stop():
                    if reason == "nan":
                        self._go_back()
                    raise _Stopped
                case StepOnce(player=player):
                    if reason == "nan":
                        self._go_back()
                        reason = "asked"
                    trouble = self._guarded(lambda player=player: self._step_once(player))  # type: ignore[misc]
                    if trouble is not None:
                        return trouble
                case SetRate(player=player, rate=rate):
                    self._set_rate(player, rate)
                case SaveNow() if reason != "nan":
                    trouble = self._guarded(self._save)
                    if trouble is not None:
                        return trouble
                case _:
                    pass  # paused already

    def _step_once(self, player: str) -> None:
        try:
            moved = self.cycle.move_once(player)
        except KeyError as wrong:
            log.warning("%s", wrong.args[0])
            return
        self._changed = True
        self._recorder.add(moved.values)
        self._recorder.spread(self.cycle.step, moved.spreads)
        self._recorder.flush(self.cycle.step)
        self._draw(again=True)
        self.camera.take(self.cycle)

    def _go_back(self) -> None:
        """To the last good checkpoint, or to the start; learning rates stay as the person has set them."""
        rates = self.cycle.rates()
        self._changed = False
        fresh = self._anew()
        self.cycle.load(fresh.model.state_dict(), fresh.average.state(), fresh.tensors(), fresh.plain())
        self._clock.set(checkpoint.resume(self._run, self.cycle))
        for player in self.cycle.players:
            self._changed |= player.rate != rates[player.name]
            player.rate = rates[player.name]
        self.camera.take(self.cycle)

    # --- what is kept and shown

    def _keep(self) -> str:
        """At a stop: a checkpoint, when something has changed. Returns what should be said."""
        self._clock.stop()
        trouble = self._guarded(self._last_words)
        if trouble is None:
            return ""
        if trouble.reason == "disk":
            raise OSError(trouble.message)
        good = last_good(self._run)
        return f"{trouble.message}. Kept is {'no checkpoint' if good is None else f'the checkpoint of step {good:,}'}"

    def _last_words(self) -> None:
        self._recorder.flush(self.cycle.step)
        if self._changed:
            self._save()
        self._draw()

    def _save(self) -> None:
        """Raises NotFinite rather than keep weights that are not numbers; OSError when the disk refuses."""
        bad = self.cycle.not_finite()
        if bad:
            raise NotFinite(bad, math.nan, "weights")
        with self._saves.working():
            step = self.cycle.step
            self._recorder.mark(step, "checkpoint")
            self._recorder.flush(step)
            checkpoint.save(self._run, step, checkpoint.take(self.cycle, self._clock()))
            self._changed = self._save_wanted = False
            self._write_state()
        self._emit(events.Checkpointed(self._name, step))

    def _write_state(self, message: str = "") -> None:
        self._run.write_state(self.state(self._status, message))

    def _draw(self, again: bool = False) -> None:
        """The sheet of this step, unless it has been drawn."""
        step = self.cycle.step
        if self._sheet is None or (step == self._sheet_step and not again):
            return
        with self._sheets.working():
            images = self._sheet.draw()
            sheets.save(self._run, step, images, self._spec, self._sheet.columns, self._sheet.titles)
        self._sheet_step = step
        self._emit(events.SheetDrawn(self._name, step, images, self._sheet.columns, self._sheet.titles))

    def _measure(self, look: Look) -> None:
        with device.random_numbers_kept(self.cycle.device):
            observed = look(self.camera.live(self.cycle))
        step = self.cycle.step
        self._recorder.add(observed.values)
        self._recorder.record(step)
        for about, warned in observed.alarms.items():
            self._recorder.mark(step, warned.mark)
            self._emit(events.Alarm(self._name, step, about, warned.message))

    def _progress(self, now: bool = False) -> None:
        seconds = self._clock()
        if seconds - self._progressed < PROGRESS and not now:
            return
        self._progressed = seconds
        cycles = self._speed()
        examples = cycles * self.cycle.examples
        if cycles:
            self._recorder.add({"speed/examples per second": examples})
        left = (self._steps - self.cycle.step) / cycles if cycles else None
        self._emit(
            events.Progress(
                self._name, self.cycle.step, self._steps, examples, seconds, left, device.memory(self.cycle.device)
            )
        )
