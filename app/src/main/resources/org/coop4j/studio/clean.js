// Clean: labels that are probably wrong, pictures that occur twice, and files that are no use.

import {button, count, h, muted, name, percent, pictures, waiting} from "./dom.js";
import {act, data, move, remove, state} from "./model.js";
import {image} from "./pictures.js";

const gone = new Set();
const left = (list) => list.filter((p) => !gone.has(p.id ?? p));
const drop = (ids, f) => {
    ids.forEach((id) => gone.add(id));
    f();
};

function suspects(a) {
    const all = left(a.suspects);
    const byPair = () => {
        for (const key of new Set(all.map((s) => JSON.stringify([s.label, s.suggested])))) {
            const [from, to] = JSON.parse(key);
            const ids = all.filter((s) => s.label === from && s.suggested === to).map((s) => s.id);
            drop(ids, () => move(ids, from, to));
        }
    };
    return all.length > 0 && h("section", {key: "suspects"}, h("div", {class: "row wrap head"}, h("h2", {}, "Probably in the wrong class"),
        h("span", {class: "muted"}, a.expected != null && `about ${pictures(Math.round(a.expected))} of these ${all.length}`),
        h("div", {class: "end"}, button(`Move all ${all.length}`, byPair, {disabled: state.server.readOnly}))),
    h("ul", {class: "plain-list cases"}, all.map((s) => h("li", {key: s.id, class: "panel case"}, image(s.id, {alt: "Picture in " + s.label}),
        h("p", {}, name(s.label), h("span", {class: "muted"}, " looks like "), h("b", {}, name(s.suggested)), `, ${percent(s.probability)}`),
        h("div", {class: "row wrap"}, button(["Move to ", name(s.suggested)], () => drop([s.id], () => move([s.id], s.label, s.suggested))),
            button("Label is right", () => drop([s.id], () => act("keep", {picture: s.id}, "Label is right")), {class: "plain"}))))));
}

function doubles(a) {
    const all = a.duplicates.map(left).filter((d) => d.length > 1);
    const copies = (d) => d.slice(1);
    const away = (ids) => drop(ids, () => remove(ids));
    return all.length > 0 && h("section", {key: "doubles"}, h("div", {class: "row wrap head"}, h("h2", {}, "Nearly the same picture"),
        h("span", {class: "muted"}, count(all.length, "group")),
        h("div", {class: "end"}, button(`Remove all ${all.flatMap(copies).length} copies`, () => away(all.flatMap(copies)), {disabled: state.server.readOnly}))),
    h("ul", {class: "plain-list cases"}, all.map((d) => h("li", {key: d[0], class: "panel case"},
        h("div", {class: "near"}, d.map((id, i) => image(id, {key: id, alt: i ? "Copy" : "First"}))),
        h("div", {class: "row"}, button(d.length > 2 ? "Remove the copies" : "Remove the copy", () => away(copies(d))))))));
}

function small(a) {
    const all = left(a.tiny);
    const away = (ids) => drop(ids, () => remove(ids));
    return all.length > 0 && h("section", {key: "tiny"}, h("div", {class: "row wrap head"}, h("h2", {}, "Tiny or blurred"),
        h("span", {class: "muted"}, pictures(all.length)), h("div", {class: "end"}, button(`Remove all ${all.length}`, () => away(all), {disabled: state.server.readOnly}))),
    h("ul", {class: "plain-list cases"}, all.map((id) => h("li", {key: id, class: "panel case"}, image(id, {alt: "Tiny picture"}),
        button("Remove", () => away([id]))))));
}

export const clean = {
    title: "Clean",
    waiting: (s) => s.suspects,
    enter: () => gone.clear(),
    draw() {
        const a = data("clean");
        if (!a) {
            return waiting(a);
        }
        const parts = [suspects(a), doubles(a), a.unreadable.length > 0 && h("section", {key: "unreadable"},
            h("div", {class: "row head"}, h("h2", {}, "Unreadable"), h("span", {class: "muted"}, count(a.unreadable.length, "file"))),
            h("ul", {}, a.unreadable.map((f) => h("li", {}, name(f.file), ": ", h("span", {class: "muted"}, f.reason))))), small(a)].filter(Boolean);
        return parts.length ? parts : [h("h2", {key: "clean"}, "Everything is clean."), muted("No suspicious label, no double and no unreadable file.")];
    },
};
