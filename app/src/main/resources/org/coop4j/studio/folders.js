// Another folder: those that were opened last, or one by its path.

import {open} from "./dialog.js";
import {data, redraw, request} from "./model.js";
import {button, h, muted} from "./parts.js";

let error = null;

const go = (name) =>
    request("open", {name}).then(
        ({address}) => (location.href = address),
        (problem) => ((error = problem.error ?? "The studio was stopped."), redraw())
    );

export function folders() {
    error = null;
    open("Open another folder", () =>
        h(
            ".stack",
            (data("folders") ?? []).map((path) => button(path, () => go(path), ".choice.cut", null, {key: path})),
            h(
                "form.stack",
                {
                    onsubmit(event) {
                        event.preventDefault();
                        go(event.target.elements.folder.value);
                    }
                },
                h("label", "Path of the folder", h("input", {name: "folder", required: true, autofocus: true})),
                h("button.primary", "Open")
            ),
            error && h("p", {role: "alert"}, error),
            muted("This folder stays open until the studio is stopped.")
        )
    );
}
