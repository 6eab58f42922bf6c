// Mistakes: the confusion matrix, and each wrong test picture with its neighbours.

import {bar, button, count, h, kbd, muted, name, percent, pictures, waiting} from "./dom.js";
import {act, data, move, onRevision, redraw, remove, say, state} from "./model.js";
import {image} from "./pictures.js";

const LARGEST = 12;
let pair = null; // "label, predicted" whose mistakes are shown
let decided = new Map(); // what was done, by picture
let kept = null; // the mistakes while they are decided

onRevision((undone) => {
    if (undone) {
        decided = new Map();
        kept = null;
    }
});

const keyOf = (m) => JSON.stringify([m.label, m.predicted]);

function answer() {
    const fresh = data("mistakes");
    if (!decided.size || !kept) {
        kept = fresh;
    }
    return kept;
}

function pairs(a) {
    const found = new Map();
    for (const m of a.mistakes) {
        found.set(keyOf(m), [...(found.get(keyOf(m)) ?? []), m]);
    }
    return [...found].sort((x, y) => y[1].length - x[1].length);
}

const open = (a) => shown(a).filter((m) => !decided.has(m.id));
function shown(a) {
    const all = pairs(a);
    return (all.find(([k]) => k === pair) ?? all[0])?.[1] ?? [];
}
const current = (a) => open(a).find((m) => m.id === state.focus) ?? open(a)[0];

function decide(m, text, f) {
    if (state.server.readOnly) {
        return;
    }
    const next = open(kept).find((o) => o !== m);
    decided.set(m.id, text);
    f();
    say(text);
    select(next);
}

function select(m) {
    state.focus = m?.id ?? null;
    redraw();
    queueMicrotask(() => queueMicrotask(() => document.querySelector(".mistake.now button")?.focus()));
}

const moving = (m) => decide(m, `Moved to ${m.predicted}`, () => move([m.id], m.label, m.predicted));
const right = (m) => decide(m, `The label ${m.label} is right`, () => act("keep", {picture: m.id}, "Label is right"));
const removing = (m) => decide(m, "Removed", () => remove([m.id], m.label));

function nextPair(a) {
    const all = pairs(a);
    const at = all.findIndex(([k]) => k === pair);
    pair = all[(Math.max(0, at) + 1) % all.length]?.[0];
    select(shown(a)[0]);
}

function matrix(a) {
    const most = Math.max(1, ...a.mistakes.map((m) => a.matrix[a.classes.indexOf(m.label)]?.[a.classes.indexOf(m.predicted)] ?? 0));
    return h("div", {class: "matrix", key: "matrix"},
        h("p", {class: "small muted"}, h("b", {}, "Rows:"), " the class a picture is in. ", h("b", {}, "Columns:"), " what it is seen as."),
        h("table", {}, h("thead", {}, h("tr", {}, h("td", {}), a.classes.map((c) => h("th", {scope: "col"}, h("span", {}, name(c)))))),
            h("tbody", {}, a.matrix.map((row, i) => h("tr", {}, h("th", {scope: "row"}, name(a.classes[i])), row.map((n, j) => {
                const key = JSON.stringify([a.classes[i], a.classes[j]]);
                return h("td", {}, i === j || !n ? h("span", {class: i === j ? "cell right" : "cell"}, n || "") :
                    h("button", {type: "button", class: "cell", style: {"--much": n / most}, "aria-pressed": String(key === keyOf(current(a) ?? {})),
                        "aria-label": `${n}: ${a.classes[i]}, seen as ${a.classes[j]}`, onclick: () => {
                            pair = key;
                            redraw();
                        }}, n));
            }))))));
}

function row(m, now) {
    const done = decided.get(m.id);
    if (done) {
        return h("li", {key: m.id, class: "line row"}, image(m.id), h("span", {}, done, "."));
    }
    const wrong = m.verdict === "wrong";
    const [first, ...more] = m.sentence.split(/(?<=\.) /);
    const key = (k) => (now ? {k} : {});
    const near = (label, ids) => h("div", {}, h("p", {class: "small muted"}, "Most similar in ", h("b", {}, name(label))),
        h("div", {class: "near"}, ids.slice(0, 3).map((id) => image(id, {key: id}))));
    return h("li", {key: m.id, class: now ? "mistake panel now" : "mistake panel", onclick: () => {
        state.focus = m.id;
        redraw();
    }},
    h("img", {class: "judged", src: "/picture/" + m.id, alt: `Picture in ${m.label}, seen as ${m.predicted}`}),
    h("div", {class: "stack"}, h("p", {}, h("b", {}, first), " ", more.join(" ")),
        h("div", {class: "row"}, name(m.predicted), bar(m.probability, {class: "bar loss"}), h("span", {class: "number"}, percent(m.probability))),
        h("div", {class: "row wrap"}, near(m.label, m.own), near(m.predicted, m.other)),
        h("div", {class: "row wrap"},
            button(["Move to ", name(m.predicted)], () => moving(m), {...key("M"), class: now && wrong ? "primary" : ""}),
            button("Label is right", () => right(m), {...key("L"), class: now && !wrong ? "primary" : ""}),
            button("Remove", () => removing(m), {...key("Del"), class: "plain"}))));
}

export const mistakes = {
    title: "Mistakes",
    waiting: (s) => s.mistakes,
    enter() {
        decided = new Map();
        kept = null;
    },
    head() {
        const a = answer();
        if (!a?.mistakes.length) {
            return {};
        }
        const wrong = a.mistakes.filter((m) => m.verdict === "wrong").length;
        const hard = a.mistakes.length - wrong;
        const suspected = `${wrong === 1 ? "One" : wrong} of them ${wrong === 1 ? "is" : "are"} probably in the wrong class`;
        return {text: `${a.mistakes.length} of ${count(a.tested, "test picture")} ${a.mistakes.length === 1 ? "is" : "are"} wrong.`,
            evidence: `${!wrong ? "They are probably just hard" : suspected + (hard ? `, the other ${hard} ${hard === 1 ? "is" : "are"} hard` : "")}. Decide each one; everything can be undone.`,
            side: pairs(a).length > 1 && button("Next pair", () => nextPair(a), {k: "N", class: "large"})};
    },
    draw() {
        const a = answer();
        if (!a) {
            return waiting(a);
        }
        if (!a.tested || !a.mistakes.length) {
            return [h("h2", {key: "none"}, a.tested ? `No mistakes among ${count(a.tested, "test picture")}.` :
                "Nothing is tested yet. Add pictures: a class is tested from 8 on.")];
        }
        const all = pairs(a);
        const here = shown(a);
        const untested = state.server.classes.filter((c) => !a.classes.includes(c.name));
        return [h("div", {class: "two mistakes", key: "mistakes"}, h("div", {},
            a.classes.length <= LARGEST && matrix(a), h("h2", {class: "small-head"}, "Mistakes by pair"),
            h("ul", {class: "plain-list pairs"}, all.map(([key, list]) => h("li", {key},
                h("button", {type: "button", class: "pair", "aria-pressed": String(key === keyOf(here[0])), onclick: () => {
                    pair = key;
                    redraw();
                }}, h("span", {}, name(list[0].label), h("span", {class: "muted"}, " seen as "), name(list[0].predicted)), h("b", {class: "end"}, list.length))))),
            untested.map((c) => h("p", {class: "small muted", key: c.name}, name(c.name), ` is not tested yet: it has ${pictures(c.pictures)} and needs 8.`))),
        h("section", {"aria-labelledby": "pair"}, h("div", {class: "row"}, h("h2", {id: "pair"}, name(here[0].label), ", seen as ", name(here[0].predicted)),
            h("span", {class: "muted"}, pictures(here.length)), h("span", {class: "small muted end"}, "Next picture ", kbd("↓"))),
        h("ul", {class: "plain-list"}, here.map((m) => row(m, m === current(a))))))];
    },
    keys(key) {
        const a = answer();
        const m = a && current(a);
        const f = {m: moving, l: right, Delete: removing}[key];
        if (key === "n" && a && pairs(a).length > 1) {
            nextPair(a);
        } else if (m && f) {
            f(m);
        } else if (m && (key === "ArrowDown" || key === "ArrowUp")) {
            const list = open(a);
            select(list[list.indexOf(m) + (key === "ArrowDown" ? 1 : -1)] ?? m);
        } else {
            return false;
        }
        return true;
    },
};
