// Mistakes: the confusion matrix, and each wrong picture with its neighbours, to be decided one by one.

import {act, focus, move, remove, state} from "./model.js";
import {bar, button, count, figure, grouped, h, images, muted, name, part, percent, pictures} from "./parts.js";
import {picture, why, whyKeys} from "./why.js";

const LARGEST = 12; // classes of a matrix

const named = (m) => m.id + (m.of ?? ""); // of several labels of a picture, more than one may be wrong
const current = (list) => list.find((m) => named(m) === state.focus) ?? list[0];
const select = (m) => m && focus(".case.now button", named(m));

/** What can be done about a wrong picture, by key; then the next one has the focus. */
function decisions(list, m) {
    const at = list.indexOf(m);
    const then = (decide) => () => (select(list[at + 1] ?? list[at - 1]), decide());
    return {
        m: then(() =>
            m.of && m.of !== m.predicted
                ? act("reject", {pictures: [m.id], to: m.of}, `Marked 1 as ${m.predicted}`)
                : move([m.id], m.predicted)
        ),
        l: then(() => act("keep", {picture: m.id, to: m.of}, `The label ${m.label} is right`)),
        Delete: then(() => remove([m.id]))
    };
}

const sentence = (m) =>
    m.suspect
        ? `Probably a wrong label. The most similar pictures are all ${m.of ? "" : "in "}${m.predicted}.`
        : `Probably just hard. Similar pictures are ${m.of ? "of both kinds" : "in both classes"}.`;

/** What a map of a wrong picture is asked about: the answer, and the label. */
const subject = (m) => ({
    key: named(m),
    src: "/picture/" + m.id,
    query: {picture: m.id},
    labels: m.of ? {[m.of]: m.of} : {[m.predicted]: m.predicted + (m.sentence ? "" : ", the answer"), [m.label]: m.label + ", the label"}
});

/** Wrong pictures, each with what can be done about it; one of all has the keys. */
export const cases = (list, all = list) =>
    h(
        "ul",
        list.map((m) => {
            const now = m === current(all);
            const todo = decisions(all, m);
            const likely = (suspect) => (now && m.suspect === suspect ? ".primary" : "");
            const near = (label, ids = []) =>
                ids.length > 0 &&
                h("div", h("p.small.muted", m.of ? "Most similar: " : "Most similar in ", h("b", name(label))), images(".near", ids.slice(0, 3)));
            return h(
                "li.case.panel",
                {key: named(m), class: now ? "now" : "", onclick: () => focus(null, named(m))},
                picture(subject(m), `Picture in ${m.label}, seen as ${m.predicted}`),
                h(
                    ".stack",
                    h("b", m.sentence ?? sentence(m)),
                    figure(name(m.predicted), bar(m.probability, ".loss"), percent(m.probability)),
                    m.labelProbability != null &&
                        figure(name(m.label), bar(m.labelProbability, ".own"), percent(m.labelProbability)),
                    why(subject(m), now),
                    h(".row.wrap", near(m.label, m.own), near(m.predicted, m.other)),
                    h(
                        ".row.wrap",
                        button([m.of ? "Change to " : "Move to ", name(m.predicted)], todo.m, likely(true), now && "M"),
                        button("Label is right", todo.l, likely(false), now && "L"),
                        button("Remove", todo.Delete, ".plain", now && "Del")
                    )
                )
            );
        })
    );

/** The keys of the case that is current. */
export function caseKeys(list) {
    const m = current(list);
    const step = (by) => () => select(list[list.indexOf(m) + by]);
    return m && {...decisions(list, m), ...whyKeys(subject(m)), ArrowDown: step(1), ArrowUp: step(-1)};
}

const keyOf = (m) => JSON.stringify([m.label, m.predicted]);
const pairs = (a) => grouped(a.mistakes, keyOf);

function matrix({classes, matrix: rows}, all) {
    const here = current(all.flat());
    const cell = (n, label, predicted) => {
        const list = all.find(([m]) => m.label === label && m.predicted === predicted);
        return h(
            "td",
            list
                ? h(
                      "button.cell",
                      {
                          style: `--much:${n / all[0].length}`,
                          onclick: () => select(list[0]),
                          "aria-pressed": String(list.includes(here)),
                          "aria-label": `${n}: ${label}, seen as ${predicted}`
                      },
                      n
                  )
                : h("span.cell", n || "")
        );
    };
    return h(
        ".matrix",
        muted("Rows: the class a picture is in. Columns: what it is seen as."),
        h(
            "table",
            h(
                "thead",
                h(
                    "tr",
                    h("td"),
                    classes.map((c) => h("th", {scope: "col"}, h("span", name(c))))
                )
            ),
            h(
                "tbody",
                rows.map((row, i) =>
                    h(
                        "tr",
                        h("th", {scope: "row"}, name(classes[i])),
                        row.map((n, j) => cell(n, classes[i], classes[j]))
                    )
                )
            )
        )
    );
}

export const mistakes = {
    title: "Mistakes",
    needs: "mistakes",
    waiting: (s) => s.mistakes,
    draw(a) {
        const all = pairs(a);
        return !all.length
            ? h(
                  "h2",
                  a.tested
                      ? `No mistakes among ${count(a.tested, "test picture")}.`
                      : "Nothing is tested yet. Add pictures: a class needs 8 or more to be tested."
              )
            : h(
                  ".two",
                  a.matrix.length > 0 && a.classes.length <= LARGEST && matrix(a, all),
                  h(
                      "div",
                      all.map((list) =>
                          part(
                              [name(list[0].label), ", seen as ", name(list[0].predicted)],
                              pictures(list.length),
                              null,
                              cases(list, all.flat()),
                              {key: keyOf(list[0])}
                          )
                      )
                  )
              );
    },
    keys: (a) => caseKeys(pairs(a).flat())
};
