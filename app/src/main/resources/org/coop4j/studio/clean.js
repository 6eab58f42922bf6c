// Clean: labels that are probably wrong, pictures that occur twice, and pictures or files that are no use.

import {act, gesture, move, remove} from "./model.js";
import {cases, caseKeys} from "./mistakes.js";
import {button, count, grouped, h, image, muted, name, part, pictures} from "./parts.js";

const suspects = (a) =>
    a.suspects.map((s) => ({
        ...s,
        suspect: true,
        sentence: `It is in ${s.label}. It looks like ${s.predicted}.`
    }));
const all = (n, label, todo) => n > 1 && button(label, todo);
const cards = (list) =>
    h(
        "ul.cards",
        list.map(([key, ...inside]) => h("li.panel.stack", {key}, ...inside))
    );
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

export const clean = {
    title: "Clean",
    needs: "clean",
    waiting: (s) => s.suspects,
    draw(a) {
        const wrong = suspects(a);
        const doubles = a.duplicates.filter((d) => d.length > 1);
        const copies = doubles.flatMap((d) => d.slice(1));
        const parts = [
            a.unreadable.length > 0 && unreadable(a.unreadable),
            wrong.length > 0 &&
                part(
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
                ),
            doubles.length > 0 &&
                part(
                    "Nearly the same picture",
                    count(doubles.length, "group"),
                    all(doubles.length, `Keep the largest of each, remove ${copies.length}`, () => remove(copies)),
                    cards(
                        doubles.map((d) => [
                            d[0],
                            h(
                                ".near",
                                d.map((id, i) =>
                                    h(
                                        ".stack",
                                        {key: id},
                                        image(id, {alt: "Alike"}),
                                        button("Keep this", () => remove(d.filter((one) => one !== id))),
                                        i === 0 && muted("largest file")
                                    )
                                )
                            )
                        ])
                    )
                ),
            useless("Tiny", a.tiny),
            useless("Blurred", a.blurred)
        ];
        return parts.some(Boolean) ? parts : h("h2", "Everything is clean.");
    },
    keys: (a) => caseKeys(suspects(a))
};
