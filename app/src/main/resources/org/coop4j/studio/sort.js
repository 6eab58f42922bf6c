// Sort: the unsorted pictures in groups; one click accepts a group.

import {form, nameField} from "./dialog.js";
import {act, classes, data, focus, gesture, move, remove, state} from "./model.js";
import {button, h, muted, name, part, pictures, skeleton} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";

let first = null; // key of the group on top; it stays there when others arrive

const keyOf = (g) => `${g.kind} ${g.label ?? g.pictures[0].id}`;
const rest = (g) => g.pictures.map((p) => p.id).filter((id) => !state.picked.has(id));

let moved = 0; // when the pointer was moved or a key was pressed
window.onpointermove = window.onkeydown = (event) => (moved = event.timeStamp);

/** The groups; new ones wait while somebody is on the way to one, pictures are selected or a name is typed. */
function groups() {
    const busy =
        performance.now() - moved < 1000 ||
        state.picked.size ||
        [...document.querySelectorAll("main input")].some((field) => field.value);
    const found = (data("groups", busy) ?? []).filter((g) => g.pictures.length);
    found.sort((a, b) => (keyOf(b) === first) - (keyOf(a) === first));
    first = found[0] && keyOf(found[0]);
    return found;
}
const active = (all) => all.find((g) => g.pictures.some((p) => p.id === state.focus)) ?? all[0];

/**
 * Puts the pictures of a group that are not selected into a class, and goes on; null sets them aside. The selected ones of
 * a class are not of that class, which is remembered.
 */
function accept(g, to) {
    const all = groups();
    const ids = rest(g);
    const odd = g.kind === "class" ? g.pictures.map((p) => p.id).filter((id) => state.picked.has(id)) : [];
    const next = ids.length + odd.length < g.pictures.length ? g : (all[all.indexOf(g) + 1] ?? all[0]);
    const [{id}] = next.pictures;
    const together = gesture();
    focus(next.kind === "alike" ? `[data-group="${keyOf(next)}"] input` : `[data-id="${id}"]`, id);
    state.picked.clear();
    odd.length && act("reject", {pictures: odd, to, gesture: together});
    to === null ? remove(ids) : move(ids, to, together);
}

/** The class that a picture would be put into. */
const likely = (g) => g.pictures.find((p) => p.id === state.focus)?.label ?? g.label;

const question = (g, label) =>
    form(
        ".row",
        (text) => accept(g, (/^[1-9]$/.test(text) && classes()[text - 1]?.name) || text),
        h(
            "label.row",
            "What are these?",
            nameField({placeholder: "Name or key", onfocus: () => focus(null, g.pictures[0].id)})
        ),
        h("button", label)
    );

function group(g, top) {
    const n = g.pictures.length;
    const left = rest(g).length;
    const label = `Accept ${left < n ? "the other " : ""}${left}`;
    const to = g.kind === "nothing" ? null : g.label;
    const take = (text) => button(text, left > 0 && (() => accept(g, to)), top ? ".primary" : "", top && "Enter");
    const [title, note, side] = {
        class: () => [name(to), `${pictures(n)}, the likeliest first`, take([label, " as ", name(to)])],
        alike: () => [`${n} alike`, question(g, label)],
        unsure: () => ["Not sure", pictures(n), muted("Label these one by one")],
        nothing: () => ["Looks like nothing here", `${pictures(n)}, unlike every class`, take(`Set ${left} aside`)]
    }[g.kind]();
    return part(
        title,
        note,
        side,
        mosaic(keyOf(g), g.label ?? g.kind, g.pictures, {
            caption: g.kind === "unsure" && ((p) => p.label),
            enter: g.label && (() => accept(g, to))
        }),
        {key: keyOf(g), class: n < 7 && !top ? "half" : "", "data-group": keyOf(g)}
    );
}

export const sort = {
    title: "Sort",
    waiting: (s) => s.unsorted,
    draw() {
        const all = groups();
        if (!all.length) {
            return state.server.unsorted
                ? [muted("Looking at the pictures …"), skeleton()]
                : h("h2", "Everything is sorted.");
        }
        return [
            muted("Pick out the odd ones, then accept the rest."),
            h(
                ".groups",
                all.map((g) => group(g, g === active(all)))
            )
        ];
    },
    dock() {
        const all = groups();
        const g = active(all);
        return (
            g &&
            dock(
                all.flatMap((o) => o.pictures),
                {none: "None of these", likely: likely(g)}
            )
        );
    },
    keys() {
        const all = groups();
        return {
            ...dockKeys(
                all.flatMap((g) => g.pictures),
                all.length ? likely(active(all)) : null
            ),
            Enter: all[0]?.label && (() => accept(all[0], all[0].label))
        };
    }
};
