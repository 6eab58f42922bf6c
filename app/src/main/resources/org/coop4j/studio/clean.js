// Clean: labels that are probably wrong, pictures that occur twice, and pictures or files that are no use.

import {copies, copiesCount, copiesKeys, copiesHead} from "./copies.js";
import {act, focus, gesture, move, remove} from "./model.js";
import {cases, caseKeys} from "./mistakes.js";
import {button, cards, choices, count, grouped, h, image, muted, name, number, part, pictures, table} from "./parts.js";

const suspects = (a) =>
    a.suspects.map((s) => ({
        ...s,
        suspect: true,
        sentence: `It is in ${s.label}. It looks like ${s.predicted}.`
    }));
const all = (n, label, todo) => n > 1 && button(label, todo);
const useless = (title, ids = []) =>
    ids.length > 0 &&
    part(
        title,
        pictures(ids.length),
        all(ids.length, `Remove all ${ids.length}`, () => remove(ids)),
        cards(ids.map((id) => [id, image(id, {alt: title + " picture"}), button("Remove", () => remove([id]))]))
    );

/** Files that are no pictures, or in a format that a program of this machine may convert. */
function unreadable(files) {
    const [able] = files.filter((f) => f.converter);
    const convert = (list) => {
        const together = gesture();
        list.forEach((f) => act("convert", {picture: f.id, gesture: together}, "Converting " + f.file));
    };
    return part(
        "Unreadable",
        count(files.length, "file"),
        [
            able && button("Convert with " + able.converter, () => convert(files.filter((f) => f.converter))),
            all(files.length, `Remove all ${files.length}`, () => remove(files.map((f) => f.id)))
        ],
        cards(
            files.map((f) => [f.file, h("b", name(f.file)), muted(f.problem), button("Remove", () => remove([f.id]))])
        )
    );
}

const VIEWS = {
    labels: {
        title: "Labels",
        count: (a) => a.suspects.length,
        draw: (a) => {
            const wrong = suspects(a);
            return wrong.length
                ? part(
                      "Probably in the wrong class",
                      pictures(wrong.length),
                      all(wrong.length, `Move all ${wrong.length}`, () => {
                          const together = gesture();
                          grouped(wrong, (s) => s.predicted).forEach((list) =>
                              move(
                                  list.map((s) => s.id),
                                  list[0].predicted,
                                  together
                              )
                          );
                      }),
                      cases(wrong)
                  )
                : h("h2", "No label looks wrong.");
        },
        keys: (a) => caseKeys(suspects(a))
    },
    copies: {title: "Copies", count: copiesCount, draw: copies, head: copiesHead, keys: copiesKeys},
    useless: {
        title: "Tiny, blurred, unreadable",
        count: (a) => a.tiny.length + a.blurred.length + a.unreadable.length,
        draw: (a) =>
            VIEWS.useless.count(a)
                ? [a.unreadable.length > 0 && unreadable(a.unreadable), useless("Tiny", a.tiny), useless("Blurred", a.blurred)]
                : h("h2", "Every picture can be used.")
    }
};

let chosen = null; // key of the view

/** The key of the view that was chosen, else of the first that has something. */
function view(a) {
    chosen ??= Object.keys(VIEWS).find((key) => VIEWS[key].count(a)) ?? null;
    return chosen ?? "copies";
}

export const clean = {
    title: "Clean",
    needs: "clean",
    waiting: (s) => s.clean,
    head: (a) => VIEWS[view(a)].head?.(a),
    draw: (a) => [
        h(
            ".row.wrap",
            choices(
                Object.entries(VIEWS).map(([key, {title, count}]) => [key, `${title} ${number(count(a))}`]),
                view(a),
                (key) => ((chosen = key), focus(null, null))
            ),
            view(a) === "copies" && copiesCount(a) > 0 && table("copies.csv", "copies.csv")
        ),
        Object.values(VIEWS).some((v) => v.count(a)) ? VIEWS[view(a)].draw(a) : h("h2", "Everything is clean.")
    ],
    keys: (a) => VIEWS[view(a)].keys?.(a),
    leave: () => (chosen = null)
};
