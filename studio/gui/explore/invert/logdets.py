"""Where the log-likelihood of a picture comes from: the prior and the log-det of each step, in groups that open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from studio.gui import theme

PRIOR = "prior"
TOTAL = "log p"
BAR = Qt.ItemDataRole.UserRole + 1
"""Role of the length of a bar, −1..1."""


@dataclass
class Node:
    """A step, or several under one name: ``value`` in nats is the sum of all that is in it."""

    name: str
    value: float = 0.0
    inside: dict[str, Node] = field(default_factory=dict)


def tree(steps: Sequence[str], log_dets: npt.NDArray[np.float64]) -> Node:
    """Steps by their paths ("level 1/step 3/coupling"), with the sums of all groups."""
    root = Node(TOTAL)
    for path, value in zip(steps, log_dets.tolist(), strict=True):
        node = root
        node.value += value
        for name in path.split("/"):
            node = node.inside.setdefault(name, Node(name))
            node.value += value
    return root


class LogDets(QTreeWidget):
    """See the module. Arrow keys go through the steps, right and left open and close a group."""

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(3)
        self.setHeaderLabels(["Step", "nats", ""])
        self.setAccessibleName("log-likelihood by step")
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.setRootIsDecorated(True)
        self.setItemDelegateForColumn(2, _Bars(self))
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, 210)
        header.resizeSection(1, 96)
        self.headerItem().setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._opened: set[str] = set()
        self.itemExpanded.connect(lambda item: self._opened.add(_path(item)))
        self.itemCollapsed.connect(lambda item: self._opened.discard(_path(item)))
        theme.theme.changed.connect(self.viewport().update)

    def show_found(self, steps: Sequence[str], log_dets: npt.NDArray[np.float64], log_prior: float) -> None:
        """Of one picture in the middle of its grey levels; S steps, in nats. What was open stays open."""
        opened, current = set(self._opened), _path(self.currentItem())
        self.setUpdatesEnabled(False)
        self.clear()
        root = tree(steps, log_dets)
        top = [Node(PRIOR, log_prior), *root.inside.values()]
        whole = max(abs(n.value) for n in (*top, Node(TOTAL, root.value + log_prior))) or 1.0
        for node in top:
            self.addTopLevelItem(_item(node, whole, "log-density of N(0, 1) at z" if node.name == PRIOR else ""))
        total = _item(Node(TOTAL, root.value + log_prior), whole, "the sum, in the middle of the grey levels")
        strong = total.font(0)
        strong.setBold(True)
        for column in (0, 1):
            total.setFont(column, strong)
        self.addTopLevelItem(total)
        for item in _items(self):
            item.setExpanded(_path(item) in opened)
            if current and _path(item) == current:
                self.setCurrentItem(item)
        self._opened = opened
        self.setUpdatesEnabled(True)

    def save_state(self) -> list[str]:
        return sorted(self._opened)

    def restore_state(self, opened: Any) -> None:
        if isinstance(opened, list):
            self._opened = {str(name) for name in opened}

    def sizeHint(self) -> QSize:
        return QSize(420, 160)


def _items(tree: QTreeWidget) -> list[QTreeWidgetItem]:
    found: list[QTreeWidgetItem] = []
    waiting = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]
    while waiting:
        item = waiting.pop()
        if item is not None:
            found.append(item)
            waiting += [item.child(i) for i in range(item.childCount())]
    return found


def _path(item: QTreeWidgetItem | None) -> str:
    names: list[str] = []
    while item is not None:
        names.append(item.text(0))
        item = item.parent()
    return "/".join(reversed(names))


def _item(node: Node, whole: float, about: str = "") -> QTreeWidgetItem:
    text = f"{node.value:,.1f}".replace("-", "−")
    item = QTreeWidgetItem([node.name, text, ""])
    item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setData(2, BAR, node.value / whole)
    many = f"{len(node.inside)} parts, " if node.inside else ""
    said = f"{node.name}: {many}{text} nats" + (f", {about}" if about else "")
    for column in range(3):
        item.setToolTip(column, said)
    item.setData(2, Qt.ItemDataRole.AccessibleTextRole, said)
    for inner in node.inside.values():
        item.addChild(_item(inner, whole))
    return item


class _Bars(QStyledItemDelegate):
    """A bar to the right of the middle for what adds to log p, to the left for what takes from it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        share = index.data(BAR)
        if not isinstance(share, float):
            return
        room = QRectF(option.rect).adjusted(4, 3, -4, -3)
        middle = room.center().x()
        painter.fillRect(QRectF(middle, room.top() - 3, 1, room.height() + 6), QColor(theme.palette().line))
        long = share * room.width() / 2
        bar = QRectF(min(middle, middle + long), room.top(), abs(long), room.height())
        painter.fillRect(bar, QColor(theme.curve_pen(0 if share < 0 else 1)[0]))
