"""Plots on one another, a tab for each; tabs that find no room wait in a menu at the end of the row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui import theme
from studio.gui.icons import icon
from studio.gui.train.run_curves import ON_TABS, title_of
from studio.gui.widgets.curves import CurvePanel


class CurveTabs(QWidget):
    """One side of the deck.

    Args:
        home: the group that is shown unless another one is chosen.
        order: groups in the order of their tabs; others follow as they come.
    """

    def __init__(self, home: str, order: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.home = home
        self.wanted = home
        self.groups: list[str] = []
        self.panels: dict[str, CurvePanel] = {}
        self.buttons: dict[str, QToolButton] = {}
        self._order = list(order)
        self._present: list[str] = []
        self.tabs = QWidget()
        self.tabs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self.tabs)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self.more = QToolButton()
        self.more.setIcon(icon("caret-down"))
        self.more.setIconSize(QSize(14, 14))
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setText("9 more")
        self.more.setStyleSheet("padding: 2px 4px")
        self.more.setFixedWidth(self.more.sizeHint().width())
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self)
        self.more.setMenu(self.menu)
        self._row.addWidget(self.more)
        self._row.addStretch(1)
        self._controls: list[QToolButton] = []
        self._group = QButtonGroup(self)
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs)
        layout.addWidget(self._stack, 1)

    @property
    def group(self) -> str:
        """The one shown."""
        shown = self._stack.currentWidget()
        return next((g for g, panel in self.panels.items() if panel is shown), self.home)

    def put(self, control: QToolButton) -> None:
        """A control at the end of the tabs; where tabs find no room it makes do with its icon."""
        self._row.addWidget(control)
        self._controls.append(control)

    def add(self, group: str, panel: CurvePanel) -> None:
        title = title_of(group)[0]
        button = QToolButton()
        button.setText(ON_TABS.get(group, title))
        button.setCheckable(True)
        theme.role(button, "tab")
        button.setToolTip(f"Show {title[:1].lower()}{title[1:]}")
        button.setAccessibleName(button.toolTip())
        button.setStyleSheet("padding: 2px 8px")
        bold = theme.text_font()
        bold.setBold(True)  # as it is while checked; Qt reckons with the other
        button.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(button.text()) + 20)
        button.clicked.connect(partial(self.choose, group))
        at = sum(self._rank(g) <= self._rank(group) for g in self.groups)
        self.groups.insert(at, group)
        self.panels[group], self.buttons[group] = panel, button
        self._group.addButton(button)
        self._row.insertWidget(at, button)
        self._stack.addWidget(panel)

    def _rank(self, group: str) -> int:
        return self._order.index(group) if group in self._order else len(self._order)

    def show_tabs(self, present: set[str], *, any_run: bool) -> None:
        """Tabs for these groups; none at all while there is no run."""
        self._present = [g for g in self.groups if g in present]
        for panel in self.panels.values():
            panel.tools.title.setVisible(not any_run)  # the tab says it already
        self.tabs.setVisible(any_run)
        shown = self.wanted if self.wanted in self._present else next(iter(self._present), "")
        if shown:
            self._stack.setCurrentWidget(self.panels[shown])
            self.buttons[shown].setChecked(True)
        self._fit()

    def choose(self, group: str, _checked: bool = False) -> None:
        """Show this group, and come back to it."""
        self.wanted = group
        if group in self._present:
            self._stack.setCurrentWidget(self.panels[group])
            self.buttons[group].setChecked(True)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        """The tabs that find room, the one shown always among them; the rest in the menu."""
        wide = {g: self.buttons[g].minimumWidth() for g in self._present}
        room = self.width() - 2 * theme.SPACE
        controls = [c for c in self._controls if not c.isHidden()]
        for style in (Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly):
            for control in controls:
                control.setToolButtonStyle(style)
            left = room - sum(c.sizeHint().width() for c in controls)
            if sum(wide.values()) <= left:
                break
        else:
            left -= self.more.width()
        left -= wide.get(self.group, 0)
        fitting = {self.group}
        for group in self._present:
            if group != self.group and wide[group] <= left:
                fitting.add(group)
                left -= wide[group]
        for group, button in self.buttons.items():
            button.setVisible(group in fitting and group in self._present)
        hidden = [g for g in self._present if g not in fitting]
        self.more.setVisible(bool(hidden))
        if [a.data() for a in self.menu.actions()] != hidden:
            self.menu.clear()
            for group in hidden:
                self.menu.addAction(title_of(group)[0], partial(self.choose, group)).setData(group)
            self.more.setText(f"{len(hidden)} more")
            self.more.setToolTip(f"More curves: {', '.join(title_of(g)[0] for g in hidden)}")
            self.more.setAccessibleName(self.more.toolTip())
