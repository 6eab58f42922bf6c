// Try: a picture, or the camera live, and what the classifier says about it.

import {bar, button, h, muted, name, percent} from "./dom.js";
import {add, classes, data, fail, redraw, request, say, state, undo} from "./model.js";
import {choose, drop, findClass} from "./pictures.js";
import {live, shot, start, stop, video} from "./camera.js";

let file = null;
let url = null;
let answer = null;
let threshold = null;
let saved = null;

async function classify(picture, keep = true) {
    if (keep) {
        stop();
        URL.revokeObjectURL(url);
        [file, url, answer, saved] = [picture, URL.createObjectURL(picture), null, null];
        redraw();
    }
    try {
        const found = await request("predict", {method: "POST", body: picture});
        if (!keep || picture === file) {
            answer = found;
            keep && say(describe());
        }
        redraw();
    } catch (error) {
        fail(error, () => classify(picture, keep));
        stop();
    }
}

async function watch() {
    if (await start()) {
        [file, url, answer, saved] = [null, null, null, null];
        while (live() && state.screen === "try") {
            const began = performance.now();
            if (document.getElementById("video")?.videoWidth) {
                await classify(await shot(384), false);
            }
            await new Promise((done) => setTimeout(done, Math.max(50, 400 - (performance.now() - began))));
        }
        stop();
    }
}

const limit = () => threshold ?? data("learned")?.threshold ?? 0;
const sure = () => answer.answers[0].probability >= limit();
const describe = () => (sure() ? `${answer.answers[0].label}, ${percent(answer.answers[0].probability)}` : `Not sure. Perhaps ${answer.answers[0].label}`);

async function save(to) {
    const picture = file ?? (await shot());
    if (await add([{file: picture, to}])) {
        saved = to;
        say(`Saved in ${to}`);
        redraw();
    }
}

function coverage() {
    const found = data("learned");
    const at = found?.coverage?.filter((c) => c.threshold <= limit() + 1e-9).at(-1);
    return at && muted(`Answers ${at.answered} of ${found.tested} test pictures, ${at.right} of them right.`);
}

function answers() {
    const [best, ...others] = answer.answers;
    const first = classes().slice(0, 3);
    return [h("div", {class: "row best"}, h("h2", {}, sure() ? name(best.label) : "Not sure"),
        h("b", {class: "end number"}, percent(best.probability))),
    !sure() && h("p", {}, "Perhaps ", h("b", {}, name(best.label)), "."),
    h("div", {class: "ticked"}, bar(best.probability, {class: "bar thick"}), h("i", {style: {"inset-inline-start": `${100 * limit()}%`}})),
    others.slice(0, 2).map((a) => [h("div", {class: "row"}, h("span", {}, name(a.label)), h("span", {class: "end number"}, percent(a.probability))),
        bar(a.probability, {class: "bar own"})]),
    h("label", {class: "stack"}, h("span", {class: "row"}, "Say “not sure” below", h("b", {class: "end number"}, percent(limit()))),
        h("input", {type: "range", min: 0, max: 99, value: String(Math.round(100 * limit())), "aria-valuetext": percent(limit()),
            oninput: (e) => (threshold = e.target.value / 100, redraw())})),
    coverage(),
    saved ? h("p", {class: "row"}, "Saved in ", h("b", {}, name(saved)), ".", button("Undo", () => (saved = null, undo()), {k: "U", class: "plain"})) :
        h("div", {class: "stack"}, h("p", {}, h("b", {}, "Wrong?"), " Put it into"),
            h("div", {class: "row wrap"}, first.map((c) => h("button", {type: "button", class: "choice", key: c.name, disabled: state.server.readOnly,
                onclick: () => save(c.name)}, name(c.name))), button("More", () => findClass(save), {class: "choice", disabled: state.server.readOnly})))];
}

export const trial = {
    title: "Try",
    draw() {
        const on = live();
        const picture = () => choose(([f]) => f && classify(f), false);
        return [h("div", {class: "try", key: "try", ...drop(null, ([f]) => f && classify(f.file))},
            h("div", {class: "stage"}, on ? [video(), h("span", {class: "live"}, "Live")] : url ? h("img", {src: url, alt: "The picture to recognise"}) :
                h("div", {class: "drop"}, h("b", {}, "Drop a picture here"), h("span", {class: "muted"}, "or paste"))),
            h("div", {class: "stack"}, answer ? answers() : file ? muted("Looking …") : muted("Choose a picture, or hold something in front of the camera."),
                h("div", {class: "row takes"}, button("Choose picture", picture, {class: on || navigator.mediaDevices ? "" : "primary"}),
                    navigator.mediaDevices && (on ? button("Take picture", async () => classify(await shot()), {class: "primary"}) :
                        button("Use the camera", watch, {class: answer ? "" : "primary"})))))];
    },
    leave: stop,
    paste: ([f]) => f && classify(f.file),
};
