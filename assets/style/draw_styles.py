"""Draw the sample style pictures: five invented works, each in another technique.

    python draw_styles.py [FOLDER]

Every picture grows from a fixed seed, so a second run writes the same bytes.
"""

import math
import sys
from pathlib import Path

import numpy as np
from brushwork import (
    FINAL_SIZE,
    HEIGHT,
    WIDTH,
    U,
    V,
    X,
    Y,
    at,
    blur,
    cells,
    centres,
    flat,
    jittered,
    lit,
    mix,
    noise,
    painted,
    palette,
    ramp,
    seams,
    smooth,
)
from PIL import Image, ImageDraw

ACROSS = np.linspace(-0.03, 1.37, 300)


def stained_glass():
    """A window: the sun over hills, a tree and a river, in lead and coloured glass."""
    rng = np.random.default_rng(11)
    sun = np.array([0.86, 0.33]) * HEIGHT
    radius = np.hypot(X - sun[0], Y - sun[1]) / HEIGHT
    edges = (
        0.60 + 0.06 * np.sin(U * 4.2 + 0.6),
        0.70 + 0.05 * np.sin(U * 5 + 3.1),
        0.83 + 0.035 * np.sin(U * 6.5),
    )
    region = sum((edge < V).astype(int) for edge in edges)
    for x, y, r in (
        (0.22, 0.16, 0.11),
        (0.35, 0.20, 0.11),
        (0.12, 0.26, 0.10),
        (0.09, 0.37, 0.085),
        (0.45, 0.31, 0.09),
        (0.40, 0.40, 0.075),
        (0.27, 0.32, 0.15),
    ):
        region[np.hypot(U - x, V - y) < r] = 5
    girth = 0.003 + 0.045 * np.clip(V - 0.16, 0, 1) + 0.9 * np.clip(V - 0.70, 0, 1) ** 2
    for lean in (0.0, -0.9, 0.85):
        bough = abs(U - 0.27 - 0.03 * np.sin(V * 7) - lean * np.clip(0.47 - V, 0, 1) ** 1.2) < girth
        region[bough & (V < 0.86) & (0.2 + 0.1 * abs(lean) < V)] = 4
    region[radius < 0.10] = 6

    rings, ring, count, turn = [sun[None]], 0.068, 8, 0.0
    while ring < 1.5:
        angle = turn + np.arange(count) * 2 * np.pi / count
        rings.append(sun + ring * HEIGHT * np.stack([np.cos(angle), np.sin(angle)], 1))
        ring += 0.06 if ring < 0.1 else 0.10 + 0.05 * ring
        count, turn = 16 if ring < 0.25 else 32 if ring < 0.9 else 64, turn + np.pi / count
    points = np.concatenate(rings)
    points = points[at(region, points) % 6 == 0]
    for place, spacing, wide in ((1, 52, 2.6), (2, 54, 2.4), (3, 38, 3.6), (4, 60, 1), (5, 50, 1)):
        fresh = jittered(rng, spacing, 0.3, wide)
        points = np.concatenate([points, fresh[at(region, fresh) == place]])
    stretch = {1: 2.2, 2: 2.2, 3: 3.0}
    points = centres(cells(points, region, 200, stretch=stretch), points)
    owner = cells(points, region, 200, stretch=stretch)

    home, position = at(region, points), rng.uniform(0, 1, len(points))
    position[home == 0] = at(radius, points)[home == 0] / 0.95 + 0.06 * (position[home == 0] - 0.5)
    colour = np.zeros((len(points), 3), np.float32)
    for place, codes in enumerate(
        (
            "fff0a8 ffd23f fb9a1e e8451f b31543 6a2390 2a3fb0 1668c8 1b3f9e",
            "1f8f6b 63b85f 137070 9bc94a",
            "12914a 0b6b52 b5d03a 2fb066",
            "0c49ae 1590d6 6fd3e6 12338a 25b5b5",
            "74302c 96502a 5a2448",
            "f0bf2a 64b83a 1f8f44 d9591c a9d23c 12804a",
            "fff6c4 ffe06a ffc23a",
        )
    ):
        colour[home == place] = ramp(codes, position[home == place])
    # Each pane runs from a deeper to a lighter tone, most of them towards the sun.
    tilt = np.arctan2(*(sun - points).T[::-1]) + rng.normal(0, 0.9, len(points))
    offset = np.stack([X, Y], -1) - points[owner]
    sheen = np.clip((offset * np.stack([np.cos(tilt), np.sin(tilt)], 1)[owner]).sum(-1) / 60, -1, 1)
    swirl = noise(rng, 50, 260, 3) + 0.6 * noise(rng, 240, 50, 2)
    lead = np.clip(np.maximum(1.15 * seams(owner, 4), 1.25 * seams(region, 6)), 0, 1.4)
    light = (1.02 + 0.26 * sheen + 0.10 * swirl - 0.30 * blur(np.minimum(lead, 1), 7))[..., None]
    glass = np.clip(colour[owner], 0.02, 1) ** (1.5 - 0.5 * light) * light
    glass *= 1 + 0.7 * lit(noise(rng, 30, 70, 2), 1.3)[..., None]
    halo = np.stack([blur(np.clip(channel, 0, 1), 26) for channel in np.moveaxis(glass, 2, 0)], -1)
    metal = 0.17 + 0.5 * lit(blur(lead, 2), 3) + 0.03 * noise(rng, 6)
    return mix(glass + 0.22 * halo**1.6, metal[..., None] + 0.12 * halo, smooth(0.50, 0.66, lead))


def mosaic():
    """Two fish in swirling water, in small stones that follow the current."""
    rng = np.random.default_rng(5)
    region, tone = np.zeros((2, HEIGHT, WIDTH), np.float32)
    flow = V + 0.09 * np.sin(U * 5.5 + 1.2 * np.sin(V * 6)) + 0.03 * noise(rng, 500)
    for number, (x, y, size, angle) in enumerate(
        ((0.60, 0.33, 0.37, 0.22), (0.74, 0.74, 0.31, np.pi - 0.12))
    ):
        c, s = np.cos(angle), np.sin(angle)
        along = ((U - x) * c + (V - y) * s) / size
        across = ((V - y) * c - (U - x) * s) / size * np.sign(c) + 0.12 * np.sin(along * 2.4 + 0.4)
        half = 0.40 * np.clip(1 - along**2, 0, 1) ** 0.62 * (1 + 0.22 * along) + 0.035
        level, spread = across / half, np.clip(-along - 0.86, 0, 1)
        body = (abs(level) < 1) & (abs(along) < 1)
        tail = (
            (spread > 0)
            & (abs(across) < 0.05 + 0.85 * spread)
            & (spread < 0.24 + 0.35 * abs(across))
        )
        crest = 0.20 * smooth(-0.75, 0.0, along) * smooth(0.55, 0.2, along)
        belly = 0.16 * smooth(0.3, 0, abs(along + 0.35))
        fin = (across > -half - crest) & (across < 0) & (crest > 0)
        fin |= (across < half + belly) & (across > 0) & (belly > 0)
        gill, eye = np.hypot(along - 0.95, across * 0.9), np.hypot(along - 0.68, across + 0.09)
        oval = np.hypot(along * 0.75, across * 1.3)
        near = np.exp(-(np.clip(oval - 0.55, 0, 9) ** 2) / 0.10)
        flow = flow * (1 - near) + near * (oval * size + 0.12 + number * 0.34)
        scale = np.hypot(along * 9 % 1 - 0.1, (level * 3.5 + 0.5 * np.floor(along * 9)) % 1 - 0.5)
        skin = 0.50 + 0.42 * level - 0.35 * smooth(0.55, 0.8, scale)
        rim = abs(level) > 0.86
        for part, (mask, direction, shade) in enumerate(
            (
                (tail, across * 0.5 + 0.2 * spread, 0.15 + 0.8 * abs(np.sin(across * 14))),
                (
                    fin & ~body,
                    along * 0.5 - 0.2 * across,
                    0.2 + 0.75 * abs(np.sin(along * 18 + across * 8)),
                ),
                (body, level * 0.3, np.where(rim, 0, skin)),
                (body & (gill < 0.47), gill, np.where(rim | (gill > 0.42), 0, 0.35 + 1.1 * gill)),
                (eye < 0.145, eye, eye < 0.10),
                (eye < 0.05, eye, 0 * eye),
            ),
            1 + 6 * number,
        ):
            flow, tone = np.where(mask, direction, flow), np.where(mask, shade, tone)
            region[mask] = part
    angle = np.arctan2(*np.gradient(blur(flow, 3)))

    points = jittered(rng, 20, 0.3)
    for _ in range(12):
        points = centres(cells(points, region, 28, at(angle, points)), points)
    owner = cells(points, region, 28, at(angle, points))

    home, shade, count = at(region, points), at(tone, points), len(points)
    # The water comes in few sorts of stone, so that whole rows share a colour.
    sort = np.floor((at(flow, points) * 3.6 + rng.normal(0, 0.008, count)) % 1 * 15) / 14
    colour = ramp(
        "0c2b52 0f4473 1a6a90 2f93a3 8cc9bd d6e2d0 f6f0dc e6d6a8 d4a94a 2f93a3 14578a 0c2b52", sort
    )
    fish = (
        "6b1a1a c8501f f2c860 8a2a1c",
        "6b1a1a e08a30 f6d98c",
        "4a1420 a8281f dc5a26 f09a38 f8cf78 fdf3d6",
        "4a1420 e07a2a f2b850 c8501f",
        "3a1018 fbf3dc",
        "14121c 14121c",
    )
    for part in range(1, 13):
        inside = home == part
        colour[inside] = ramp(
            fish[(part - 1) % 6], shade[inside] + rng.normal(0, 0.04, inside.sum())
        )
    colour *= rng.normal(1, 0.09, (count, 1)) + rng.normal(0, 0.025, (count, 3))
    grout = seams(owner, 2)
    # No stone lies quite level: each catches the light on another side.
    tilt = rng.normal(0, 0.012, (count, 2))[owner]
    facet = ((np.stack([X, Y], -1) - points[owner]) * tilt).sum(-1)
    stone = (
        colour[owner]
        * (1.04 + facet + 0.07 * noise(rng, 5) - 0.4 * lit(blur(grout, 2), 1.2))[..., None]
    )
    bed = palette("463d33") * (1 + 0.2 * noise(rng, 4))[..., None]
    return mix(stone, bed, smooth(0.45, 0.75, grout)) * (1 + 0.05 * noise(rng, 500))[..., None]


def river_view(rng):
    """The masses under the dabs: sky, far hills, poplars, river, boats, meadow and a shady tree."""
    edge, ripple = 0.012 * noise(rng, 60, octaves=3), 0.10 * noise(rng, 260, 16, 2)
    river = 0.50 + 0.02 * np.sin(U * 3) < V
    view = ramp("4f86cc 7fb0e0 b9d4e0 f6e0b0 fbcf94", V / 0.44)
    view = mix(
        view,
        palette("fff0d8"),
        0.85 * smooth(0.0, 0.8, noise(rng, 420, 120, 3) - 3 * abs(V - 0.17)),
    )
    view = mix(view, palette("9488bc"), 0.40 - 0.05 * np.sin(U * 3.2 + 0.5) + 0.5 * edge < V)
    view = mix(view, ramp("4f8a78 8fb06a", 0.5 + noise(rng, 80)), 0.465 + edge * 0.8 < V)
    view = mix(view, ramp("8a80b8 e8b89a f8dcae b4cfe2 6d9ad0", (V - 0.5) / 0.34 + ripple), river)
    for x, height in (
        (0.10, 0.34),
        (0.17, 0.25),
        (0.25, 0.31),
        (0.33, 0.22),
        (0.64, 0.28),
        (0.71, 0.34),
    ):
        for up, wet in ((0.505 - V, 0.0), (V - 0.505, 0.4)):
            t = np.clip(up / height, 0, 1)
            lean = U - x + (0.35 * ripple * t if wet else 0.4 * edge)
            leaf = ramp("23505c 2f7a58 8fb848 f0d860", 0.45 + 18 * lean + 0.15 * noise(rng, 40))
            poplar = (abs(lean) < 0.030 * np.sin(3.14 * t**0.55) ** 0.7) & (t > 0) & (t < 1)
            view = mix(view, mix(leaf, palette("8f9fcc"), wet), poplar & (river | (wet == 0)))
    for x, foot, size in ((0.50, 0.625, 1.0), (0.83, 0.545, 0.45)):
        for flip, strength in ((1, 1.0), (-1, 0.6)):
            up, aside = (foot - V) * flip / size, (U - x) / size
            slant = 1 - up / 0.22
            sail = (up > 0.025) & (up < 0.22) & (aside < 0.085 * slant) & (aside > -0.045 * slant)
            view = mix(view, ramp("ffffff fbe6c4 e8b0a0", aside * 8 + 0.4), strength * sail)
            hull = (up > 0) & (up < 0.022) & (abs(aside - 0.01) < 0.06 + up)
            view = mix(view, palette("b03a34"), strength * hull)
    bank = 0.82 - 0.14 * (U - 0.5) + 0.02 * np.sin(U * 6) + edge < V
    shade = bank & (0.90 - 0.26 * smooth(0.55, 1.1, U) + 2 * edge < V)
    view = mix(
        view,
        ramp("f4dc78 d0c850 94b048 5f9448", (V - 0.68) * 2.8 + 0.15 * noise(rng, 130, 40, 2)),
        bank,
    )
    view = mix(
        view, ramp("27448f 2a7a68 5f4a9a 4a9a58", 0.5 + 0.5 * noise(rng, 150, 60, 2)), 0.85 * shade
    )
    view = mix(view, palette("e8627a"), bank & (noise(rng, 22) + 0.5 * noise(rng, 200) > 0.75))
    stem = U - 1.08 + 0.05 * np.sin(V * 5)
    trunk = (abs(stem) < 0.020 + 0.06 * smooth(0.70, 0.84, V)) & (V > 0.2) & (V < 0.83)
    view = mix(view, ramp("c87a5a 5a3f6c 2f2f5c", stem * 25 + 0.8), trunk)
    crown = np.max(
        [
            r - np.hypot(U - x, (V - y) * 1.25)
            for x, y, r in (
                (1.02, 0.14, 0.22),
                (1.25, 0.10, 0.24),
                (1.24, 0.33, 0.15),
                (0.87, 0.25, 0.11),
                (1.34, 0.25, 0.2),
            )
        ],
        0,
    )
    sunlit = 0.42 + 0.34 * noise(rng, 120, 90, 3) - 0.9 * (V - 0.22) + 0.35 * (1.05 - U)
    return mix(view, ramp("1f3f6c 246a5c 5fa048 d8cc50 ffe888", sunlit), crown + 2.4 * edge > 0)


def pointillism():
    """A river on a summer day, in dabs of pure and complementary colour."""
    rng = np.random.default_rng(8)

    def divided(colours):
        # The complement keeps the lightness, so that the mass holds together from afar.
        strength = rng.uniform(1.0, 1.7, (len(colours), 1))
        strength = np.where(rng.random(strength.shape) < 0.2, 0.9 - strength, strength)
        grey = colours.mean(1, keepdims=True)
        return grey + (colours - grey) * strength + rng.normal(0, 0.06, colours.shape)

    layers = (15, 28, 24), (13, 17, 14), (11, 12, 10)
    canvas, relief = painted(
        rng, river_view(rng), 1.5 * noise(rng, 260), "ecdcbc", layers, divided, 0, 0.03
    )
    weave = 0.02 * np.sin(X * 1.6) * np.sin(Y * 1.6)
    return canvas * (1 + lit(relief, 0.25) + 0.03 * noise(rng, 4) + weave)[..., None]


def hatch(draw, rng, dark, direction):
    """Fill the tones with short pen strokes: the darker, the more layers cross each other."""
    sway = np.where(direction == 0, 12, 3) * noise(rng, 240, 90, 2)
    run = np.linspace(0, 1.1, 7)
    layers = (0, 9, 54, 0.14), (42, 9, 44, 0.42), (-40, 8, 38, 0.62), (18, 7, 32, 0.80)
    for turn, spacing, length, threshold in layers:
        for degrees in np.unique(direction):
            base = math.radians(int(degrees) + turn)
            ahead, aside = np.array(
                [[math.cos(base), math.sin(base)], [-math.sin(base), math.cos(base)]]
            )
            offset, start = np.mgrid[-980:980:spacing, -980:980:length].reshape(2, -1, 1)
            start = start + offset * 7.3 % length + rng.normal(0, 5, start.shape) + length * run
            sag = rng.normal(0, 2, offset.shape) * np.sin(np.pi * run)
            offset = offset + rng.normal(0, 0.9, offset.shape) + sag
            path = (WIDTH / 2, HEIGHT / 2) + start[..., None] * ahead + offset[..., None] * aside
            path[..., 1] += at(sway, path)
            wanted = at(dark, path) > threshold + rng.normal(0, 0.04, (len(path), 1))
            wanted &= (at(direction, path) == degrees) & (
                abs(path / (WIDTH, HEIGHT) - 0.5) < 0.51
            ).all(2)
            for line, kept in zip(path, wanted):
                # A stroke that left its face and came back would cross what lies between.
                if kept.sum() > 1 and np.diff(kept, prepend=False, append=False).sum() == 2:
                    line = flat(line[kept], 2)
                    draw.line(line, 255, 3)
                    draw.line(line[1:-1] or line, 255, 5)


def ink_drawing():
    """A hill town above its harbour, in pen lines hatched and cross-hatched on warm paper."""
    rng = np.random.default_rng(4)
    tones, turns = (Image.new("L", (WIDTH, HEIGHT)) for _ in range(2))
    lines = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
    pen = ImageDraw.Draw(lines)

    def face(points, dark, degrees):
        # What is drawn later stands in front, so it hides the lines behind it.
        # Pure black is filled at once and needs no hatching.
        ImageDraw.Draw(tones).polygon(flat(points, HEIGHT), int(dark % 1 * 255))
        ImageDraw.Draw(turns).polygon(flat(points, HEIGHT), degrees)
        corners = np.array([*points, points[0]]) * 2 * HEIGHT
        pen.polygon(flat(corners, 1), 255 if dark == 1 else 0)
        for a, b in zip(corners[:-1], corners[1:]):
            # A hand overshoots the corners a little and never draws quite straight.
            pen.line(
                flat(
                    [a - (b - a) * 0.02, (a + b) / 2 + rng.normal(0, 1.5, 2), b + (b - a) * 0.02], 1
                ),
                255,
                5,
            )

    def house(x, y, w, h, rise, side):
        a, b, top, drop = x + w, x + w + side, y - h, 0.1 * w
        face(
            [(x, y + h), (x, top), (x + w / 2, top - rise), (a, top), (a, y + h)],
            rng.uniform(0, 0.2),
            90,
        )
        face([(a, y + h), (a, top), (b, top - drop), (b, y + h)], rng.uniform(0.6, 0.8), 105)
        gable, eaves = (x + w / 2, top - rise), (a + drop, top + drop)
        face(
            [gable, (gable[0] + side, gable[1] - drop), (b + drop, top), eaves],
            rng.uniform(0.2, 0.45),
            60,
        )
        for u, v in ((0.2, 0.15), (0.6, 0.15), (0.2, 0.6), (0.6, 0.6)):
            left, up, right, down = x + u * w, top + v * h, x + (u + 0.17) * w, top + (v + 0.24) * h
            face([(left, up), (right, up), (right, down), (left, down)], 1, 90)

    hill = (
        0.77
        - 0.40 * np.exp(-(((ACROSS - 0.86) / 0.33) ** 2))
        - 0.10 * np.exp(-(((ACROSS - 0.2) / 0.25) ** 2))
    )
    for level, rough, degrees in ((0.37, 0.11, 120), (0.52, 0.08, 60)):
        ridge = level - rough * abs(
            np.sin(ACROSS * 3.1 + level * 40) + 0.5 * np.sin(ACROSS * 7.3 + level * 9)
        )
        ridge += rng.normal(0, 0.006, 300)
        face([*zip(ACROSS[::5], ridge[::5]), (1.37, 1.0), (-0.03, 1.0)], 0.33, degrees)
    face([*zip(ACROSS[::5], hill[::5]), (1.37, 1.0), (-0.03, 1.0)], 0.3, 30)
    house(0.80, 0.37, 0.055, 0.20, 0.06, 0.035)
    for depth in np.linspace(0, 1, 8):
        x = rng.uniform(-0.1, -0.02)
        while x < 1.36:
            w = rng.uniform(0.030, 0.046) * (0.8 + 0.8 * depth)
            y = 0.765 - (0.765 - np.interp(x + w, ACROSS, hill)) * (1 - depth)
            if depth == 1 or np.interp(x, ACROSS, hill) < 0.70:
                if rng.random() < 0.22:
                    t = np.linspace(0, 2 * np.pi, 24)
                    radius = w * (0.42 - 0.2 * np.cos(t)) * rng.uniform(0.85, 1.15, 24)
                    face(
                        np.stack(
                            [x + w + radius * np.sin(t), y - 0.5 * w - 1.9 * w * np.cos(t)], 1
                        ),
                        0.97,
                        75,
                    )
                else:
                    house(
                        x,
                        y,
                        w,
                        w * rng.uniform(1.0, 1.7),
                        w * rng.uniform(0.4, 0.7),
                        w * rng.uniform(0.7, 1.3),
                    )
            x += w * rng.uniform(1.5, 2.2)
    face([(-0.05, 0.80), (1.4, 0.80), (1.4, 0.85), (-0.05, 0.85)], 0.35, 15)
    face([(-0.05, 0.85), (1.4, 0.85), (1.4, 1.1), (-0.05, 1.1)], 0.3, 0)
    # The water mirrors the tones of the town, drawn out and broken by the ripples.
    ripple, dark = noise(rng, 170, 14, 2), np.asarray(tones, np.float32) / 255
    mirrored = at(dark, np.stack([X + 14 * ripple, 0.85 * HEIGHT - 2.2 * (Y - 0.85 * HEIGHT)], -1))
    dark = np.where(V > 0.85, 0.16 + 0.6 * mirrored + 0.16 * ripple, dark)
    tones = Image.fromarray((np.clip(dark, 0, 0.99) * 255).astype(np.uint8))
    for x, y, s, t in (
        (0.16, 0.95, 0.12, 0.12),
        (0.50, 0.90, 0.07, -0.07),
        (1.17, 0.93, 0.10, -0.10),
    ):
        deck, keel = y - 0.25 * s, y + 0.2 * s
        face(
            [(x - t, deck), (x + t, deck - 0.1 * s), (x + 0.7 * t, keel), (x - 0.7 * t, keel)],
            0.85,
            15,
        )
        face([(x, y - 0.3 * s), (x, y - 2.0 * s), (x + 0.8 * t, y - 0.4 * s)], 0.06, 75)
        face([(x, y - 0.3 * s), (x, y - 1.8 * s), (x - 0.6 * t, y - 0.4 * s)], 0.3, 105)
    dark, direction = (
        np.asarray(tones, np.float32) / 255 + 0.13 * noise(rng, 110, octaves=3),
        np.asarray(turns),
    )
    sky = np.minimum(0.36 + 0.32 * noise(rng, 460, 130, 3) - 0.10 * V, 0.60)
    hatch(pen, rng, np.where((direction == 0) & (V < 0.8), sky, dark), direction)
    ink = np.asarray(lines.resize((WIDTH, HEIGHT), Image.LANCZOS), np.float32) / 255
    paper = (
        palette("f0e5cc")
        * (1 + 0.03 * noise(rng, 300, octaves=2) + 0.025 * noise(rng, 3))[..., None]
    )
    return mix(paper, palette("211a1a"), np.clip(ink * (0.92 + 0.12 * noise(rng, 30)), 0, 1))


def impasto_field():
    """A field at dusk under a turning sky, in thick strokes of a bristle brush."""
    rng = np.random.default_rng(31)
    swirl, far = noise(rng, 420, 300, 2), np.hypot(U - 0.82, (V - 0.42) * 1.1)
    glow = far * 1.05 + 0.13 * swirl + 0.05 * np.sin(far * 60)
    view = ramp("fffbd0 ffd84a fba52e ee6a34 b8426a 6d3f92 3450a8 20337c 141f52", glow)
    view = mix(view, palette("fff3a8"), far < 0.07)
    down, right = np.gradient(far + 0.16 * swirl)
    angle = np.arctan2(-right, down)
    horizon = 0.58 + 0.015 * np.sin(U * 4)
    for lift, codes, phase in (
        (0.10, "4a4fa0 7a4a92 2f3f86", 1),
        (0.045, "1f3f6a 2a6a6a 1a2a58", 4),
    ):
        hills = horizon - lift * (0.6 + 0.4 * np.sin(U * 5 + phase)) < V
        view = mix(view, ramp(codes, 0.5 + 0.5 * noise(rng, 90)), hills)
        angle = np.where(hills, -0.2 * np.cos(U * 5 + phase), angle)
    # The furrows run towards one point behind the horizon.
    depth = np.clip((V - horizon) / (1 - horizon), 0, 1)
    row = 0.5 + 0.5 * np.sin((U - 0.72) / (depth + 0.14) * 10 + 0.3 * swirl)
    ripe = (
        0.85 * smooth(0.1, 0.9, row) + 0.16 * noise(rng, 60, octaves=2) + 0.25 * (1 - depth) - 0.06
    )
    view = mix(view, ramp("2a1c54 6a2a5a b8442e e8892a f8c040 ffec90", ripe), horizon < V)
    angle = np.where(horizon < V, np.arctan2(depth + 0.14, U - 0.72), angle)
    for x, foot, height, wide in (
        (0.17, 0.80, 0.74, 0.080),
        (0.34, 0.72, 0.50, 0.055),
        (1.21, 0.68, 0.34, 0.040),
    ):
        t = np.clip((foot - V) / height, 0, 1)
        lean = (U - x - 0.02 * np.sin(t * 7)) / wide
        tree = abs(lean) < np.sin(3.14 * t**0.6) * (1 + 0.25 * noise(rng, 60, 90))
        leaf = ramp(
            "0c1a30 12343c 1f5f4a 6a9a3c f0a83a", 0.42 + 0.42 * lean + 0.25 * noise(rng, 40, 90)
        )
        view = mix(view, leaf, tree & (t > 0) & (t < 1))
        angle = np.where(
            tree & (t > 0), -np.pi / 2 + lean * 0.45 + 0.35 * np.sin(V * 28 + lean * 2), angle
        )

    def varied(colours):
        return colours * rng.normal(1, 0.10, (len(colours), 1)) + rng.normal(
            0, 0.035, colours.shape
        )

    layers = (36, 160, 44), (25, 104, 26), (18, 64, 15)
    canvas, relief = painted(rng, view, angle, "5a2f3c", layers, varied, 0.3, 0.15)
    shine = lit(relief, 0.8)[..., None]
    return canvas * (1 + 0.6 * shine) + 0.16 * np.clip(shine, 0, 1) ** 2


PICTURES = stained_glass, mosaic, pointillism, ink_drawing, impasto_field


def save(picture, path):
    """Reduce a picture to its final size and write it as a JPEG file."""
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    Image.fromarray(pixels).resize(FINAL_SIZE, Image.LANCZOS).save(path, quality=88, optimize=True)


def main():
    """Draw all pictures into the folder named on the command line."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        save(picture(), folder / f"{picture.__name__}.jpg")


if __name__ == "__main__":
    main()
