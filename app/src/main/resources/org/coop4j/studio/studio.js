// The frame: tabs, the sentence, messages and keys around one screen.

import {board, newClass} from "./board.js";
import {clean} from "./clean.js";
import {drawDialog, open} from "./dialog.js";
import {folders} from "./folders.js";
import {adder, collect, drop, given} from "./give.js";
import {history} from "./history.js";
import {doing, learn, learning} from "./learn.js";
import {mistakes} from "./mistakes.js";
import {act, add, connect, data, drawWith, folder, redraw, state, undo} from "./model.js";
import {button, count, h, images, kbd, likely, muted, name, number, percent, pictures, precision, skeleton} from "./parts.js";
import {look} from "./pictures.js";
import {render} from "./preact.js";
import {labels} from "./questions.js";
import {sort} from "./sort.js";
import {trial} from "./try.js";
import {use} from "./use.js";

const SCREENS = {board, sort, learn: learning, mistakes, clean, try: trial, use, history};
const KEYS = {
    "1 to 9": "put into that class",
    0: "none of mine; with several labels: not of the class",
    "/": "put into another class",
    "X, Del": "remove",
    "Arrows, Home, End": "go to a picture",
    Tab: "next group",
    Space: "select",
    "Shift with an arrow or click": "select a range",
    "Ctrl A": "select all",
    Esc: "select nothing, back, stop the check",
    Enter: "accept what is promised, open the class or picture, keep one copy",
    B: "keep both copies",
    C: "new class; of the selected pictures, if there are some",
    S: "search; in Sort: skip",
    V: "other view: map or cards; of Sort",
    Y: "these are right",
    T: "cannot tell",
    "⌫": "back to the last answer",
    "+, -": "search for more like these, or not like these; on the map: add the nearest, or take it back",
    O: "order by the words, or by the probability of their class",
    F2: "rename or merge the class",
    N: "what the large button does",
    M: "move a mistake to the class that it looks like",
    L: "learn; of a mistake: the label is right",
    A: "with several labels: those that it has are all",
    W: "why: where a picture speaks for a class",
    G: "why for the other class",
    K: "check what covering that part changes",
    "U, Ctrl Z": "undo",
    "?": "this list"
};

const STEPS = {
    Collect: "About 20 pictures for each class. Four are enough to begin.",
    Sort: "The studio answers all pictures; check some, and accept the rest.",
    Learn: "It says how many of 10 new pictures would be right.",
    Try: "Hold something in front of the camera."
};

const screen = () => (state.screen === "sort" && state.server?.several ? labels : SCREENS[state.screen]);
const answer = () => (screen().needs ? data(screen().needs) : true);
const letters = () => localStorage.letters !== "false";

const help = () =>
    open("All keys", () => [
        h(
            "dl.keys",
            Object.entries(KEYS).map(([key, what]) => [h("dt", h("kbd", key)), h("dd", what)])
        ),
        h(
            "label.row",
            h("input", {
                type: "checkbox",
                checked: letters(),
                onchange: (e) => (localStorage.letters = e.target.checked)
            }),
            "Keys of a single letter or digit"
        )
    ]);

function news({learning: now, encoded, total, readOnly}) {
    return now && state.screen !== "learn"
        ? doing("Learning", now)
        : encoded < total
          ? `Looking at pictures: ${encoded} of ${total}`
          : readOnly && "Read only";
}

const header = (s) =>
    h(
        "header.row",
        data("folders") ? button(h("b.cut", name(folder())), folders, ".plain", null, {title: "Open another folder"}) : h("b.cut", name(folder())),
        h(
            "nav",
            {"aria-label": "Screens"},
            Object.entries(SCREENS).map(([key, {title, waiting}]) =>
                h(
                    "a",
                    {href: "#" + key, "aria-current": key === state.screen ? "page" : null},
                    title,
                    waiting?.(s) > 0 && h("span.small", waiting(s))
                )
            )
        ),
        h("span.end.small.muted.cut", news(s)),
        button("Undo", s.undo && undo, ".plain", "U")
    );

const than = (more, what) =>
    more ? `${Math.abs(more)} ${more > 0 ? "more" : "fewer"} than ${what}` : "as many as " + what;

const ACCEPTED = /^Accepted ([\d,]+ pictures?), at least ([\d,]+) right$/;

/** What is true of the pictures, its evidence, the screen where something useful is done next, and the words for that. */
function told({total, unsorted, classes, fitted, test, mistakes, undo: did}) {
    const sort = (...other) => (unsorted ? ["sort", "Sort " + pictures(unsorted)] : other);
    if (!total) {
        return ["Add pictures to begin.", "Drop files or folders here.", "board", "Add pictures"];
    }
    const accepted = state.screen === "board" && ACCEPTED.exec(did);
    if (accepted) {
        const left = unsorted ? ` ${number(unsorted)} are left to sort.` : "";
        const evidence = `At least ${accepted[2]} are right; nobody has looked at them.${left}`;
        return [`The studio put ${accepted[1]} into your classes.`, evidence, ...sort("learn", "Learn")];
    }
    if (!fitted) {
        const evidence = `${pictures(total)}, ${count(classes.length, "class", "classes")} so far.`;
        return ["The studio learns as soon as there are two classes.", evidence, ...sort("board", "New class")];
    }
    if (!test) {
        const evidence = "Add pictures: a class needs 8 or more to be tested.";
        return ["Nothing is tested yet.", evidence, ...sort("board", "Add pictures")];
    }
    const {right, tested, prompts, before, map, promptsMap} = test;
    const [from, to] = likely(right, tested);
    const [low, high] = [from, to].map((share) => Math.round(10 * share));
    const evidence =
        `${right} of ${tested} test pictures are right (${percent(right / tested)}, likely ` +
        `${Math.round(100 * from)} to ${percent(to)}). ` +
        (map != null ? precision(map, promptsMap) + " " : "") +
        than(right - prompts, "without learning").replace(/^a/, "A") +
        (before ? `, ${than(before.better - before.worse, "before your last change")}.` : ".");
    return [
        `Of 10 new pictures, ${low === high ? low : `${low} to ${high}`} would ${map != null ? "have all labels" : "be"} right.`,
        evidence,
        ...(mistakes ? sort("mistakes", "Look at " + count(mistakes, "mistake")) : sort("learn", "Learn"))
    ];
}

/** Does what the sentence suggests, or goes where that is done. */
function next() {
    const [, , to, label] = told(state.server);
    const here = {learn, board: label === "New class" ? newClass : adder}[to];
    to === state.screen && here ? here() : (location.hash = to);
}

const headed = ([text, evidence, side]) =>
    h(".sentence.row.wrap", h("div", h("h1", text), muted(evidence)), h(".row.end", side));

function sentence(s) {
    const own = answer() && screen().head?.(answer());
    if (own) {
        return headed(own);
    }
    const [text, evidence, to, label] = told(s);
    const here = to === state.screen;
    return headed([
        text,
        evidence,
        [
            state.screen === "board" &&
                s.classes.length > 1 &&
                !s.learning &&
                to !== "learn" &&
                button("Learn properly", learn, ".plain.large", "L"),
            (!here || "board learn".includes(to)) &&
                button(label, next, ".large" + (here || state.screen === "board" ? ".primary" : ""), "N")
        ]
    ]);
}

const content = () =>
    answer() ? screen().draw(answer()) : answer() === null ? h("h2", "Nothing is learned yet.") : skeleton();

/** Asks before a history that others wrote, or whose end is damaged, changes anything. */
const question = ({why, unfinished, ofTable}, message) =>
    message(
        why,
        ofTable
            ? "Mend it, and it is read. Or write it anew as the studio knows it; this one is kept as labels.csv.damaged-1."
            : unfinished
            ? `“${unfinished}” may not be finished. “Continue” finishes it; “Forget it” leaves the pictures where they are.`
            : "“Continue” goes on with it; “Forget it” begins a new one. The pictures stay where they are.",
        !ofTable && button("Forget it", () => act("forget", {}), ".choice"),
        button(ofTable ? "Write it anew" : "Continue", () => act("continue", {}), ".primary")
    );

function messages(s) {
    const {error, stopped, line} = state;
    const dismiss = () => {
        state.error = null;
        state.failed.clear();
        redraw();
    };
    const message = (what, more, ...buttons) =>
        h(".error.panel.row.wrap", h("div", h("p.what", what), h("p", more)), h(".row.end", ...buttons));
    const accepted = line?.ids && /^Accepted ([\d,]+)/.exec(line.text);
    return [
        h(
            "div",
            {key: "alert", role: "alert"},
            s?.asks && question(s.asks, message),
            stopped && error?.status !== 403
                ? message("The studio has stopped.", "Start it again; nothing is lost.")
                : s?.failure && message(s.failure, "It is tried again with the next change."),
            error &&
                message(
                    error.error,
                    error.lost,
                    button("Leave it", dismiss, ".choice"),
                    error.again &&
                        button(
                            error.converter ? "Convert with " + error.converter : "Try again",
                            () => (dismiss(), error.again()),
                            ".primary"
                        )
                )
        ),
        state.screen === "board" &&
            s?.unusable.length > 0 &&
            h(
                "p.panel",
                {key: "unusable"},
                h("b", count(s.unusable.length, "name"), " left out. "),
                "Not every program can read such a name: rename the file or folder. ",
                name(s.unusable.slice(0, 3).join(", ")),
                s.unusable.length > 3 && " …"
            ),
        h(
            "div",
            {key: "line", role: "status"},
            line &&
                h(
                    ".line.row.panel",
                    line.ids && images(".strip", [...new Set(line.ids.map((id) => id.split("/")[0]))].slice(0, 8)),
                    accepted
                        ? h("span", h("b", `${accepted[1]} accepted.`), " One step takes all of them back.")
                        : line.text + ".",
                    line.ids && button(accepted ? `Undo all ${accepted[1]}` : "Undo", undo, ".plain.end", "U")
                )
        )
    ];
}

const first = () =>
    h(
        ".first.stack",
        h("h1", name(folder()), " is empty. Add some pictures to begin."),
        collect(),
        h(
            ".row.wrap.panel",
            h("b", "No pictures at hand?"),
            button("Start with the examples", () => act("examples", {}), ".end")
        ),
        h(
            ".cards",
            Object.entries(STEPS).map(([step, text], i) => h("div", h("h2", `${i + 1} ${step}`), muted(text)))
        )
    );

drawWith(() => {
    const s = state.server;
    const begun = s?.total + s?.classes.length + s?.unreadable > 0;
    document.title = `${screen().title} – ${folder()}`;
    render(
        [
            begun && header(s),
            h(
                "main",
                drop(state.open ?? null),
                begun && sentence(s),
                messages(s),
                begun ? content() : s ? first() : skeleton()
            ),
            begun && screen().dock?.(),
            state.dialog && drawDialog(state.dialog),
            s &&
                h(
                    "datalist",
                    {id: "names"},
                    s.classes.map((c) => h("option", {value: c.name}))
                )
        ],
        document.getElementById("app")
    );
    const target = state.refocus && document.querySelector(state.refocus);
    if (target) {
        state.refocus = null;
        target.focus({preventScroll: true});
        target.scrollIntoView({block: "nearest"});
    }
    look();
});

function route() {
    const [key, of] = decodeURIComponent(location.hash.slice(1)).split(/\/(.*)/s);
    screen().leave?.();
    state.screen = SCREENS[key] ? key : "board";
    state.open = key === "board" && of !== undefined ? of || null : undefined;
    state.focus = state.anchor = state.line = null;
    state.picked.clear();
    scrollTo(0, 0);
    redraw();
}

/** What the keys do now, but for those of grids of pictures. */
export function keys(target, control) {
    const begin = target === document.body && (() => document.querySelector(".tile[tabindex='0']")?.focus());
    return control
        ? {z: undo}
        : {
              u: undo,
              "?": help,
              n: next,
              l: state.screen === "board" && learn,
              ArrowDown: begin,
              ArrowRight: begin,
              ...(answer() && screen().keys?.(answer()))
          };
}

function onKey(event) {
    const {key, target, altKey} = event;
    const typing = target.closest("input:not([type=range]), select");
    const control = event.ctrlKey || event.metaKey;
    if (
        event.defaultPrevented ||
        typing ||
        altKey ||
        state.dialog ||
        !state.server ||
        (key.length === 1 && !control && !letters()) ||
        (" Enter".includes(key) && target.closest("button, a"))
    ) {
        return;
    }
    const todo = keys(target, control)[key.length === 1 ? key.toLowerCase() : key];
    if (todo) {
        event.preventDefault();
        todo();
    }
}

addEventListener("hashchange", route);
addEventListener("keydown", onKey);
addEventListener("resize", look);
addEventListener("scroll", look, {passive: true});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => event.preventDefault());
addEventListener("paste", async (event) => {
    const files = await given(event.clipboardData, state.open ?? null);
    if (files.length) {
        (screen().paste ?? add)(files);
    }
});
route();
connect();
