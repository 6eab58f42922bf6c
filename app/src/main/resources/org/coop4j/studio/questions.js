// Questions about pictures to be labelled together: groups of alike ones while classes are missing and, where a picture may
// have several labels, one question at a time, such as "Is umbrella on these?".

import {form, nameField} from "./dialog.js";
import {act, classes, data, focus, gesture, move, redraw, state} from "./model.js";
import {button, h, looking, muted, name, part, pictures} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";

let first = null; // key of the question on top; it stays there when others arrive
let later = []; // keys of the questions that are put off
let moved = 0; // when the pointer was moved or a key was pressed
window.onpointermove = window.onkeydown = (event) => (moved = event.timeStamp);

const keyOf = (q) => `${q.kind} ${q.label ?? q.pictures[0].id}`;
const rest = (q) => q.pictures.map((p) => p.id).filter((id) => !state.picked.has(id));
const asked = (path, held) => (data(path, held) ?? []).filter((q) => q.pictures.length);
const every = (all) => all.flatMap((q) => q.pictures);

/** Questions in their order, the one that was on top first. */
function inOrder(found) {
    const last = (q) => later.indexOf(keyOf(q));
    found.sort((a, b) => (keyOf(b) === first) - (keyOf(a) === first)).sort((a, b) => last(a) - last(b));
    first = found[0] && keyOf(found[0]);
    return found;
}

/** A field for the name of what pictures show. */
const naming = (q, label, answer, done, props) =>
    form(
        ".row",
        (text) => done(q, (/^[1-9]$/.test(text) && classes()[text - 1]?.name) || text),
        h("label.row", label, nameField({placeholder: "Name or key", ...props})),
        h("button", answer)
    );

const card = (q, title, note, side, enter, look = "") =>
    part(title, note, side, mosaic(keyOf(q), q.label ?? q.kind, q.pictures, {enter}), {
        key: keyOf(q),
        class: look,
        "data-group": keyOf(q)
    });

// Groups

/** The groups; new ones wait while somebody is on the way to one, pictures are selected or a name is typed. */
const all = () =>
    inOrder(
        asked(
            "groups",
            performance.now() - moved < 1000 ||
                state.picked.size ||
                [...document.querySelectorAll("main input")].some((field) => field.value)
        )
    );

/** Puts the pictures of a group that are not selected into a class, and goes on. */
function accept(g, to) {
    const some = all();
    const ids = rest(g);
    const next = ids.length < g.pictures.length ? g : (some[some.indexOf(g) + 1] ?? some[0]);
    focus(`[data-group="${keyOf(next)}"] input`, next.pictures[0].id);
    state.picked.clear();
    ids.length && move(ids, to, gesture());
}

function group(g, isFirst) {
    const n = g.pictures.length;
    const left = rest(g).length;
    const props = {onfocus: () => focus(null, g.pictures[0].id)};
    const answer = `Accept ${left < n ? "the other " : ""}${left}`;
    return card(g, `${n} alike`, naming(g, "What are these?", answer, accept, props), null, null, n < 7 && !isFirst ? "half" : "");
}

export const groups = {
    leave: () => (first = null),
    draw(side) {
        const some = all();
        const top = some.find((g) => g.pictures.some((p) => p.id === state.focus)) ?? some[0];
        return some.length
            ? [
                  h(".row.wrap", muted("Pick out the odd ones, then accept the rest."), h(".end", side)),
                  h(
                      ".groups",
                      some.map((g) => group(g, g === top))
                  )
              ]
            : looking();
    },
    dock: () => all().length > 0 && dock(every(all())),
    keys: () => dockKeys(every(all()))
};

// Labels

/** The open questions; the first one stays as it is until it is answered, whatever is learned meanwhile. */
const questions = () =>
    inOrder(
        asked(
            "questions",
            !state.line?.text.startsWith("Undone") && asked("questions", true).some((q) => keyOf(q) === first)
        )
    );

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

function question(q) {
    const [n, left, of] = [q.pictures.length, rest(q).length, name(q.label)];
    if (!q.label) {
        return card(q, `${n} alike`, naming(q, "What is on all of these?", `Put it on ${left}`, answer));
    }
    const others = left < n ? `the other ${left}` : `all ${n}`;
    const [title, note, label] = {
        label: ["Is ", "the likeliest first", left ? "Yes, on " + others : "No, on none"],
        without: ["No ", "the doubtful first", left ? "No, on " + others : "Yes, on all"]
    }[q.kind];
    const done = () => answer(q, q.label);
    const side = [button("Later", () => skip(q), ".choice", "S"), button(label, done, ".primary", "Enter")];
    return card(q, [title, of, " on these?"], `${pictures(n)}, ${note}`, side, done);
}

export const labels = {
    title: "Sort",
    draw() {
        const [q] = questions();
        return q
            ? [muted("Pick out the odd ones, then answer for the rest."), h(".groups", question(q))]
            : state.server.unsorted
              ? looking()
              : h("h2", "Everything is sorted.");
    },
    dock() {
        const [q] = questions();
        return q && dock(q.pictures, {likely: q.label});
    },
    keys() {
        const [q] = questions();
        return q && {...dockKeys(q.pictures, q.label), Enter: q.label && (() => answer(q, q.label)), s: () => skip(q)};
    },
    leave: () => (first = null)
};
