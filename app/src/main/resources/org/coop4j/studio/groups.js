// Groups: alike pictures while classes are missing.

import {form, nameField} from "./dialog.js";
import {classes, data, focus, gesture, move, state} from "./model.js";
import {h, muted, part, skeleton} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";

let first = null; // key of the group on top; it stays there when others arrive

const keyOf = (g) => `${g.kind} ${g.label ?? g.pictures[0].id}`;
const rest = (g) => g.pictures.map((p) => p.id).filter((id) => !state.picked.has(id));

let moved = 0; // when the pointer was moved or a key was pressed
window.onpointermove = window.onkeydown = (event) => (moved = event.timeStamp);

/** The groups; new ones wait while somebody is on the way to one, pictures are selected or a name is typed. */
function all() {
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

/** Puts the pictures of a group that are not selected into a class, and goes on. */
function accept(g, to) {
    const every = all();
    const ids = rest(g);
    const next = ids.length < g.pictures.length ? g : (every[every.indexOf(g) + 1] ?? every[0]);
    const [{id}] = next.pictures;
    focus(`[data-group="${keyOf(next)}"] input`, id);
    state.picked.clear();
    ids.length && move(ids, to, gesture());
}

/** The class that a picture would be put into. */
const likely = (g) => g.pictures.find((p) => p.id === state.focus)?.label;

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
    return part(`${n} alike`, question(g, label), null, mosaic(keyOf(g), g.kind, g.pictures, {}), {
        key: keyOf(g),
        class: n < 7 && !top ? "half" : "",
        "data-group": keyOf(g)
    });
}

export const groups = {
    leave: () => (first = null),
    draw(side) {
        const some = all();
        return some.length
            ? [
                  h(".row.wrap", muted("Pick out the odd ones, then accept the rest."), h(".end", side)),
                  h(
                      ".groups",
                      some.map((g) => group(g, g === active(some)))
                  )
              ]
            : [muted("Looking at the pictures …"), skeleton()];
    },
    dock() {
        const some = all();
        const g = active(some);
        return (
            g &&
            dock(
                some.flatMap((o) => o.pictures),
                {likely: likely(g)}
            )
        );
    },
    keys() {
        const some = all();
        return dockKeys(
            some.flatMap((g) => g.pictures),
            some.length ? likely(active(some)) : null
        );
    }
};
