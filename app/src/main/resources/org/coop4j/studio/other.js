// Use it on another folder: what would be done, the doubtful pictures first, then doing it and taking it back.

import {data, fail, folder, redraw, refresh, request, state} from "./model.js";
import {bar, button, cards, count, figure, h, muted, name, number, part, percent, pictures, segments, table} from "./parts.js";

const DOES = {tags: "get a tag", copy: "be copied", move: "be moved", table: "get a label"};
const DID = {tags: "written", copy: "copied", move: "moved", table: "answered"};
const order = {from: "", to: "", method: "copy", count: 60};
const left = new Set(); // numbers of pictures that are left out
let edited = true; // the fields are not those that were tried

const send = (path, body) =>
    request("other/" + path, body)
        .catch((error) => fail(error, () => send(path, body)))
        .then(refresh);

function start(again = false) {
    left.clear();
    edited = false;
    const puts = "copy move".includes(order.method);
    send("try", {...order, to: puts ? order.to : null, count: Number(order.count), merge: again});
}

/** What was tried or done in this view. */
export function tried(method) {
    const found = data("other");
    return found && (found.way === "tags") === (method === "tags") ? found : null;
}

const some = (a, ...keys) => keys.reduce((sum, key) => sum + (a.counts[key.toUpperCase()] ?? 0), 0);
const labelled = (a) => Object.values(a.classes).reduce((sum, n) => sum + n, 0);
const todo = (a) =>
    Math.max(0, (a.way === "tags" ? some(a, "created", "updated") : labelled(a) - (a.tried ? a.there : 0)) - (a.tried ? left.size : 0));
const things = (a, n) => (a.way === "tags" ? count(n, "tag") : pictures(n));
const all = (a) => Object.values(a.counts).reduce((sum, n) => sum + n, 0);

/** The sentence and the large button. */
export function otherHead(method) {
    const a = tried(method);
    const work = state.server.working;
    if (work) {
        const time = work.secondsLeft === null ? "" : `, ${count(work.secondsLeft, "second")} left`;
        return [
            "Looking at the other folder.",
            percent(work.done) + time,
            button("Stop", () => send("stop", {}), ".large")
        ];
    }
    if (!a || edited) {
        return [
            method === "tags" ? "Write tags where photo programs see them." : "Sort any other folder.",
            "Nothing is written before you have seen the counts. No picture is ever opened for writing.",
            button("Count", () => document.querySelector("form.other").requestSubmit(), ".large.primary", "N")
        ];
    }
    if (!a.tried) {
        return [
            a.undone ? `${count(some(a, "updated"), "file")} taken back.` : `${things(a, todo(a))} ${DID[a.way]}.`,
            some(a, "failed") > 0 ? `${some(a, "failed")} could not be: see them below.` : "All of it is done.",
            !a.undone && button("Undo it", () => send("undo", {}), ".large")
        ];
    }
    const n = todo(a);
    return [
        `${pictures(n)} would ${DOES[a.way]}.`,
        `Tried on ${pictures(all(a))}; ` +
            (a.way === "tags"
                ? "nothing is written yet. No picture is ever opened for writing."
                : "nothing was done yet. Nothing is overwritten."),
        a.way === "table"
            ? table("other.csv", "labels.csv", ".large.primary")
            : n > 0 &&
              button(
                  {tags: "Write ", copy: "Copy ", move: "Move "}[a.way] + things(a, n),
                  () => send("go", {state: a.number, pictures: [...left]}),
                  ".large.primary",
                  "N"
              )
    ];
}

const field = (label, key, props) =>
    h(
        "label",
        label,
        h("input", {
            value: order[key],
            required: true,
            oninput: (e) => ((order[key] = e.target.value), (edited = true), redraw()),
            ...props
        })
    );

const fields = (method) =>
    h(
        "form.other.row.wrap",
        {
            onsubmit(event) {
                event.preventDefault();
                start();
            }
        },
        field(method === "tags" ? "Folder" : "From", "from", {placeholder: "Whole path"}),
        "copy move".includes(order.method) && field("Into", "to", {placeholder: "Whole path"}),
        !state.server.several && field(method === "tags" ? "No tag below (%)" : "Not sure below (%)", "count", {type: "number", min: 0, max: 99}),
        h("button", {disabled: Boolean(state.server.working)}, tried(method) ? "Count again" : "Count"),
        method !== "tags" &&
            segments(
                "What is done",
                [
                    ["copy", "Copy"],
                    ["move", "Move"],
                    ["table", "Table"]
                ],
                order.method,
                (way) => ((order.method = way), (edited = true), redraw()),
                (way) => way === "move" && state.server.several && "A picture of several labels has no one folder."
            ),
        order.method === "move" && h("span.small.muted", "Photo programs lose sight of moved pictures.")
    );

const fact = (n, what, side) => n > 0 && h("li.row", h("b", number(n)), h("span", what), side && h("span.end", side));

const cases = (title, note, rows, able) =>
    rows.length > 0 &&
    part(
        title,
        note,
        null,
        cards(
            rows.map((one) => [
                one.id,
                !one.reason && h("img", {src: "/other/" + one.id, alt: one.path, loading: "lazy"}),
                h("span.cut.small", name(one.path)),
                one.reason ? muted(name(one.reason)) : h("b", name(one.label), " ", percent(one.probability)),
                able &&
                    button("Leave out", () => (left.delete(one.id) || left.add(one.id), redraw()), ".choice", null, {
                        "aria-pressed": String(left.has(one.id))
                    })
            ])
        )
    );

export function other(method) {
    if ((order.method === "tags") !== (method === "tags")) {
        order.method = method === "tags" ? "tags" : "copy";
        edited = true;
    }
    const a = edited || state.server.working ? null : tried(method);
    const most = a && Math.max(...Object.values(a.classes), 1);
    const learned = data("learned");
    const at = learned?.coverage?.findLast((c) => c.threshold <= order.count / 100 + 1e-9);
    return [
        fields(method),
        state.server.otherFailure && h("p.panel", {role: "alert"}, state.server.otherFailure),
        a && [
            h(
                "ul.facts",
                a.way === "tags" && fact(some(a, "created"), a.tried ? "new sidecar files" : "sidecar files are new"),
                a.way === "tags" && fact(some(a, "updated"), "sidecars that exist get lines added"),
                a.way === "tags" && fact(labelled(a) - some(a, "created", "updated"), "have this tag already"),
                fact(a.none, `not sure: below ${a.percent} %; they stay as they are`),
                fact(a.removed, "had it, and you removed it: not written again", a.tried && button("Write them after all", () => start(true), ".plain")),
                a.tried && fact(a.there, "are there already, with the same bytes"),
                fact(some(a, "failed"), "are left alone")
            ),
            a.way !== "tags" &&
                Object.entries(a.classes).map(([label, n]) => figure(name(label + "/"), bar(n / most), number(n))),
            at && muted(`How many are right? Of your ${count(learned.tested, "test picture")}, ${at.answered} would be answered, ${at.right} of them rightly. These ${pictures(all(a))} are not checked.`),
            a.tried && cases("Least sure", "Look at these first.", a.doubtful, a.way !== "table"),
            cases("Left alone", count(a.failed.length, "file"), a.failed)
        ],
        muted(
            method === "tags"
                ? `A tag goes into a sidecar file beside the picture, below coop4j/${folder()}. digiKam, darktable, Immich and PhotoPrism show it; Lightroom reads sidecars of raw files only. Undo takes out what was added.`
                : "A name that is taken gets a number, and a picture’s sidecars go with it. Undo moves pictures back, and removes copies, unless somebody has changed them."
        )
    ];
}

/** Does what the large button does. */
export const otherKeys = () => ({n: () => document.querySelector(".sentence .primary")?.click()});
