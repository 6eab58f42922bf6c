// The frame: tabs, the sentence, messages and keys around one screen.

import {button, h, kbd, muted, name, patch} from "./dom.js";
import {add, connect, drawWith, redraw, refresh, state, undo} from "./model.js";
import {drop, fillAll, given} from "./pictures.js";
import {adder, board, newClass} from "./board.js";
import {sort} from "./sort.js";
import {learn, learning, timeLeft} from "./learn.js";
import {mistakes} from "./mistakes.js";
import {clean} from "./clean.js";
import {trial} from "./try.js";
import {use} from "./use.js";
import {drawDialog, open} from "./dialog.js";
import {camera} from "./camera.js";

const SCREENS = {board, sort, learn: learning, mistakes, clean, try: trial, use};
const KEYS = [["N", "next action"], ["U", "undo"], ["1 to 9", "put into the class of that number"], ["/", "find a class"],
    ["X", "none of these: set aside"], ["Space", "select"], ["Shift", "select a range"], ["Arrows", "move"], ["Tab", "next group"],
    ["Enter", "accept the group, open the class"], ["C", "new class"], ["F2", "rename the class"], ["L", "learn properly"],
    ["M, L, Del", "on Mistakes: move, label is right, remove"], ["?", "all keys"]];

const screen = () => SCREENS[state.screen];
let letters = localStorage.getItem("letters") !== "off";

function help() {
    open("All keys", () => [h("dl", {class: "keys"}, KEYS.flatMap(([key, what]) => [h("dt", {}, kbd(key), h("span", {class: "spoken"}, key)), h("dd", {}, what)])),
        h("label", {class: "row"}, h("input", {type: "checkbox", checked: letters, onchange: (e) => {
            letters = e.target.checked;
            localStorage.setItem("letters", letters ? "on" : "off");
        }}), "Keys of a single letter or digit")]);
}

function header(s) {
    return h("header", {class: "top", key: "top"}, h("b", {class: "folder"}, name(s?.folder.split(/[\\/]/).filter(Boolean).pop() ?? "coop4j studio")),
        s?.total > 0 || s?.classes.length ? [h("nav", {"aria-label": "Screens"}, Object.entries(SCREENS).map(([key, {title, waiting}]) => {
            const n = waiting?.(s);
            return h("a", {key, href: "#" + key, "aria-current": key === state.screen ? "page" : null}, title, n > 0 && h("span", {class: "waiting"}, n));
        })),
        h("span", {class: "end small muted"}, state.adding ? `Adding ${state.adding.done} of ${state.adding.all}` :
            s.learning?.running && state.screen !== "learn" ? `Learning, ${timeLeft(s.learning)}` :
                s.encoded < s.total ? `Looking at pictures: ${s.encoded} of ${s.total}` : s.readOnly && "Read only"),
        button("Undo", undo, {k: "U", class: "plain", disabled: !s.undo || s.readOnly, title: s.undo})] :
            h("span", {class: "end small muted"}, state.adding ? `Adding ${state.adding.done} of ${state.adding.all}` : "Pictures stay on this computer."));
}

const goNext = () => {
    const {next} = state.server.sentence;
    if (next.screen !== state.screen) {
        location.hash = "#" + next.screen;
    } else {
        ({learn, board: next.label === "New class" ? newClass : adder})[next.screen]?.();
    }
};

function sentence(s) {
    const own = screen().head?.() ?? {};
    const evidence = own.evidence ?? s.sentence.evidence ?? "";
    const strong = /^\d+ of \d+/.exec(evidence)?.[0] ?? "";
    const next = s.sentence.next;
    const useful = next && own.side === undefined && (next.screen !== state.screen || ["board", "learn"].includes(state.screen));
    return h("div", {class: "sentence", key: "sentence"}, h("div", {}, h("h1", {}, own.text ?? s.sentence.text),
        muted(strong && h("b", {}, strong), evidence.slice(strong.length))),
    h("div", {class: "row end"}, own.side, state.screen === "board" && state.open === undefined && s.classes.length > 1 && next?.screen !== "learn" && !s.learning?.running &&
        button("Learn properly", startLearning, {k: "L", class: "plain large", disabled: s.readOnly}),
    useful && button(next.label, goNext, {k: "N", class: ["use", "try"].includes(state.screen) ? "large" : "primary large"})));
}

function startLearning() {
    location.hash = "#learn";
    learn();
}

function messages() {
    const {error, stopped} = state;
    return h("div", {role: "alert", key: "alert"}, stopped ? h("div", {class: "error row wrap"},
        h("p", {}, h("b", {}, "The studio has stopped."), " Start it again; nothing is lost.")) :
        error && h("div", {class: "error row wrap"}, h("div", {}, h("p", {class: "what"}, error.text), h("p", {}, error.lost)),
            h("div", {class: "row end"}, button("Leave it", dismiss, {class: "choice"}),
                error.again && button("Try again", retry, {k: "Enter", class: "primary"}))));
}

function dismiss() {
    state.error = null;
    state.failed.clear();
    redraw();
}

function retry() {
    const {again} = state.error;
    dismiss();
    again();
    redraw();
}

function firstStart(s) {
    return [h("main", {key: "main", class: "first"}, h("h1", {}, name(s.folder.split(/[\\/]/).filter(Boolean).pop()), " is empty. Add some pictures to begin."), messages(),
        h("div", {class: "drop", ...drop(null)}, h("h2", {}, "Drop pictures or folders here"),
            muted("A folder becomes a class of the same name. Single pictures wait to be sorted."),
            h("div", {class: "row"}, button("Choose pictures", () => adder(), {class: "primary large"}), button("Use the camera", () => camera(), {class: "large"})),
            h("p", {class: "small muted"}, "or paste with ", kbd("Ctrl"), " ", kbd("V"), h("span", {class: "spoken"}, "Control V"))),
        h("ol", {class: "steps"}, [["Collect", "About 20 pictures for each class. Four are enough to begin."],
            ["Sort", "Pictures come grouped by what they look like. Accept a group with one click."],
            ["Learn", "It learns after every change, and says how many of 10 new pictures would be right."],
            ["Try", "Hold something in front of the camera. Correct what is wrong."]].map(([t, text]) => h("li", {}, h("b", {}, t), muted(text)))))];
}

function skeleton() {
    return [h("main", {key: "main", "aria-busy": "true"}, messages(), h("p", {class: "spoken"}, "Loading"), h("div", {class: "board"}, h("div", {class: "tray tile"}),
        h("div", {class: "cards"}, Array.from({length: 8}, () => h("div", {class: "tile block"})))))];
}

drawWith(() => {
    const s = state.server;
    const empty = s && !s.total && !s.classes.length;
    const docked = s && !empty && screen().dock?.();
    document.body.className = docked ? "docked" : "";
    document.title = s ? `${screen().title} – ${s.folder.split(/[\\/]/).filter(Boolean).pop()}` : "coop4j studio";
    patch(document.getElementById("app"), [header(s), ...(!s ? skeleton() : empty ? firstStart(s) :
        [h("main", {key: "main"}, sentence(s), messages(), screen().draw())]), docked, state.dialog && drawDialog()].filter(Boolean));
    const dialog = document.querySelector("dialog");
    if (dialog && !dialog.open) {
        dialog.showModal();
        const first = dialog.querySelector("[autofocus]");
        first?.focus();
        first?.select?.();
    }
    fillAll();
});

function route() {
    const [key, of] = decodeURIComponent(location.hash.slice(1)).split(/\/(.*)/s);
    const before = screen();
    const opened = key === "board" && of !== undefined ? of || null : undefined;
    const changed = state.screen !== key || state.open !== opened;
    state.screen = SCREENS[key] ? key : "board";
    state.open = opened;
    if (changed) {
        before.leave?.();
        state.picked.clear();
        state.focus = state.anchor = null;
        scrollTo(0, 0);
    }
    screen().enter?.();
    redraw();
}

function onKey(event) {
    const {key, target} = event;
    if ((event.ctrlKey || event.metaKey) && key === "z" && !target.closest("input, textarea")) {
        event.preventDefault();
        undo();
    }
    const lower = key.length === 1 ? key.toLowerCase() : key;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || state.dialog || !state.server || target.closest("input, select, textarea") ||
        (key.length === 1 && !letters) || ((key === " " || key === "Enter") && target.closest("button, a"))) {
        return;
    }
    const general = {u: undo, "?": help, n: state.server.sentence.next && goNext};
    if (key === "Enter" && state.error?.again && target === document.body) {
        retry();
    } else if (screen().keys?.(lower, event)) {
        // done by the screen
    } else if (general[lower]) {
        general[lower]();
    } else if (lower === "l" && state.screen === "board" && state.server.classes.length > 1) {
        startLearning();
    } else {
        return;
    }
    event.preventDefault();
}

addEventListener("hashchange", route);
addEventListener("keydown", onKey);
addEventListener("focus", refresh);
addEventListener("resize", () => fillAll());
addEventListener("scroll", () => requestAnimationFrame(() => fillAll(true)), {passive: true});
addEventListener("dragover", (e) => e.preventDefault());
addEventListener("drop", async (e) => {
    e.preventDefault();
    add(await given(e.dataTransfer));
});
addEventListener("paste", async (e) => {
    const files = await given(e.clipboardData, state.open ?? null);
    if (files.length) {
        (screen().paste ?? add)(files);
    }
});
route();
connect();
refresh().then(() => screen().enter?.());
