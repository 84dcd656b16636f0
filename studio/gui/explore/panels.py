"""Which panels there are, in the order of their tabs. A new panel is a new file and a line here."""

from __future__ import annotations

from studio.gui.explore.classes.panel import ClassesPanel
from studio.gui.explore.codes.panel import CodesPanel
from studio.gui.explore.constraints.panel import ConstraintsPanel
from studio.gui.explore.encode.panel import EncodePanel
from studio.gui.explore.flow.panel import FlowPanel
from studio.gui.explore.invert.panel import InvertPanel
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.measures.panel import MeasuresPanel
from studio.gui.explore.panel import Panel
from studio.gui.explore.pixels.panel import PixelsPanel
from studio.gui.explore.pose.panel import PosePanel
from studio.gui.explore.rules.panel import RulesPanel
from studio.gui.explore.scatter.panel import ScatterPanel

PANELS: tuple[type[Panel], ...] = (
    PosePanel,
    PixelsPanel,
    InvertPanel,
    CodesPanel,
    ClassesPanel,
    FlowPanel,
    LatentPanel,
    EncodePanel,
    ScatterPanel,
    ConstraintsPanel,
    RulesPanel,
    MeasuresPanel,
)
