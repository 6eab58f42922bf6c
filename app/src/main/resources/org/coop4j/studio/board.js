// Board: the classes and the unsorted pictures; a class opens as a grid.

import {bar, button, h, kbd, muted, name, pictures} from "./dom.js";
import {act, add, classOf, classes, everything, list, move, remove, state} from "./model.js";
import {choose, chosen, dock, dockKeys, drag, drop, image, mosaic} from "./pictures.js";
import {ask, close, open} from "./dialog.js";
import {camera} from "./camera.js";

const ENOUGH = 20;
const TRAY = 21;

const show = (of) => (location.hash = of === null ? "#board/" : "#board/" + encodeURIComponent(of));
export const adder = (to = null) => choose((files) => add(files.map((file) => ({file, to}))));

export function newClass() {
    ask("New class", {label: "Create", done: (text) => act("class", {name: text})});
}

function rename(from) {
    ask("Rename the class", {value: from, label: "Rename", done: (to) => to !== from && follow(to, act("rename", {from, to}))});
}

function merge(from) {
    const names = classes().map((c) => c.name).filter((n) => n !== from);
    ask(`Merge ${from}`, {names, label: "Merge", done: (into) => follow(into, act("merge", {from, into}))});
}

/** Goes on with a class in place of the one that is open, when its change is done. */
async function follow(to, change) {
    if (state.open !== undefined && (await change)) {
        show(to);
    }
}

function menu(c) {
    const item = (label, f) => button(label, () => (close(), f()), {class: "choice"});
    open(name(c.name), () => [h("div", {class: "stack"},
        item("Open", () => show(c.name)),
        item("Add pictures", () => adder(c.name)),
        item("Take pictures", () => camera(c.name)),
        item("Rename", () => rename(c.name)),
        classes().length > 1 && item("Merge into another class", () => merge(c.name)),
        item("Put all back to unsorted", async () => move(await everything(c.name), c.name, null)),
        item("Remove the pictures", async () => remove(await everything(c.name), c.name)))]);
}

function unknown(c) {
    open("Name unknown", () => [h("p", {},
        "The model does not know this name. Use another word, or add pictures: it learns from them alone."),
    h("div", {class: "row"}, button("Rename", () => rename(c.name), {class: "primary"}),
        button("Add pictures", () => (close(), adder(c.name))))]);
}

function card(c, i) {
    const thumbs = [...new Set([c.typical, ...c.thumbnails])].filter(Boolean).slice(0, 6);
    const right = c.right != null ? `Test: ${c.right} of ${c.tested} right` : `Test: ${pictures(c.tested)}`;
    return h("li", {key: c.name, class: "card", ...drop(c.name), onkeydown: (e) => {
        if (e.key === "F2") {
            e.preventDefault();
            rename(c.name);
        }
    }},
    h("div", {class: "row"}, i < 9 && kbd(i + 1),
        h("h2", {class: "cut"}, h("a", {href: "#board/" + encodeURIComponent(c.name), "data-class": c.name}, name(c.name))),
        h("b", {class: "end number", "aria-label": pictures(c.pictures)}, c.pictures),
        h("button", {type: "button", class: "dots", "aria-label": "Actions for " + c.name, onclick: () => menu(c)}, "⋯")),
    bar(c.pictures / ENOUGH, {class: c.pictures < ENOUGH ? "bar" : "bar full"}),
    h("div", {class: "row small"},
        !c.known ? h("button", {type: "button", class: "link", onclick: () => unknown(c)}, "Name unknown") :
            h("span", {class: "muted"}, c.tested ? right : "Not tested yet"),
        c.pictures < ENOUGH && h("span", {class: "end"}, `${ENOUGH - c.pictures} more to ${ENOUGH}`)),
    h("div", {class: "six", onclick: () => show(c.name)}, thumbs.map((id) =>
        image(id, {key: id, draggable: "true", ondragstart: (e) => drag(e, id, c.name)}))));
}

function tray() {
    const {unsorted} = state.server;
    const items = inTray();
    return h("section", {class: "tray", "aria-labelledby": "unsorted", ...drop(null)},
        h("div", {class: "row"}, h("h2", {id: "unsorted"}, h("a", {href: "#board/"}, "Unsorted")),
            h("b", {class: "end number"}, unsorted)),
        unsorted > 0 && mosaic({name: "Unsorted pictures", items, from: null, square: true, total: Math.min(unsorted, TRAY)}),
        unsorted > TRAY && h("a", {class: "small", href: "#board/"}, `and ${(unsorted - TRAY).toLocaleString("en")} more`),
        h("div", {class: "drop"},
            h("b", {}, "Drop pictures or folders"), h("span", {class: "muted"}, "or paste"),
            h("div", {class: "row"}, button("Choose", () => adder()), button("Camera", () => camera()))));
}

function whole(id) {
    open("Picture", () => [h("img", {class: "whole", src: "/picture/" + id, alt: ""})]);
}

function opened() {
    const of = state.open;
    const found = list(of);
    const c = classOf(of);
    return h("section", {"aria-labelledby": "opened", ...drop(of)},
        h("div", {class: "row wrap head"}, h("a", {class: "button", href: "#board"}, "Board", kbd("Esc")),
            h("h2", {id: "opened"}, of === null ? "Unsorted" : name(of)),
            h("span", {class: "muted"}, pictures(found.total ?? c?.pictures ?? state.server.unsorted)),
            h("div", {class: "row end"}, button("Add pictures", () => adder(of)),
                c && button("Rename", () => rename(of), {k: "F2"}),
                c && h("button", {type: "button", class: "dots", "aria-label": "Actions for " + of, onclick: () => menu(c)}, "⋯"))),
        found.total === 0 ? muted("There is no picture here. Drop some, or paste.") :
            mosaic({name: of ?? "Unsorted", items: found.items, from: of, height: 140, enter: whole,
                total: found.total ?? c?.pictures ?? state.server.unsorted, want: (a, b) => list(of, a, b)}));
}

const inTray = () => list(null, 0, TRAY).items.slice(0, TRAY);

export const board = {
    title: "Board",
    draw: () => state.open !== undefined ? [opened()] : [h("div", {class: "board"}, tray(),
        h("div", {}, h("ul", {class: "cards"}, classes().map(card),
            h("li", {class: "card new", key: "new class"}, button("New class", newClass, {k: "C"}),
                muted("Or drop a folder: it becomes a class of the same name."))),
        h("p", {class: "row small wrap keyhints"}, "Drag pictures, or select and press the key of a class",
            h("span", {class: "end"}, kbd("Enter"), " open class ", kbd("F2"), " rename ", kbd("?"), " all keys"))))],
    actions: () => state.open === undefined && classes().length > 1,
    dock: () => state.open !== undefined ? dock(list(state.open).items, state.open) :
        state.picked.size > 0 && dock(inTray(), null),
    keys(key) {
        if (key === "c" && state.open === undefined) {
            newClass();
        } else if (key === "F2" && state.open) {
            rename(state.open);
        } else if (key === "Escape" && state.open !== undefined && !state.picked.size) {
            location.hash = "#board";
        } else if (state.open !== undefined || chosen().length) {
            return dockKeys(key, state.open === undefined ? inTray() : list(state.open).items, state.open ?? null);
        } else {
            return false;
        }
        return true;
    },
};
