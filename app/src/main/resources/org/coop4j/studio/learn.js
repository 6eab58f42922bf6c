// Learn: the accuracy compared, and the additions that would help most.

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
                muted(state.server.classes.some((c) => c.tested) ? "Learn properly to compare it with hand-written prompts, and to use it elsewhere." :
                    "Add pictures: a class is tested from 8 on.") : [
                h("h2", {}, `Compared on the same ${count(a.tested, "test picture")}`), comparison(a),
                a.prompts?.better != null && verdict("without learning", a.prompts),
                a.before?.better != null && verdict("before", a.before)]),
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
