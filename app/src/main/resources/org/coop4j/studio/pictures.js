// Pictures as they are shown, selected, dragged, dropped and given.

import {button, h, kbd, name, patch, percent, pictures} from "./dom.js";
import {add, classes, move, redraw, remove, say, state} from "./model.js";
import {ask} from "./dialog.js";

const GAP = 8;
const MARGIN = 700; // drawn above and below the window
const ratios = new Map(); // of pictures seen so far

export function image(id, props) {
    return h("img", {src: "/thumbnail/" + id, alt: "", draggable: "false", decoding: "async", ...props});
}

export function strip(ids, props) {
    return h("div", {class: "strip", ...props}, ids.map((id) => image(id, {key: id})));
}

/** The lines of a mosaic: pictures keep their shape, and a line is as wide as the mosaic. */
function layout({items, total, height, caption, square}, width) {
    const cells = [];
    let y = 0;
    let line = [];
    let sum = 0;
    const gap = square ? 4 : GAP;
    const across = Math.max(3, Math.floor(width / 72));
    const wanted = square ? (width - gap * (across - 1)) / across : height;
    const close = (full) => {
        const free = width - gap * (line.length - 1);
        const tall = Math.min(free / sum, full ? 1.5 * wanted : wanted);
        let x = 0;
        for (const ratio of line) {
            cells.push({x, y, w: ratio * tall, h: tall});
            x += ratio * tall + gap;
        }
        y += tall + (caption ? 24 : gap);
        line = [];
        sum = 0;
    };
    for (let i = 0; i < total; i++) {
        const ratio = square ? 1 : Math.min(2.2, Math.max(0.55, items[i]?.ratio ?? ratios.get(items[i]?.id) ?? 1.25));
        line.push(ratio);
        sum += ratio;
        if (sum * wanted + gap * (line.length - 1) >= width - 1) {
            close(true);
        }
    }
    if (line.length) {
        close(false);
    }
    return {cells, height: y};
}

/**
 * A grid that draws what is in the window. The model has items, total, height of a line, name, from (their class), and
 * optionally want (loads an interval), caption (text below a picture) and enter (action of the key).
 */
export function mosaic(model, props) {
    return h("div", {class: model.square ? "mosaic square" : "mosaic", role: "listbox", "aria-multiselectable": "true", "aria-label": model.name,
        mosaic: {total: model.items.length, height: 118, ...model}, onkeydown: (e) => keys(e, model), ...props});
}

function fill(element) {
    const model = element.mosaic;
    const top = -element.getBoundingClientRect().top;
    const shown = [];
    const at = model.items.findIndex((p) => p?.id === state.focus);
    element.drawn.cells.forEach((cell, i) => {
        if ((cell.y + cell.h > top - MARGIN && cell.y < top + innerHeight + MARGIN) || i === at) {
            shown.push(tile(model, i, cell, i === Math.max(0, at)));
        }
    });
    const first = element.drawn.cells.findIndex((c) => c.y + c.h > top - MARGIN);
    if (model.want && first >= 0) {
        model.want(first, first + shown.length);
    }
    patch(element, shown);
}

/** Draws all mosaics, after the page was drawn, scrolled or resized. */
export function fillAll(moved) {
    const all = [...document.querySelectorAll(".mosaic")];
    for (const element of moved ? [] : all) {
        const {items, total} = element.mosaic;
        const width = element.clientWidth;
        const drawn = element.drawn;
        const key = items.map((p) => p?.id).join() + total + " " + width;
        if (drawn?.key !== key) {
            element.drawn = {...layout(element.mosaic, width), key};
            element.style.setProperty("height", element.drawn.height + "px");
        }
    }
    all.forEach(fill);
    if (state.refocus) {
        state.refocus = false;
        const target = document.querySelector(`[data-id="${CSS.escape(state.focus)}"]`);
        target?.focus({preventScroll: true});
        target?.scrollIntoView({block: "nearest"});
    }
}

function tile(model, i, cell, stop) {
    const {items, total, from, caption} = model;
    const place = {"inset-inline-start": cell.x + "px", top: cell.y + "px", width: cell.w + "px", height: cell.h + "px"};
    const picture = items[i];
    if (!picture) {
        return h("div", {key: "empty" + i, class: "tile", style: place, role: "option", "aria-selected": "false",
            "aria-label": "Loading"});
    }
    const {id} = picture;
    const failed = state.failed.has(id);
    const text = failed ? "Not moved" : caption?.(picture);
    return h("div", {key: id, class: "tile" + (failed ? " failed" : ""), style: place, role: "option", "data-id": id,
        "aria-selected": String(state.picked.has(id)), "aria-setsize": total, "aria-posinset": i + 1,
        "aria-label": `${picture.file ?? "Picture " + (i + 1)}${text ? ", " + text : ""}`,
        tabindex: stop ? 0 : -1, draggable: "true",
        onfocus: () => {
            if (state.focus !== id) {
                state.focus = id;
                redraw();
            }
        },
        onclick: (e) => pick(items, id, e.shiftKey),
        ondblclick: () => model.enter?.(id),
        ondragstart: (e) => drag(e, id, from)},
    image(id, {onload: (e) => ratios.set(id, e.target.naturalWidth / e.target.naturalHeight)}),
    text && h("span", {class: "caption"}, text));
}

/** Selects or deselects a picture, or the range since the last one. */
export function pick(items, id, range) {
    const ids = items.map((p) => p?.id);
    const from = ids.indexOf(state.anchor);
    const to = ids.indexOf(id);
    if (range && from >= 0) {
        for (const other of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) {
            if (other) {
                state.picked.add(other);
            }
        }
    } else if (!state.picked.delete(id)) {
        state.picked.add(id);
    }
    state.anchor = id;
    state.focus = id;
    say(`${state.picked.size} selected`);
    redraw();
}

function keys(event, model) {
    const element = event.currentTarget;
    const at = model.items.findIndex((p) => p?.id === state.focus);
    const cells = element.drawn.cells;
    const forward = getComputedStyle(element).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const beside = (below) => {
        const y = cells[at].y;
        const lines = cells.filter((c) => (below ? c.y > y : c.y < y)).map((c) => c.y);
        const line = below ? Math.min(...lines) : Math.max(...lines);
        const middle = cells[at].x + cells[at].w / 2;
        const found = cells.findIndex((c) => c.y === line && c.x + c.w + GAP >= middle);
        return found >= 0 ? found : cells.findLastIndex((c) => c.y === line);
    };
    const to = {
        [forward]: () => at + 1,
        [backward]: () => at - 1,
        ArrowDown: () => beside(true),
        ArrowUp: () => beside(false),
        Home: () => 0,
        End: () => cells.length - 1,
    }[event.key];
    if (to && at >= 0) {
        event.preventDefault();
        const next = model.items[to()];
        if (next) {
            if (event.shiftKey) {
                state.anchor ??= state.focus;
                const anchor = state.anchor;
                pick(model.items, next.id, true);
                state.anchor = anchor;
            }
            focus(next.id);
        }
    } else if (event.key === " ") {
        event.preventDefault();
        pick(model.items, state.focus, event.shiftKey);
    } else if (event.key === "Enter" && model.enter) {
        event.preventDefault();
        model.enter(state.focus);
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        model.items.forEach((p) => p && state.picked.add(p.id));
        redraw();
    }
}

export function focus(id) {
    state.focus = id;
    state.refocus = true;
    redraw();
}

/** The pictures that a key or a button of the dock acts on. */
export const chosen = () => (state.picked.size ? [...state.picked] : state.focus ? [state.focus] : []);

/** Puts the chosen pictures into a class, or removes them, and goes on to the next picture of the list. */
export function put(items, from, to) {
    const ids = chosen().filter((id) => items.some((p) => p?.id === id));
    if (!ids.length || state.server.readOnly) {
        return;
    }
    const last = items.findLastIndex((p) => ids.includes(p?.id));
    const rest = (p) => p && !ids.includes(p.id);
    const next = items.slice(last).find(rest) ?? items.findLast(rest);
    state.picked.clear();
    focus(next?.id ?? null);
    to === undefined ? remove(ids, from) : to !== from && move(ids, from, to);
}

export function findClass(done) {
    ask("Put into which class?", {names: classes().map((c) => c.name), create: true, label: "Put", done});
}

/** The bar below the pictures: puts the chosen ones into a class. */
export function dock(items, from, {likely, none = "Remove", hint} = {}) {
    const n = state.picked.size;
    const act = (to) => () => put(items, from, to);
    return !state.server.readOnly && h("section", {class: "dock", "aria-label": "Put pictures into a class", key: "dock"},
        h("b", {}, n ? `${n} selected` : "Nothing selected"),
        h("span", {class: "muted hint"}, hint ?? "Put into"),
        !hint && h("div", {class: "row scroll"},
            classes().slice(0, 9).map((c, i) =>
                h("button", {type: "button", key: c.name, class: c.name === likely ? "choice likely" : "choice",
                    "aria-keyshortcuts": i + 1, onclick: act(c.name)}, kbd(i + 1), name(c.name))),
            h("button", {type: "button", class: "choice", "aria-keyshortcuts": "/",
                onclick: () => findClass((to) => act(to)())}, kbd("/"), "other class …"),
            from !== null && h("button", {type: "button", class: "choice", onclick: act(null)}, "unsorted")),
        !hint && button(none, act(undefined), {k: "X", class: "choice end"}));
}

/** Keys of the dock: 1 to 9, slash and X. */
export function dockKeys(key, items, from) {
    const found = /^[1-9]$/.test(key) && classes()[key - 1];
    if (found) {
        put(items, from, found.name);
    } else if (key === "/" && chosen().length) {
        findClass((to) => put(items, from, to));
    } else if (key === "x" || key === "Delete") {
        put(items, from, undefined);
    } else if (key === "Escape") {
        state.picked.clear();
        redraw();
    } else {
        return false;
    }
    return true;
}

let dragged = null;

export function drag(event, id, from) {
    const ids = state.picked.has(id) ? [...state.picked] : [id];
    dragged = {ids, from};
    addEventListener("dragend", () => (dragged = null), {once: true});
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", ids.join(" "));
}

/** Properties of an element on which pictures are dropped; a function of the target's class gets files. */
export function drop(to, files = (found) => add(found)) {
    const over = (on) => (e) => {
        if (e.currentTarget.contains(e.relatedTarget) && !on) {
            return;
        }
        e.preventDefault();
        e.stopPropagation();
        const text = dragged ? `Put ${dragged.ids.length} into ${to ?? "unsorted"}` : `Add to ${to ?? "unsorted"}`;
        e.currentTarget.dataset.drop = text;
        e.currentTarget.classList.toggle("over", on);
    };
    return {
        ondragover: over(true),
        ondragleave: over(false),
        ondrop: async (e) => {
            e.preventDefault();
            e.stopPropagation();
            e.currentTarget.classList.remove("over");
            const own = dragged;
            dragged = null;
            if (own) {
                if (own.from !== to) {
                    state.picked.clear();
                    move(own.ids, own.from, to);
                }
            } else {
                files(await given(e.dataTransfer, to));
            }
        },
    };
}

const isPicture = (file) => file.type.startsWith("image/") || !/\.(txt|csv|json|xml|html?|md|zip|pdf)$|^\./i.test(file.name);

/** The files of a drop or paste; those of a folder go to the class of its name, unless a class is given. */
export async function given(transfer, to = null) {
    const entries = [...transfer.items].map((i) => i.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...transfer.files].map((file) => ({file, to}));
    if (!entries.some((e) => e.isDirectory)) {
        return plain.filter(({file}) => isPicture(file));
    }
    const found = [];
    const walk = async (entry, of) => {
        if (entry.isFile) {
            const file = await new Promise((done, fail) => entry.file(done, fail));
            if (isPicture(file)) {
                found.push({file, to: of});
            }
            return;
        }
        const reader = entry.createReader();
        for (let some; (some = await new Promise((done, fail) => reader.readEntries(done, fail))).length; ) {
            for (const inner of some) {
                await walk(inner, to ?? entry.name);
            }
        }
    };
    for (const entry of entries) {
        await walk(entry, to);
    }
    return found;
}

/** Opens the system's chooser of pictures. */
export function choose(done, multiple = true) {
    const input = document.createElement("input");
    Object.assign(input, {type: "file", accept: "image/*", multiple, id: "chooser", hidden: true});
    input.onchange = () => {
        done([...input.files]);
        input.remove();
    };
    input.oncancel = () => input.remove();
    document.getElementById("chooser")?.remove();
    document.body.append(input);
    input.click();
}

export function sureness(items) {
    const p = items.map((i) => i.probability);
    const [low, high] = [percent(Math.min(...p)), percent(Math.max(...p))];
    return `${pictures(p.length)}, ${low === high ? "" : low.replace(" %", "") + " to "}${high} sure`;
}
