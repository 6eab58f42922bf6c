// Elements, and the small parts and words that every screen is made of.

import {h as element} from "./preact.js";

/** An element by its tag and classes, as in "li.card.new"; its properties, if any, come before what is in it. */
export function h(what, ...inside) {
    const [tag, ...classes] = what.split(".");
    const props = inside[0]?.constructor === Object ? inside.shift() : {};
    return element(tag || "div", {...props, class: [...classes, props.class].join(" ")}, ...inside);
}

export const number = (n) => n.toLocaleString("en");
export const count = (n, what, many = what + "s") => `${number(n)} ${n === 1 ? what : many}`;
export const pictures = (n) => count(n, "picture");
export const percent = (share) => `${Math.round(100 * share)} %`;
export const name = (text) => h("bdi", text);
export const kbd = (key) => h("kbd", {"aria-hidden": "true"}, key);
export const muted = (...text) => h("p.muted", ...text);
export const small = (...text) => h("p.small.muted", ...text);

/** A button; its key is shown and announced. It is disabled while there is nothing to do. */
export const button = (label, todo, look = "", key = null, props) =>
    h(
        `button${look}`,
        {type: "button", onclick: todo, disabled: !todo, "aria-keyshortcuts": key, ...props},
        h("span", label),
        key && kbd(key)
    );

export const image = (id, props) => h("img", {key: id, src: "/thumbnail/" + id, alt: "", draggable: false, ...props});
export const images = (look, ids, props) =>
    h(
        look,
        ids.map((id) => image(id, props))
    );

/** Buttons of some choices, each a key and a text, of which one is pressed; `off` says why one cannot be chosen. */
export const choices = (list, value, set, off = () => null) =>
    list.map(([key, text]) => {
        const why = off(key);
        return button(text, !why && (() => set(key)), ".choice", null, {
            "aria-pressed": String(key === value),
            title: why || null
        });
    });

/** The same, side by side. */
export const segments = (label, ...of) => h(".segments", {role: "group", "aria-label": label}, choices(...of));

/** Panels, each a key and what is in it. */
export const cards = (list, look = "") =>
    h(
        `ul.cards${look}`,
        list.map(([key, ...inside]) => h("li.panel.stack", {key}, ...inside))
    );

/** A table that is saved. */
export const table = (path, file, look = ".plain.end") =>
    h(`a.button${look}`, {href: "/api/" + path, download: file}, "Save the table (CSV)");

/** A part of a screen: its title, a note beside it, and at the end of the line what can be done. */
export const part = (title, note, side, inside, props) =>
    h(
        "section",
        {key: title, ...props},
        h(".row.wrap.head", h("h2", title), h("span.muted", note), h(".row.wrap.end", side)),
        inside
    );

/** A line of figures: a label, a drawing and a number. */
export const figure = (label, drawing, number, look = "") =>
    h(`.figure${look}`, h("span.cut", label), drawing, h("span.number", number));

export const bar = (share, look = "", props) => h(`.bar${look}`, {style: `--share:${Math.min(1, share)}`, ...props});

/** The 95 % interval of a share of right answers by Wilson. */
export function likely(right, tested) {
    const p = right / tested;
    const z = 1.96 ** 2 / tested;
    const half = Math.sqrt(z * (p * (1 - p) + z / 4));
    return [-half, half].map((by) => (p + z / 2 + by) / (1 + z));
}

/** A line of a share of right answers, with its 95 % interval. */
export function accuracy(label, right, tested, look) {
    const p = right / tested;
    const [from, to] = likely(right, tested);
    const range = h(".range", {
        role: "img",
        title: `Likely ${percent(from)} to ${percent(to)}`,
        style: `--at:${p};--from:${from};--to:${to}`
    });
    return figure(label, range, [h("b", percent(p)), ` ${right} of ${tested}`], look);
}

/** How well several labels are ranked. */
export const precision = (map, prompts) =>
    `Mean average precision ${percent(map / 100)}, without learning ${percent(prompts / 100)}.`;

/** Lists by a key, the largest first. */
export function grouped(list, key) {
    const found = new Map();
    list.forEach((one) => found.set(key(one), [...(found.get(key(one)) ?? []), one]));
    return [...found.values()].sort((a, b) => b.length - a.length);
}

export const skeleton = () => h(".skeleton", {"aria-busy": "true"});
export const looking = (text = "Looking at the pictures …") => [muted(text), skeleton()];
