// Map: the Board's second view. Alike pictures lie near each other, and a lasso selects some.

import {doing} from "./learn.js";
import {classes, data, redraw, state} from "./model.js";
import {button, h, image, kbd, muted, name, number, part, pictures, segments, small} from "./parts.js";
import {newClass} from "./board.js";
import {dock, dockKeys, isSmall, look, mosaic} from "./pictures.js";

const FEWEST = 16;
const COLOURS = 9; // those of classes; more are ink
const NEAR = 12; // px between the pointer and a point that it touches
const MARGIN = 36;
const SUSPICIOUS = 3; // shown at first

let lasso = []; // pictures in the lasso, in order
let chosen = 0; // pictures of the lasso that were selected
let all = false; // true to select sorted ones as well
let path = null; // the lasso's line: points of the canvas
let drawing = false;
let hover = null;
let more = false; // true to list all suspicious labels

addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

const map = () => data("map");
const points = () => map()?.points ?? [];
const byId = () => new Map(points().map((p) => [p.id, p]));
const isOurs = (p) => all || p.unsorted;

/** Where points are on a canvas: their coordinates in a plane are scaled alike in both directions. */
function scale({width, height}) {
    const list = points();
    const ends = (key) => list.reduce(([a, b], p) => [Math.min(a, p[key]), Math.max(b, p[key])], [Infinity, -Infinity]);
    const [left, right] = ends("x");
    const [low, high] = ends("y");
    const by = Math.min((width - 2 * MARGIN) / (right - left || 1), (height - 2 * MARGIN) / (high - low || 1));
    return (p) => [
        (width - by * (right - left)) / 2 + by * (p.x - left),
        (height - by * (high - low)) / 2 + by * (high - p.y)
    ];
}

let placed = {}; // of the last drawing: the canvas' size, and the place of each point

function places(canvas) {
    const {clientWidth: width, clientHeight: height} = canvas;
    if (placed.of !== map() || placed.width !== width || placed.height !== height) {
        placed = {of: map(), width, height, at: points().map(scale({width, height}))};
    }
    return placed.at;
}

const suspicious = () => points().filter((p) => p.among);

/** Draws all points, and the names of classes where most of theirs are. */
function paint(canvas) {
    const colour = (key) => ((canvas.style.color = `var(${key})`), getComputedStyle(canvas).color);
    const at = places(canvas);
    const ratio = devicePixelRatio;
    canvas.width = placed.width * ratio;
    canvas.height = placed.height * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const named = new Map(classes().map((c, i) => [c.name, colour(i < COLOURS ? `--map-${i}` : "--ink")]));
    const large = at.length > 2000 ? 2.5 : 4;
    const list = points();
    const circle = ([x, y], radius) => (context.beginPath(), context.arc(x, y, radius, 0, 7));
    const each = (like, todo) => list.forEach((p, i) => like(p) && todo(p, at[i]));
    const soft = colour("--soft");
    context.lineWidth = 1.5;
    context.fillStyle = colour("--line");
    each(
        (p) => !p.labels.length,
        (p, place) => (circle(place, large * 0.6), context.fill())
    );
    each(
        (p) => p.labels.length,
        (p, place) => {
            context.strokeStyle = named.get(p.labels[0]);
            context.fillStyle = p.accepted ? soft : context.strokeStyle;
            circle(place, p.accepted ? large - 0.5 : large);
            context.fill();
            p.accepted && context.stroke();
        }
    );
    context.strokeStyle = colour("--ink");
    context.lineWidth = 2;
    each(
        (p) => p.among,
        (p, place) => (circle(place, 2 * large), context.stroke())
    );
    context.font = "700 15px system-ui, sans-serif";
    context.textAlign = "center";
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = soft;
    for (const [of, look] of named) {
        const own = at.filter((place, i) => list[i].labels[0] === of);
        const middle = (axis) => own.map((place) => place[axis]).sort((a, b) => a - b)[own.length >> 1];
        if (own.length) {
            context.fillStyle = look;
            const half = context.measureText(of).width / 2 + 4;
            const x = Math.max(half, Math.min(placed.width - half, middle(0)));
            context.strokeText(of, x, middle(1) - 12);
            context.fillText(of, x, middle(1) - 12);
        }
    }
}

/** The point that is touched; null if there is none. */
function touched(event) {
    let [best, least] = [null, NEAR ** 2];
    placed.at.forEach(([x, y], i) => {
        const away = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
        if (away <= least) {
            [best, least] = [i, away];
        }
    });
    return best;
}

/** Returns true if a point is in the lasso's line, which goes round it an odd number of times. */
function inside([x, y]) {
    let odd = false;
    for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
        const [[ax, ay], [bx, by]] = [path[i], path[j]];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) {
            odd = !odd;
        }
    }
    return odd;
}

/** Selects what is in the lasso and to be selected. */
function select(ids) {
    const known = byId();
    lasso = ids;
    state.picked.clear();
    ids.filter((id) => known.has(id) && isOurs(known.get(id))).forEach((id) => state.picked.add(id));
    chosen = state.picked.size;
    state.anchor = null;
    redraw();
}

const pointer = {
    onpointerdown(event) {
        event.target.setPointerCapture(event.pointerId);
        [drawing, path, hover] = [true, [[event.offsetX, event.offsetY]], null];
    },
    onpointermove(event) {
        const [x, y] = [event.offsetX, event.offsetY];
        if (drawing) {
            const [lastX, lastY] = path.at(-1);
            Math.hypot(x - lastX, y - lastY) > 4 && path.push([x, y]) && redraw();
        } else if (hover !== (hover = touched(event))) {
            redraw();
        }
    },
    onpointerup(event) {
        drawing = false;
        if (path.length > 3) {
            select(points().filter((p, i) => inside(placed.at[i])).map((p) => p.id));
        } else {
            path = null;
            const at = touched(event);
            select(at === null ? [] : [points()[at].id]);
        }
    },
    onpointerleave() {
        hover = null;
        redraw();
    }
};

/** The pictures of the list: those in the lasso, else all. */
function listed() {
    const known = byId();
    const some = lasso.map((id) => known.get(id)).filter(Boolean);
    return (some.length ? some : points()).filter(isOurs);
}

/** Adds the nearest picture to that in focus, or takes the last one back: a lasso without a mouse. */
function nearest(by) {
    const known = byId();
    const from = known.get(state.focus);
    if (by < 0) {
        state.picked.delete(lasso.at(-1));
        lasso = lasso.slice(0, -1);
    } else if (from) {
        const first = lasso.includes(from.id) ? lasso : [from.id];
        const away = (p) => (p.x - from.x) ** 2 + (p.y - from.y) ** 2;
        const others = points().filter((p) => isOurs(p) && !first.includes(p.id));
        const next = others.length && others.reduce((best, p) => (away(p) < away(best) ? p : best));
        lasso = next ? [...first, next.id] : first;
        lasso.forEach((id) => isOurs(known.get(id)) && state.picked.add(id));
        chosen = state.picked.size;
        path = null;
    }
    redraw();
}

function end() {
    path = null;
    select([]);
}

const marks = () =>
    h(
        "p.marks.row.wrap.small",
        h("span.dot.by"),
        "by you",
        points().some((p) => p.accepted) && [h("span.dot.hollow"), "accepted"],
        h("span.dot"),
        state.server.several ? "without a label" : "unsorted",
        suspicious().length > 0 && [h("span.dot.ring"), "suspicious"]
    );

function canvas() {
    const at = placed.of === map() && placed.at;
    const ring = at && points().findIndex((p) => p.id === state.focus);
    const over = hover !== null && points()[hover];
    const [x, y] = over && at ? at[hover] : [0, 0];
    return h(
        ".map.panel",
        {"aria-hidden": "true"},
        h("canvas", {...pointer, ref: (element) => element?.isConnected && paint(element)}),
        h(
            "svg",
            path && path.length > 2 && h("polygon", {points: path.join(" ")}),
            at && ring >= 0 && h("circle", {cx: at[ring][0], cy: at[ring][1], r: 8})
        ),
        over &&
            h(
                ".hover.panel",
                {style: `left:${x > placed.width / 2 ? x - 190 : x + 24}px;top:${Math.max(0, Math.min(y - 70, placed.height - 190))}px`},
                image(over.id),
                h("b.small.cut", name(over.labels.join(", ") || (over.unsorted ? "unsorted" : "none of mine"))),
                h("span.small.muted.cut", name(over.file))
            ),
        marks()
    );
}

function aside() {
    if (chosen && !listed().length) { // all of them were put into classes
        [lasso, path, chosen] = [[], null, 0];
    }
    const list = listed();
    const inLasso = lasso.length > 0;
    const known = byId();
    const both = inLasso ? lasso.map((id) => known.get(id)).filter(Boolean) : points();
    const odd = suspicious();
    const n = state.picked.size;
    return h(
        ".stack",
        part(
            inLasso ? "In the lasso" : "Pictures",
            null,
            segments(
                "Which pictures",
                [
                    [false, `${state.server.several ? "To label" : "Unsorted"} ${number(both.filter((p) => p.unsorted).length)}`],
                    [true, `All ${number(both.length)}`]
                ],
                all,
                (to) => ((all = to), select(lasso))
            ),
            [
                h(
                    ".pile",
                    {onscroll: look},
                    list.length
                        ? mosaic("map", inLasso ? "Pictures in the lasso" : "Pictures", list, {
                              width: isSmall() ? 76 : 100,
                              height: 76
                          })
                        : muted("Everything here is sorted.")
                ),
                small(
                    kbd("+"),
                    " adds the nearest to the picture in focus, ",
                    kbd("−"),
                    " takes them back: a lasso without a mouse."
                ),
                n > 0 && button(`New class from these ${number(n)}`, newClass, "", "C")
            ],
            {key: "lasso"}
        ),
        odd.length > 0 &&
            part(
                "Suspicious labels",
                null,
                h("b", number(odd.length)),
                [
                    h(
                        "ul.stack",
                        odd.slice(0, more ? odd.length : SUSPICIOUS).map((p) =>
                            h(
                                "li",
                                {key: p.id},
                                h(
                                    "button.choice.row.suspect",
                                    {
                                        type: "button",
                                        onclick: () => ((all = true), (path = null), (state.focus = p.id), select([p.id]))
                                    },
                                    image(p.id),
                                    h("span", "In ", h("b", name(p.labels[0])), ", lies among ", h("b", name(p.among)))
                                )
                            )
                        )
                    ),
                    !more &&
                        odd.length > SUSPICIOUS &&
                        button(`${odd.length - SUSPICIOUS} more`, () => ((more = true), redraw()), ".plain")
                ],
                {key: "suspicious"}
            )
    );
}

/** The Board's second view. */
export const mapView = {
    head() {
        const {pictures: n, points: drawn} = map() ?? {pictures: state.server.total, points: []};
        const some = drawn.length && drawn.length < n ? `${number(drawn.length)} of ${pictures(n)}, drawn at random. ` : "";
        return [
            `Map of ${pictures(n)}.`,
            some + "Near means alike to the model. How far groups are from each other says little."
        ];
    },
    draw() {
        const found = map();
        const now = state.server.drawing;
        if (found?.points.length) {
            return [now && muted(doing("Drawing the map", now)), h(".mapped", !isSmall() && canvas(), aside())];
        }
        return found && !now && state.server.encoded === state.server.total && !state.server.comparing && found.pictures < FEWEST
            ? h("h2", `From ${FEWEST} pictures on.`)
            : [muted(doing("Drawing the map", now)), h(".map.panel", {"aria-busy": "true"})];
    },
    dock: () => dock(listed(), {}),
    keys: () => ({
        ...dockKeys(listed()),
        "+": () => nearest(1),
        "-": () => nearest(-1),
        Escape: end
    })
};
