// Clean: labels that are probably wrong, pictures that occur twice, and files that are no use.

import {button, count, h, muted, name, percent, pictures, waiting} from "./dom.js";
import {act, data, move, onRevision, remove, state} from "./model.js";
import {image} from "./pictures.js";

const gone = new Set();
onRevision((undone) => undone && gone.clear());

const left = (list) => list.filter((p) => !gone.has(p.id ?? p));
const hide = (ids) => ids.forEach((id) => gone.add(id));
const away = (ids) => (hide(ids), remove(ids));
const correct = (list) => {
    for (const {label, suggested} of list) {
        const ids = left(list).filter((s) => s.label === label && s.suggested === suggested).map((s) => s.id);
        hide(ids);
        ids.length && move(ids, label, suggested);
    }
};
const keep = (id) => (hide([id]), act("keep", {picture: id}, "Label is right"));

function part(title, note, cases, label, all) {
    return cases.length > 0 && h("section", {key: title}, h("div", {class: "row wrap head"}, h("h2", {}, title),
        h("span", {class: "muted"}, note), cases.length > 1 && label && h("div", {class: "end"}, button(label, all, {disabled: state.server.readOnly}))),
    h("ul", {class: "plain-list cases"}, cases.map(([key, ...parts]) => h("li", {key, class: "panel case"}, parts))));
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
        const suspects = left(a.suspects);
        const doubles = a.duplicates.map(left).filter((d) => d.length > 1);
        const copies = doubles.flatMap((d) => d.slice(1));
        const tiny = left(a.tiny);
        const parts = [
            part("Probably in the wrong class", pictures(suspects.length),
                suspects.map((s) => [s.id, image(s.id, {alt: "Picture in " + s.label}),
                    h("p", {}, name(s.label), h("span", {class: "muted"}, " looks like "), h("b", {}, name(s.suggested)), `, ${percent(s.probability)}`),
                    h("div", {class: "row wrap"}, button(["Move to ", name(s.suggested)], () => correct([s])),
                        button("Label is right", () => keep(s.id), {class: "plain"}))]), `Move all ${suspects.length}`, () => correct(suspects)),
            part("Nearly the same picture", count(doubles.length, "group"), doubles.map((d) => [d[0],
                h("div", {class: "near"}, d.map((id, i) => image(id, {key: id, alt: i ? "Copy" : "First"}))),
                button(d.length > 2 ? "Remove the copies" : "Remove the copy", () => away(d.slice(1)))]),
            `Remove all ${copies.length} copies`, () => away(copies)),
            part("Unreadable", count(a.unreadable.length, "file"), a.unreadable.map((f) => [f.file, h("b", {}, name(f.file)), muted(f.reason)])),
            part("Tiny or blurred", pictures(tiny.length), tiny.map((id) => [id, image(id, {alt: "Tiny picture"}),
                button("Remove", () => away([id]))]), `Remove all ${tiny.length}`, () => away(tiny)),
        ].filter(Boolean);
        return parts.length ? parts : [h("h2", {key: "clean"}, "Everything is clean."), muted("No suspicious label, no double and no unreadable file.")];
    },
};
