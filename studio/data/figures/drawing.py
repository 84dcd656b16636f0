"""A person drawn from 18 joints, and which part of the body each pixel shows.

What is drawn follows from the person, the joints and the size alone, so that a pose edited by hand has its true picture
too.

Which way somebody faces is read off the joints as a viewer would: without nose and eyes they look away; the side of
which alone an ear is known is the nearer one. A limb whose end is missing is drawn if it runs on out of the picture,
and is not drawn otherwise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.data.figures import heads
from studio.data.figures.canvas import Canvas, F, Rows, channels, held, shading, within
from studio.data.figures.people import BOTTOMS, GROUNDS, PATTERNS, People
from studio.data.figures.poses import GROUND
from studio.data.figures.stance import SIDES, Stance, cross, direction, length_of, unit_of
from studio.data.skeleton import PARTS, J, Joints

PART = {name: number for number, name in enumerate(PARTS)}
AT_ONCE = 40
"""Pictures of 64×64 that are drawn at once, so that they stay in the processor's cache."""


def draw(who: People, joints: Joints, size: tuple[int, int]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Pictures uint8 n×H×W×3 and their parts uint8 n×H×W (numbers of :data:`~studio.data.skeleton.PARTS`).

    Args:
        who: n people.
        joints: n×18×3, pixels of the pictures.
        size: height and width.
    """
    height, width = size
    count = len(joints)
    pictures, parts = np.empty((count, height, width, 3), np.uint8), np.empty((count, height, width), np.uint8)
    order = np.argsort(
        unit_of(who, joints), kind="stable"
    )  # those of about one size together: their boxes fit them all
    many = max(1, AT_ONCE * 64 * 64 // (height * width))
    for start in range(0, count, many):
        some = order[start : start + many]
        canvas = _drawn(Stance(who.take(some), joints[some], size))
        np.clip(canvas.colour + np.float32(0.5), 0, 255, out=canvas.colour)  # rounded
        pictures[some] = canvas.colour.astype(np.uint8).transpose(0, 2, 3, 1)
        parts[some] = canvas.part
    return pictures, parts


def _drawn(s: Stance) -> Canvas:
    """From what is behind to what is in front."""
    canvas = Canvas(len(s.at), s.height, s.width)
    _background(canvas, s)
    _shadow(canvas, s)
    everybody = np.arange(len(s.at))
    away, ahead = np.flatnonzero(s.away), np.flatnonzero(~s.away)
    heads.hair_behind(canvas, s, ahead)
    for number, name in enumerate(SIDES):
        _arm(canvas, s, name, np.flatnonzero(_behind(s, number)))
    order = np.where(s.near > 0, 1, 0)  # the far leg first
    for turn in (0, 1):
        for number, name in enumerate(SIDES):
            _leg(canvas, s, name, everybody[(order if turn == 0 else 1 - order) == number])
    heads.neck(canvas, s)
    _trunk(canvas, s)
    heads.skull(canvas, s)
    heads.face(canvas, s, ahead)
    heads.hair_behind(canvas, s, away)
    for number, name in enumerate(SIDES):
        _arm(canvas, s, name, np.flatnonzero(~_behind(s, number)))
    return canvas


def _behind(s: Stance, side: int) -> npt.NDArray[np.bool_]:
    """Whose right (0) or left (1) arm is behind the trunk."""
    far = s.near < 0 if side == 0 else s.near > 0
    return np.where(s.near == 0, s.away, far)


def _background(canvas: Canvas, s: Stance) -> None:
    who = s.who
    y = ((np.arange(s.height, dtype=np.float32) + np.float32(0.5)) / np.float32(s.height))[None, None, :, None]
    wall, low, floor = (c[:, :, None, None] for c in (who.wall, who.wall_low, who.floor))
    rows = wall + (low - wall) * y
    floor = floor * (np.float32(0.75) + np.float32(0.35) * y)
    below = held((y - who.horizon[:, None, None, None]) * np.float32(s.height) + np.float32(0.5))
    below *= (who.ground >= GROUNDS.index("floor"))[:, None, None, None]
    canvas.colour[:] = rows + below * (floor - rows)
    framed = np.flatnonzero(who.ground == GROUNDS.index("floor and frame"))
    scale = np.array([s.width, s.height, s.width, s.height], np.float32)
    for margin, colour in ((0.0, who.frame_colour * np.float32(0.6)), (0.018, who.frame_colour)):
        left, top, wide, tall = (who.frame[framed] * scale).T
        edge = np.float32(margin * s.height)
        box = (left + edge, top + edge, left + wide - edge, top + tall - edge)
        found = canvas.patch(framed, *box)
        if found is None:
            continue
        at, seen = found
        x0, y0, x1, y1 = (side[seen, None, None] for side in box)
        inside = np.minimum(np.minimum(at.x - x0, x1 - at.x), np.minimum(at.y - y0, y1 - at.y))
        cover = held(inside + np.float32(0.5))
        canvas.blend(at, cover, channels(colour[at.rows]), None)


def _shadow(canvas: Canvas, s: Stance) -> None:
    ankles = [J["right ankle"], J["left ankle"]]
    inside = s.known[:, ankles] & (s.at[:, ankles, 1] < s.height)
    rows = np.flatnonzero(inside.all(1))
    feet = s.at[rows][:, ankles]
    ground = np.maximum(np.float32(GROUND * s.height), feet[..., 1].max(1) + np.float32(0.012) * s.unit[rows])
    above = np.clip((ground - feet[..., 1].max(1)) / np.maximum(s.unit[rows], 1e-3), 0, 0.5)
    wide = (np.abs(feet[:, 0, 0] - feet[:, 1, 0]) / 2 + np.float32(0.09) * s.unit[rows]) * (1 - above)
    centre = np.stack([feet[..., 0].mean(1), ground], 1)
    up = np.broadcast_to(np.array([0, -1], np.float32), centre.shape)
    found = canvas.oval(rows, centre, up, wide.astype(np.float32), (np.float32(0.028) * s.unit[rows]))
    if found is not None:
        at, _, _, _, _, cover = found
        dark = np.zeros((len(at.rows), 3), np.float32)
        canvas.blend(at, cover * np.float32(0.28), channels(dark), None)


def _arm(canvas: Canvas, s: Stance, name: str, rows: Rows) -> None:
    who, unit = s.who, s.thick
    a, b, c = (J[f"{name} {joint}"] for joint in ("shoulder", "elbow", "wrist"))
    upper = rows[s.known[rows, a] & s.known[rows, b]]
    canvas.capsule(
        upper,
        s.at[upper, a],
        s.at[upper, b],
        0.036 * unit[upper],
        0.028 * unit[upper],
        who.skin[upper],
        PART[f"{name} upper arm"],
        cloth=who.top[upper],
        until=np.minimum(who.sleeve[upper], 1.2).astype(np.float32),
        widened=0.14,
    )
    fore = rows[s.known[rows, b] & s.known[rows, c]]
    way = direction(s.at[fore, b], s.at[fore, c], np.zeros((len(fore), 2), np.float32))
    hand = s.at[fore, c] + way * (0.022 * unit[fore])[:, None]
    part = PART[f"{name} forearm"]
    canvas.disc(fore, hand, 0.03 * unit[fore], who.skin[fore], part)
    canvas.capsule(
        fore,
        s.at[fore, b],
        s.at[fore, c],
        0.028 * unit[fore],
        0.022 * unit[fore],
        who.skin[fore],
        part,
        cloth=who.top[fore],
        until=np.maximum(who.sleeve[fore] - 1, 0).astype(np.float32),
        widened=0.14,
    )


def _leg(canvas: Canvas, s: Stance, name: str, rows: Rows) -> None:
    who, unit = s.who, s.thick
    a, b, c = (J[f"{name} {joint}"] for joint in ("hip", "knee", "ankle"))
    legged = np.where(who.bottom < BOTTOMS.index("skirt"), who.leg, 0).astype(np.float32)
    shin = rows[s.known[rows, b] & s.known[rows, c]]
    ankle = s.at[shin, c]
    side = np.float32(-1 if name == "right" else 1)
    # seen from the side the foot points where the person looks, from ahead to the viewer and a little outwards
    turned = (
        np.sign(s.facing[shin]) * (1 - s.broad[shin])
        + np.float32(0.3) * side * np.where(s.away[shin], -1, 1) * s.broad[shin]
    )
    toe = np.stack([turned * np.float32(0.06), np.full(len(shin), 0.018) - 0.02 * s.away[shin]], 1)
    toe = ankle + toe.astype(np.float32) * unit[shin][:, None]
    part = PART[f"{name} shin"]
    canvas.capsule(shin, ankle, toe, 0.027 * unit[shin], 0.024 * unit[shin], who.shoes[shin], part)
    canvas.capsule(
        shin,
        s.at[shin, b],
        ankle,
        0.04 * unit[shin],
        0.026 * unit[shin],
        who.skin[shin],
        part,
        cloth=who.bottom_colour[shin],
        until=np.maximum(legged[shin] - 1, 0),
        widened=0.16,
    )
    thigh = rows[s.known[rows, a] & s.known[rows, b]]
    canvas.capsule(
        thigh,
        s.at[thigh, a],
        s.at[thigh, b],
        0.055 * unit[thigh],
        0.041 * unit[thigh],
        who.skin[thigh],
        PART[f"{name} thigh"],
        cloth=who.bottom_colour[thigh],
        until=np.minimum(legged[thigh], 1.2).astype(np.float32),
        widened=0.1,
    )


def _trunk(canvas: Canvas, s: Stance) -> None:
    who = s.who
    hips = [J["right hip"], J["left hip"]]
    rows = np.flatnonzero(s.known[:, J["neck"]] & s.known[:, hips].all(1))
    unit, thick = s.unit[rows], s.thick[rows]
    neck, right, left = (s.at[rows, j] for j in (J["neck"], *hips))
    middle = (right + left) / 2
    up = direction(middle, neck, np.broadcast_to(np.array([0, -1], np.float32), neck.shape))
    pelvis = 0.049 * thick
    canvas.capsule(rows, right, left, pelvis, pelvis, who.bottom_colour[rows], PART["torso"])
    _skirt(canvas, s, np.flatnonzero(who.bottom >= BOTTOMS.index("skirt")))
    # the shirt: half as wide at each height as shoulders, waist and hips say
    depth = np.float32(0.062) * thick
    broad = s.broad[rows]
    shoulder = depth + (who.shoulder[rows] * unit - np.float32(0.4) * depth) * broad
    hip = np.maximum(depth * np.float32(1.0), np.abs(cross(left - right, up)) / 2 + np.float32(0.05) * thick)
    waist = np.minimum(shoulder, hip) * np.float32(0.86)
    length = length_of(neck - middle)
    tall = np.asarray(np.maximum(length, np.float32(1e-3)), np.float32)
    reach = np.maximum(shoulder, hip) + 2
    low, high = middle - up * (0.04 * unit)[:, None], neck + up * (0.012 * unit)[:, None]
    box = canvas.patch(
        rows,
        np.minimum(low[:, 0], high[:, 0]) - reach,
        np.minimum(low[:, 1], high[:, 1]) - 2 - np.abs(up[:, 0]) * reach,
        np.maximum(low[:, 0], high[:, 0]) + reach,
        np.maximum(low[:, 1], high[:, 1]) + 2 + np.abs(up[:, 0]) * reach,
    )
    if box is None:
        return
    at, seen = box
    some = at.rows
    u, v = within(at, neck[seen], up[seen], np.ones(len(some), np.float32), np.ones(len(some), np.float32))
    down = -v / tall[seen, None, None]  # 0 at the neck, 1 at the hips
    w0, w1, w2 = (w[seen, None, None] for w in (shoulder, waist, hip))
    upper, lower = (
        np.clip(down * np.float32(1 / 0.55), 0, 1),
        np.clip((down - np.float32(0.55)) * np.float32(1 / 0.45), 0, 1),
    )
    half = w0 + (w1 - w0) * upper * upper + (w2 - w1) * lower
    size = unit[seen, None, None]
    slope = np.clip(np.abs(u) - np.float32(0.03) * size, 0, None) * np.float32(0.22)  # shoulders fall away
    above = v - np.float32(0.012) * size + slope
    below = -v - (length[seen, None, None] + np.float32(0.03) * size)
    corner = np.float32(0.02) * size
    beyond_x, beyond_y = np.abs(u) - half + corner, np.maximum(above, below) + corner
    out_x, out_y = np.maximum(beyond_x, 0), np.maximum(beyond_y, 0)
    distance = np.sqrt(out_x * out_x + out_y * out_y) + np.minimum(np.maximum(beyond_x, beyond_y), 0) - corner
    cover = held(np.float32(0.5) - distance)
    shade = shading(u / half, down - np.float32(0.5), np.abs(u) / half)
    second = _pattern(s, some, u, v, half, down, size)
    colours = []
    for channel in range(3):
        one, two = who.top[some, channel, None, None], who.top_second[some, channel, None, None]
        colours.append((one + second * (two - one)) * shade)
    canvas.blend(at, cover, (colours[0], colours[1], colours[2]), PART["torso"])


def _pattern(s: Stance, rows: Rows, u: F, v: F, half: F, down: F, unit: F) -> F:
    """How much of the shirt's second colour is at a place, 0..1."""
    kind = s.who.pattern[rows, None, None]
    period = np.maximum(s.who.period[rows, None, None] * unit, 3)
    wave = np.where(kind == PATTERNS.index("stripes across"), v, u) / period
    wave = np.abs(wave - np.floor(wave) - np.float32(0.5)) - np.float32(0.25)
    stripes = np.clip(wave * period + np.float32(0.5), 0, 1)
    halves = np.clip((down - np.float32(0.45)) * unit * np.float32(0.285) + np.float32(0.5), 0, 1)
    facing = (s.facing[rows, None, None] * np.float32(0.6)) * half
    open_ = np.clip(np.float32(0.27) * half - np.abs(u - facing) + np.float32(0.5), 0, 1) * ~s.away[rows, None, None]
    plain = np.zeros((), np.float32)
    chosen = np.select([kind == 0, kind <= 2, kind == 3], [plain, stripes, halves], open_)
    return np.asarray(chosen, np.float32)


def _skirt(canvas: Canvas, s: Stance, rows: Rows) -> None:
    """From the hips over both thighs; its pixels belong to the thigh on whose side they lie."""
    joints = [J["right hip"], J["left hip"], J["right knee"], J["left knee"]]
    rows = rows[s.known[rows][:, joints].all(1)]
    if not len(rows):
        return
    thick = s.thick[rows]
    right, left, right_knee, left_knee = (s.at[rows, j] for j in joints)
    share = s.who.leg[rows][:, None]
    right_end, left_end = right + (right_knee - right) * share, left + (left_knee - left) * share
    top, bottom = (right + left) / 2, (right_end + left_end) / 2
    down = direction(top, bottom, np.broadcast_to(np.array([0, 1], np.float32), top.shape))
    wide = np.abs(cross(left_end - right_end, down)) / 2 + np.float32(0.066) * thick
    high = np.abs(cross(left - right, down)) / 2 + np.float32(0.058) * thick
    length = np.maximum(length_of(bottom - top), np.float32(0.05) * thick)
    reach = np.maximum(wide, high) + length + 2
    middle = (top + bottom) / 2
    box = canvas.patch(rows, *(middle - reach[:, None]).T, *(middle + reach[:, None]).T)
    if box is None:
        return
    at, seen = box
    ones = np.ones(int(seen.sum()), np.float32)
    u, v = within(at, top[seen], down[seen], ones, ones)
    w0, w1, size = (np.asarray(w, np.float32)[seen, None, None] for w in (high, wide, length))
    half: F = w0 + (w1 - w0) * held(v / size)
    distance = np.maximum(np.maximum(np.abs(u) - half, v - size), -v)
    cover = held(np.float32(0.5) - distance)
    aside: F = u / half
    shade = shading(aside, np.zeros_like(u), np.abs(aside))
    sign = np.sign(cross(left_end + left - right_end - right, down))[seen, None, None]
    of_right = u * sign > 0
    part = np.where(of_right, PART["right thigh"], PART["left thigh"])
    colours = tuple(c * shade for c in channels(s.who.bottom_colour[at.rows]))
    canvas.blend(at, cover, colours, part.astype(np.uint8))  # type: ignore[arg-type]
