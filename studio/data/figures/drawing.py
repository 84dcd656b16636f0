"""A person drawn from 18 joints, and which part of the body each pixel shows. What is drawn follows from the person, the
joints and the size alone, so that a pose edited by hand has its true picture too.

Which way somebody faces is read off the joints as a viewer would: without nose and eyes they look away; the side of
which alone an ear is known is the nearer one. A limb whose end is missing is drawn if it runs on out of the picture,
and is not drawn otherwise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.data.figures.canvas import Canvas, F, Rows, held, shading, within
from studio.data.figures.people import BOTTOMS, GROUNDS, HAIR, PATTERNS, People
from studio.data.figures.poses import GROUND
from studio.data.skeleton import PARTS, J, Joints

PART = {name: number for number, name in enumerate(PARTS)}
SIDES = ("right", "left")
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
    order = np.argsort(_unit(who, joints), kind="stable")  # those of about one size together: their boxes fit them all
    many = max(1, AT_ONCE * 64 * 64 // (height * width))
    for start in range(0, count, many):
        some = order[start : start + many]
        canvas = _Drawing(who.take(some), joints[some], size).drawn()
        np.clip(canvas.colour + np.float32(0.5), 0, 255, out=canvas.colour)  # rounded
        pictures[some] = canvas.colour.astype(np.uint8).transpose(0, 2, 3, 1)
        parts[some] = canvas.part
    return pictures, parts


_BONES = (
    ("right shoulder", "right elbow", "upper"),
    ("right elbow", "right wrist", "fore"),
    ("left shoulder", "left elbow", "upper"),
    ("left elbow", "left wrist", "fore"),
    ("right hip", "right knee", "thigh"),
    ("right knee", "right ankle", "shin"),
    ("left hip", "left knee", "thigh"),
    ("left knee", "left ankle", "shin"),
    ("neck", "right hip", "torso"),
    ("neck", "left hip", "torso"),
)
_NEAREST = (("neck", "nose", "head"), ("neck", "right shoulder", "shoulder"), ("neck", "left shoulder", "shoulder"))
"""For a picture that shows none of these."""


def _unit(who: People, joints: Joints) -> F:
    """Pixels of the reference height: of the ratios of bones to how long they are, one among the largest, because what
    points to the viewer looks shorter, and one limb may have been pulled long."""
    found = np.zeros(len(joints), np.float32)
    for bones in (_NEAREST, _BONES):
        ratios = np.full((len(joints), len(bones)), np.inf, np.float32)
        for column, (a, b, name) in enumerate(bones):
            known = (joints[:, J[a], 2] > 0) & (joints[:, J[b], 2] > 0)
            length = _length(joints[:, J[b], :2] - joints[:, J[a], :2])
            ratios[:, column] = np.where(known, length / getattr(who, name), np.inf)
        ordered = np.sort(ratios, axis=1)  # unknown ones last
        many = np.isfinite(ordered).sum(1)
        place = np.maximum(0, (0.75 * (many - 1)).astype(np.int64))
        found = np.where(many > 0, ordered[np.arange(len(joints)), place], found).astype(np.float32)
    return found


class _Drawing:
    def __init__(self, who: People, joints: Joints, size: tuple[int, int]) -> None:
        self.who = who
        self.height, self.width = size
        self.canvas = Canvas(len(joints), *size)
        self.unit = _unit(who, joints)
        self.thick = np.float32(1.18) * self.unit * who.girth
        self.known = (joints[..., 2] > 0) & (self.unit > 1)[:, None]
        self.at = np.array(joints[..., :2], np.float32)
        self._facing()
        self._completed()
        self._head()

    # --- what the joints say

    def _facing(self) -> None:
        known = self.known
        face = known[:, [J["nose"], J["right eye"], J["left eye"]]].any(1)
        ears = known[:, [J["right ear"], J["left ear"]]]
        crossed = self.at[:, J["left shoulder"], 0] < self.at[:, J["right shoulder"], 0]
        shoulders = known[:, [J["right shoulder"], J["left shoulder"]]].all(1)
        self.away = np.where(face, False, ears.any(1) | (shoulders & crossed))
        near = ears[:, 0].astype(np.int64) - ears[:, 1]
        across = np.abs(self.at[:, J["left shoulder"], 0] - self.at[:, J["right shoulder"], 0])
        self.broad = np.clip(across / np.maximum(2 * self.who.shoulder * self.unit, 1e-3), 0, 1).astype(np.float32)
        self.broad = np.where(shoulders, self.broad, 1).astype(np.float32)
        self.near = np.where(self.broad < 0.8, near, 0)  # 1: the right side is nearer, −1: the left one, 0: neither

    def _completed(self) -> None:
        """Limbs that run on out of the picture get their ends."""
        down = np.broadcast_to(np.array([0, 1], np.float32), (len(self.at), 2))
        for name in SIDES:
            hip, neck = J[f"{name} hip"], J["neck"]
            self._complete(hip, neck, down, self.who.torso)
            for root, joint, end, first, second in (
                ("shoulder", "elbow", "wrist", self.who.upper, self.who.fore),
                ("hip", "knee", "ankle", self.who.thigh, self.who.shin),
            ):
                a, b, c = (J[f"{name} {part}"] for part in (root, joint, end))
                self._complete(b, a, down, first)
                self._complete(c, b, _direction(self.at[:, a], self.at[:, b], down), second)

    def _complete(self, joint: int, root: int, way: F, length: F) -> None:
        guess = self.at[:, root] + way * (length * self.unit)[:, None]
        x, y = guess[:, 0], guess[:, 1]
        outside = (x <= 0) | (x >= self.width) | (y <= 0) | (y >= self.height)
        new = self.known[:, root] & ~self.known[:, joint] & outside
        self.at[new, joint] = guess[new]
        self.known[:, joint] |= new

    def _head(self) -> None:
        nose, right, left = (self.at[:, J[name]] for name in ("nose", "right ear", "left ear"))
        has_nose, has_right, has_left = (self.known[:, J[name]] for name in ("nose", "right ear", "left ear"))
        ear = np.where(has_right[:, None], right, left)
        # turned aside, the middle of the head is the nearer to the ear the less is seen of the face
        both = self.known[:, [J["right eye"], J["left eye"]]].all(1)
        between = ear + (nose - ear) * np.where(both, np.float32(0.6), np.float32(0.32))[:, None]
        neck = self.at[:, J["neck"]]
        has_neck = self.known[:, J["neck"]]
        guess = neck - np.array([0, 1], np.float32) * (self.who.head * self.unit)[:, None]
        outside = has_neck & (guess[:, 1] < 0)
        cases = [has_right & has_left, (has_right | has_left) & has_nose, has_nose, has_right | has_left, outside]
        places = [(right + left) / 2, between, nose, ear, guess]
        self.head = np.select([case[:, None] for case in cases], places, np.float32(0)).astype(np.float32)
        self.has_head = np.any(cases, axis=0)
        up = np.array([0, -1], np.float32)
        self.up = np.where(has_neck[:, None], _direction(neck, self.head, np.broadcast_to(up, neck.shape)), up)
        self.half_x = self.who.head_x * self.unit * (1 + np.float32(0.08) * (1 - self.broad))
        self.half_y = self.who.head_y * self.unit
        beside = nose - self.head
        facing = (beside[:, 0] * -self.up[:, 1] + beside[:, 1] * self.up[:, 0]) / np.maximum(self.half_x, 1e-3)
        self.facing = np.where(has_nose, np.clip(facing, -0.95, 0.95), 0).astype(np.float32)

    # --- drawing, what is behind first

    def drawn(self) -> Canvas:
        self._background()
        self._shadow()
        everybody = np.arange(len(self.at))
        away, ahead = np.flatnonzero(self.away), np.flatnonzero(~self.away)
        self._hair_behind(ahead)
        for number, name in enumerate(SIDES):
            self._arm(name, np.flatnonzero(self._behind(number)))
        order = np.where(self.near > 0, 1, 0)  # the far leg first
        for turn in (0, 1):
            for number, name in enumerate(SIDES):
                self._leg(name, everybody[(order if turn == 0 else 1 - order) == number])
        self._neck()
        self._trunk()
        self._skull()
        self._face(ahead)
        self._hair_behind(away)
        for number, name in enumerate(SIDES):
            self._arm(name, np.flatnonzero(~self._behind(number)))
        return self.canvas

    def _behind(self, side: int) -> npt.NDArray[np.bool_]:
        """Whose right (0) or left (1) arm is behind the trunk."""
        far = self.near < 0 if side == 0 else self.near > 0
        return np.where(self.near == 0, self.away, far)

    def _background(self) -> None:
        who, canvas = self.who, self.canvas
        y = ((np.arange(self.height, dtype=np.float32) + np.float32(0.5)) / np.float32(self.height))[
            None, None, :, None
        ]
        wall, low, floor = (c[:, :, None, None] for c in (who.wall, who.wall_low, who.floor))
        rows = wall + (low - wall) * y
        floor = floor * (np.float32(0.75) + np.float32(0.35) * y)
        below = held((y - who.horizon[:, None, None, None]) * np.float32(self.height) + np.float32(0.5))
        below *= (who.ground >= GROUNDS.index("floor"))[:, None, None, None]
        canvas.colour[:] = rows + below * (floor - rows)
        framed = np.flatnonzero(who.ground == GROUNDS.index("floor and frame"))
        scale = np.array([self.width, self.height, self.width, self.height], np.float32)
        for margin, colour in ((0.0, who.frame_colour * np.float32(0.6)), (0.018, who.frame_colour)):
            left, top, wide, tall = (who.frame[framed] * scale).T
            edge = np.float32(margin * self.height)
            box = (left + edge, top + edge, left + wide - edge, top + tall - edge)
            found = canvas.patch(framed, *box)
            if found is None:
                continue
            at, seen = found
            x0, y0, x1, y1 = (side[seen, None, None] for side in box)
            inside = np.minimum(np.minimum(at.x - x0, x1 - at.x), np.minimum(at.y - y0, y1 - at.y))
            cover = held(inside + np.float32(0.5))
            canvas.blend(at, cover, _channels(colour[at.rows]), None)

    def _shadow(self) -> None:
        ankles = [J["right ankle"], J["left ankle"]]
        inside = self.known[:, ankles] & (self.at[:, ankles, 1] < self.height)
        rows = np.flatnonzero(inside.all(1))
        feet = self.at[rows][:, ankles]
        ground = np.maximum(np.float32(GROUND * self.height), feet[..., 1].max(1) + np.float32(0.012) * self.unit[rows])
        above = np.clip((ground - feet[..., 1].max(1)) / np.maximum(self.unit[rows], 1e-3), 0, 0.5)
        wide = (np.abs(feet[:, 0, 0] - feet[:, 1, 0]) / 2 + np.float32(0.09) * self.unit[rows]) * (1 - above)
        centre = np.stack([feet[..., 0].mean(1), ground], 1)
        up = np.broadcast_to(np.array([0, -1], np.float32), centre.shape)
        found = self.canvas.oval(rows, centre, up, wide.astype(np.float32), (np.float32(0.028) * self.unit[rows]))
        if found is not None:
            at, _, _, _, _, cover = found
            dark = np.zeros((len(at.rows), 3), np.float32)
            self.canvas.blend(at, cover * np.float32(0.28), _channels(dark), None)

    def _arm(self, name: str, rows: Rows) -> None:
        who, unit = self.who, self.thick
        a, b, c = (J[f"{name} {joint}"] for joint in ("shoulder", "elbow", "wrist"))
        upper = rows[self.known[rows, a] & self.known[rows, b]]
        self.canvas.capsule(
            upper,
            self.at[upper, a],
            self.at[upper, b],
            0.036 * unit[upper],
            0.028 * unit[upper],
            who.skin[upper],
            PART[f"{name} upper arm"],
            cloth=who.top[upper],
            until=np.minimum(who.sleeve[upper], 1.2).astype(np.float32),
            widened=0.14,
        )
        fore = rows[self.known[rows, b] & self.known[rows, c]]
        way = _direction(self.at[fore, b], self.at[fore, c], np.zeros((len(fore), 2), np.float32))
        hand = self.at[fore, c] + way * (0.022 * unit[fore])[:, None]
        part = PART[f"{name} forearm"]
        self.canvas.disc(fore, hand, 0.03 * unit[fore], who.skin[fore], part)
        self.canvas.capsule(
            fore,
            self.at[fore, b],
            self.at[fore, c],
            0.028 * unit[fore],
            0.022 * unit[fore],
            who.skin[fore],
            part,
            cloth=who.top[fore],
            until=np.maximum(who.sleeve[fore] - 1, 0).astype(np.float32),
            widened=0.14,
        )

    def _leg(self, name: str, rows: Rows) -> None:
        who, unit = self.who, self.thick
        a, b, c = (J[f"{name} {joint}"] for joint in ("hip", "knee", "ankle"))
        legged = np.where(who.bottom < BOTTOMS.index("skirt"), who.leg, 0).astype(np.float32)
        shin = rows[self.known[rows, b] & self.known[rows, c]]
        ankle = self.at[shin, c]
        side = np.float32(-1 if name == "right" else 1)
        # seen from the side the foot points where the person looks, from ahead to the viewer and a little outwards
        turned = (
            np.sign(self.facing[shin]) * (1 - self.broad[shin])
            + np.float32(0.3) * side * np.where(self.away[shin], -1, 1) * self.broad[shin]
        )
        toe = np.stack([turned * np.float32(0.06), np.full(len(shin), 0.018) - 0.02 * self.away[shin]], 1)
        toe = ankle + toe.astype(np.float32) * unit[shin][:, None]
        part = PART[f"{name} shin"]
        self.canvas.capsule(shin, ankle, toe, 0.027 * unit[shin], 0.024 * unit[shin], who.shoes[shin], part)
        self.canvas.capsule(
            shin,
            self.at[shin, b],
            ankle,
            0.04 * unit[shin],
            0.026 * unit[shin],
            who.skin[shin],
            part,
            cloth=who.bottom_colour[shin],
            until=np.maximum(legged[shin] - 1, 0),
            widened=0.16,
        )
        thigh = rows[self.known[rows, a] & self.known[rows, b]]
        self.canvas.capsule(
            thigh,
            self.at[thigh, a],
            self.at[thigh, b],
            0.055 * unit[thigh],
            0.041 * unit[thigh],
            who.skin[thigh],
            PART[f"{name} thigh"],
            cloth=who.bottom_colour[thigh],
            until=np.minimum(legged[thigh], 1.2).astype(np.float32),
            widened=0.1,
        )

    def _neck(self) -> None:
        rows = np.flatnonzero(self.known[:, J["neck"]] & self.has_head)
        radius = 0.028 * self.thick[rows]
        low = self.at[rows, J["neck"]]
        self.canvas.capsule(
            rows, low, self.head[rows], radius, radius, self.who.skin[rows] * np.float32(0.9), PART["head"]
        )

    def _trunk(self) -> None:
        who, canvas = self.who, self.canvas
        hips = [J["right hip"], J["left hip"]]
        rows = np.flatnonzero(self.known[:, J["neck"]] & self.known[:, hips].all(1))
        unit, thick = self.unit[rows], self.thick[rows]
        neck, right, left = (self.at[rows, j] for j in (J["neck"], *hips))
        middle = (right + left) / 2
        up = _direction(middle, neck, np.broadcast_to(np.array([0, -1], np.float32), neck.shape))
        pelvis = 0.049 * thick
        canvas.capsule(rows, right, left, pelvis, pelvis, who.bottom_colour[rows], PART["torso"])
        self._skirt(np.flatnonzero(who.bottom >= BOTTOMS.index("skirt")))
        # the shirt: half as wide at each height as shoulders, waist and hips say
        depth = np.float32(0.062) * thick
        broad = self.broad[rows]
        shoulder = depth + (who.shoulder[rows] * unit - np.float32(0.4) * depth) * broad
        hip = np.maximum(depth * np.float32(1.0), np.abs(_cross(left - right, up)) / 2 + np.float32(0.05) * thick)
        waist = np.minimum(shoulder, hip) * np.float32(0.86)
        length = _length(neck - middle)
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
        down = -v / np.maximum(length[seen], 1e-3)[:, None, None]  # 0 at the neck, 1 at the hips
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
        second = self._pattern(some, u, v, half, down, size)
        colours = []
        for channel in range(3):
            one, two = who.top[some, channel, None, None], who.top_second[some, channel, None, None]
            colours.append((one + second * (two - one)) * shade)
        canvas.blend(at, cover, (colours[0], colours[1], colours[2]), PART["torso"])

    def _pattern(self, rows: Rows, u: F, v: F, half: F, down: F, unit: F) -> F:
        """How much of the shirt's second colour is at a place, 0..1."""
        kind = self.who.pattern[rows, None, None]
        period = np.maximum(self.who.period[rows, None, None] * unit, 3)
        wave = np.where(kind == PATTERNS.index("stripes across"), v, u) / period
        wave = np.abs(wave - np.floor(wave) - np.float32(0.5)) - np.float32(0.25)
        stripes = np.clip(wave * period + np.float32(0.5), 0, 1)
        halves = np.clip((down - np.float32(0.45)) * unit * np.float32(0.285) + np.float32(0.5), 0, 1)
        facing = (self.facing[rows, None, None] * np.float32(0.6)) * half
        open_ = (
            np.clip(np.float32(0.27) * half - np.abs(u - facing) + np.float32(0.5), 0, 1) * ~self.away[rows, None, None]
        )
        plain = np.zeros((), np.float32)
        return np.select([kind == 0, kind <= 2, kind == 3], [plain, stripes, halves], open_).astype(np.float32)

    def _skirt(self, rows: Rows) -> None:
        """From the hips over both thighs; its pixels belong to the thigh on whose side they lie."""
        joints = [J["right hip"], J["left hip"], J["right knee"], J["left knee"]]
        rows = rows[self.known[rows][:, joints].all(1)]
        if not len(rows):
            return
        thick = self.thick[rows]
        right, left, right_knee, left_knee = (self.at[rows, j] for j in joints)
        share = self.who.leg[rows][:, None]
        right_end, left_end = right + (right_knee - right) * share, left + (left_knee - left) * share
        top, bottom = (right + left) / 2, (right_end + left_end) / 2
        down = _direction(top, bottom, np.broadcast_to(np.array([0, 1], np.float32), top.shape))
        wide = np.abs(_cross(left_end - right_end, down)) / 2 + np.float32(0.066) * thick
        high = np.abs(_cross(left - right, down)) / 2 + np.float32(0.058) * thick
        length = np.maximum(_length(bottom - top), 0.05 * thick)
        reach = np.maximum(wide, high) + length + 2
        middle = (top + bottom) / 2
        box = self.canvas.patch(rows, *(middle - reach[:, None]).T, *(middle + reach[:, None]).T)
        if box is None:
            return
        at, seen = box
        ones = np.ones(int(seen.sum()), np.float32)
        u, v = within(at, top[seen], down[seen], ones, ones)
        w0, w1, size = (w[seen, None, None] for w in (high, wide, length))
        half = w0 + (w1 - w0) * np.clip(v / size, 0, 1)
        distance = np.maximum(np.maximum(np.abs(u) - half, v - size), -v)
        cover = held(np.float32(0.5) - distance)
        shade = shading(u / half, np.zeros_like(u), np.abs(u) / half)
        sign = np.sign(_cross(left_end + left - right_end - right, down))[seen, None, None]
        of_right = u * sign > 0
        part = np.where(of_right, PART["right thigh"], PART["left thigh"])
        colours = tuple(c * shade for c in _channels(self.who.bottom_colour[at.rows]))
        self.canvas.blend(at, cover, colours, part.astype(np.uint8))  # type: ignore[arg-type]

    def _skull(self) -> None:
        """Hair all over, and the face on it where it is seen."""
        who = self.who
        rows = np.flatnonzero(self.has_head)
        for name in SIDES:
            ears = rows[self.known[rows, J[f"{name} ear"]] & ~np.isin(who.hair[rows], _COVERS_EARS)]
            self.canvas.disc(
                ears, self.at[ears, J[f"{name} ear"]], 0.2 * self.half_x[ears], who.skin[ears], PART["head"]
            )
        grown = np.where(who.hair[rows] == HAIR.index("bald"), 1.0, 1.06).astype(np.float32)
        grown = np.where(who.hair[rows] == HAIR.index("curls"), np.float32(1.2), grown)
        found = self.canvas.oval(
            rows, self.head[rows], self.up[rows], self.half_x[rows] * grown, self.half_y[rows] * grown
        )
        if found is None:
            return
        at, seen, u, v, away, cover = found
        some = at.rows
        facing = self.facing[some, None, None]
        turned = np.abs(facing)
        line = _HAIRLINE[who.hair[some]][:, None, None]
        grown = grown[seen, None, None]
        face_u = (u * grown - np.float32(0.38) * facing) / (np.float32(0.86) - np.float32(0.12) * turned)
        face_v = (v * grown + line) / np.float32(0.98)
        out = np.sqrt(face_u * face_u + face_v * face_v)
        inner = np.minimum((1 - out) * np.float32(0.8), (1 - away * grown))
        skin = np.clip(inner * self.half_x[some, None, None] + np.float32(0.5), 0, 1) * ~self.away[some, None, None]
        shade = shading(u, -v, away)
        colours = []
        for channel in range(3):
            one, two = who.hair_colour[some, channel, None, None], who.skin[some, channel, None, None]
            colours.append((one + skin * (two - one)) * shade)
        self.canvas.blend(at, cover, (colours[0], colours[1], colours[2]), PART["head"])

    def _hair_behind(self, rows: Rows) -> None:
        """Long hair, a bob, a bun: behind the trunk of those who look at the viewer, before that of those who don't."""
        who, up = self.who, self.up
        rows = rows[self.has_head[rows]]
        back = np.stack([-self.up[:, 1], self.up[:, 0]], 1) * (-self.facing * self.half_x)[:, None]
        for name, low, wide in (("bob", 0.55, 0.86), ("long", 1.55, 0.8)):
            some = rows[who.hair[rows] == HAIR.index(name)]
            top = self.head[some] + np.float32(0.3) * back[some]
            end = top - up[some] * (np.float32(low) * self.half_y[some])[:, None] + np.float32(0.25) * back[some]
            radius = np.float32(wide) * self.half_x[some]
            self.canvas.capsule(
                some, top, end, radius * np.float32(1.2), radius, who.hair_colour[some] * np.float32(0.88), PART["head"]
            )
        some = rows[who.hair[rows] == HAIR.index("bun")]
        bun = (
            self.head[some] + up[some] * (np.float32(0.95) * self.half_y[some])[:, None] + np.float32(0.55) * back[some]
        )
        self.canvas.disc(some, bun, np.float32(0.45) * self.half_x[some], who.hair_colour[some], PART["head"])

    def _face(self, rows: Rows) -> None:
        who, canvas, head = self.who, self.canvas, PART["head"]
        rows = rows[self.has_head[rows]]
        up = self.up
        across = np.stack([-up[:, 1], up[:, 0]], 1)
        eye = np.maximum(np.float32(0.115) * self.half_x, np.float32(0.55))
        dark = np.broadcast_to(np.array([38, 28, 26], np.float32), (len(up), 3))
        large = self.half_x > 7
        for name in SIDES:
            some = rows[self.known[rows, J[f"{name} eye"]]]
            place = self.at[:, J[f"{name} eye"]]
            aside = ((place - self.head) * across).sum(1)
            inside = np.clip(aside, -0.74 * self.half_x, 0.74 * self.half_x)
            place = place + across * (inside - aside)[:, None]
            big = some[large[some]]
            white = np.broadcast_to(np.array([250, 248, 245], np.float32), (len(big), 3))
            canvas.ellipse(
                big, place[big], up[big], 0.2 * self.half_x[big], 0.15 * self.half_x[big], white, head, flat=True
            )
            canvas.disc(some, place[some], eye[some], dark[some], head, flat=True)
            brow = place[big] + up[big] * (np.float32(0.3) * self.half_x[big])[:, None]
            out = across[big] * (np.float32(0.2) * self.half_x[big])[:, None]
            ink = who.hair_colour[big] * np.float32(0.7)
            thin = np.float32(0.05) * self.half_x[big]
            canvas.capsule(big, brow - out, brow + out, thin, thin, ink, head, flat=True)
        some = rows[self.known[rows, J["nose"]]]
        nose = self.at[some, J["nose"]]
        shaded = who.skin[some] * np.float32(0.78)
        wide = np.maximum(np.float32(0.09) * self.half_x[some], np.float32(0.4))
        canvas.disc(some, nose, wide, shaded, head, flat=True)
        mouth = nose - up[some] * (np.float32(0.36) * self.half_y[some])[:, None]
        mouth -= across[some] * (np.float32(0.22) * self.facing[some] * self.half_x[some])[:, None]
        half = (
            across[some]
            * (np.float32(0.27) * self.half_x[some] * (1 - np.float32(0.45) * np.abs(self.facing[some])))[:, None]
        )
        lips = who.skin[some] * np.array([0.72, 0.42, 0.42], np.float32)
        thick = np.maximum(np.float32(0.075) * self.half_x[some], np.float32(0.4))
        canvas.capsule(some, mouth - half, mouth + half, thick, thick, lips, head, flat=True)


_COVERS_EARS = [HAIR.index(name) for name in ("bob", "long", "curls")]
_HAIRLINE = np.array(
    [{"bald": 0.0, "cropped": 0.16, "curls": 0.3, "bob": 0.32}.get(name, 0.24) for name in HAIR], np.float32
)
"""How far below the middle of the head that of the face is, in its half height."""


def _direction(a: F, b: F, otherwise: F) -> F:
    """From a to b, of length 1."""
    length = _length(b - a)
    return np.where((length > 1e-4)[:, None], (b - a) / np.maximum(length, 1e-4)[:, None], otherwise).astype(np.float32)


def _length(v: F) -> F:
    return np.sqrt(v[:, 0] * v[:, 0] + v[:, 1] * v[:, 1])


def _cross(a: F, b: F) -> F:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _channels(colour: F) -> tuple[F, F, F]:
    return colour[:, 0, None, None], colour[:, 1, None, None], colour[:, 2, None, None]
