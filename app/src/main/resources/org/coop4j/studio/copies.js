// Copies: files that show the same picture; one of each group is kept, or all of them.

import {act, focus, redraw, state} from "./model.js";
import {button, cards, count, h, image, kbd, muted, name, number, part} from "./parts.js";

const MOST = 60; // groups of a part that are drawn

const chosen = new Map(); // by group: the file that is kept

const keyOf = (g) => g.files[0].id;
const area = (f) => f.width * f.height;
const largest = (g) => g.files.reduce((best, f) => (area(f) > area(best) ? f : best));
const kept = (g) => g.files.find((f) => f.id === chosen.get(keyOf(g))) ?? largest(g);
const place = (f) => f.labels.join(", ") || "unsorted";
const all = (a) => a.copies.filter((g) => g.files.length > 1);
const parts = (a) =>
    [
        ["In training and in test", all(a).filter((g) => g.crosses)],
        ["Exact copies", all(a).filter((g) => g.exact)],
        ["Near copies", all(a).filter((g) => !g.crosses && !g.exact)]
    ].filter(([, groups]) => groups.length);
const order = (a) => parts(a).flatMap(([, groups]) => groups.slice(0, MOST));
const current = (list) => list.find((g) => g.files.some((f) => f.id === state.focus)) ?? list[0];
const select = (g, f = g && kept(g)) => g && focus(`[data-copy="${CSS.escape(f.id)}"]`, f.id);

function choose(g, f) {
    chosen.set(keyOf(g), f.id);
    select(g, f);
}

/** Removes the files of some groups but for the ticked ones. */
const keepOne = (groups) => {
    const others = groups.flatMap((g) => g.files.filter((f) => f !== kept(g)).map((f) => f.id));
    const body = {pictures: others, kept: groups.map((g) => kept(g).id)};
    return act("copies/remove", body, `Removed ${count(others.length, "copy", "copies")}`);
};

/** What can be done about a group; then the next one has the focus. */
function decisions(list, g) {
    const at = list.indexOf(g);
    const then = (decide) => () => (select(list[at + 1] ?? list[at - 1]), decide());
    return {
        Enter: then(() => keepOne([g])),
        b: then(() => act("copies/keep", {pictures: g.files.map((f) => f.id)}, "Kept the copies"))
    };
}

const title = (g) => (g.exact ? "Exact copy" : g.mirrored ? "Near copy, mirrored" : "Near copy");

function card(g, list) {
    const now = g === current(list);
    const todo = decisions(list, g);
    const file = (f) =>
        h(
            "li.copy",
            {
                key: f.id,
                "data-copy": f.id,
                role: "radio",
                "aria-checked": String(f === kept(g)),
                tabindex: f === kept(g) ? 0 : -1,
                onfocus: () => state.focus !== f.id && focus(null, f.id),
                onclick: () => choose(g, f)
            },
            image(f.picture),
            h(
                ".row.small",
                h("b.cut", name(place(f))),
                f.part && h("span.tag", {class: f.part}, f.part)
            ),
            h("span.small.muted.cut", name(f.file), f.width > 0 && `, ${f.width} × ${f.height}`)
        );
    return [
        keyOf(g),
        h("b", title(g)),
        h("ul.copies", {role: "radiogroup", "aria-label": title(g) + ": which one to keep"}, g.files.map(file)),
        h(
            ".row.wrap",
            button("Keep one", todo.Enter, now ? ".primary" : "", now && "Enter"),
            button(g.files.length === 2 ? "Keep both" : `Keep all ${g.files.length}`, todo.b, ".choice", now && "B")
        )
    ];
}

const keepThese = (groups, look, key) =>
    button(
        groups.length === 1 ? "Keep one" : `Keep one of each in these ${number(groups.length)}`,
        () => keepOne(groups),
        look,
        key
    );

/** What is said above the copies. */
export function copiesHead(a) {
    const found = all(a);
    const both = found.filter((g) => g.crosses).length;
    const [first] = parts(a);
    return [
        first ? `${count(found.length, "group")} of copies.` : "No copies.",
        both > 0
            ? `${both} of them ${both === 1 ? "lies" : "lie"} in both training and test: as long as they do, the accuracy looks better than it is.`
            : first && "None of them lies in both training and test.",
        first && keepThese(first[1], ".large", "N")
    ];
}

/** The number of groups. */
export const copiesCount = (a) => all(a).length;

export function copies(a) {
    const list = order(a);
    const {encoded, total} = state.server;
    const of = `${number(a.compared)} of ${count(total, "picture")}`;
    const note = (title, groups) =>
        title === "Exact copies" && groups.every((g) => g.files.every((f) => place(f) === place(g.files[0])))
            ? ", always in one class"
            : "";
    return [
        a.compared < total &&
            muted(
                encoded < total
                    ? `Comparing ${of}`
                    : `${of} are compared; exact copies are found among all.`
            ),
        parts(a).map(([title, groups], i) =>
            part(
                title,
                count(groups.length, "group") + note(title, groups),
                i > 0
                    ? keepThese(groups)
                    : h(
                          "p.row.small.muted",
                          "Ticked: the largest, else the first.",
                          kbd("←"),
                          kbd("→"),
                          " choose, ",
                          kbd("↓"),
                          " next group"
                      ),
                [
                    cards(
                        groups.slice(0, MOST).map((g) => card(g, list)),
                        ".wide"
                    ),
                    groups.length > MOST && muted(`The first ${MOST} are shown; the others follow.`)
                ]
            )
        )
    ];
}

export function copiesKeys(a) {
    const list = order(a);
    const g = current(list);
    const side = document.documentElement.dir === "rtl" ? -1 : 1;
    const step = (by) => () => {
        const n = g.files.length;
        choose(g, g.files[(g.files.indexOf(kept(g)) + by * side + n) % n]);
    };
    const go = (by) => () => select(list[list.indexOf(g) + by]);
    return (
        g && {
            ...decisions(list, g),
            ArrowRight: step(1),
            ArrowLeft: step(-1),
            ArrowDown: go(1),
            ArrowUp: go(-1),
            " ": redraw,
            n: () => keepOne(parts(a)[0][1])
        }
    );
}
