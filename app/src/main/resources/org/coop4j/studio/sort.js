// Sort: answers to all unsorted pictures together, a check of them, and what may be accepted by it.

import {asked, helpful} from "./asked.js";
import {ask} from "./dialog.js";
import {doing} from "./learn.js";
import {act, classes, data, focus, gesture, move, none, redraw, reject, state} from "./model.js";
import {bar, button, count, h, image, kbd, looking, muted, name, number as n, part, pictures, segments, small} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";
import {groups} from "./questions.js";

const MINUTES = {30: 2, 100: 5, 400: 20}; // that a check of so many pictures takes
const LEVELS = [90, 95, 98]; // % that are right
const VIEWS = {rows: "Rows", next: "One by one", groups: "Groups"};
const STRANGERS = 8;
const DOUBTS = 4;

let view = "rows"; // or "next" or "groups"
let opened = null; // the class whose answers are shown, or "": those that differ
let amount = 100; // pictures to check
let level = 90; // of the accepted that are right, in %
let before = null; // pictures that could be accepted by the last answers: {drawn, accepted}

const s = () => state.server;
const answers = () => (s().sorted ? data("sort") : null);
const check = () => data("check") ?? {drawn: 0, pictures: [], fewest: 0};
const isChecking = () => check().pictures.length > 0;
const promise = (a) => a.promises.find((p) => p.error === 100 - level);
const isEarly = () => (!s().sorted && s().encoded === s().total && !s().comparing);
const shown = () => (isEarly() ? "groups" : isChecking() ? "check" : view);
const items = (ids) => ids.map((id) => ({id}));

function show(to) {
    [view, opened] = [to, null];
    state.picked.clear();
    focus(null, null);
}

const open = (of) => ((opened = of), state.picked.clear(), scrollTo(0, 0), focus(null, null));

const views = () =>
    h(
        ".row",
        segments("View", Object.entries(VIEWS), shown(), show),
        kbd("V")
    );
const other = () => show({rows: "next", next: "groups", groups: "rows"}[view]);

/** The number of pictures to check: what was chosen, if there are as many and they can promise anything. */
const possible = (a, m) => m <= a.pictures && m >= check().fewest;
const chosen = (a) => [amount, 100, 30, 400].find((m) => possible(a, m));
const draw = (a) => chosen(a) && (() => act("check/draw", {count: chosen(a)}, `Drew ${chosen(a)} pictures to check`));

const right = (p) => p.accepted - p.wrong;

function accept(a) {
    const p = promise(a);
    return (
        p?.accepted &&
        (() => {
            const said = `Accepted ${pictures(p.accepted)}, at least ${n(right(p))} right`;
            const todo = () => act("accept", {error: p.error, count: p.accepted, state: a.number}, said);
            addEventListener("hashchange", todo, {once: true}); // opening the board clears what was said before
            location.hash = "#board";
        })
    );
}

/** What is said above the rows. */
function head(a) {
    if (!a?.pictures) {
        return null;
    }
    const p = promise(a);
    const again = draw(a) && button(`Check ${chosen(a)} pictures`, draw(a), p ? ".large" : ".primary.large", "N");
    if (p?.accepted) {
        return [
            `${count(p.accepted, "picture")} can be accepted at once.`,
            `You checked ${check().drawn}, drawn at random. Of the surest ${p.checked} of them, ` +
                `${p.checked - p.missed} were right.`,
            button(`Accept ${n(p.accepted)}: at least ${n(right(p))} right`, accept(a), ".primary.large", "Enter")
        ];
    }
    if (p) {
        return [
            "No promise.",
            `Of the surest ${p.checked} that you checked, ${p.missed} were wrong. Label more, or go through the rows.`,
            again
        ];
    }
    const left = s().unreadable > 0 && [
        ` ${count(s().unreadable, "file")} cannot be read and ${s().unreadable === 1 ? "is" : "are"} left out. `,
        h("a.link", {href: "#clean"}, "See them")
    ];
    return [
        `${count(a.pictures, "picture")}, answered but not checked yet.`,
        ["Nobody knows how many of these answers are right until you check some.", left],
        again
    ];
}

/** The panel of what is checked and promised. */
function promised(a) {
    const p = promise(a);
    const {drawn} = check();
    const choice = (label, options, unit, value, set, off) =>
        segments(label, options.map((one) => [one, one + unit]), value, (to) => (set(to), redraw()), off);
    const done = (share) =>
        h(
            ".checked",
            h(
                ".row",
                h("b", p ? `Checked by you: ${drawn} of ${drawn}` : "Checked by you: 0"),
                !p && h("span.small.muted.end", "drawn at random")
            ),
            bar(share, ".thick")
        );
    if (!p) {
        const off = (m) => !possible(a, m) && `needs ${m} unsorted pictures, and ${check().fewest} checks`;
        return h(
            ".panel.promise",
            done(0),
            h(
                "p",
                "Label pictures drawn at random. Then the studio promises ",
                h("b", "how many of those it accepts are right"),
                ", at least 9 of 10."
            ),
            choice("Pictures to check", [30, 100, 400], "", chosen(a), (m) => (amount = m), off),
            small(
                chosen(a)
                    ? `${MINUTES[chosen(a)]} minutes. 30 are enough only if all are right; 400 let more through.`
                    : `A check needs ${Math.max(30, check().fewest)} unsorted pictures.`
            )
        );
    }
    const changed = before && before.drawn === drawn && before.level === level && before.accepted !== p.accepted;
    const off = (to) => {
        const {needs, accepted} = a.promises.find((one) => one.error === 100 - to);
        return needs > drawn ? `needs ${needs} checked pictures` : !accepted && to !== level && "no promise";
    };
    return h(
        ".panel.promise",
        done(1),
        h(
            "p",
            changed &&
                `The answers have changed. Tested again with your ${drawn}: ${n(p.accepted)} can be accepted. `,
            p.accepted > 0 && [
                h("b", "The promise:"),
                ` at most ${n(p.wrong)} of the ${n(p.accepted)} are wrong. Such a promise holds in at least 19 of 20 ` +
                    "checks. Accepted pictures stay marked, and are never test pictures. " +
                    `${n(a.pictures - p.accepted)} stay for you. `
            ],
            a.late > 0 && `${count(a.late, "new picture")} ${a.late === 1 ? "is" : "are"} not part of the promise. `,
            !a.joint && "On your checked pictures, looking one by one is better: it is used."
        ),
        h(".row", h("span", {"aria-hidden": "true"}, "Right:"), choice("Right", LEVELS, " %", level, (to) => (level = to), off))
    );
}

/** A row of answers: some of a class, and how to see all. */
function row(r, a) {
    const taken = r.accepted[a.promises.indexOf(promise(a))];
    const all = r.pictures.length;
    const last = taken > STRANGERS - 1 && r.pictures.slice(taken - 3, taken);
    const some = (key, ids) => mosaic(key + r.name, r.name, items(ids), {width: last ? 66 : 80, height: 72, lines: 1});
    return (
        all > 0 &&
        h(
            "section.answer",
            {key: r.name, "aria-label": r.name},
            h(
                "div",
                h("h3", name(r.name)),
                small(taken == null ? `${n(all)} look like it` : [h("b", n(taken)), ` of ${n(all)}`])
            ),
            last
                ? h(
                      ".ends",
                      some("row ", r.pictures.slice(0, 4)),
                      small(n(taken - 7), h("br"), "between"),
                      some("end ", last)
                  )
                : some("row ", r.pictures.slice(0, taken || undefined)),
            button(
                taken == null ? `All ${n(all)}` : "Show all",
                () => open(r.name),
                ".plain",
                null,
                {"aria-label": `All ${all} of ${r.name}`}
            )
        )
    );
}

const number = (label) => classes().findIndex((c) => c.name === label);

const doubt = ({id, of}) =>
    h(
        "li.panel.stack",
        {key: id},
        image(id, {alt: "Doubtful picture"}),
        of.length > 2 && h("b.small", "One of these three?"),
        h(
            ".row.wrap",
            of.map((label) => {
                const key = number(label);
                return h(
                    "button.choice",
                    {type: "button", onclick: () => move([id], label)},
                    key >= 0 && key < 9 && kbd(key + 1),
                    name(label)
                );
            })
        )
    );

const strangers = (a) => items(a.strangers.slice(0, STRANGERS));
const picked = () => [...state.picked];
const classFrom = () =>
    state.picked.size > 0 &&
    (() => ask("New class from these", "Create", (to) => (move(picked(), to), state.picked.clear())));
const noneOf = () => () => (none(picked()), state.picked.clear());

function rows(a) {
    const p = promise(a);
    const differ = a.different.length;
    const note = p
        ? "the surest and the last of each class: pick out wrong ones"
        : [
              "most certain first; ",
              differ ? h("button.link", {type: "button", onclick: () => open("")}, `${n(differ)} ${differ === 1 ? "differs" : "differ"}`) : "none differs",
              " from looking one by one"
          ];
    const two = a.sets
        ? "For 9 in 10 pictures of your classes the right one is shown."
        : "The two best answers of a doubtful picture, not checked yet.";
    return [
        promised(a),
        h(
            ".two.sorted",
            part(
                p?.accepted ? "What would be accepted" : "The studio’s answers",
                note,
                views(),
                a.rows.map((r) => row(r, a)),
                {key: "answers"}
            ),
            h(
                ".stack",
                a.doubts.length > 0 && [
                    h("h2", "One of these two?"),
                    small(two),
                    h("ul.doubts", a.doubts.slice(0, DOUBTS).map(doubt))
                ],
                h("h2", "Least like your classes"),
                small("An order, no verdict: some may be yours."),
                mosaic("strangers", "Least like your classes", strangers(a), {width: 88, height: 72}),
                h(
                    ".row.wrap",
                    button(
                        `New class from these ${state.picked.size || ""}`,
                        classFrom(),
                        "",
                        "C"
                    ),
                    button("None of mine", state.picked.size > 0 && noneOf(), ".choice", "0")
                )
            )
        )
    ];
}

/** All answers of a class: what is not selected is of it. */
function these(r) {
    const odd = r.pictures.filter((id) => state.picked.has(id));
    const rest = r.pictures.filter((id) => !state.picked.has(id));
    const together = gesture();
    return () => {
        open(null);
        odd.length && reject(odd, r.name, together);
        move(rest, r.name, together);
    };
}

const rowOf = (a) => a?.rows.find((r) => r.name === opened) ?? {name: opened, pictures: []};

function whole(a) {
    const back = button("Rows", () => open(null), "", "Esc");
    if (opened === "") {
        const label = new Map(a.different.map((one) => [one.id, `${one.label}, alone ${one.alone}`]));
        return part(
            `${n(a.different.length)} differ`,
            "the answer, and what looking at the picture alone gives",
            back,
            mosaic("different", "Answers that differ", a.different, {caption: (p) => label.get(p.id)}),
            {key: "different"}
        );
    }
    const r = rowOf(a);
    const left = r.pictures.filter((id) => !state.picked.has(id)).length;
    return part(
        name(opened),
        `${pictures(r.pictures.length)}, the surest first; select those that are not`,
        [back, button([`These ${n(left)} are `, name(opened)], left > 0 && these(r), ".primary", "Y")],
        mosaic("class " + opened, opened, items(r.pictures), {}),
        {key: "class"}
    );
}

// The check

const stop = () => act("check/stop", {}, "Stopped the check");
let pace = null; // when the page saw the first picture of a check, and how many were left

function checking() {
    const {drawn, pictures: left} = check();
    pace ??= {at: performance.now(), left: left.length};
    const each = pace.left - left.length > 2 ? (performance.now() - pace.at) / (pace.left - left.length) : 3000;
    const minutes = Math.ceil((left.length * each) / 60000);
    return {
        id: left[0],
        title: `${drawn - left.length} of ${drawn}`,
        note: `about ${count(minutes, "minute")} left`,
        bar: bar((drawn - left.length) / drawn, ".thick"),
        below: [
            "These pictures are drawn, not chosen: easy ones, too. Nothing is learned from them until the check is over."
        ],
        back: drawn > left.length && (() => act("undo", {}, "Undone: " + s().undo)),
        extra: {t: ["Cannot tell", () => act("check/unclear", {picture: left[0]}, "Cannot tell")]},
        also: muted("“None of mine” and “cannot tell” count as wrong, so that the promise stays safe.")
    };
}

/** The pictures of the rows, or of what is open in their place. */
const list = () => {
    const a = answers();
    return !a ? [] : opened === "" ? a.different : items(opened ? rowOf(a).pictures : [...a.rows.flatMap((r) => r.pictures), ...a.strangers]);
};

function busy() {
    const {comparing: now, encoded, total} = s();
    return looking(
        now
            ? doing("Comparing pictures", now)
            : encoded < total
              ? `Looking at pictures: ${n(encoded)} of ${n(total)}`
              : check().drawn
                ? "Testing your answers"
                : undefined
    );
}

/** What is shown: one question of a check or of those that help most, groups, or rows. */
const SHOWN = {
    check: {
        head: () => [
            `Check ${count(check().drawn, "picture")}, drawn at random.`,
            "The studio’s own answers stay hidden until the end, so that they do not sway you.",
            button("Stop: no promise", stop, ".plain.large", "Esc")
        ],
        draw: () => asked(checking()),
        keys: () => ({...asked.keys(checking()), Escape: stop})
    },
    next: {
        head: () => [
            "Label 12 pictures that help most.",
            "Each one stands for many that the studio is unsure of. After the twelfth it learns again.",
            views()
        ],
        draw() {
            const question = helpful();
            return question.id ? asked(question) : question.text;
        },
        keys() {
            const question = answers() && helpful();
            return question?.id && asked.keys(question);
        }
    },
    groups: {...groups, head: () => null, draw: () => groups.draw(s().sorted > 0 && views())},
    rows: {
        head,
        draw(a) {
            const p = promise(a);
            if (p && before?.drawn !== check().drawn) {
                before = {drawn: check().drawn, accepted: p.accepted, level};
            }
            return opened === null ? rows(a) : whole(a);
        },
        dock: () => list().length > 0 && dock(list()),
        keys: (a) => ({
            ...dockKeys(list()),
            c: classFrom(),
            ...(a && {
                n: !promise(a)?.accepted && draw(a),
                Enter: opened === null && accept(a),
                y: opened && these(rowOf(a)),
                ...(opened !== null && {Escape: () => open(null)})
            })
        })
    }
};

export const sort = {
    title: "Sort",
    waiting: ({unsorted}) => unsorted,
    head: () => SHOWN[shown()].head(answers()),
    draw() {
        const a = answers();
        const now = shown();
        if (now !== "check") {
            pace = null;
            if (!s().unsorted) {
                return h("h2", "Everything is sorted.");
            }
            if (now !== "groups" && (!a || (check().drawn && !a.promises.length))) {
                return busy();
            }
        }
        return SHOWN[now].draw(a);
    },
    dock: () => SHOWN[shown()].dock?.(),
    keys: () => ({
        ...(s().sorted && shown() !== "check" && {v: other}),
        ...SHOWN[shown()].keys(answers())
    }),
    leave: () => ((opened = null), (pace = null), groups.leave())
};
