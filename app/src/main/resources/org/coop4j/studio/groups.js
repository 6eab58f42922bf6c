// Groups: alike pictures while classes are missing, and where a picture has several labels a question for each label.

import {form, nameField} from "./dialog.js";
import {classes, data, focus, gesture, move, redraw, reject, state} from "./model.js";
import {button, h, muted, name, part, pictures, skeleton} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";

let first = null; // key of the group on top; it stays there when others arrive
let later = []; // keys of the questions that are put off

const keyOf = (g) => `${g.kind} ${g.label ?? g.pictures[0].id}`;
const rest = (g) => g.pictures.map((p) => p.id).filter((id) => !state.picked.has(id));

let moved = 0; // when the pointer was moved or a key was pressed
window.onpointermove = window.onkeydown = (event) => (moved = event.timeStamp);

/** True while a question about one of several labels is open: it stays as it is, whatever is learned meanwhile. */
const asking = () =>
    state.server.several &&
    !state.line?.text.startsWith("Undone") &&
    (data("groups", true) ?? []).some((g) => g.pictures.length && keyOf(g) === first);

/** The groups; new ones wait while somebody is on the way to one, pictures are selected or a name is typed. */
function all() {
    const busy =
        asking() ||
        performance.now() - moved < 1000 ||
        state.picked.size ||
        [...document.querySelectorAll("main input")].some((field) => field.value);
    const found = (data("groups", busy) ?? []).filter((g) => g.pictures.length);
    const last = (g) => later.indexOf(keyOf(g));
    found.sort((a, b) => (keyOf(b) === first) - (keyOf(a) === first)).sort((a, b) => last(a) - last(b));
    first = found[0] && keyOf(found[0]);
    return found;
}

/** Those that are drawn: with several labels one question at a time, since a picture is in several of them. */
const shown = () => (state.server.several ? all().slice(0, 1) : all());

const skip = (g) => {
    later = [...later.filter((key) => key !== keyOf(g)), keyOf(g)];
    state.picked.clear();
    redraw();
};
const active = (all) => all.find((g) => g.pictures.some((p) => p.id === state.focus)) ?? all[0];

/**
 * Puts the pictures of a group that are not selected into a class, and goes on. The selected ones of a label do not show it,
 * which is remembered; those without a label are the other way round.
 */
function accept(g, to) {
    const every = all();
    const ids = rest(g);
    const odd = g.label ? g.pictures.map((p) => p.id).filter((id) => state.picked.has(id)) : [];
    const next = ids.length + odd.length < g.pictures.length ? g : (every[every.indexOf(g) + 1] ?? every[0]);
    const [{id}] = next.pictures;
    const together = gesture();
    focus(next.kind === "alike" ? `[data-group="${keyOf(next)}"] input` : `[data-id="${id}"]`, id);
    state.picked.clear();
    const [are, not] = g.kind === "without" ? [odd, ids] : [ids, odd];
    not.length && reject(not, to, together);
    are.length && move(are, to, together);
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
    const many = left < n ? `the other ${left}` : `all ${n}`;
    const put = (text, other) => [
        button("Later", () => skip(g), ".choice", "S"),
        button(left ? text + many : other, () => accept(g, g.label), top ? ".primary" : "", top && "Enter")
    ];
    const [title, note, side] = {
        alike: () => [`${n} alike`, question(g, label)],
        label: () => [["Is ", name(g.label), " on these?"], `${pictures(n)}, the likeliest first`, put("Yes, on ", "No, on none")],
        without: () => [["No ", name(g.label), " on these?"], `${pictures(n)}, the doubtful first`, put("No, on ", "Yes, on all")]
    }[g.kind]();
    return part(
        title,
        note,
        side,
        mosaic(keyOf(g), g.label ?? g.kind, g.pictures, {
            enter: g.label && (() => accept(g, g.label))
        }),
        {key: keyOf(g), class: n < 7 && !top ? "half" : "", "data-group": keyOf(g)}
    );
}

export const groups = {
    leave: () => (first = null),
    draw(side) {
        const some = shown();
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
        const some = shown();
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
        const some = shown();
        return {
            ...dockKeys(
                some.flatMap((g) => g.pictures),
                some.length ? likely(active(some)) : null
            ),
            Enter: some[0]?.label && (() => accept(some[0], some[0].label)),
            s: state.server.several && some[0] && (() => skip(some[0]))
        };
    }
};
