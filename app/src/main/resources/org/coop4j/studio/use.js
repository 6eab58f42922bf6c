// Use it and History.

import {button, h, muted, percent, pictures, waiting, wilson} from "./dom.js";
import {act, data, say, state} from "./model.js";

const PARTS = [["commands", "On the command line"], ["curl", "Over HTTP"], ["java", "From Java"], ["properties", "With Spring Boot"]];

async function copy(text) {
    await navigator.clipboard.writeText(text);
    say("Copied");
}

export const use = {
    title: "Use it",
    draw() {
        const a = data("use");
        if (!a) {
            return waiting(a);
        }
        return [h("p", {key: "file", class: "row"}, h("a", {class: "button primary", href: "/api/classifier", download: ""}, "Download the classifier"),
            h("span", {class: "muted"}, "One file; the pictures are not in it.")),
        ...PARTS.filter(([key]) => a[key]).map(([key, title]) => h("section", {key}, h("div", {class: "row head"}, h("h2", {}, title),
            button("Copy", () => copy(a[key]), {class: "plain end", "aria-label": "Copy: " + title})), h("pre", {tabindex: 0, "aria-label": title}, a[key])))];
    },
};

export const history = {
    title: "History",
    draw() {
        const a = data("history");
        if (!a) {
            return waiting(a);
        }
        if (!a.length) {
            return [h("h2", {key: "none"}, "Nothing was changed yet.")];
        }
        return [h("ol", {class: "plain-list states", key: "states"}, [...a].reverse().map((s, i) => {
            const limits = s.tested ? wilson(s.right, s.tested) : [];
            return h("li", {key: s.state, class: "row wrap"}, h("time", {class: "muted number", datetime: s.when}, new Date(s.when).toLocaleString([], {dateStyle: "medium", timeStyle: "short"})),
                h("b", {}, s.what), h("span", {class: "muted"}, pictures(s.pictures)),
                h("span", {class: "muted end"}, s.tested ? `${s.right} of ${s.tested} right (likely ${percent(limits[0])} to ${percent(limits[1])})` : "not tested"),
                i ? button("Go back to this", () => act("restore", {state: s.state}, "Went back to: " + s.what), {disabled: state.server.readOnly}) :
                    h("span", {class: "now-mark"}, "Now"));
        })), muted("Going back changes where the pictures are, and can be undone.")];
    },
};
