// Use it: the texts to copy, the classifier as a file, and other folders.

import {redraw, say} from "./model.js";
import {other, otherHead, otherKeys} from "./other.js";
import {button, choices, h, part} from "./parts.js";

const PARTS = {commands: "On the command line", curl: "Over HTTP", java: "From Java", properties: "With Spring Boot"};
const VIEWS = {texts: "Download and commands", tags: "Write tags", folder: "Sort another folder"};
let view = "texts";

const commands = (texts) => [
    h(
        "p.row.wrap",
        h("a.button.primary", {href: "/api/classifier", download: ""}, "Download the classifier"),
        h("span.muted", "One file; the pictures are not in it.")
    ),
    Object.entries(PARTS).map(([key, title]) =>
        part(
            title,
            null,
            button(
                "Copy",
                () => navigator.clipboard.writeText(texts[key]).then(() => say("Copied")),
                ".plain",
                null,
                {"aria-label": "Copy: " + title}
            ),
            h("pre.panel", {tabindex: 0, role: "region", "aria-label": title}, texts[key])
        )
    )
];

export const use = {
    title: "Use it",
    needs: "use",
    head: () => view !== "texts" && otherHead(view),
    draw: (texts) => [
        h(
            ".row.wrap",
            choices(Object.entries(VIEWS), view, (key) => ((view = key), redraw()))
        ),
        view === "texts" ? commands(texts) : other(view)
    ],
    keys: () => (view === "texts" ? {} : otherKeys()),
    leave: () => (view = "texts")
};
