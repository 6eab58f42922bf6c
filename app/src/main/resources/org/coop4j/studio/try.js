// Try: a picture, or the camera live, and what the classifier says about it.

import {live, pause, shot, start, stop, video} from "./camera.js";
import {open} from "./dialog.js";
import {choose, drop} from "./give.js";
import {add, classes, data, fail, redraw, request, state} from "./model.js";
import {bar, button, figure, h, muted, name, percent} from "./parts.js";
import {findClass} from "./pictures.js";
import {picture as shownPicture, why, whyKeys} from "./why.js";

let file = null; // null while the camera is live
let url = null;
let answers = null;
let problem = null; // of the picture: {error, converter}
let method = null; // of the run that learned the classifier; null for the quick one
let by = ""; // "quick" for the quick classifier although there is a learned one
let threshold = null;

async function classify(picture, convert = false) {
    const query = new URLSearchParams({by, convert});
    const here = () => !file || picture === file; // no other picture was chosen since
    try {
        const found = await request("predict?" + query, picture);
        if (here()) {
            [answers, method, problem] = [found.classes, found.method, null];
        }
    } catch (error) {
        if (here() && error.status === 400) {
            [answers, problem] = [null, error];
        } else if (here()) {
            [file, answers] = [null, null];
            fail(error, () => show(picture));
        }
        stop();
    }
    redraw();
}

function show(picture) {
    if (picture) {
        stop();
        URL.revokeObjectURL(url);
        [file, url, answers, problem] = [picture, URL.createObjectURL(picture), null, null];
        state.error = state.line = null; // of the picture before
        classify(picture);
    }
}

const refused = ({error, converter}) => [
    h("p.what", {role: "alert"}, error),
    converter && button("Convert with " + converter, () => ((problem = null), redraw(), classify(file, true)))
];

function other() {
    by = by ? "" : "quick";
    threshold = null;
    file && classify(file);
}

async function watch() {
    [file, url, answers, problem] = [null, null, null, null];
    await start();
    while (live() && state.screen === "try") {
        if (document.querySelector("video")?.videoWidth) {
            await classify(await shot(384));
        }
        await pause(200);
    }
}

/** What a map is asked about: the classes, the most probable first. */
const subject = () => ({key: url + by, src: url, query: {by}, file, labels: Object.fromEntries(answers.map((a) => [a.label, a.label]))});

const save = async (to) => add([{file: file ?? (await shot()), to}]);

function result([best, ...others]) {
    const learned = data("learned");
    const {coverage = [], tested, threshold: suggested} = (method && learned) || {};
    const limit = threshold ?? suggested ?? 0.5;
    const {several} = state.server;
    const shown = [best, ...others].filter((a) => a.predicted).flatMap((a) => [", ", name(a.label)]);
    const sure = several || best.probability >= limit;
    const at = coverage.findLast((c) => c.threshold >= limit - 1e-9);
    return [
        h(
            ".row.best",
            {"aria-live": live() ? null : "polite"},
            h("h2", !several ? (sure ? name(best.label) : "Not sure") : shown.length ? shown.slice(1) : "None of the labels"),
            h("b.end", !several && percent(best.probability))
        ),
        !sure && h("p", "Perhaps ", h("b", name(best.label)), "."),
        several
            ? figure(name(best.label), bar(best.probability, ".own"), percent(best.probability))
            : bar(best.probability, ".thick", {style: `--share:${best.probability};--limit:${limit}`}),
        others.slice(0, several ? 9 : 2).map((a) => figure(name(a.label), bar(a.probability, ".own"), percent(a.probability))),
        !several && h(
            "label",
            h("span.row", "Say “not sure” below", h("b.end", percent(limit))),
            h("input", {
                type: "range",
                max: 99,
                value: 100 * limit,
                oninput: (e) => ((threshold = e.target.value / 100), redraw())
            })
        ),
        file && why(subject()),
        at && muted(`Answers ${at.answered} of ${tested} test pictures, ${at.right} of them right.`),
        h(
            "p.row.wrap.small.muted",
            method ? `Answered by what was learned with ${method}.` : "Answered by the quick classifier of the board.",
            learned && button(method ? "Ask the quick one" : "Ask the learned one", other, ".plain")
        ),
        h("p", h("b", "Wrong?"), " Put it into"),
        h(
            ".row.wrap",
            classes()
                .slice(0, 3)
                .map((c) => button(name(c.name), () => save(c.name), ".choice")),
            button("More", () => findClass(save), ".choice")
        )
    ];
}

/** The address as a QR code. */
const telephone = ({address, rows}) =>
    open("Try it on a telephone", () =>
        h(
            ".stack",
            h(
                "svg.code",
                {viewBox: `-4 -4 ${rows.length + 8} ${rows.length + 8}`, role: "img", "aria-label": "QR code"},
                h("path", {
                    d: rows
                        .map((row, y) => row.replace(/./g, (bit, x) => (bit === "1" ? `M${x} ${y}h1v1h-1z` : "")))
                        .join("")
                })
            ),
            muted("Point its camera here. It must be in the same network; the connection is not encrypted."),
            h("code", address)
        )
    );

export const trial = {
    title: "Try",
    draw() {
        const on = live();
        const phone = data("phone");
        const camera = navigator.mediaDevices;
        return h(
            ".two.try",
            drop(null, ([one]) => show(one?.file)),
            h(
                ".stage",
                on
                    ? video()
                    : url
                      ? answers
                          ? shownPicture(subject(), "The picture to recognise")
                          : h("img.whole", {src: url, alt: "The picture to recognise"})
                      : h(".drop", "Drop or paste a picture here")
            ),
            h(
                ".stack",
                answers
                    ? result(answers)
                    : problem
                      ? refused(problem)
                      : muted(file ? "Looking …" : "Choose a picture, or hold something in front of the camera."),
                h(
                    ".row.wrap",
                    button("Choose picture", () => choose(([one]) => show(one), false), camera ? "" : ".primary"),
                    camera &&
                        (on
                            ? button("Take picture", async () => show(await shot()), ".primary")
                            : button("Use the camera", watch, answers ? "" : ".primary")),
                    phone?.rows && button("On a telephone", () => telephone(phone), ".plain")
                )
            )
        );
    },
    keys: () => file && answers && whyKeys(subject()),
    leave: stop,
    paste: ([one]) => show(one.file)
};
