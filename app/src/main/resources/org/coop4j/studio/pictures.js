// Pictures: a grid that draws what is in the window, selection by mouse and keys, and the dock below.

import {ask} from "./dialog.js";
import {drag} from "./give.js";
import {classes, focus, move, none, redraw, reject, remove, state, take} from "./model.js";
import {button, h, image, name} from "./parts.js";

const MARGIN = 700; // drawn above and below the window
const STEP = 300; // scrolled before it is drawn anew

const grids = new Map(); // by key: its width, and where the window begins in it

export const isSmall = () => innerWidth < 700;

/**
 * A grid of pictures. `caption` is written below each, `enter` opens one, `from` is their class, and `lines` is how many are
 * shown at most.
 */
export function mosaic(
    key,
    label,
    all,
    {width = isSmall() ? 76 : 142, height = isSmall() ? 76 : 118, caption, odd, enter, from = null, lines}
) {
    const grid = grids.get(key) ?? {width, top: 0};
    grids.set(key, grid);
    const across = Math.max(1, Math.floor((grid.width + 8) / (width + 8)));
    const items = lines ? all.slice(0, across * lines) : all;
    const tall = height + (caption ? 24 : 8);
    const rows = Math.ceil(items.length / across);
    const row = (y) => Math.max(0, Math.min(rows - 1, Math.floor(y / tall))); // a grid elsewhere draws its nearest row
    const first = across * row(grid.top - MARGIN);
    const end = across * (row(grid.top + STEP + innerHeight + MARGIN) + 1);
    const focused = items.findIndex((p) => p.id === state.focus);
    const at = focused >= first && focused < end ? focused : first;
    const tile = (p, i) => {
        const failed = state.failed.has(p.id);
        const text = failed ? "Not moved" : caption && caption(p);
        const also = p.accepted ? "accepted" : "";
        return h(
            "li.tile",
            {
                key: p.id,
                "data-id": p.id,
                class: failed ? "failed" : also,
                role: "option",
                tabindex: first + i === at ? 0 : -1,
                draggable: true,
                "aria-selected": String(state.picked.has(p.id)),
                "aria-setsize": items.length,
                "aria-posinset": first + i + 1,
                "aria-label": `${p.file ?? `Picture ${first + i + 1}`} ${text || also}`,
                onfocus: () => state.focus !== p.id && focus(null, p.id),
                onclick: (e) => pick(items, p.id, e.shiftKey, key),
                ondblclick: () => enter?.(p.id),
                ondragstart: (e) => drag(e, p.id, from)
            },
            image(p.id),
            text && h(odd?.(p) ? "span.small.odd" : "span.small.muted", text)
        );
    };
    return h(
        "ul.mosaic",
        {
            key,
            "data-grid": key,
            role: "listbox",
            "aria-multiselectable": "true",
            "aria-label": label,
            onkeydown: (e) => onKey(e, items, at, across, tall, enter),
            style: `--across:${across};--tall:${tall}px;height:${tall * rows}px;padding-top:${(tall * first) / across}px`
        },
        items.slice(first, end).map(tile)
    );
}

/** Notes where the grids are, after each drawing, and when the window is scrolled or resized. */
export function look() {
    for (const element of document.querySelectorAll(".mosaic")) {
        const grid = grids.get(element.dataset.grid);
        const {top, width} = element.getBoundingClientRect();
        const begin = Math.floor(-top / STEP) * STEP;
        if (grid.width !== width || grid.top !== begin) {
            Object.assign(grid, {width, top: begin});
            requestAnimationFrame(redraw); // never at once: drawing calls this again
        }
    }
}

/** Focuses a picture, in a grid if it is in several. */
const go = (id, grid) => focus(`${grid ? `[data-grid=${JSON.stringify(grid)}] ` : ""}[data-id="${id}"]`, id);

/** Selects or deselects a picture, or selects the range from where the last one began. */
function pick(items, id, range, grid) {
    const ids = items.map((p) => p.id);
    const [first, end] = [ids.indexOf(state.anchor), ids.indexOf(id)].sort((a, b) => a - b);
    if (range && first >= 0) {
        ids.slice(first, end + 1).forEach((one) => state.picked.add(one));
    } else {
        state.picked.delete(id) || state.picked.add(id);
        state.anchor = id;
    }
    go(id, grid);
}

function onKey(event, items, at, across, tall, enter) {
    const {id} = items[at];
    const {key, shiftKey, currentTarget} = event;
    const {grid} = currentTarget.dataset;
    const side = getComputedStyle(currentTarget).direction === "rtl" ? -1 : 1;
    const to = {
        ArrowRight: at + side,
        ArrowLeft: at - side,
        ArrowDown: at + across,
        ArrowUp: at - across,
        Home: 0,
        End: items.length - 1
    }[key];
    if (to !== undefined) {
        const next = items[to]?.id ?? id;
        if (key === "Home" || key === "End") { // may not be drawn yet
            (currentTarget.closest(".pile") ?? window).scrollBy(0, currentTarget.getBoundingClientRect().top + tall * Math.floor(to / across) - innerHeight / 2);
        }
        state.anchor = shiftKey ? (state.anchor ?? id) : next;
        shiftKey ? pick(items, next, true, grid) : go(next, grid);
    } else if (key === " ") {
        pick(items, id, shiftKey, grid);
    } else if (key === "Enter" && enter) {
        enter(id);
    } else if (key === "a" && (event.ctrlKey || event.metaKey)) {
        items.forEach((p) => state.picked.add(p.id));
        redraw();
    } else {
        return;
    }
    event.preventDefault();
}

/** Does something to the selected pictures of a list, else to the focused one; the focus goes on. */
function each(items, todo) {
    const chosen = (p) => (state.picked.size ? state.picked.has(p.id) : p.id === state.focus);
    const ids = items.filter(chosen).map((p) => p.id);
    if (ids.length) {
        const next = items[items.findLastIndex(chosen) + 1] ?? items.findLast((p) => !chosen(p));
        state.picked.clear();
        state.anchor = null;
        go(next?.id);
        todo(ids);
    }
}

const put = (items, to) => each(items, (ids) => (to === undefined ? remove(ids) : move(ids, to)));

export const findClass = (done) => ask("Put into which class?", "Put", done);

/** Something done to the class of each key. */
export const classKeys = (todo) =>
    Object.fromEntries(
        classes()
            .slice(0, 9)
            .map((c, i) => [i + 1, () => todo(c.name)])
    );

/** The keys of the dock; `likely` is the class that pictures may be said not to be of. */
export const dockKeys = (items, likely) => ({
    ...classKeys((to) => put(items, to)),
    0: likely
        ? () => each(items, (ids) => reject(ids, likely))
        : !state.server.several && (() => each(items, none)),
    ...(state.server.several && {a: () => each(items, (ids) => reject(ids, null))}),
    "/": () => findClass((to) => put(items, to)),
    x: () => put(items),
    Delete: () => put(items),
    Escape: () => (state.picked.clear(), redraw())
});

/** The bar below the pictures: puts the chosen ones into a class. */
export function dock(items, {likely, from = null} = {}) {
    const n = state.picked.size;
    const keys = dockKeys(items, likely);
    const choice = (label, key, todo = keys[key?.toString().toLowerCase()]) =>
        button(name(label), todo, label === (likely || from) ? ".choice.likely" : ".choice", key);
    return h(
        "section.dock.row",
        {key: "dock", "aria-label": "Put pictures into a class"},
        h("b", {"aria-live": "polite"}, n ? `${n} selected` : "Nothing selected"),
        h(
            ".row.scroll",
            classes()
                .slice(0, 9)
                .map((c, i) => choice(c.name, i + 1)),
            choice("other class …", "/"),
            likely && button(["Not ", name(likely)], keys[0], ".choice", "0"),
            from !== null &&
                choice(state.server.several ? "open again" : "unsorted", null, () => each(items, (ids) => take(ids, from))),
            keys.a && choice("that is all", "A")
        ),
        h(
            ".row.end",
            !likely && !state.server.several && button("None of mine", keys[0], ".choice", "0"),
            button("Remove", keys.x, ".choice", "X")
        )
    );
}
