"""The recipe of the next run: model, what to expect, the form, presets and TOML, Train and Add to queue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.data import files
from studio.gui import theme, work
from studio.gui.session import Session, Trouble
from studio.gui.train import presets
from studio.gui.train.editors import QuietCombo
from studio.gui.train.recipe_form import RecipeForm
from studio.gui.train.recipe_state import RecipeState

TOML = "Recipe (*.toml)"


class RecipePane(QWidget):
    """See the module. ``run_made`` tells the path of a run that Train or Add to queue made."""

    run_made = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.recipe = RecipeState(session, self)
        self._known_presets: list[presets.Preset] = []
        self._making = False

        self.heading = QLabel("Recipe")
        theme.role(self.heading, "heading")
        self.model = QuietCombo()
        self.model.setAccessibleName("Model")
        self.model.setToolTip("The model of the next run")
        self.model.activated.connect(lambda at: self.recipe.choose_model(str(self.model.itemData(at))))
        self.paper = QLabel()
        theme.role(self.paper, "small")
        self.paper.setWordWrap(True)
        self.paper.setOpenExternalLinks(True)
        self.paper.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.paper.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.about = QLabel()
        self.about.setWordWrap(True)
        theme.role(self.about, "quiet")
        self.expect = QLabel()
        self.expect.setWordWrap(True)
        self.expect.setAccessibleName("What to expect")
        self.expect.setMinimumHeight(2 * self.expect.fontMetrics().lineSpacing() + 2)
        self.expect.setAlignment(Qt.AlignmentFlag.AlignTop)
        keeping = self.expect.sizePolicy()
        keeping.setRetainSizeWhenHidden(True)  # the fields below must not jump while one edits them
        self.expect.setSizePolicy(keeping)

        self.form = RecipeForm()
        self.form.edited.connect(self.recipe.edit)
        self.form.reset_wanted.connect(self.recipe.reset)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.SPACE, 0)
        column.addWidget(self.form)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        session.field_wanted.connect(lambda name: self._reveal(scroll, name))

        self.reset = QPushButton("Reset")
        self.reset.setToolTip("All fields back to what is suggested for this dataset")
        self.reset.clicked.connect(lambda: self.recipe.reset())
        self.presets = QPushButton("Presets")
        self.presets.setToolTip("Recipes to begin with, and those you kept")
        self.presets_menu = QMenu(self)
        self.presets_menu.aboutToShow.connect(self._fill_presets)
        self.presets.setMenu(self.presets_menu)
        self.toml = QPushButton("TOML")
        self.toml.setToolTip("Copy, open or save the recipe as a file")
        menu = QMenu(self)
        menu.addAction("Copy", self.copy)
        menu.addAction("Paste", self.paste)
        menu.addAction("Open…", self.open)
        menu.addAction("Save…", self.save)
        self.toml.setMenu(menu)
        tools = QHBoxLayout()
        tools.setSpacing(0)
        for button in (self.reset, self.presets, self.toml):
            theme.role(button, "quiet")
            tools.addWidget(button)
        tools.addStretch(1)

        self.words = QLabel()
        self.words.setWordWrap(True)
        theme.role(self.words, "bad")
        self.words.hide()
        self.train = QPushButton("Train")
        theme.role(self.train, "primary")
        self.train.clicked.connect(self.start)
        self.enqueue = QPushButton("Add to queue")
        theme.role(self.enqueue, "quiet")
        self.enqueue.clicked.connect(self.add_to_queue)
        verbs = QHBoxLayout()
        verbs.setSpacing(theme.SPACE)
        verbs.addWidget(self.train, 1)
        verbs.addWidget(self.enqueue)

        line = QFrame()
        theme.role(line, "line")
        line.setFixedHeight(1)
        above, below = QVBoxLayout(), QVBoxLayout()
        for block in (above, below):
            block.setContentsMargins(0, 0, theme.SPACE, 0)
            block.setSpacing(theme.SPACE)
        for part in (self.heading, self.model, self.about, self.paper, self.expect):
            above.addWidget(part)
        below.addWidget(line)
        below.addLayout(tools)
        below.addWidget(self.words)
        below.addLayout(verbs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE)
        layout.addLayout(above)
        layout.addWidget(scroll, 1)
        layout.addLayout(below)

        self.recipe.changed.connect(self._show)
        self.recipe.judged.connect(self._show_judgement)
        self.recipe.failed.connect(self.say)
        session.catalogue_changed.connect(self._fill_models)
        theme.theme.changed.connect(self._cite)
        for signal in (session.started, session.ended, session.dataset_chosen, session.queue_changed):
            signal.connect(self._show_judgement)
        self._fill_models()

    def _reveal(self, scroll: QScrollArea, name: str) -> None:
        """Bring a field into view, with the focus, once the form is laid out."""
        widget = self.form.reveal(name)
        if widget is not None:
            widget.setFocus()
            QTimer.singleShot(0, widget, lambda: scroll.ensureWidgetVisible(widget, 0, 2 * scroll.height() // 3))

    # --- how it looks

    def _fill_models(self) -> None:
        self.model.clear()
        for card in self.session.models:
            self.model.addItem(card.title, card.name)
            self.model.setItemData(self.model.count() - 1, card.about, Qt.ItemDataRole.ToolTipRole)
        self._show()

    def _show(self) -> None:
        card = self.recipe.card
        self.model.setEnabled(card is not None)
        if card is None:
            self.about.setText("The models are being looked up …")
        else:
            self.model.setCurrentIndex(self.model.findData(card.name))
            self.about.setText(card.about)
            self._cite()
            self.form.set_fields(card.fields)
            self.form.show_values(self.recipe.values, self.recipe.baseline)
            self.reset.setEnabled(self.recipe.differs(list(self.recipe.values)))
        self.say("")
        self._show_judgement()

    def _cite(self) -> None:
        """The paper, its link in the accent of the theme."""
        card = self.recipe.card
        if card is None:
            return
        cite = f"{escape(card.authors)} {card.year}"
        link, accent = f"https://arxiv.org/abs/{card.arxiv}", theme.palette().accent
        if card.arxiv:
            cite += f' · <a href="{link}" style="color: {accent}">arXiv:{card.arxiv}</a>'
        self.paper.setText(cite)
        self.paper.setToolTip(card.paper)

    def _show_judgement(self, *_: object) -> None:
        """Problems at their fields, what to expect, and whether Train can be pressed."""
        recipe, training = self.recipe, bool(self.session.training)
        homeless = self.form.show_problems(recipe.problems)
        if homeless:
            self.say("\n".join(str(p) for p in homeless))
        elif self.words.property("of") == "problems":
            self.say("")
        self.words.setProperty("of", "problems" if homeless else "")
        self.heading.setText("Recipe of the next run" if training else "Recipe")
        expect = recipe.expect or ("Looking for what suits this dataset …" if recipe.waiting else "")
        if recipe.data is None:
            expect = "Choose a dataset at the left, or drop images here."
        self.expect.setText(expect)
        self.expect.setVisible(bool(expect))
        count = len(recipe.problems)
        able = recipe.card is not None and recipe.data is not None and not count and not recipe.waiting
        self.train.setEnabled(able and not training)
        self.enqueue.setEnabled(able)
        why = (
            "Choose a dataset first"
            if recipe.data is None
            else f"{count} problem{'s' * (count != 1)} in the recipe, marked at the fields"
            if count
            else "One moment: what suits this dataset is being looked up"
            if recipe.waiting
            else ""
        )
        self.train.setToolTip(why or ("A run is in training: add this one to the queue" if training else "Train now"))
        self.enqueue.setToolTip(why or "Train it when the others are done")

    def say(self, text: str) -> None:
        """What went wrong, beside Train."""
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def showEvent(self, event: QShowEvent) -> None:
        work.run(self, lambda watch: presets.listed(), self._presets_listed)

    # --- verbs

    def start(self) -> None:
        """Make a run of the recipe and train it."""

        def made(path: str) -> None:
            self.window().setFocus()  # the button is gone in a moment; Space then means pause, not the next button
            self.session.choose_run(path)
            self.session.train(path)
            self.run_made.emit(path)

        self._make(made)

    def add_to_queue(self) -> None:
        """Make a run of the recipe; it trains when those before it have ended."""

        def made(path: str) -> None:
            self.session.enqueue(path)
            self.run_made.emit(path)

        self._make(made)

    def _make(self, then: Callable[[str], None]) -> None:
        recipe = self.recipe
        if self._making or recipe.data is None or recipe.problems or recipe.card is None:
            return
        self._making = True  # a second click meanwhile is the same wish

        def made(path: str) -> None:
            self._making = False
            then(path)

        def failed(wrong: Exception) -> None:
            self._making = False
            if not isinstance(wrong, OSError):
                raise wrong
            self.session.trouble.emit(Trouble("The run's folder could not be made", str(wrong)))

        self.session.make_run(recipe.model, recipe.values, recipe.data, made, failed)

    # --- presets

    def _presets_listed(self, found: list[presets.Preset]) -> None:
        self._known_presets = found

    def _fill_presets(self) -> None:
        menu, card = self.presets_menu, self.recipe.card
        menu.clear()
        if card is None:
            return
        menu.addAction("Suggested for this dataset", lambda: self.recipe.reset())
        menu.addAction(
            "Defaults of the model", lambda: self.recipe.load(card.name, card.defaults, "defaults of the model")
        )
        kept = [p for p in self._known_presets if p.model == card.name]
        menu.addSeparator()
        for preset in kept:
            words = f"preset {preset.title}"
            menu.addAction(preset.title, partial(self.recipe.load, preset.model, preset.values, words))
        if kept:
            forget = menu.addMenu("Delete")
            for preset in kept:
                forget.addAction(preset.title, partial(self._forget_preset, preset))
        menu.addSeparator()
        menu.addAction("Keep this recipe as a preset…", self.keep_preset)

    def keep_preset(self) -> None:
        """Ask for a name and keep the recipe under it."""
        title, sure = QInputDialog.getText(self, "Keep as a preset", "Name of the preset")
        if sure and title.strip():
            text = self.recipe.text()
            self._with_presets(lambda: presets.keep(title.strip(), text))

    def _forget_preset(self, preset: presets.Preset) -> None:
        self._with_presets(lambda: presets.forget(preset))

    def _with_presets(self, act: presets.Act) -> None:
        def task(watch: object) -> list[presets.Preset]:
            act()
            return presets.listed()

        work.run(self, task, self._presets_listed, lambda wrong: self.say(f"The preset: {wrong}"))

    # --- TOML

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.recipe.text())

    def paste(self) -> None:
        self._take(QGuiApplication.clipboard().text(), "The clipboard")

    def open(self) -> None:
        """Ask for a recipe file and take it over."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a recipe", "", TOML)
        if chosen:
            path = Path(chosen)
            work.run(
                self,
                lambda watch: path.read_text("utf-8"),
                lambda text: self._take(text, path.name),
                lambda wrong: self.say(f"{path.name} cannot be read: {wrong}"),
            )

    def save(self) -> None:
        """Ask for a name and write the recipe there."""
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the recipe", f"{self.recipe.model}.toml", TOML)
        if chosen:
            path, text = Path(chosen), self.recipe.text()
            path = path if path.suffix else path.with_suffix(".toml")
            work.run(
                self,
                lambda watch: files.write(path, text),
                lambda _: None,
                lambda wrong: self.say(f"{path.name} cannot be written: {wrong}"),
            )

    def _take(self, text: str, name: str) -> None:
        try:
            self.recipe.load_text(text)
        except ValueError as wrong:
            self.say(f"{name} is no recipe: {wrong}")
