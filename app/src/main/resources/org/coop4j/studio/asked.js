// One picture and the question which class it is of: of a check, or of those whose labels help most.

import {classes, data, move, none, redraw, state, undo} from "./model.js";
import {button, count, h, images, kbd, likely, muted, name, percent, small} from "./parts.js";
import {classKeys, findClass} from "./pictures.js";

const BATCH = 12;
const ALIKE = 6;

/** What the keys do to the picture: classes, others, and what its question adds. */
asked.keys = ({id, back, extra, then = () => {}}) => {
    const to = (of) => (then(id), move([id], of));
    return {
        ...classKeys(to),
        "/": () => findClass(to),
        0: () => (then(id), none([id])),
        Backspace: back,
        ...Object.fromEntries(Object.entries(extra).map(([key, [, todo]]) => [key, todo]))
    };
};

/** A large picture with its answers beside it. */
export function asked(question) {
    const {id, title, note, bar, below, back, extra, also, label, counts} = question;
    const keys = asked.keys(question);
    const choice = (key, text, n, look = "") =>
        h(
            "button.choice" + look,
            {type: "button", onclick: keys[key], "aria-keyshortcuts": key},
            kbd(key),
            text,
            n != null && h("span.end.muted.small", n)
        );
    return h(
        ".two.asked",
        h(
            ".stack",
            h("img.whole", {key: id, src: "/picture/" + id, alt: "Which class is this?"}),
            below[1],
            h(
                ".row.wrap",
                extra.s && button(extra.s[0], extra.s[1], ".plain", "S"),
                button("Back", back, ".plain", "⌫", {"aria-keyshortcuts": "Backspace"}),
                h("span.end.small.muted", below[0])
            )
        ),
        h(
            ".stack",
            h(".row", h("b", {"aria-live": "polite"}, title), h(".end.small.muted.row", note)),
            bar,
            h(
                ".answers",
                classes()
                    .slice(0, 9)
                    .map((c, i) => choice(i + 1, name(c.name), counts && c.pictures, c.name === label ? ".likely" : "")),
                choice("/", "Other class …"),
                choice(0, "None of mine", null, ".all")
            ),
            extra.t && button(extra.t[0], extra.t[1], ".choice", "T"),
            also
        )
    );
}

// The pictures whose labels help most

let batch = null; // pictures that are asked for
let given = []; // those of them that were answered or skipped: {id, skipped}
const skipped = new Set();

const free = () => (batch ?? []).filter((one) => !given.some((g) => g.id === one.id));

/** The next question; without an id, what is to be said in place of it. */
export function helpful() {
    const {sorted, sortedToDate, upToDate} = state.server;
    if (batch && given.length >= batch.length && upToDate && sortedToDate) {
        batch = null;
        given = [];
    }
    if (!batch && sortedToDate) {
        const found = data(`next?${new URLSearchParams({count: BATCH + skipped.size, of: sorted})}`);
        batch = found ? found.filter((one) => !skipped.has(one.id)).slice(0, BATCH) : null;
    }
    const [now] = free();
    if (!now) {
        const text = !batch ? "Looking for the pictures that help most …" : `Learning from your ${given.length} answers`;
        return {text: batch?.length === 0 ? h("h2", "Nothing left that would help.") : muted(text)};
    }
    const then = (id, isSkipped = false) => (given.push({id, skipped: isSkipped}), redraw());
    return {
        id: now.id,
        title: `Picture ${given.length + 1} of ${batch.length}`,
        note: batch.map((_, i) => h("span.step", {class: i < given.length ? "done" : i === given.length ? "now" : ""})),
        below: [
            "Stop whenever you like: every answer is kept.",
            now.covers > 0 &&
                h(
                    ".row.wrap",
                    h(
                        "p",
                        h("b", `Covers ${count(now.covers, "picture")} like it.`),
                        " The studio is unsure of them; your answer helps with all."
                    ),
                    images(".near.small.end", now.like.slice(0, Math.min(ALIKE, now.covers))),
                    now.covers > ALIKE && h("span.small.muted", `and ${now.covers - ALIKE} more`)
                )
        ],
        label: now.label,
        counts: true,
        then,
        back: given.length > 0 && back,
        extra: {s: ["Skip", () => (skipped.add(now.id), then(now.id, true))]},
        also: curve(data("curve") ?? [])
    };
}

function back() {
    const last = given.pop();
    skipped.delete(last.id);
    last.skipped ? redraw() : undo();
}

/** Accuracy by the number of answers since the studio was started, on the same test pictures. */
export function curve(all) {
    const first = all[0];
    const last = all.at(-1);
    const answers = last && last.labels - first.labels;
    if (!answers || !first.tested) {
        return null;
    }
    const low = Math.floor(10 * Math.min(...all.map((p) => likely(p.right, p.tested)[0]))) / 10;
    const x = (p) => (100 * (p.labels - first.labels)) / answers;
    const y = (share) => 100 - (100 * (share - low)) / (1 - low);
    const points = (of, list = all) => list.map((p) => `${x(p)},${y(of(p))}`).join(" ");
    const share = (p) => p.right / p.tested;
    const edge = (i) => (p) => likely(p.right, p.tested)[i];
    return [
        h("h2", "What your answers bring"),
        h(
            ".chart",
            h("span", "100 %"),
            h(
                "svg.curve",
                {viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true"},
                h("polygon", {points: points(edge(1)) + " " + points(edge(0), [...all].reverse())}),
                h("polyline.dashed", {points: `0,${y(share(first))} 100,${y(share(first))}`}),
                h("polyline", {points: points(share)})
            ),
            h("span", percent(low)),
            h(".row", 0, h("span.end", answers))
        ),
        small(
            h("b", `With your ${count(answers, "answer")}`),
            ` ${last.right} of the ${count(last.tested, "test picture")} are right, `,
            h("b", "without them"),
            ` (dashed) ${first.right}. Shaded: the likely range.`
        )
    ];
}
