// The state of the page, in one place. The server is the truth: a change is shown at once, sent in its order, and
// corrected by what the server then says.

export const state = {
    server: null, // the latest answer of /api/state
    screen: "board",
    open: undefined, // the class that is open on the board; null: the unsorted pictures
    picked: new Set(), // selected pictures
    anchor: null, // picture at which a range begins
    focus: null, // picture that has the focus, or had it last
    refocus: null, // selector of what gets the focus with the next drawing
    over: undefined, // class over which something is dragged
    failed: new Set(), // pictures of the change that failed
    line: null // what was done last: {text, ids}; without ids it cannot be undone
};

const answers = new Map(); // by path: {value, fresh}
let last = Promise.resolve(); // settles with the latest change
let running = 0; // changes that are not answered yet
let later; // drawing of what is held
let draw;
let drawing = false;

export const drawWith = (f) => (draw = f);

export function redraw() {
    if (!drawing) {
        drawing = true;
        queueMicrotask(() => {
            drawing = false;
            draw();
        });
    }
}

export function focus(selector, id = state.focus) {
    state.refocus = selector;
    state.focus = id;
    redraw();
}

export function say(text, ids) {
    redraw();
    return (state.line = {text, ids});
}

export async function request(path, body) {
    const post = body && {method: "POST", body: body instanceof Blob ? body : JSON.stringify(body)};
    const answer = await fetch("/api/" + path, post).catch(() => ({status: 503}));
    if (answer.status === 503) {
        state.stopped = true;
        throw {stopped: true};
    }
    const json = await answer.json().catch(() => ({}));
    if (!answer.ok) {
        throw {error: `The studio answered with status ${answer.status}.`, ...json, status: answer.status};
    }
    return json;
}

export function fail({error, lost = "Nothing is lost.", stopped, status, converter}, again) {
    if (stopped) {
        setTimeout(refresh, 2000);
    } else {
        state.error = {error, lost, again, status, converter};
    }
    redraw();
}

const renew = () => answers.forEach((answer) => (answer.fresh = false));

/** The answer of a path: undefined until it is there, null if there is none. A change asks again, when it is no more held. */
export function data(path, held) {
    const found = answers.get(path) ?? {};
    answers.set(path, found);
    if (held && found.value) {
        clearTimeout(later);
        later = setTimeout(redraw, 500);
        return found.value;
    }
    if (!found.fresh && !running && !state.stopped) {
        const begun = last;
        found.fresh = true;
        request(path)
            .catch((error) => (error.status === 404 ? null : fail(error, renew)))
            .then((value) => {
                if (begun === last) {
                    found.next = value;
                } else {
                    found.fresh = false;
                }
                redraw();
            });
    }
    found.value = found.next === undefined ? found.value : found.next;
    found.next = undefined;
    return found.value;
}

/** Forgets the answer of a path that is not asked again. */
export const forget = (path) => answers.delete(path);

/** A value without some pictures, wherever they are in it; or where a label is asked for. */
function without(value, ids, of) {
    const other = (v) => of !== undefined && (v?.of ?? v?.label) !== of;
    if (Array.isArray(value)) {
        return value.filter((v) => !ids.has(v?.id ?? v) || other(v)).map((v) => without(v, ids, of));
    }
    return value && typeof value === "object" && !value.id
        ? Object.fromEntries(Object.entries(value).map(([key, v]) => [key, without(v, ids, of)]))
        : value;
}

/**
 * An answer after a change, as far as that is known: with several labels, its pictures leave what asks for its label. The map
 * stays.
 */
function after(value, path, ids, to) {
    return value?.points
        ? value
        : !state.server.several || path === "remove" || path.startsWith("copies/")
        ? without(value, ids)
        : (value?.mistakes ?? value)?.[0]?.label
          ? without(value, ids, to)
          : value;
}

/** Makes a change after those before it; its pictures leave the screen at once. */
export function act(path, body, said) {
    const ids = body.pictures ?? [body.picture];
    answers.forEach((answer) =>
        Object.assign(answer, {value: after(answer.value, path, new Set(ids), body.to), next: undefined})
    );
    running++;
    const line = said && say(said, path !== "undo" && (body.pictures ?? []));
    redraw();
    return (last = last.then(async () => {
        try {
            const {did} = await request(path, body);
            line && Object.assign(line, did ? {text: did} : {text: "There was nothing to change", ids: null});
            state.error = null;
            state.failed.clear();
        } catch (error) {
            state.line = null;
            state.failed = new Set(ids);
            fail(error, () => act(path, body, said));
        } finally {
            running--;
            renew();
            await refresh();
        }
    }));
}

export const move = (pictures, to, together) =>
    act("move", {pictures, to, create: true, gesture: together}, `Moved ${pictures.length} to ${to ?? "unsorted"}`);
/** Takes pictures out of a class; one of several labels is open again. */
export const take = (pictures, from) =>
    state.server.several
        ? act("take", {pictures, from}, `Took ${from} off ${pictures.length}`)
        : move(pictures, null);
export const reject = (pictures, to, together) =>
    act(
        "reject",
        {pictures, to, gesture: together},
        `Marked ${pictures.length} as ${to === null ? "complete" : "not " + to}`
    );
export const none = (pictures) => act("none", {pictures}, `Marked ${pictures.length} as none of mine`);
export const remove = (pictures) => act("remove", {pictures}, `Removed ${pictures.length}`);

export function undo() {
    const what = state.line?.ids ? state.line.text : state.server.undo;
    what && act("undo", {}, "Undone: " + what);
}

export async function refresh() {
    try {
        accept(await request("state"));
    } catch (error) {
        fail(error, refresh);
    }
}

function accept(server) {
    const facts = (s) =>
        JSON.stringify({...s, encoded: s?.encoded === s?.total, comparing: !s?.comparing, learning: !s?.learning, working: !s?.working});
    if (!running) {
        if (state.stopped) {
            state.stopped = false;
            state.error = null;
            renew();
        } else if (facts(server) !== facts(state.server)) {
            renew();
        }
        state.server = server;
        redraw();
    }
}

/** Hears of changes, whoever makes them. */
export function connect() {
    const events = new EventSource("/api/events");
    events.addEventListener("state", (e) => accept(JSON.parse(e.data)));
    events.onopen = refresh;
    events.onerror = () => {
        state.stopped = true;
        redraw();
        if (events.readyState === EventSource.CLOSED) {
            setTimeout(connect, 2000);
        }
    };
}

/** Names what a person does with several requests, so that one undo takes all of it back. */
export const gesture = () => crypto.getRandomValues(new Uint32Array(3)).join("-");

/** Adds files, each to its class, which is made if it is new; null is unsorted. */
export async function add(files, together = gesture(), convert = false) {
    const refused = [];
    let [did, there] = [null, 0];
    state.error = null;
    for (const [i, {file, to}] of files.entries()) {
        say(`Adding ${i + 1} of ${files.length}`);
        await request("upload?" + query(to, {file: file.name, gesture: together, convert}), file).then(
            (answer) => (answer.did ? (did = answer.did) : there++),
            (error) => refused.push({file, to, error})
        );
    }
    const also = there && `${there} of ${files.length} ${there === 1 ? "is" : "are"} there already`;
    state.line = null;
    (did || also) && say([did, also].filter(Boolean).join("; "), did && []);
    if (refused.length) {
        const [{file, error}] = refused;
        const text = `${refused.length} of ${files.length} not added. ${file.name}: ${error.error}`;
        fail({...error, error: text}, () => add(refused, together, Boolean(error.converter)));
    }
    await refresh();
}

export const classes = () => state.server.classes;
export const classOf = (of) => classes().find((c) => c.name === of);
export const folder = () => state.server?.folder.split(/[\\/]/).filter(Boolean).pop() ?? "coop4j studio";
const query = (of, more) => new URLSearchParams({...more, ...(of !== null && {class: of})});
export const list = (of, count = 1e6) => data("pictures?" + query(of, {count}));
