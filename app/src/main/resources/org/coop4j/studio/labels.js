// Sort where a picture may have several labels: one question at a time, such as "Is umbrella on these?".

import {form, nameField} from "./dialog.js";
import {act, classes, data, focus, gesture, move, redraw, state} from "./model.js";
import {button, h, muted, name, part, pictures, skeleton} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";

let first = null; // key of the question; it stays as it is until it is answered, whatever is learned meanwhile
let later = []; // keys of the questions that are put off

const keyOf = (q) => `${q.kind} ${q.label ?? q.pictures[0].id}`;
const asked = (all) => (all ?? []).filter((q) => q.pictures.length);
const rest = (q) => q.pictures.map((p) => p.id).filter((id) => !state.picked.has(id));

/** The open questions, the one that is asked first. */
function questions() {
    const undone = state.line?.text.startsWith("Undone");
    const found = asked(data("questions", !undone && asked(data("questions", true)).some((q) => keyOf(q) === first)));
    const last = (q) => later.indexOf(keyOf(q));
    found.sort((a, b) => (keyOf(b) === first) - (keyOf(a) === first)).sort((a, b) => last(a) - last(b));
    first = found[0] && keyOf(found[0]);
    return found;
}

function skip(q) {
    later = [...later.filter((key) => key !== keyOf(q)), keyOf(q)];
    state.picked.clear();
    redraw();
}

/** Takes the answer: the selected pictures are the odd ones; goes on to the next question. */
function answer(q, to) {
    const odd = q.pictures.map((p) => p.id).filter((id) => state.picked.has(id));
    const [are, not] = q.kind === "without" ? [odd, rest(q)] : [rest(q), q.kind === "label" ? odd : []];
    const next = questions()[1];
    const together = gesture();
    focus(next ? `[data-id="${next.pictures[0].id}"]` : null, next?.pictures[0].id);
    state.picked.clear();
    not.length && act("reject", {pictures: not, to, gesture: together}, `Marked ${not.length} as not ${to}`);
    are.length && move(are, to, together);
}

const naming = (q) =>
    form(
        ".row",
        (text) => answer(q, (/^[1-9]$/.test(text) && classes()[text - 1]?.name) || text),
        h("label.row", "What is on all of these?", nameField({placeholder: "Name or key"})),
        h("button", `Put it on ${rest(q).length}`)
    );

function question(q) {
    const [n, left, of] = [q.pictures.length, rest(q).length, name(q.label)];
    const all = left < n ? `the other ${left}` : `all ${n}`;
    const [title, note, label] = {
        label: [["Is ", of, " on these?"], "the likeliest first", left ? "Yes, on " + all : "No, on none"],
        without: [["No ", of, " on these?"], "the doubtful first", left ? "No, on " + all : "Yes, on all"],
        alike: [`${n} alike`]
    }[q.kind];
    return part(
        title,
        q.label ? `${pictures(n)}, ${note}` : naming(q),
        q.label && [
            button("Later", () => skip(q), ".choice", "S"),
            button(label, () => answer(q, q.label), ".primary", "Enter")
        ],
        mosaic(keyOf(q), q.label ?? "alike", q.pictures, {enter: q.label && (() => answer(q, q.label))}),
        {key: keyOf(q), "data-group": keyOf(q)}
    );
}

export const labels = {
    title: "Sort",
    draw() {
        const [q] = questions();
        return q
            ? [muted("Pick out the odd ones, then answer for the rest."), h(".groups", question(q))]
            : state.server.unsorted
              ? [muted("Looking at the pictures …"), skeleton()]
              : h("h2", "Everything is sorted.");
    },
    dock() {
        const [q] = questions();
        return q && dock(q.pictures, {likely: q.label});
    },
    keys() {
        const [q] = questions();
        return q && {
            ...dockKeys(q.pictures, q.label),
            Enter: q.label && (() => answer(q, q.label)),
            s: () => skip(q)
        };
    },
    leave: () => (first = null)
};
