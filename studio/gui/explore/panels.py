"""Which panel opens for which capability. A new panel is a new file and a line here."""

from __future__ import annotations

from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.panel import Panel

PANELS: dict[str, type[Panel]] = {
    "decode latent": LatentPanel,
}
"""Name of a capability (as in ``studio.models.core.model.CAPABILITIES``) → its panel, in the order of the tabs."""
