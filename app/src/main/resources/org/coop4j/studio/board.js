// Board: the classes and the unsorted pictures; a class opens as a grid.

import {camera} from "./camera.js";
import {ask, close, open} from "./dialog.js";
import {adder, collect, drag, drop} from "./give.js";
import {act, classes, classOf, list, move, redraw, state} from "./model.js";
import {bar, button, h, image, kbd, muted, name, part, pictures, segments, skeleton} from "./parts.js";
import {dock, dockKeys, mosaic} from "./pictures.js";
import {mapView} from "./map.js";
import {search, searchField, searching, toField} from "./search.js";

const ENOUGH = 20;
const TRAY = 21;
const NONE = ".none"; // in place of a class: the pictures of none

const address = (of) => "#board/" + encodeURIComponent(of ?? "");

/** Makes a class: of the selected pictures, if there are some. */
export function newClass() {
    const some = [...state.picked];
    const done = (of) =>
        some.length ? (state.picked.clear(), move(some, of)) : act("class", {name: of}, `Made the class ${of}`);
    ask(some.length ? `New class from these ${some.length}` : "New class", "Create", done);
}

/** Opens another class, and then does something; opening it clears what was said before. */
function show(of, todo) {
    addEventListener("hashchange", todo, {once: true});
    location.hash = address(of);
}

/** Asks for another name of a class, or for the class to merge it with. */
function rename(from) {
    const done = (to, merge, said) => {
        const todo = () => act("rename", {from, to, merge}, said);
        state.open === from && to !== from ? show(to, todo) : todo();
    };
    const merge = (to) =>
        open("Merge two classes?", () => [
            h(
                "p",
                "There is a class ",
                h("b", name(to)),
                ` already. ${pictures(classOf(from).pictures)} of `,
                h("b", name(from)),
                " would move there."
            ),
            h(
                ".row",
                button("Merge", () => (close(), done(to, true, `Merged ${from} into ${to}`)), ".primary", null, {
                    autofocus: true
                }),
                button("Leave it", close, ".choice")
            )
        ]);
    ask(
        "Rename the class",
        "Rename",
        (to) => (classOf(to) && to !== from ? merge(to) : done(to, false, `Renamed ${from} to ${to}`)),
        from
    );
}

const remove = (of) => show(null, () => act("class/delete", {name: of}, `Deleted the class ${of}`));

function card(c, i) {
    const own = c.pictures - c.accepted;
    const more = ENOUGH - own;
    return h(
        "li.card",
        {key: c.name, ...drop(c.name)},
        h(
            ".row",
            i < 9 && kbd(i + 1),
            h("h2.cut", h("a", {href: address(c.name), "data-class": c.name}, name(c.name))),
            h("b.end", c.pictures)
        ),
        bar(own / ENOUGH, more > 0 ? "" : ".full"),
        h(
            ".row.small",
            c.known
                ? h("span.muted", c.right != null ? `Test: ${c.right} of ${c.tested} ${state.server.several ? "found" : "right"}` : "Not tested yet")
                : h("a.what", {href: address(c.name)}, "Name unknown"),
            c.accepted > 0
                ? h("span.end", `${c.accepted} accepted`)
                : more > 0 && h("span.end", `${more} more to ${ENOUGH}`)
        ),
        h(
            ".six",
            {onclick: () => (location.hash = address(c.name))},
            c.thumbnails.map((id) => image(id, {draggable: true, ondragstart: (e) => drag(e, id, c.name)}))
        )
    );
}

const waiting = () => (state.server.several ? "To label" : "Unsorted");

function tray() {
    const {unsorted, none} = state.server;
    return h(
        "section.tray.panel.stack",
        {"aria-label": waiting(), ...drop(null)},
        h(".row", h("h2", h("a", {href: address(null)}, waiting())), h("b.end", unsorted)),
        items().length > 0 && mosaic("tray", waiting() + " pictures", items(), {width: 68, height: 68}),
        none > 0 && h(".row", h("b", h("a", {href: address(NONE)}, "None of mine")), h("b.end", none)),
        collect()
    );
}

/** The place of files that are no pictures, which count nowhere else. */
const unreadable = ({unreadable: n}) =>
    n > 0 &&
    h(
        "section.panel.stack",
        {"aria-label": "Unreadable"},
        h(".row", h("h2", h("a", {href: "#clean"}, "Unreadable")), h("b.end", n)),
        muted("These files cannot be read as pictures. ", h("a.what", {href: "#clean"}, "See what can be done"))
    );

/** The pictures on which keys and the dock act. */
const items = () => (state.open === undefined ? list(null, TRAY) : list(state.open)) ?? [];

/** The pictures of the open class that nobody has confirmed; null if there are none. */
function acceptedOf() {
    const ids = state.open ? items().filter((p) => p.accepted).map((p) => p.id) : [];
    return ids.length ? ids : null;
}

function opened(of) {
    const c = classOf(of);
    const n = c?.pictures ?? (of === NONE ? state.server.none : state.server.unsorted);
    const accepted = acceptedOf();
    const enter = (id) => open("Picture", () => h("img.whole", {src: "/picture/" + id, alt: ""}));
    return part(
        c ? name(of) : of === NONE ? "None of mine" : waiting(),
        c?.accepted ? `${n - c.accepted} by you, ${c.accepted} accepted` : pictures(n),
        [
            h("a.button", {href: "#board"}, "Board", kbd("Esc")),
            accepted && button(`These ${accepted.length} are right`, () => move(accepted, of), "", "Y"),
            of !== NONE && button("Add pictures", () => adder(of)),
            of !== NONE && button("Take pictures", () => camera(of)),
            c && button("Rename or merge", () => rename(of), "", "F2"),
            c && !state.server.readOnly && button("Delete the class", () => remove(of), ".plain")
        ],
        [
            c?.known === false &&
                h(
                    "p.what",
                    "The model does not know this name. Use another word, or add pictures: it learns from them alone."
                ),
            accepted &&
                h(
                    "p.row.wrap.small.muted",
                    h("span.legend"),
                    "labelled by you",
                    h("span.legend.accepted"),
                    "accepted by the studio, the least certain first. The key of the class makes the selected one yours."
                ),
            !n
                ? muted("There is no picture here. Drop some, or paste.")
                : items().length
                  ? mosaic("open", of ?? waiting(), items(), {
                        from: of,
                        enter,
                        caption: state.server.several && ((p) => p.labels.join(", ") || "no label")
                    })
                  : skeleton()
        ],
        {key: "open"}
    );
}

const cards = () =>
    h(
        ".board",
        h(".stack", tray(), unreadable(state.server)),
        h(
            "div",
            h(
                "ul.cards",
                classes().map(card),
                h(
                    "li.drop",
                    {key: "new class"},
                    button("New class", newClass, "", "C")
                )
            ),
            state.server.several &&
                muted(
                    "A picture may be on several cards, and stays where it is: labels.csv beside the pictures ",
                    "has its labels. Joint answers and promises are for one label per picture."
                ),
            h("p.row.small.muted", "Drag, or select and press a key.", h("span.end", kbd("?"), " all keys"))
        )
    );

/** What is shown in place of the cards. */
const view = () => (searching() ? search : isMap ? mapView : null);

let isMap = false;

function turn(map = !isMap) {
    isMap = map;
    state.picked.clear();
    scrollTo(0, 0);
    redraw();
}

const turner = () =>
    h(
        ".row",
        segments(
            "View of the board",
            [
                [false, "Cards"],
                [true, "Map"]
            ],
            isMap,
            turn
        ),
        kbd("V")
    );

function head() {
    const own = state.open === undefined && view()?.head();
    return own && view() === mapView ? [...own, turner()] : own;
}

export const board = {
    title: "Board",
    head,
    draw: () =>
        state.open !== undefined ? opened(state.open) : view() === mapView
              ? mapView.draw()
              : [h(".row.wrap.top", searchField(), !view() && turner()), view()?.draw() ?? cards()],
    dock: () =>
        state.open === undefined && view()
            ? view().dock()
            : (state.open !== undefined || state.picked.size > 0) &&
              dock(items(), {from: state.open ?? null, likely: state.server.several && state.open}),
    keys() {
        const {class: at, id} = document.activeElement.dataset;
        const of = state.open ?? at;
        if (state.open === undefined && view()) {
            return {...view().keys(), c: newClass, v: view() === mapView && (() => turn())};
        }
        return {
            ...((state.picked.size || id) && dockKeys(items(), state.server.several && state.open)),
            c: newClass,
            y: acceptedOf() && (() => move(acceptedOf(), state.open)),
            s: state.open === undefined && toField,
            v: state.open === undefined && (() => turn()),
            F2: of && (() => rename(of)),
            Escape: () => (location.hash = "#board")
        };
    }
};
