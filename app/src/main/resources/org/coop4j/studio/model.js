// The state of the page, in one place. The server is the truth: actions are shown at once and then corrected.

const PAGE = 200;

export const state = {
    server: null, // the last answer of /api/state
    screen: "board",
    open: undefined, // class whose pictures are shown on the board; null: the unsorted ones
    lists: new Map(), // loaded pictures by class
    picked: new Set(),
    anchor: null, // where a range begins
    focus: null, // picture that has or gets the focus
    refocus: false,
    groups: null,
    data: {}, // answers that a screen shows, by path
    dialog: null,
    error: null,
    stopped: false,
    adding: null,
    failed: new Set(),
};

let drawer;
let scheduled = false;
let running = 0;
let latest = null; // settles with the last change
const listeners = new Set();

export const drawWith = (f) => (drawer = f);
export const onRevision = (f) => listeners.add(f);

export function redraw() {
    if (!scheduled) {
        scheduled = true;
        queueMicrotask(() => {
            scheduled = false;
            drawer();
        });
    }
}

export function say(text) {
    document.getElementById("polite").textContent = text;
}

export async function request(path, options) {
    let answer;
    try {
        answer = await fetch("/api/" + path, options);
    } catch {
        state.stopped = true;
        redraw();
        throw Object.assign(new Error("The studio has stopped."), {stopped: true});
    }
    const json = await answer.json().catch(() => ({}));
    if (!answer.ok) {
        const text = json.error ?? `The studio answered with status ${answer.status}.`;
        throw Object.assign(new Error(text), {lost: json.lost, status: answer.status});
    }
    return json;
}

export const post = (path, body) =>
    request(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});

export function fail(error, again) {
    if (!error.stopped) {
        state.error = {text: error.message, lost: error.lost ?? "Nothing is lost.", again};
    }
    redraw();
}

/** Sends a change that is already shown, after those before it, and corrects what is shown by the answer. */
export async function act(path, body, said, again) {
    running++;
    const before = latest;
    let done;
    latest = new Promise((f) => (done = f));
    if (path !== "undo") {
        state.server.undo ??= said ?? path;
    }
    redraw();
    await before;
    try {
        const answer = await post(path, body);
        state.error = null;
        state.failed.clear();
        say(said ?? answer.undo ?? "Done");
        return answer;
    } catch (error) {
        state.failed = new Set(body?.pictures);
        state.lists.forEach((list) => list.pages.clear());
        listeners.forEach((f) => f(true));
        fail(error, again ?? (() => act(path, body, said)));
        return null;
    } finally {
        done();
        running--;
        await refresh();
    }
}

export async function refresh() {
    if (!running) {
        try {
            accept(await request("state"));
        } catch (error) {
            fail(error);
        }
    }
}

function accept(server) {
    if (running) {
        return;
    }
    const before = state.server ?? {};
    const facts = (s) => JSON.stringify([s.revision, s.sentence, s.mistakes, s.suspects, s.encoded === s.total, Boolean(s.learning)]);
    state.server = server;
    state.stopped = false;
    if (server.failure && server.failure !== before.failure) {
        fail(new Error(server.failure));
    }
    if (before.revision !== server.revision) {
        state.lists.forEach((list) => list.pages.clear());
    }
    if (facts(before) !== facts(server)) {
        state.data = {};
        listeners.forEach((f) => f());
    }
    redraw();
}

export function connect() {
    const events = new EventSource("/api/events");
    events.addEventListener("state", (e) => accept(JSON.parse(e.data)));
    events.addEventListener("learning", (e) => {
        if (state.server) {
            state.server.learning = JSON.parse(e.data);
            redraw();
        }
    });
    events.onopen = () => refresh();
    events.onerror = () => {
        state.stopped = true;
        redraw();
        if (events.readyState === EventSource.CLOSED) {
            setTimeout(connect, 2000);
        }
    };
}

/** Returns the answer of a path, undefined while it is loading, null if there is none; changes load it again. */
export function data(path) {
    if (!(path in state.data)) {
        const owner = state.data;
        owner[path] = last[path];
        const keep = (answer) => {
            owner[path] = last[path] = answer;
            redraw();
        };
        request(path).then(keep, (error) => (error.status === 404 ? keep(null) : fail(error, () => delete owner[path])));
    }
    return state.data[path];
}
const last = {};

/** Returns a class's pictures as far as they are loaded, and loads those of an interval. */
export function list(of, from = 0, to = 1) {
    if (!state.lists.has(of)) {
        state.lists.set(of, {total: undefined, items: [], pages: new Set()});
    }
    const found = state.lists.get(of);
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) {
        if (!found.pages.has(page)) {
            found.pages.add(page);
            load(of, found, page);
        }
    }
    return found;
}

async function load(of, found, page) {
    const query = new URLSearchParams({from: page * PAGE, count: PAGE, ...(of !== null && {class: of})});
    try {
        const answer = await request("pictures?" + query);
        found.total = answer.total;
        found.items = found.items.slice(0, answer.total);
        answer.pictures.forEach((p, i) => (found.items[page * PAGE + i] = p));
        redraw();
    } catch (error) {
        fail(error, () => found.pages.delete(page));
    }
}

export const classes = () => state.server?.classes ?? [];
export const classOf = (name) => classes().find((c) => c.name === name);

function shift(ids, from, to) {
    const gone = new Set(ids);
    for (const found of state.lists.values()) {
        const kept = found.items.filter((p) => !gone.has(p.id));
        found.total -= found.items.length - kept.length;
        found.items = kept;
    }
    for (const group of state.groups?.list ?? []) {
        group.pictures = group.pictures.filter((p) => !gone.has(p.id));
    }
    const server = state.server;
    if (from === null) {
        server.unsorted -= ids.length;
    } else if (classOf(from)) {
        classOf(from).pictures -= ids.length;
        classOf(from).thumbnails = classOf(from).thumbnails.filter((id) => !gone.has(id));
    }
    if (to === null) {
        server.unsorted += ids.length;
    } else if (to !== undefined) {
        let target = classOf(to);
        if (!target) {
            target = {name: to, pictures: 0, learnedFrom: 0, tested: 0, known: true, typical: null, thumbnails: []};
            server.classes = [...server.classes, target];
        }
        target.pictures += ids.length;
        target.thumbnails = [...target.thumbnails, ...ids].slice(0, 6);
    }
    ids.forEach((id) => state.picked.delete(id));
}

/** Moves pictures from a class to another; null is unsorted. */
export function move(ids, from, to) {
    const create = to !== null && !classOf(to);
    shift(ids, from, to);
    const said = `Moved ${ids.length} to ${to ?? "unsorted"}`;
    return act("move", {pictures: ids, to, create}, said, () => move(ids, from, to));
}

export function remove(ids, from, said = `Removed ${ids.length}`) {
    shift(ids, from);
    return act("remove", {pictures: ids}, said);
}

export async function undo() {
    if (state.server?.undo) {
        const what = state.server.undo;
        await act("undo", {}, "Undone: " + what);
        listeners.forEach((f) => f(true));
    }
}

/** Every picture of a class, loaded or not. */
export async function everything(of) {
    const query = new URLSearchParams({from: 0, count: 1e6, class: of});
    return (await request("pictures?" + query)).pictures.map((p) => p.id);
}

/** Adds files to their classes; null is unsorted. */
export async function add(files) {
    const adding = (state.adding ??= {done: 0, all: 0});
    adding.all += files.length;
    redraw();
    const queue = [...files];
    const refused = [];
    const worker = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
            const query = new URLSearchParams({file: next.file.name, ...(next.to !== null && {class: next.to})});
            try {
                await request("upload?" + query, {method: "POST", body: next.file});
            } catch (error) {
                refused.push({...next, error});
            }
            adding.done++;
            redraw();
        }
    };
    await Promise.all([worker(), worker(), worker()]);
    if (adding.done === adding.all) {
        state.adding = null;
    }
    say(`Added ${files.length - refused.length}`);
    if (refused.length) {
        const {file, error} = refused[0];
        const others = refused.length > 1 ? ` ${refused.length - 1} more were not added.` : "";
        fail(
            Object.assign(new Error(`${file.name} was not added: ${error.message}${others}`), error),
            () => add(refused),
        );
    }
    await refresh();
    return refused.length === 0;
}
