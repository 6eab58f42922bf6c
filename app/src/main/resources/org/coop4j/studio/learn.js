// Learn: the accuracy compared, its course, and the additions that would help most.

import {bar, button, count, h, kbd, muted, percent, pictures, wilson} from "./dom.js";
import {act, data, redraw, state} from "./model.js";
import {image} from "./pictures.js";
import {adder} from "./board.js";

const METHODS = [["auto", "Best of the quick methods"], ["linear-probe", "Linear probe"], ["prototypes", "Prototypes"],
    ["clap", "CLAP"], ["tip-adapter-f", "Tip-Adapter-F"], ["gda", "GDA"], ["coop", "CoOp (slow)"]];
let method = "auto";

export const learn = () => act("learn", {method}, "Learning");

export function timeLeft({secondsLeft: s}) {
    return s == null ? "" : s < 60 ? `${Math.ceil(s)} s left` : `${Math.floor(s / 60)} min ${Math.round(s % 60)} s left`;
}

function progress(p) {
    return h("section", {class: "panel", key: "progress", "aria-labelledby": "learning"},
        h("div", {class: "row"}, h("h2", {id: "learning"}, "Learning properly" + (p.secondsLeft == null ? "" : ": about " + timeLeft(p))),
            button("Cancel", () => act("learn/cancel", {}, "Cancelled"), {class: "end"})),
        bar(p.done, {role: "progressbar", "aria-labelledby": "learning", "aria-valuemin": 0, "aria-valuemax": 100,
            "aria-valuenow": Math.round(100 * p.done)}),
        h("div", {class: "row wrap"}, h("b", {}, p.label),
            h("span", {class: "muted small end"}, "Go on sorting: changes count from the next time.")));
}

function comparison(a) {
    const rows = [["Now", a.right, a.low, a.high], a.before?.right != null && ["Before", a.before.right],
        a.prompts != null && ["Without learning", a.prompts.right ?? a.prompts]].filter(Boolean)
        .map(([label, right, ...limits]) => [label, right, ...(limits[0] == null ? wilson(right, a.tested) : limits)]);
    const least = Math.min(0.9, Math.floor(10 * Math.min(...rows.map((r) => r[2]))) / 10);
    const at = (p) => `${(100 * (p - least)) / (1 - least)}%`;
    const ticks = [least, (1 + least) / 2, 1];
    return h("table", {class: "compare"}, h("thead", {class: "spoken"}, h("tr", {}, ["Figure", "Likely", "Share", "Right"].map((t) => h("th", {scope: "col"}, t)))),
        h("tbody", {}, rows.map(([label, right, low, high], i) => h("tr", {class: i ? "" : "now"},
            h("th", {scope: "row"}, label),
            h("td", {class: "range"}, h("span", {class: "spoken"}, `${percent(low)} to ${percent(high)}`),
                h("div", {class: "whisker", style: {"inset-inline-start": at(low), "inline-size": `${(100 * (high - low)) / (1 - least)}%`}}),
                h("div", {class: "dot", style: {"inset-inline-start": at(right / a.tested)}})),
            h("td", {class: "number"}, percent(right / a.tested)), h("td", {class: "muted number"}, `${right} of ${a.tested}`)))),
        h("tfoot", {"aria-hidden": "true"}, h("tr", {}, h("td", {}), h("td", {class: "ticks"}, ticks.map((t) => h("span", {}, percent(t)))), h("td", {}), h("td", {}))));
}

const chance = (p) => (p < 0.05 ? "That is hardly chance." : "That may be chance.");

function verdict(what, {better, worse, p}) {
    return h("p", {}, h("b", {}, `Better than ${what}`), ` on ${pictures(better)}, worse on ${worse}. ${chance(p)}`);
}

function course(states) {
    const [w, tall] = [720, 200];
    const points = states.filter((s) => s.tested).slice(-30);
    if (points.length < 2) {
        return null;
    }
    const limits = points.map((s) => wilson(s.right, s.tested));
    const least = Math.floor(10 * Math.min(...limits.map((l) => l[0]))) / 10;
    const x = (i) => 50 + ((w - 70) * i) / (points.length - 1);
    const y = (p) => 10 + (tall * (1 - p)) / (1 - least);
    const path = (list) => list.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
    const share = (s) => s.right / s.tested;
    const [a, b] = [points[0], points.at(-1)];
    return [h("h2", {}, "Since you began"), h("svg", {class: "course", viewBox: `0 0 ${w} ${tall + 40}`, role: "img",
        "aria-label": `From ${percent(share(a))} to ${percent(share(b))} of the test pictures`},
    [least, (1 + least) / 2, 1].map((p) => [h("line", {x1: 50, x2: w - 20, y1: y(p), y2: y(p)}), h("text", {x: 0, y: y(p) + 4}, percent(p))]),
    h("path", {class: "area", d: path([...limits.map((l, i) => [x(i), y(l[1])]), ...limits.map((l, i) => [x(i), y(l[0])]).reverse()]) + "Z"}),
    h("path", {class: "curve", d: path(points.map((s, i) => [x(i), y(share(s))]))}),
    points.map((s, i) => h("circle", {cx: x(i), cy: y(share(s)), r: i === points.length - 1 ? 6 : 3.5})),
    h("text", {x: 50, y: tall + 34}, a.what), h("text", {x: w - 20, y: tall + 34, "text-anchor": "end"}, b.what))];
}

function help({text, screen, pictures: ids}) {
    const cut = text.indexOf(". ");
    const [title, more] = cut < 0 ? [text] : [text.slice(0, cut), text.slice(cut + 2)];
    return h("li", {class: "help"}, ids.length > 0 && h("div", {class: "three"}, ids.slice(0, 3).map((id) => image(id, {key: id}))),
        h("div", {class: "stack"}, h("h3", {}, title), more && muted(more),
            screen === "board" ? button("Add pictures", () => adder()) :
                h("a", {class: "button", href: "#" + screen}, screen === "mistakes" ? `See the ${ids.length || "mistakes"}` : "Show")));
}

export const learning = {
    title: "Learn",
    draw() {
        const a = data("learned");
        const running = state.server.learning;
        const tested = a?.tested > 0;
        return [running?.running && progress(running), h("div", {class: "two", key: "learned"},
            h("div", {class: "stack"}, a === undefined ? h("div", {class: "tile block"}) : !tested ?
                muted("Add pictures: a class is tested from 8 on.") : [
                h("h2", {}, `Compared on the same ${count(a.tested, "test picture")}`), comparison(a),
                a.prompts?.better != null && verdict("without learning", a.prompts),
                a.before?.better != null && verdict("before", a.before), course(data("history") ?? [])]),
            h("div", {}, a?.help?.length > 0 && [h("h2", {}, "What would help most"), h("ul", {class: "plain-list"}, a.help.slice(0, 3).map(help))])),
        h("div", {class: "row wrap foot", key: "foot"}, h("label", {class: "row muted"}, "Method",
            h("select", {value: method, onchange: (e) => (method = e.target.value, redraw())}, METHODS.map(([v, t]) => h("option", {value: v}, t)))),
        h("button", {type: "button", onclick: learn, disabled: running?.running || state.server.readOnly, "aria-keyshortcuts": "L"},
            a?.method ? "Learn again" : "Learn properly", kbd("L")),
        a?.method && h("span", {class: "muted small end"}, `Learned by ${a.method}. Same result as `,
            h("code", {}, `coop train ${state.server.folder.split(/[\\/]/).pop()} --method ${method}`), "."))].filter(Boolean);
    },
    keys: (key) => key === "l" && !state.server.learning?.running && (learn(), true),
};
