// How pictures come in: dragged from one class to another, dropped, pasted, or chosen.

import {camera} from "./camera.js";
import {add, move, redraw, state, take} from "./model.js";
import {button, h, muted} from "./parts.js";

let dragged = null; // {ids, from}

export function drag(event, id, from) {
    dragged = {ids: state.picked.has(id) ? [...state.picked] : [id], from};
    event.dataTransfer.setData("text/plain", id);
    addEventListener("dragend", () => (dragged = null), {once: true});
}

/** Properties of an element on which pictures are dropped for a class; null is unsorted. */
export function drop(to, files = add, put = move) {
    const show = (over) => (event) => {
        event.preventDefault();
        event.stopPropagation();
        if (over !== undefined || !event.currentTarget.contains(event.relatedTarget)) {
            state.over = over;
            redraw();
        }
    };
    const target = to ?? "unsorted";
    return {
        "data-drop":
            state.over === to ? (dragged ? `Put ${dragged.ids.length} into ${target}` : `Add to ${target}`) : null,
        ondragover: show(to),
        ondragleave: show(undefined),
        async ondrop(event) {
            show(undefined)(event);
            if (!dragged) {
                files(await given(event.dataTransfer, to));
            } else if (dragged.from !== to) {
                state.picked.clear();
                if (put === move && to === null && dragged.from !== null) {
                    take(dragged.ids, dragged.from);
                } else {
                    put(dragged.ids, to);
                }
            }
        }
    };
}

/** The files of a drop or paste; those of a folder go to the class of its name, unless a class is given. */
export async function given(transfer, to = null) {
    const walk = async (entry, of) => {
        if (entry.isFile) {
            return [{to: of, file: await new Promise((...done) => entry.file(...done))}];
        }
        const reader = entry.createReader();
        const found = [];
        for (let some; (some = await new Promise((...done) => reader.readEntries(...done))).length;) {
            for (const inner of some) {
                found.push(...(await walk(inner, to ?? entry.name)));
            }
        }
        return found;
    };
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
    const files = entries.some((entry) => entry?.isDirectory)
        ? (await Promise.all(entries.map((entry) => walk(entry, to)))).flat()
        : [...transfer.files].map((file) => ({to, file}));
    return files.filter(({file}) => !file.name.startsWith("."));
}

/** Opens the system's chooser of pictures. */
export function choose(done, multiple = true) {
    const input = Object.assign(document.createElement("input"), {
        type: "file",
        accept: "image/*",
        multiple,
        onchange: () => done([...input.files])
    });
    input.click();
}

/** Where pictures come in. */
export const collect = () =>
    h(
        ".drop",
        drop(null),
        h("h2", "Drop or paste pictures here"),
        muted("A folder becomes a class of the same name."),
        h(
            ".row",
            button("Choose", () => adder()),
            button("Camera", () => camera())
        )
    );

export const adder = (to = null) => choose((files) => add(files.map((file) => ({file, to}))));
