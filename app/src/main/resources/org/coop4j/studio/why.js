// Why: where a picture speaks for a class, and what covering that part changes.

import {fail, redraw, request, state} from "./model.js";
import {bar, button, figure, h, muted, name, segments, small} from "./parts.js";

const MEAN = "#7b7568"; // with which parts are covered

let shown = null; // the subject that has a map, its label and the answer

/** Asks for the map of a label, and with a check what covering its parts changes. */
async function ask(subject, label, check = false) {
    const now = (shown = {...subject, label, revision: state.server.revision, map: check ? shown?.map : null, busy: true});
    redraw();
    try {
        now.map = await request("why?" + new URLSearchParams({...subject.query, label, check}), subject.file ?? {});
    } catch (error) {
        shown === now && ((shown = null), fail(error, () => ask(subject, label, check)));
    }
    now.busy = false;
    redraw();
}

/** What is shown of a subject, unless labels have changed since. */
const open = ({key}) => shown?.key === key && shown.revision === state.server.revision && shown;

/** What the keys do with a subject; nothing if the model has no maps. */
export function whyKeys(subject) {
    const now = open(subject);
    const labels = Object.keys(subject.labels);
    const [first] = labels;
    return state.server.maps && {
        w: () => (now ? ((shown = null), redraw()) : ask(subject, first)),
        k: now?.map && !now.busy && (() => ask(subject, now.label, true)),
        g: now && labels.length > 1 && (() => ask(subject, labels[(labels.indexOf(now.label) + 1) % labels.length]))
    };
}

/** A picture, with its map and what the colours mean if it is asked for. */
export function picture(subject, alt) {
    const {map} = open(subject) || {};
    return map
        ? h(
              ".stack.mapping",
              h("img.whole", {src: map.picture, alt: map.title}),
              h("ul.small.stack", ["for", "against", "hatch"].slice(0, map.legend.length).map((kind, i) => h("li.row", h(`span.heat.${kind}`), h("bdi", map.legend[i])))),
              small(map.scale, " ", map.meaning)
          )
        : h("img.whole", {src: subject.src, alt});
}

/** What the model saw of a picture, with some of its patches covered. */
const part = ({src}, map, patches) =>
    h(
        "svg.seen",
        {viewBox: [map.left, map.top, map.columns * map.patch_width, map.rows * map.patch_height].join(" "), preserveAspectRatio: "none", "aria-hidden": "true"},
        h("image", {href: src, width: map.width, height: map.height, preserveAspectRatio: "none"}),
        patches.map((i) =>
            h("rect", {
                x: map.left + (i % map.columns) * map.patch_width,
                y: map.top + Math.floor(i / map.columns) * map.patch_height,
                width: map.patch_width * 1.02, // without seams
                height: map.patch_height * 1.02,
                fill: MEAN
            })
        )
    );

function checked(subject, map) {
    const {whole, marked, covered} = map.check;
    const line = (label, p, patches, look) =>
        h(
            ".row.covering",
            part(subject, map, patches),
            h("div", h("p.small", label), bar(p, look)),
            h("b.number", `${(100 * p).toFixed(1)} %`)
        );
    return [
        line("The whole picture", whole, [], ".thick"),
        line("Without a random quarter (mean of four)", map.square, covered[1], ".thick.own"),
        line("Without the marked quarter", marked, covered[0], ".thick.loss"),
        h("p", {role: "status"}, h("b", map.verdict), " ", map.sentence)
    ];
}

/** The buttons of a subject: its map, of which label, and the check. `keys` are shown if it has them. */
export function why(subject, keys = true) {
    const todo = whyKeys(subject);
    const now = open(subject);
    const key = (k) => (keys ? k : null);
    return (
        todo && [
            h(
                ".row.wrap",
                button(now ? "Hide why" : "Why", todo.w, "", key("W"), {"aria-expanded": String(Boolean(now))}),
                now &&
                    todo.g &&
                    h(
                        ".row.wrap.end",
                        h("span.muted", "Map for"),
                        Object.keys(subject.labels).length > 2
                            ? h(
                                  "select",
                                  {"aria-label": "Map for", onchange: (e) => ask(subject, e.target.value)},
                                  Object.keys(subject.labels).map((one) => h("option", {value: one, selected: one === now.label}, one))
                              )
                            : segments("Map for", Object.entries(subject.labels).map(([one, text]) => [one, name(text)]), now.label, (one) => ask(subject, one)),
                        keys && h("kbd", {"aria-hidden": "true"}, "G")
                    )
            ),
            now && !now.map && muted("Looking …"),
            now?.map &&
                h(
                    ".panel.stack.check",
                    now.map.check
                        ? [h("h3", "Check"), checked(subject, now.map)]
                        : h(
                              ".row.wrap",
                              button(now.busy ? "Covering …" : "Check", todo.k, "", key("K")),
                              h("span.small.muted.end", "six more looks")
                          )
                )
        ]
    );
}
