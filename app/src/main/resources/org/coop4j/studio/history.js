// History: the states of the folder, two of them compared, and the way back.

import {act, data, redraw} from "./model.js";
import {accuracy, button, grouped, h, images, muted, name, part, pictures} from "./parts.js";

const LISTED = 500; // states that the server lists at once
let earlier = []; // states at which further lists begin
let chosen = []; // the states to compare: at most two

const place = (of) => (of.length ? of.flatMap((c) => [" ", name(c || "unsorted")]) : "not there");

function choose(state) {
    chosen = chosen.includes(state) ? chosen.filter((one) => one !== state) : [...chosen, state].slice(-2);
    redraw();
}

const row = (s, now) =>
    h(
        "li.panel.row.wrap",
        {key: s.state},
        h(
            "time.muted.small",
            {datetime: s.when},
            new Date(s.when).toLocaleString([], {dateStyle: "medium", timeStyle: "short"})
        ),
        h("b", s.what),
        s.tested
            ? accuracy(pictures(s.pictures), s.tested.right, s.tested.tested)
            : h("span.muted", pictures(s.pictures), ", not tested"),
        h(
            ".row.end",
            button("Compare", () => choose(s.state), ".choice", null, {
                "aria-pressed": String(chosen.includes(s.state))
            }),
            now ? h("b", "Now") : button("Go back", () => act("restore", {state: s.state}, "Went back to: " + s.what))
        )
    );

function difference(states) {
    const [from, to = states[0]] = states.filter((s) => chosen.includes(s.state)).reverse();
    const changed = data("compare?" + new URLSearchParams({from: from.state, to: to.state})) ?? [];
    return part(
        from === to ? "Choose another one to compare it with now." : `${pictures(changed.length)} changed`,
        ["From “", from.what, "” to “", to.what, "”"],
        null,
        h(
            "ul.cards",
            grouped(changed, (p) => JSON.stringify(p, ["from", "to"])).map((list) =>
                h(
                    "li.panel.stack",
                    h(
                        "p.row.wrap",
                        place(list[0].from),
                        " → ",
                        h("b", place(list[0].to)),
                        h("span.muted.end", list.length)
                    ),
                    images(
                        ".near",
                        list.slice(0, 12).map((p) => p.id)
                    )
                )
            )
        ),
        {key: "difference"}
    );
}

export const history = {
    title: "History",
    needs: "history",
    draw(latest) {
        const states = [...latest, ...earlier.flatMap((before) => data("history?before=" + before) ?? [])];
        const more = () => (earlier.push(states.at(-1).state), redraw());
        return [
            chosen.length > 0 && difference(states),
            h(
                "ul.stack",
                states.map((s) => row(s, s === states[0]))
            ),
            states.length === LISTED * (1 + earlier.length) && button("Earlier states", more),
            muted("Going back can be undone.")
        ];
    },
    leave: () => (earlier = [])
};
