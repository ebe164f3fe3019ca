"""Tools to draw the sample style pictures with: colours, textures, cells, strokes."""

import math

import numpy as np
from PIL import Image

# Everything is drawn at one and a half times the final size and reduced, which cleans the edges.
WIDTH, HEIGHT = 1536, 1152
FINAL_SIZE = (WIDTH * 2 // 3, HEIGHT * 2 // 3)
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
# Unit coordinates, for composing: the height is 1 and the width 4/3.
U, V = X / HEIGHT, Y / HEIGHT


# colour and texture


def palette(codes):
    """Turn hex codes separated by blanks into an array of colours in 0..1."""
    return np.array([list(bytes.fromhex(code)) for code in codes.split()], np.float32) / 255


def ramp(codes, position):
    """Look positions in 0..1 up in a gradient through evenly spaced colours."""
    colours = palette(codes)
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(position, stops, c) for c in colours.T], -1).astype(np.float32)


def mix(first, second, share):
    """Blend two colours or pictures; `share` is the part of the second, pixel by pixel."""
    return first + (second - first) * np.asarray(share, np.float32)[..., None]


def smooth(low, high, value):
    """Rise smoothly from 0 to 1 while the value goes from low to high."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(rng, width, height=None, octaves=1):
    """Smooth noise of about -1..1 whose largest blotches have the given size in pixels."""
    total = np.zeros((HEIGHT, WIDTH), np.float32)
    for shrink in 2 ** np.arange(octaves):
        shape = int(HEIGHT * shrink / (height or width)) + 3, int(WIDTH * shrink / width) + 3
        grid = Image.fromarray(rng.uniform(-1, 1, shape).astype(np.float32))
        total += np.asarray(grid.resize((WIDTH, HEIGHT), Image.BICUBIC)) / shrink
    return total


def blur(field, radius):
    """Blur a field with three box filters, nearly a Gaussian."""
    span = 2 * radius + 1
    for axis in (0, 1, 0, 1, 0, 1):
        margin = [(radius + 1, radius) if axis == a else (0, 0) for a in (0, 1)]
        sums = np.cumsum(np.pad(field, margin, "edge"), axis, dtype=np.float64)
        field = (np.split(sums, [span], axis)[1] - np.split(sums, [-span], axis)[0]) / span
    return field.astype(np.float32)


def lit(relief, strength):
    """Shade a relief by a lamp at the upper left, pixel by pixel: 0 where it is flat."""
    down, right = np.gradient(relief)
    return np.clip(strength * (down + right), -1, 1)


def at(field, points):
    """Read a field at points, or at the pixel of the canvas that is nearest to them."""
    rows = np.clip(points[..., 1], 0, HEIGHT - 1).astype(int)
    return field[rows, np.clip(points[..., 0], 0, WIDTH - 1).astype(int)]


# cells, strokes


def jittered(rng, spacing, amount, stretch=1.0):
    """Points of a shaken grid, laid like bricks, that covers the canvas and a little more."""
    step = spacing * stretch
    rows, columns = np.mgrid[
        -spacing / 2 : HEIGHT + spacing : spacing, -step / 2 : WIDTH + step : step
    ]
    columns[1::2] += step / 2
    points = np.stack([columns.ravel(), rows.ravel()], 1)
    return points + rng.uniform(-amount, amount, points.shape) * (step, spacing)


def around(x, y, half_width, half_height):
    """The rows and columns of the canvas in a box around a place."""
    return (
        slice(max(int(y - half_height), 0), max(int(y + half_height) + 1, 0)),
        slice(max(int(x - half_width), 0), max(int(x + half_width) + 1, 0)),
    )


def cells(points, region, reach, angles=None, stretch=()):
    """Number each pixel by its nearest point of the same region.

    With angles the cells become turned squares; `stretch` widens them in the regions it names.
    """
    nearest = np.full((HEIGHT, WIDTH), np.inf, np.float32)
    owner = np.full((HEIGHT, WIDTH), -1)
    homes, stretch = at(region, points), dict(stretch)
    for i, (x, y) in enumerate(points.tolist()):
        box = around(x, y, reach, reach)
        dx, dy = X[box] - x, Y[box] - y
        if angles is None:
            distance = np.hypot(dx / stretch.get(homes[i], 1), dy)
        else:
            c, s = math.cos(angles[i]), math.sin(angles[i])
            distance = np.maximum(abs(dx * c + dy * s), abs(dy * c - dx * s))
        nearer = (distance < nearest[box]) & (region[box] == homes[i])
        nearest[box][nearer] = distance[nearer]
        owner[box][nearer] = i
    return owner


def centres(owner, points):
    """Move each point to the middle of its cell; points without a cell are dropped."""
    size, *sums = (
        np.bincount(owner.ravel() + 1, weights, len(points) + 1)[1:]
        for weights in (None, X.ravel(), Y.ravel())
    )
    return np.stack(sums, 1)[size > 0] / size[size > 0, None]


def seams(owner, radius):
    """Softly rounded lines along the borders of the cells, about 1 in their middle."""
    steps = [np.diff(owner, axis=axis, prepend=owner.take([0], axis)) != 0 for axis in (0, 1)]
    # Both directions together make the lines equally strong at every angle.
    return np.hypot(*(blur(step.astype(np.float32), radius) for step in steps)) * radius * 1.8


def brush(canvas, relief, rng, point, angle, length, width, colour, bend, streaks):
    """Lay one stroke of paint, whose bristles leave streaks in the colour and in the relief."""
    # Plain floats keep the arithmetic in single precision.
    (x, y), c, s = map(float, point), math.cos(angle), math.sin(angle)
    long, wide = 0.6 * length, 0.5 * width * (1 + 0.9 * abs(bend))
    box = around(x, y, abs(c) * long + abs(s) * wide + 1, abs(s) * long + abs(c) * wide + 1)
    dx, dy = X[box] - x, Y[box] - y
    along = (dx * c + dy * s) * float(2 / length)
    across = (dy * c - dx * s) * float(2 / width) + bend * (along * along - 0.4)
    hairs = rng.uniform(-1, 1, 24).astype(np.float32)
    bristle = hairs[np.clip((across + 1) * 12, 0, 23).astype(int)]
    cover = np.clip((1.05 - abs(across) ** 3 - along**4 + 0.35 * bristle * along**2) * 3, 0, 0.95)
    body = 0.8 + 0.35 * bristle + 0.5 * across**6 + 0.3 * along
    canvas[box] += (colour * (1 + streaks * bristle[..., None]) - canvas[box]) * cover[..., None]
    relief[box] += (body - relief[box]) * cover


def painted(rng, view, angle, ground, layers, recolour, bend, streaks):
    """Paint a view in layers of (spacing, length, width); give the canvas and its relief."""
    canvas = np.ones((HEIGHT, WIDTH, 3), np.float32) * palette(ground)
    relief = np.zeros((HEIGHT, WIDTH), np.float32)
    for spacing, length, width in layers:
        points = jittered(rng, spacing, 0.6)
        rng.shuffle(points)
        colours = np.clip(recolour(at(view, points)), 0, 1).astype(np.float32)
        turns = at(angle, points) + rng.normal(0, 0.12, len(points))
        for point, turn, colour in zip(points, turns, colours):
            size, curve = rng.uniform(0.7, 1.2), float(rng.normal(0, bend))
            brush(
                canvas,
                relief,
                rng,
                point,
                turn,
                length * size,
                width * size,
                colour,
                curve,
                streaks,
            )
    return canvas, blur(relief, 1)


def flat(points, scale=2 * HEIGHT):
    """Unit coordinates as the list of pixel pairs that ImageDraw wants."""
    return [tuple(p) for p in (np.asarray(points) * scale).tolist()]
