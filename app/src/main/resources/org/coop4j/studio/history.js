// History: the states of the folder and the presses of Learn, two of them compared, and the way back.

import {act, data, redraw, state} from "./model.js";
import {accuracy, button, cards, count, grouped, h, images, muted, name, number, part, pictures} from "./parts.js";
import {mosaic} from "./pictures.js";

const LISTED = 500; // states that the server lists at once
const SHOWN = 12; // pictures of a card
let earlier = []; // states at which further lists begin
let chosen = []; // at most two rows of one kind to compare, by key

const place = (of) => (of.length ? of.flatMap((c) => [" ", name(c || "unsorted")]) : "not there");

/** The states and the presses of Learn, the latest first. */
function rows(states) {
    const learned = (data("presses") ?? []).map((one) => ({...one, key: "run-" + one.run, what: "Learned by " + one.method}));
    return [...states.map((one) => ({...one, key: "state-" + one.state})), ...learned].sort(
        (a, b) => Date.parse(b.when) - Date.parse(a.when)
    );
}

function choose({key, run}) {
    const alike = chosen.filter((one) => one.startsWith(run ? "run-" : "state-"));
    chosen = chosen.includes(key) ? chosen.filter((one) => one !== key) : [...alike, key].slice(-2);
    redraw();
}

const row = (s, now) =>
    h(
        "li.panel.row.wrap",
        {key: s.key},
        h(
            "time.muted.small",
            {datetime: s.when},
            new Date(s.when).toLocaleString([], {dateStyle: "medium", timeStyle: "short"})
        ),
        h("b", s.what),
        s.run
            ? accuracy("Learn", s.right, s.tested, ".now")
            : s.tested
            ? accuracy(pictures(s.pictures), s.tested.right, s.tested.tested)
            : h("span.muted", pictures(s.pictures), ", not tested"),
        h(
            ".row.end",
            button("Compare", () => choose(s), ".choice", null, {"aria-pressed": String(chosen.includes(s.key))}),
            !s.run &&
                (now
                    ? h("b", "Now")
                    : button("Go back", () => act("restore", {state: s.state}, "Went back to: " + s.what)))
        )
    );

/** Some pictures, of which the first are shown. */
const some = (title, ids) => [
    null,
    h("p.row.wrap", title, h("span.muted.end", number(ids.length))),
    images(".near", ids.slice(0, SHOWN))
];

/** Two learned classifiers, picture by picture. */
function learned(all) {
    const [from, to] = all.filter((one) => chosen.includes(one.key)).reverse();
    const found = to && data("presses/compare?" + new URLSearchParams({from: from.run, to: to.run}));
    return part(
        !to
            ? "Choose another press of Learn to compare it with."
            : found
              ? `${found.better.length} corrected, ${found.worse.length} newly wrong`
              : "Comparing …",
        to && ["From “", from.what, "” to “", to.what, "”"],
        null,
        found && [
            muted(
                `Of ${count(found.both, "test picture")} of both, the others are as they were. ` +
                    `The difference ${found.p < 0.05 ? "is hardly" : "may be"} chance.`
            ),
            cards([some([h("b", "Corrected")], found.better), some([h("b", "Newly wrong")], found.worse)])
        ],
        {key: "difference"}
    );
}

function difference(all) {
    if (chosen[0].startsWith("run-")) {
        return learned(all);
    }
    const states = all.filter((s) => s.state);
    const [from, to = states[0]] = states.filter((s) => chosen.includes(s.key)).reverse();
    const changed = data("compare?" + new URLSearchParams({from: from.state, to: to.state})) ?? [];
    return part(
        from === to ? "Choose another one to compare it with now." : `${pictures(changed.length)} changed`,
        ["From “", from.what, "” to “", to.what, "”"],
        null,
        cards(
            grouped(changed, (p) => JSON.stringify(p, ["from", "to"])).map((list) =>
                some([place(list[0].from), " → ", h("b", place(list[0].to))], list.map((p) => p.id))
            )
        ),
        {key: "difference"}
    );
}

function removed(all) {
    const some = all.filter((p) => state.picked.has(p.id));
    const chosen = some.length ? some : all;
    const back = (list) => {
        state.picked.clear();
        act("back", {pictures: list.map((p) => p.id)}, "Brought back " + pictures(list.length));
    };
    return part(
        "Removed pictures",
        pictures(all.length),
        button(`Bring back ${some.length ? "" : "all "}${chosen.length}`, () => back(chosen)),
        mosaic("removed", "Removed pictures", all, {
            caption: (p) => p.from ?? "unsorted",
            enter: (id) => back(all.filter((p) => p.id === id))
        })
    );
}

export const history = {
    title: "History",
    needs: "history",
    draw(latest) {
        const states = [...latest, ...earlier.flatMap((before) => data("history?before=" + before) ?? [])];
        const more = () => (earlier.push(states.at(-1).state), redraw());
        const all = rows(states);
        const gone = data("removed") ?? [];
        return [
            chosen.length > 0 && difference(all),
            h(
                "ul.stack",
                all.map((s) => row(s, s.state === states[0]?.state && !s.run))
            ),
            states.length === LISTED * (1 + earlier.length) && button("Earlier states", more),
            h(
                ".row.wrap",
                muted("Going back can be undone."),
                state.server.accepted > 0 &&
                    button(
                        `Take back ${number(state.server.accepted)} accepted`,
                        () => act("accepted/back", {}, "Took back what was accepted"),
                        ".end"
                    )
            ),
            gone.length > 0 && removed(gone)
        ];
    },
    leave: () => (earlier = [])
};
