// Learn: progress, the accuracy compared, and what would help most.

import {curve} from "./asked.js";
import {adder} from "./give.js";
import {act, data, redraw, state} from "./model.js";
import {accuracy, bar, button, count, figure, grouped, h, images, muted, part, percent, precision, skeleton, small} from "./parts.js";

const METHODS = {
    auto: "Best of the quick methods",
    "linear-probe": "Linear probe",
    prototypes: "Prototypes",
    clap: "CLAP",
    "tip-adapter-f": "Tip-Adapter-F",
    gda: "GDA",
    coop: "CoOp (slow)"
};
const OF_SEVERAL = {auto: METHODS.auto, "linear-head": "Linear head", "one-vs-rest": "One-vs-rest"};
let method = "auto";

export function learn() {
    location.hash = "#learn";
    act("learn", {method});
}

const timeLeft = ({secondsLeft: s}) =>
    s == null ? "" : s < 60 ? `${Math.ceil(s)} s left` : `${Math.ceil(s / 60)} min left`;

/** What is being done, with the time that it still takes. */
export const doing = (what, now) => [what, now && timeLeft(now)].filter(Boolean).join(", ");

function progress(now) {
    const {scores} = now;
    return part(
        "Learning properly",
        timeLeft(now) && "About " + timeLeft(now),
        button("Cancel", () => act("learn/cancel", {})),
        [
            bar(now.done, ".thick", {
                role: "progressbar",
                "aria-label": "Learning",
                "aria-valuenow": Math.round(100 * now.done)
            }),
            h(
                ".row.wrap",
                h("b", now.label),
                h("span.muted.small.end", "Go on sorting: changes count from the next time.")
            ),
            scores.map((s) => figure(s.method, bar(s.score), percent(s.score))),
            scores.length > 0 &&
                small(
                    state.server.several
                        ? "Mean average precision on unseen pictures."
                        : "Share of unseen pictures that each method gets right."
                )
        ],
        {class: "panel"}
    );
}

function comparison({right, tested, before, prompts, map, promptsMap}) {
    const row = (label, n, look) => accuracy(label, n, tested, look);
    return part(`Compared on the same ${count(tested, "test picture")}`, null, null, [
        row("Now", right, ".now"),
        before && row("Before", before.right),
        row("Without learning", prompts),
        map != null && h("p", "Right: all labels of the picture. ", precision(map, promptsMap)),
        before &&
            h(
                "p",
                h("b", `${before.better} corrected, ${before.worse} newly wrong`),
                `. That ${before.p < 0.05 ? "is hardly" : "may be"} chance.`
            )
    ]);
}

const ENOUGH = 20; // pictures of a class above which more help little

/** At most three things that would help most: two classes that are confused, and classes of few pictures. */
function help(classes, mistakes) {
    const pairs = grouped(mistakes, (m) => JSON.stringify([m.label, m.predicted].sort()));
    const [most] = pairs.filter((pair) => pair.length > 1);
    const few = classes
        .map(({name, pictures, accepted, tested}) => ({name, n: pictures - accepted - tested}))
        .filter(({n}) => n > 0 && n < ENOUGH)
        .sort((a, b) => a.n - b.n);
    const item = (text, todo, ids = []) => h("li.row.wrap.panel", images(".near", ids.slice(0, 3)), h("b", text), todo);
    return [
        most &&
            item(
                (most[0].of
                    ? `${most[0].of} is mistaken most. `
                    : `${[most[0].label, most[0].predicted].join(" and ")} are confused. `) +
                    `${most.length} of the ${mistakes.length} mistakes: add pictures that show the difference.`,
                h("a.button.end", {href: "#mistakes"}, `See the ${most.length}`),
                most.map((m) => m.id)
            ),
        few
            .slice(0, most ? 2 : 3)
            .map(({name, n}) =>
                item(
                    `More pictures of ${name}. It learns from ${n}: most classes improve until about ${ENOUGH}.`,
                    button("Add pictures", () => adder(), ".end")
                )
            )
    ].flat().filter(Boolean);
}

export const learning = {
    title: "Learn",
    draw() {
        const a = data("learned");
        const helpful = a && state.server.fitted ? help(state.server.classes, data("mistakes")?.mistakes ?? []) : [];
        const now = state.server.learning;
        const none = state.server.classes.some((c) => c.tested)
            ? "Learn properly to compare it with hand-written prompts, and to use it elsewhere."
            : "Add pictures: a class needs 8 or more to be tested.";
        return [
            state.server.runFailure &&
                h(".error.panel", h("p.what", state.server.runFailure), h("p", "Nothing is lost.")),
            now && progress(now),
            h(
                ".two",
                h("div", a === undefined ? skeleton() : a ? comparison(a) : muted(none), curve(data("curve") ?? [])),
                helpful.length > 0 && part("What would help most", null, null, h("ul.stack", helpful))
            ),
            h(
                ".row.wrap",
                h(
                    "label.row",
                    "Method",
                    h(
                        "select",
                        {value: method, onchange: (e) => ((method = e.target.value), redraw())},
                        Object.entries(state.server.several ? OF_SEVERAL : METHODS).map(([value, title]) => h("option", {value}, title))
                    )
                ),
                button(a ? "Learn again" : "Learn properly", !now && learn, "", "L"),
                a && h("span.muted.end", `Learned by ${a.method}.`)
            )
        ];
    },
    keys: () => ({l: !state.server.learning && learn})
};
