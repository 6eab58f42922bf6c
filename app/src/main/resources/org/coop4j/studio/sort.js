// Sort: the unsorted pictures in groups; one click accepts a group.

import {form, nameField} from "./dialog.js";
import {act, classes, data, focus, gesture, move, redraw, remove, state} from "./model.js";
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
function groups() {
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
const shown = () => (state.server.several ? groups().slice(0, 1) : groups());

const skip = (g) => {
    later = [...later.filter((key) => key !== keyOf(g)), keyOf(g)];
    state.picked.clear();
    redraw();
};
const active = (all) => all.find((g) => g.pictures.some((p) => p.id === state.focus)) ?? all[0];

/**
 * Puts the pictures of a group that are not selected into a class, and goes on; null sets them aside. The selected ones of
 * a class are not of that class, which is remembered. Those without a label are the other way round.
 */
function accept(g, to) {
    const all = groups();
    const ids = rest(g);
    const odd = ["class", "label", "without"].includes(g.kind) ? g.pictures.map((p) => p.id).filter((id) => state.picked.has(id)) : [];
    const next = ids.length + odd.length < g.pictures.length ? g : (all[all.indexOf(g) + 1] ?? all[0]);
    const [{id}] = next.pictures;
    const together = gesture();
    focus(next.kind === "alike" ? `[data-group="${keyOf(next)}"] input` : `[data-id="${id}"]`, id);
    state.picked.clear();
    const [are, not] = g.kind === "without" ? [odd, ids] : [ids, odd];
    not.length && act("reject", {pictures: not, to, gesture: together}, `Marked ${not.length} as not ${to}`);
    to === null ? remove(ids) : are.length && move(are, to, together);
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
    const all = left < n ? `the other ${left}` : `all ${n}`;
    const put = (text, other) => [button("Later", () => skip(g), ".choice", "S"), take(left ? text + all : other, true)];
    const take = (text, able = left > 0) => button(text, able && (() => accept(g, to)), top ? ".primary" : "", top && "Enter");
    const [title, note, side] = {
        class: () => [name(to), `${pictures(n)}, the likeliest first`, take([label, " as ", name(to)])],
        alike: () => [`${n} alike`, question(g, label)],
        label: () => [["Is ", name(to), " on these?"], `${pictures(n)}, the likeliest first`, put("Yes, on ", "No, on none")],
        without: () => [["No ", name(to), " on these?"], `${pictures(n)}, the doubtful first`, put("No, on ", "Yes, on all")],
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
    leave: () => (first = null),
    waiting: (s) => s.unsorted,
    draw() {
        const all = shown();
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
        const all = shown();
        const g = active(all);
        return (
            g &&
            dock(
                all.flatMap((o) => o.pictures),
                {none: state.server.several ? "Remove" : "None of these", likely: likely(g)}
            )
        );
    },
    keys() {
        const all = shown();
        return {
            ...dockKeys(
                all.flatMap((g) => g.pictures),
                all.length ? likely(active(all)) : null
            ),
            Enter: all[0]?.label && (() => accept(all[0], all[0].label)),
            s: state.server.several && all[0] && (() => skip(all[0]))
        };
    }
};
