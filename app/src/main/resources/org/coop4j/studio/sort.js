// Sort: the unsorted pictures in groups; one click accepts a group.

import {bar, button, h, muted, name, percent, pictures} from "./dom.js";
import {classOf, classes, fail, move, onRevision, redraw, remove, request, state, undo} from "./model.js";
import {dock, dockKeys, focus, mosaic, strip, sureness} from "./pictures.js";

let line = null; // what was accepted last
let start = 0; // unsorted pictures when sorting began
let typed = new Map(); // names by group
let late = false; // newer groups wait until the person has finished with these

export async function loadGroups(fresh) {
    try {
        const answer = await request("groups");
        if (!fresh && (state.picked.size || [...typed.values()].some(Boolean) || answer.groups.length === 0)) {
            late = true;
            const left = new Set(answer.groups.flatMap((g) => g.pictures.map((p) => p.id)));
            state.groups?.list.forEach((g) => (g.pictures = g.pictures.filter((p) => left.has(p.id))));
        } else {
            late = false;
            const list = answer.groups.map((g) => ({...g, key: `${g.kind} ${g.label ?? g.pictures[0]?.id}`}));
            const first = state.groups?.list.find((g) => g.pictures.length)?.key;
            const kept = fresh ? -1 : list.findIndex((g) => g.key === first);
            if (kept > 0) {
                list.unshift(...list.splice(kept, 1)); // the next button stays under the pointer
            }
            state.groups = {by: answer.by, list};
            if (!document.activeElement?.closest("[data-group]")) {
                state.focus = list[0]?.pictures[0]?.id ?? null;
            }
        }
        redraw();
    } catch (error) {
        fail(error, () => loadGroups(true));
    }
}

onRevision((undone) => {
    if (undone) {
        line = null;
    }
    if (state.screen === "sort") {
        loadGroups(undone);
    }
});

const groups = () => state.groups?.list.filter((g) => g.pictures.length) ?? [];
const active = () => {
    const all = groups();
    return all.find((g) => g.pictures.some((p) => p.id === state.focus)) ?? all.find((g) => g.kind !== "unsure") ?? all[0];
};
const rest = (g) => g.pictures.filter((p) => !state.picked.has(p.id)).map((p) => p.id);

/** The class of a typed name; a digit is the key of a class. */
function named(g) {
    const text = (typed.get(g.key) ?? "").trim();
    return (/^[1-9]$/.test(text) && classes()[text - 1]?.name) || text;
}

async function accept(g) {
    const to = g.kind === "class" ? g.label : g.kind === "alike" ? named(g) : null;
    const ids = rest(g);
    if (!ids.length || to === "" || (to === null && g.kind !== "nothing") || state.server.readOnly) {
        return;
    }
    const all = groups();
    const after = all[all.indexOf(g) + 1] ?? all.find((o) => o !== g);
    const next = ids.length < g.pictures.length ? g : after;
    typed.delete(g.key);
    line = {ids, to};
    state.picked.clear();
    const done = to === null ? remove(ids, null, `Set ${ids.length} aside`) : move(ids, null, to);
    next && go(next);
    if (!(await done)) {
        line = null;
        loadGroups(true);
    }
}

function go(g) {
    if (g.kind === "alike") {
        state.focus = g.pictures[0]?.id;
        queueMicrotask(() => queueMicrotask(() => document.getElementById("name " + g.key)?.focus()));
        redraw();
    } else if (g.pictures[0]) {
        focus(g.pictures[0].id);
    }
}

function acceptance(g, first) {
    const n = rest(g).length;
    const some = n < g.pictures.length ? "the other " : "";
    const k = first ? {k: "Enter", class: "primary"} : {};
    const props = {...k, disabled: !n || state.server.readOnly};
    const f = () => accept(g);
    switch (g.kind) {
        case "class":
            return button(first ? [`Accept ${some}${n} as `, name(g.label)] : `Accept ${some}${n}`, f, props);
        case "alike":
            return named(g) && button([`Put ${some}${n} into `, name(named(g))], f, props);
        case "nothing":
            return button(`Set ${some}${n} aside`, f, {...props, ...(first && {class: "primary"})});
        default:
            return h("span", {class: "small muted"}, "Label these one by one");
    }
}

function heading(g) {
    const n = g.pictures.length;
    switch (g.kind) {
        case "class":
            return [h("h2", {}, name(g.label)), h("span", {class: "muted"}, sureness(g.pictures))];
        case "alike":
            return [h("h2", {}, `${n} alike`), h("label", {class: "row muted"}, "What are these?",
                h("input", {id: "name " + g.key, placeholder: "Name or key", dir: "auto", autocomplete: "off", maxlength: 100,
                    value: typed.get(g.key) ?? "", list: "names",
                    onfocus: () => (state.focus = g.pictures[0]?.id, redraw()),
                    oninput: (e) => (typed.set(g.key, e.target.value), redraw()),
                    onkeydown: (e) => e.key === "Enter" && (e.preventDefault(), accept(g))})),
            named(g) && !classOf(named(g)) && h("span", {class: "small muted"}, "new class")];
        case "nothing":
            return [h("h2", {}, "Looks like nothing here"), h("span", {class: "muted"}, `${pictures(n)}, unlike every class`)];
        default:
            return [h("h2", {}, "Not sure"), h("span", {class: "muted"}, pictures(n))];
    }
}

function section(g, first) {
    const caption = {class: (p) => percent(p.probability), unsure: (p) => [p.label, percent(p.probability)].filter(Boolean).join(" ")}[g.kind];
    return h("section", {key: g.key, class: g.pictures.length > 6 || g === first ? "group" : "group half"},
        h("div", {class: "row wrap head"}, heading(g), h("div", {class: "end"}, acceptance(g, g === first))),
        mosaic({items: g.pictures, from: null, name: g.label ?? g.kind, caption, enter: () => accept(g)},
            {"data-group": g.key}));
}

export const sort = {
    title: "Sort",
    waiting: (s) => s.unsorted,
    enter() {
        start = state.server?.unsorted ?? 0;
        line = null;
        typed = new Map();
        loadGroups(true);
    },
    head() {
        const left = state.server.unsorted;
        start = Math.max(start, left);
        const by = state.groups?.by === "alike"
            ? "They are grouped by likeness. Name a few groups: the studio learns from them, and suggests the rest."
            : "Pictures are grouped by what they look like. Pick out the odd ones, then accept the rest.";
        return {evidence: left ? by : undefined, side: start > 0 && left > 0 && h("div", {class: "progress"},
            bar((start - left) / start), h("span", {class: "muted"}, `${start - left} of ${start} sorted`))};
    },
    draw() {
        const all = groups();
        const first = active();
        if (late && !state.picked.size && ![...typed.values()].some(Boolean)) {
            late = false;
            loadGroups();
        }
        return [
            line && h("div", {class: "line row", key: "line"}, strip(line.ids.slice(0, 8)),
                h("span", {}, `${line.ids.length === 1 ? "1 picture is" : line.ids.length + " pictures are"} `,
                    line.to === null ? "set aside now." : ["in ", h("b", {}, name(line.to)), " now."]),
                button("Undo", undo, {k: "U", class: "plain end"})),
            state.groups || !state.server.unsorted ? null : h("div", {class: "groups", key: "loading", "aria-busy": "true"},
                muted("Looking at the pictures …"), h("div", {class: "thumbs wide"},
                    Array.from({length: Math.min(24, state.server.unsorted)}, () => h("div", {class: "tile"})))),
            !state.server.unsorted && h("div", {class: "done", key: "done"}, h("h2", {}, start ? `All ${start} are sorted.` :
                "Nothing is unsorted."), muted("Drop or paste more pictures at any time.")),
            h("div", {class: "groups", key: "groups"}, all.map((g) => section(g, first))),
            h("datalist", {id: "names", key: "names"}, classes().map((c) => h("option", {value: c.name}))),
        ].filter(Boolean);
    },
    dock() {
        const g = active();
        const at = g?.pictures.find((p) => p.id === state.focus);
        return g && dock(groups().flatMap((o) => o.pictures), null, {none: "None of these", likely: at?.label ?? g.label,
            hint: !classes().length && !state.picked.size && "Click the odd ones first; they stay behind."});
    },
    keys(key, event) {
        const all = groups();
        const at = document.activeElement?.closest("[data-group]")?.dataset.group;
        const next = all[all.findIndex((g) => g.key === at) + (event.shiftKey ? -1 : 1)];
        if (key === "Tab") {
            if (at && next) {
                go(next);
                return true;
            }
            return false;
        }
        if (key === "Enter" && document.activeElement === document.body && active()) {
            accept(active());
            return true;
        }
        return dockKeys(key, all.flatMap((g) => g.pictures), null);
    },
};
