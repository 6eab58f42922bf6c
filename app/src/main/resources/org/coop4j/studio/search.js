// Search: pictures by words or by other pictures, the nearest first.

import {drop} from "./give.js";
import {data, fail, focus, forget, redraw, request, state} from "./model.js";
import {button, h, image, kbd, looking, name, number, part, pictures, segments} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";

const FIELD = {}; // where pictures are dropped as examples
const MOST = 100; // examples, whose names are in an address

const nothing = () => ({words: "", not: [], like: [], unlike: [], byClass: false});
let query = nothing(); // words, or examples: {id, url}

export const searching = () => query.words || query.like.length > 0;

const path = () => {
    const {words, not, like, unlike, byClass} = query;
    return (
        "search?" +
        new URLSearchParams([
            ...(words ? [["words", words]] : []),
            ...(not.length ? [["not", not.join(", ")]] : []),
            ...like.map((e) => ["like", e.id]),
            ...unlike.map((e) => ["unlike", e.id]),
            ...(byClass ? [["order", "class"]] : [])
        ])
    );
};

let shown; // what was found last, until the next is known

/** What is found; undefined until it is known, or while nothing is searched. */
function found() {
    const answer = searching() && data(path());
    if (answer?.compared && answer !== shown) {
        shown = answer;
        document.activeElement.closest(".found") && focus(`[data-id="${state.focus}"]`);
    }
    return searching() ? shown : (shown = undefined);
}

/** The pictures that are shown. */
const foundPictures = () => [...(found()?.unsorted ?? []), ...(found()?.others ?? [])];

function set(changes) {
    searching() && forget(path());
    query = {...query, ...changes};
    state.picked.clear();
    state.anchor = null;
    redraw();
}

function clear() {
    set(nothing());
    focus("[name=search]");
}

export const toField = () => focus("[name=search]");
const toResults = () => focus(".found .tile[tabindex='0']");

/** Reads words, of which those after a minus are negative; negative ones alone are added to the words before. */
function submit(input) {
    const not = [];
    const words = input.value
        .replace(/(^|\s)-("[^"]+"|\S+)/g, (all, before, word) => (not.push(word.replaceAll('"', "")), " "))
        .replace(/\s+/g, " ")
        .trim();
    input.value = words || query.words ? "" : input.value;
    if (words) {
        set({...nothing(), words, not});
    } else if (not.length && query.words) {
        set({not: [...query.not, ...not]});
    }
}

const add = (to, examples) => {
    const other = to === "like" ? "unlike" : "like";
    const ids = new Set(examples.map((e) => e.id));
    const rest = (list) => list.filter((e) => !ids.has(e.id));
    const all = [...rest(query[to]), ...examples].slice(-MOST);
    set({words: "", not: [], byClass: false, [other]: rest(query[other]), [to]: all});
};

/** Searches for pictures like a file. */
async function example(file, convert = false) {
    try {
        const {id} = await request("example?" + new URLSearchParams({convert}), file);
        add("like", [{id, url: URL.createObjectURL(file)}]);
    } catch (error) {
        fail(error, () => example(file, Boolean(error.converter)));
    }
}

/** Searches for more pictures like the selected ones, else the focused one; or not like these. */
const more = (to) => {
    const ids = state.picked.size ? [...state.picked] : [state.focus];
    const here = new Set(foundPictures().map((p) => p.id));
    const examples = ids.filter((id) => here.has(id)).map((id) => ({id}));
    examples.length && (to === "like" || query.like.length > 0) && add(to, examples);
};

const chip = (look, what, label, remove) =>
    h(`span.chip${look}`, h("span", what), button("×", remove, ".plain", null, {"aria-label": "Without " + label}));

const chips = () => {
    const without = (key, one) => () => set({[key]: query[key].filter((other) => other !== one)});
    const examples = (key, label, look) =>
        query[key].length > 0 && [
            h("span.muted", label),
            query[key].map((e, i) =>
                chip(look, image(e.id, e.url && {src: e.url}), `${label} picture ${i + 1}`, without(key, e))
            )
        ];
    return [
        query.words && h("span", name(query.words)),
        query.not.map((word) => chip(".not", ["not: ", name(word)], word, without("not", word))),
        examples("like", "like", ""),
        examples("unlike", "not like", ".not")
    ];
};

function onKey(event) {
    const {key, target} = event;
    if (key === "Escape") {
        searching() ? clear() : target.blur();
    } else if (key === "ArrowDown") {
        searching() ? toResults() : target.blur();
    } else if (key === "Backspace" && !target.value && query.words) {
        target.value = [query.words, ...query.not.map((word) => (word.includes(" ") ? `-"${word}"` : "-" + word))].join(" ");
        set(nothing());
    } else {
        return;
    }
    event.preventDefault();
}

/** The field for words, on which pictures are dropped as well. */
export const searchField = () =>
    h(
        "form.search.row.wrap",
        {
            role: "search",
            ...drop(
                FIELD,
                ([one]) => one && example(one.file),
                (ids) => add("like", ids.map((id) => ({id})))
            ),
            "data-drop": state.over === FIELD ? "Find pictures like this" : null,
            onsubmit: (event) => (event.preventDefault(), submit(event.target.elements.search))
        },
        chips(),
        h("input", {
            name: "search",
            type: "text",
            dir: "auto",
            autocomplete: "off",
            maxlength: 300,
            "aria-label": "Search by words, or drop a picture",
            placeholder: "Words, or drop a picture",
            onkeydown: onKey
        }),
        searching() ? button("Clear", clear, ".plain", "Esc") : kbd("S")
    );

/** What is said above the results. */
function head() {
    const {words, not, like, unlike, byClass} = query;
    const quoted = (list) => list.map((word) => `“${word}”`).join(", ");
    const text = words
        ? `Nearest to “${words}”${not.length ? `, away from ${quoted(not)}` : ""}.`
        : `Like ${pictures(like.length)}${unlike.length ? `, not like ${unlike.length}` : ""}.`;
    const {known, compared} = found() ?? {known: true, compared: 0};
    const of = named();
    const {total} = state.server;
    const all = compared < total ? `${number(compared)} of ${pictures(total)}` : `All ${pictures(total)}`;
    return [
        text,
        found() &&
            (known ? "" : "The model does not know these words. ") +
                `${all} in order. Something is always nearest, even if nothing fits.`,
        of &&
            h(
                ".row",
                h("span.muted", "Order by"),
                segments(
                    "Order by",
                    [
                        [false, "the words"],
                        [true, [name(of), "’s probability"]]
                    ],
                    byClass,
                    (to) => set({byClass: to})
                ),
                kbd("O")
            )
    ];
}

/** The class that the words name. */
const named = () => query.words && found()?.named;

const order = () => named() && set({byClass: !query.byClass});

/** The class that most of the first sorted results are in; null if there is none. */
function usual(others) {
    const first = others.slice(0, 12).map((p) => p.labels[0]);
    return first.find((label) => first.filter((one) => one === label).length > first.length / 2) ?? null;
}

function results() {
    const answer = found();
    if (!answer) {
        return looking();
    }
    const {unsorted, others} = answer;
    const most = usual(others);
    const odd = new Set(others.slice(0, 12).filter((p) => most && !p.labels.includes(most)));
    const n = state.picked.size;
    const some = n || foundPictures().some((p) => p.id === state.focus);
    const few = (list, all) => (list.length < all ? `the first ${number(list.length)} of ` : "");
    const sorted = state.server.total - state.server.unsorted;
    return [
        h(
            ".row.wrap",
            n > 0 && h("b.small", `${n} selected:`),
            button("More like these", some && (() => more("like")), ".choice", "+"),
            button("Not like these", some && query.like.length > 0 && (() => more("unlike")), ".choice", "−"),
            h(
                "span.row.small.muted.end",
                kbd("↓"),
                " to the results, ",
                kbd("S"),
                " back to the field, ",
                kbd("Esc"),
                " to the board"
            )
        ),
        h(
            ".found",
            unsorted.length > 0 &&
                part(
                    state.server.several ? "To label" : "Unsorted",
                    `${few(unsorted, state.server.unsorted)}${pictures(Math.max(unsorted.length, state.server.unsorted))}, nearest first`,
                    null,
                    mosaic("found", "Unsorted, nearest first", unsorted, {})
                ),
            others.length > 0 &&
                part(
                    "In your classes",
                    `${few(others, sorted)}${pictures(Math.max(others.length, sorted))}`,
                    null,
                    mosaic("found others", "In your classes, nearest first", others, {
                        caption: (p) => (p.labels.length ? "in " + p.labels.join(", ") : "none of mine"),
                        odd: (p) => odd.has(p)
                    })
                )
        )
    ];
}

/** The Board while something is searched. */
export const search = {
    head,
    draw: results,
    dock: () => dock(foundPictures(), {likely: named()}),
    keys: () => ({
        ...dockKeys(foundPictures()),
        s: toField,
        "+": () => more("like"),
        "-": () => more("unlike"),
        o: named() && order,
        Escape: () => (state.picked.size ? (state.picked.clear(), redraw()) : clear())
    })
};
