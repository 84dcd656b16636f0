"""Heads: the neck, hair, the face where it is seen."""

from __future__ import annotations

import numpy as np

from studio.data.figures.canvas import Canvas, Rows, shading
from studio.data.figures.people import HAIR
from studio.data.figures.stance import SIDES, Stance
from studio.data.skeleton import PARTS, J

HEAD = PARTS.index("head")
_COVERS_EARS = [HAIR.index(name) for name in ("bob", "long", "curls")]
_HAIRLINE = np.array(
    [{"bald": 0.0, "cropped": 0.16, "curls": 0.3, "bob": 0.32}.get(name, 0.24) for name in HAIR], np.float32
)
"""How far below the middle of the head that of the face is, in its half height."""


def neck(canvas: Canvas, s: Stance) -> None:
    rows = np.flatnonzero(s.known[:, J["neck"]] & s.has_head)
    radius = 0.028 * s.thick[rows]
    low = s.at[rows, J["neck"]]
    canvas.capsule(rows, low, s.head[rows], radius, radius, s.who.skin[rows] * np.float32(0.9), HEAD)


def skull(canvas: Canvas, s: Stance) -> None:
    """Hair all over, and the face on it where it is seen."""
    who = s.who
    rows = np.flatnonzero(s.has_head)
    for name in SIDES:
        ears = rows[s.known[rows, J[f"{name} ear"]] & ~np.isin(who.hair[rows], _COVERS_EARS)]
        canvas.disc(ears, s.at[ears, J[f"{name} ear"]], 0.2 * s.half_x[ears], who.skin[ears], HEAD)
    grown = np.where(who.hair[rows] == HAIR.index("bald"), 1.0, 1.06).astype(np.float32)
    grown = np.where(who.hair[rows] == HAIR.index("curls"), np.float32(1.2), grown)
    found = canvas.oval(rows, s.head[rows], s.up[rows], s.half_x[rows] * grown, s.half_y[rows] * grown)
    if found is None:
        return
    at, seen, u, v, away, cover = found
    some = at.rows
    facing = s.facing[some, None, None]
    turned = np.abs(facing)
    line = _HAIRLINE[who.hair[some]][:, None, None]
    grown = grown[seen, None, None]
    face_u = (u * grown - np.float32(0.38) * facing) / (np.float32(0.86) - np.float32(0.12) * turned)
    face_v = (v * grown + line) / np.float32(0.98)
    out = np.sqrt(face_u * face_u + face_v * face_v)
    inner = np.minimum((1 - out) * np.float32(0.8), (1 - away * grown))
    skin = np.clip(inner * s.half_x[some, None, None] + np.float32(0.5), 0, 1) * ~s.away[some, None, None]
    shade = shading(u, -v, away)
    colours = []
    for channel in range(3):
        one, two = who.hair_colour[some, channel, None, None], who.skin[some, channel, None, None]
        colours.append((one + skin * (two - one)) * shade)
    canvas.blend(at, cover, (colours[0], colours[1], colours[2]), HEAD)


def hair_behind(canvas: Canvas, s: Stance, rows: Rows) -> None:
    """Long hair, a bob, a bun: behind the trunk of those who look at the viewer, before that of those who don't."""
    who, up = s.who, s.up
    rows = rows[s.has_head[rows]]
    back = np.stack([-s.up[:, 1], s.up[:, 0]], 1) * (-s.facing * s.half_x)[:, None]
    for name, low, wide in (("bob", 0.55, 0.86), ("long", 1.55, 0.8)):
        some = rows[who.hair[rows] == HAIR.index(name)]
        top = s.head[some] + np.float32(0.3) * back[some]
        end = top - up[some] * (np.float32(low) * s.half_y[some])[:, None] + np.float32(0.25) * back[some]
        radius = np.float32(wide) * s.half_x[some]
        canvas.capsule(some, top, end, radius * np.float32(1.2), radius, who.hair_colour[some] * np.float32(0.88), HEAD)
    some = rows[who.hair[rows] == HAIR.index("bun")]
    bun = s.head[some] + up[some] * (np.float32(0.95) * s.half_y[some])[:, None] + np.float32(0.55) * back[some]
    canvas.disc(some, bun, np.float32(0.45) * s.half_x[some], who.hair_colour[some], HEAD)


def face(canvas: Canvas, s: Stance, rows: Rows) -> None:
    who, head = s.who, HEAD
    rows = rows[s.has_head[rows]]
    up = s.up
    across = np.stack([-up[:, 1], up[:, 0]], 1)
    eye = np.maximum(np.float32(0.115) * s.half_x, np.float32(0.55))
    dark = np.broadcast_to(np.array([38, 28, 26], np.float32), (len(up), 3))
    large = s.half_x > 7
    for name in SIDES:
        some = rows[s.known[rows, J[f"{name} eye"]]]
        place = s.at[:, J[f"{name} eye"]]
        aside = ((place - s.head) * across).sum(1)
        inside = np.clip(aside, -0.74 * s.half_x, 0.74 * s.half_x)
        place = place + across * (inside - aside)[:, None]
        big = some[large[some]]
        white = np.broadcast_to(np.array([250, 248, 245], np.float32), (len(big), 3))
        canvas.ellipse(big, place[big], up[big], 0.2 * s.half_x[big], 0.15 * s.half_x[big], white, head, flat=True)
        canvas.disc(some, place[some], eye[some], dark[some], head, flat=True)
        brow = place[big] + up[big] * (np.float32(0.3) * s.half_x[big])[:, None]
        out = across[big] * (np.float32(0.2) * s.half_x[big])[:, None]
        ink = who.hair_colour[big] * np.float32(0.7)
        thin = np.float32(0.05) * s.half_x[big]
        canvas.capsule(big, brow - out, brow + out, thin, thin, ink, head, flat=True)
    some = rows[s.known[rows, J["nose"]]]
    nose = s.at[some, J["nose"]]
    shaded = who.skin[some] * np.float32(0.78)
    wide = np.maximum(np.float32(0.09) * s.half_x[some], np.float32(0.4))
    canvas.disc(some, nose, wide, shaded, head, flat=True)
    mouth = nose - up[some] * (np.float32(0.36) * s.half_y[some])[:, None]
    mouth -= across[some] * (np.float32(0.22) * s.facing[some] * s.half_x[some])[:, None]
    half = across[some] * (np.float32(0.27) * s.half_x[some] * (1 - np.float32(0.45) * np.abs(s.facing[some])))[:, None]
    lips = who.skin[some] * np.array([0.72, 0.42, 0.42], np.float32)
    thick = np.maximum(np.float32(0.075) * s.half_x[some], np.float32(0.4))
    canvas.capsule(some, mouth - half, mouth + half, thick, thick, lips, head, flat=True)
