// SPDX-License-Identifier: MIT OR Apache-2.0
// The page of `fdbg export --format=html`: a call tree to fold, to search and to walk through by time.
"use strict";
(() => {
const $ = (id) => document.getElementById(id);
const began = performance.now();

// ---------------------------------------------------------------- data

// Kinds of nodes, and how a call ended; the numbers are those of the data (export_html.c).
const CALL = 0, BREAKPOINT = 1, PANIC = 2, FUTURE_ENTER = 3, FUTURE_EXIT = 4, THREAD = 5;
const OPEN = 0, RETURNED = 1, UNWOUND = 2, LOST = 3, FAILED = 4;
const PANICKED = 1, CONTEXT = 2;

const about = JSON.parse(document.querySelector("script.about").textContent);
const texts = [];

// A typed array that grows.
class Column {
	constructor(type) { this.a = new type(4096); this.n = 0; }
	push(v) {
		if (this.n === this.a.length) {
			const b = new this.a.constructor(this.n * 2);
			b.set(this.a);
			this.a = b;
		}
		this.a[this.n++] = v;
	}
}

// Nodes: first in the order of the recording, then (arrange) thread by thread, each in the order of its tree.
let kind, how, flags, fn, place, frame, thread, parent, level, t0, t1, values, result, end, bad;
let nNodes = 0;
const argument = new Column(Int32Array);	// name and value in turn; values[i] is where those of node i begin
const sweep = { t: new Column(Float64Array), thread: new Column(Int32Array), depth: new Column(Int32Array) };

function load() {
	const c = { kind: new Column(Uint8Array), how: new Column(Uint8Array), flags: new Column(Uint8Array), fn: new Column(Int32Array),
		place: new Column(Int32Array), frame: new Column(Float64Array), thread: new Column(Int32Array), parent: new Column(Int32Array),
		level: new Column(Int32Array), t0: new Column(Float64Array), t1: new Column(Float64Array), values: new Column(Int32Array),
		count: new Column(Int32Array), result: new Column(Int32Array) };
	const stacks = about.threads.map(() => []), lastFrame = about.threads.map(() => 0);
	let now = 0, group = [];

	// The events of one millisecond are spread over it evenly, so that each has a place of its own.
	function settle() {
		const n = group.length / 2;
		for (let k = 0; k < n; k++) {
			const id = group[2 * k], t = now + k / n;
			if (group[2 * k + 1])
				c.t1.a[id] = t;
			else
				c.t0.a[id] = c.t1.a[id] = t;
			sweep.t.a[sweep.t.n - n + k] = t;
		}
		group = [];
	}
	function event(id, ends, th) {
		group.push(id, ends);
		sweep.t.push(0);
		sweep.thread.push(th);
		sweep.depth.push(stacks[th].length);
	}
	function add(k, th, f, pl, fr, fl) {
		const stack = stacks[th], id = c.kind.n;
		c.kind.push(k); c.how.push(OPEN); c.flags.push(fl); c.fn.push(f); c.place.push(pl); c.frame.push(fr); c.thread.push(th);
		c.parent.push(stack.length ? stack[stack.length - 1] : -1); c.level.push(stack.length);
		c.t0.push(0); c.t1.push(0); c.values.push(argument.n); c.result.push(-1);
		return id;
	}
	function takeValues(e, i) {
		const n = e[i++];
		c.count.push(n);
		for (let k = 0; k < 2 * n; k++)
			argument.push(e[i++]);
		return i;
	}
	for (const element of document.querySelectorAll("script.chunk")) {
		const chunk = JSON.parse(element.textContent), e = chunk.e;
		for (const text of chunk.s)
			texts.push(text);
		element.textContent = "";
		for (let i = 0; i < e.length;) {
			const what = e[i], th = e[i + 2];
			if (e[i + 1]) {
				settle();
				now += e[i + 1];
			}
			if (what === 0) {
				lastFrame[th] += e[i + 5] + 1;
				const id = add(CALL, th, e[i + 3], e[i + 4], lastFrame[th], e[i + 6] ? CONTEXT : 0);
				stacks[th].push(id);
				event(id, 0, th);
				i = takeValues(e, i + 7);
			} else if (what === 1) {
				const id = stacks[th].pop();
				c.how.a[id] = e[i + 3];
				c.result.a[id] = e[i + 4];
				event(id, 1, th);
				i += 5;
			} else {
				const note = [BREAKPOINT, PANIC, FUTURE_ENTER, FUTURE_EXIT][e[i + 3]], stack = stacks[th];
				if (note === PANIC && stack.length)
					c.flags.a[stack[stack.length - 1]] |= PANICKED;
				const id = add(note, th, -1, -1, 0, 0);
				event(id, 0, th);
				i = takeValues(e, i + 4);
			}
		}
	}
	settle();
	arrange(c);
}

// Sorts the nodes by thread, with a node for each thread above its own.
function arrange(c) {
	const n = c.kind.n, nThreads = about.threads.length, starts = new Int32Array(nThreads + 1), map = new Int32Array(n);
	for (let i = 0; i < n; i++)
		starts[c.thread.a[i] + 1]++;
	for (let th = 0; th < nThreads; th++)
		starts[th + 1] += starts[th];
	const next = starts.slice();
	nNodes = n + nThreads;
	for (let i = 0; i < n; i++)
		map[i] = next[c.thread.a[i]]++ + c.thread.a[i] + 1;
	const make = (type, from, fill = 0) => {
		const to = new type(nNodes).fill(fill);
		if (from)
			for (let i = 0; i < n; i++)
				to[map[i]] = from.a[i];
		return to;
	};
	kind = make(Uint8Array, c.kind); how = make(Uint8Array, c.how, OPEN); flags = make(Uint8Array, c.flags);
	fn = make(Int32Array, c.fn, -1); place = make(Int32Array, c.place, -1); frame = make(Float64Array, c.frame);
	thread = make(Int32Array, c.thread); t0 = make(Float64Array, c.t0); t1 = make(Float64Array, c.t1);
	values = make(Int32Array, c.values); nValues = make(Int32Array, c.count); result = make(Int32Array, c.result, -1);
	level = make(Int32Array, c.level); parent = new Int32Array(nNodes).fill(-1);
	const single = nThreads < 2 ? 0 : 1;
	for (let i = 0; i < n; i++) {
		const at = map[i], th = c.thread.a[i];
		level[at] += single;
		parent[at] = c.parent.a[i] < 0 ? starts[th] + th : map[c.parent.a[i]];
	}
	for (let th = 0; th < nThreads; th++) {
		const at = starts[th] + th, last = starts[th + 1] + th;
		kind[at] = THREAD;
		thread[at] = th;
		threadNode.push(at);
		if (last > at)
			t0[at] = t0[at + 1];
	}
	end = new Int32Array(nNodes);
	bad = new Uint8Array(nNodes);	// 1: it went wrong, 2: something in it did
	for (let i = nNodes - 1; i >= 0; i--) {
		if (!end[i])
			end[i] = i + 1;
		if (kind[i] === PANIC || (kind[i] === CALL && (how[i] === FAILED || how[i] === UNWOUND || (flags[i] & PANICKED))))
			bad[i] |= 1;
		const p = parent[i];
		if (p < 0)
			continue;
		end[p] = Math.max(end[p], end[i]);
		t1[p] = Math.max(t1[p], t1[i]);
		if (bad[i])
			bad[p] |= 2;
	}
	for (let i = 0; i < nNodes; i++)
		if (bad[i] & 1 && !(kind[i] === PANIC && parent[i] >= 0 && bad[parent[i]] & 1))
			errors.push(i);
}
let nValues;
const threadNode = [], errors = [];

// ---------------------------------------------------------------- text

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const html = (s) => s.replace(/[&<>"]/g, (ch) => escapes[ch]);
const plural = (n, one, more = one + "s") => n.toLocaleString("en") + " " + (n === 1 ? one : more);

// Where the path of a function ends and its own name begins: the last :: outside of brackets.
function splitName(name) {
	let depth = 0;
	for (let i = name.length - 1; i > 0; i--) {
		const ch = name[i];
		if (ch === ">" && name[i - 1] !== "-")
			depth++;
		else if (ch === "<")
			depth--;
		else if (ch === ":" && name[i - 1] === ":" && depth === 0 && name[i + 1] !== "{")
			return i + 1;
	}
	return 0;
}

function marked(s) {
	if (!search.pattern || !search.query)
		return html(s);
	let out = "", last = 0;
	for (const m of s.matchAll(search.pattern)) {
		out += html(s.slice(last, m.index)) + "<mark>" + html(m[0]) + "</mark>";
		last = m.index + m[0].length;
	}
	return out + html(s.slice(last));
}

const tokens = /("(?:[^"\\]|\\.)*"?|'(?:[^'\\\n]|\\[^\n]+?)')|(\bErr\b)|(<(?:unreadable|optimized out)>)|(-?\b\d[\w.]*\b)/g;
// A value with its strings and numbers set off.
function coloured(s) {
	let out = "", last = 0;
	for (const m of s.matchAll(tokens)) {
		out += marked(s.slice(last, m.index));
		out += "<span class=\"" + (m[1] ? "str" : m[2] ? "err" : m[3] ? "odd" : "num") + "\">" + marked(m[0]) + "</span>";
		last = m.index + m[0].length;
	}
	return out + marked(s.slice(last));
}

// {:?} on several lines, much as {:#?} would be: what is long is broken at its brackets and commas.
function pretty(s) {
	if (s.length < 60)
		return s;
	let out = "", depth = 0, i = 0;
	const line = () => "\n" + "    ".repeat(Math.min(depth, 40));
	while (i < s.length && out.length < 40000) {
		const ch = s[i];
		if (ch === '"' || (ch === "'" && /^'(?:[^'\\]|\\[^']+)'/.test(s.slice(i, i + 14)))) {
			let j = i + 1;
			while (j < s.length && s[j] !== ch)
				j += s[j] === "\\" ? 2 : 1;
			out += s.slice(i, j + 1);
			i = j + 1;
			continue;
		}
		if ("([{".includes(ch)) {
			const close = ")]}"["([{".indexOf(ch)], next = s.indexOf(close, i), inner = s.slice(i + 1, next);
			if (next > 0 && next - i < 50 && !/[([{"']/.test(inner)) {
				out += s.slice(i, next + 1);
				i = next + 1;
				continue;
			}
			depth++;
			out += ch + line();
			i++;
			while (s[i] === " ")
				i++;
			continue;
		}
		if (")]}".includes(ch)) {
			depth = Math.max(0, depth - 1);
			out = out.replace(/ +$/, "") + line() + ch;
			i++;
			continue;
		}
		if (ch === "," && s[i + 1] === " ") {
			out += depth ? "," + line() : ", ";
			i += 2;
			continue;
		}
		out += ch;
		i++;
	}
	return out;
}

function span(ms) {
	if (ms < 1000)
		return ms.toFixed(0) + " ms";
	if (ms < 60000)
		return (ms / 1000).toFixed(3) + " s";
	return Math.floor(ms / 60000) + " min " + ((ms % 60000) / 1000).toFixed(1) + " s";
}
const clock = (ms) => new Date(about.start + Math.floor(ms)).toISOString();
// Milliseconds are all that a recording knows.
const took = (i) => Math.floor(t1[i]) - Math.floor(t0[i]);

const LIMIT = 160;
function valueHtml(i, k, id, failed) {
	let s = texts[id];
	if (s.length > LIMIT)
		s = s.slice(0, LIMIT) + "…";
	return "<span class=\"value" + (failed ? " err" : "") + "\" data-node=\"" + i + "\" data-value=\"" + k + "\">" + coloured(s) + "</span>";
}

const noteNames = { [BREAKPOINT]: "dbg!", [PANIC]: "panicked", [FUTURE_ENTER]: "future enter", [FUTURE_EXIT]: "future exit" };

function nodeName(i) {
	if (kind[i] === THREAD)
		return about.threads[thread[i]];
	return kind[i] === CALL ? texts[fn[i]] : noteNames[kind[i]];
}

function valuesHtml(i, between) {
	let out = "";
	for (let k = 0; k < nValues[i] && k < 30; k++) {
		const at = values[i] + 2 * k;
		out += (k ? "<span class=\"punct\">, </span>" : "") + "<span class=\"argument\">" + html(texts[argument.a[at]]) +
			"</span><span class=\"punct\">" + between + "</span>" + valueHtml(i, k, argument.a[at + 1], false);
	}
	return nValues[i] > 30 ? out + "<span class=\"punct\">, …</span>" : out;
}

function textHtml(i) {
	if (kind[i] === THREAD)
		return "<span class=\"thread\">" + html(nodeName(i)) + "</span>";
	if (kind[i] !== CALL)
		return "<span class=\"" + (kind[i] === PANIC ? "err" : "path") + "\">" + noteNames[kind[i]] + "</span> " + valuesHtml(i, " = ");
	const name = texts[fn[i]], at = splitName(name);
	let out = "<span class=\"path\">" + marked(name.slice(0, at)) + "</span><span class=\"name\">" + marked(name.slice(at)) +
		"</span><span class=\"punct\">(</span>" + valuesHtml(i, "=") + "<span class=\"punct\">)</span>";
	if (how[i] === OPEN)
		out += " <span class=\"odd\">…</span>";
	else if (result[i] >= 0)
		out += "<span class=\"punct\"> → </span>" + valueHtml(i, -1, result[i], false);
	return out;
}

function badgesHtml(i) {
	let out = "";
	if (flags[i] & CONTEXT)
		out += "<span class=\"badge soft\">context</span>";
	if (flags[i] & PANICKED)
		out += "<span class=\"badge\">panicked</span>";
	if (how[i] === UNWOUND)
		out += "<span class=\"badge\">unwound</span>";
	if (how[i] === LOST)
		out += "<span class=\"badge\">return not recorded</span>";
	if (kind[i] === CALL && level[i] > MAX_INDENT)
		out += "<span class=\"badge soft\">level " + level[i] + "</span>";
	return out;
}

// ---------------------------------------------------------------- the tree

const ROW = 22, MAX_INDENT = 40, INDENT = 15, MAX_HEIGHT = 8e6;
const tree = $("tree"), space = $("space"), rowsElement = $("rows");
let open, keep = null, rows = new Int32Array(0), nRows = 0, selected = -1;
const multi = about.threads.length > 1;

function hasShownChildren(i) {
	if (end[i] === i + 1)
		return false;
	if (!keep)
		return true;
	for (let k = i + 1; k < end[i]; k = end[k])
		if (keep[k])
			return true;
	return false;
}

// Which nodes are rows: those whose callers are all unfolded, and that are kept.
function layout() {
	if (rows.length < nNodes)
		rows = new Int32Array(nNodes);
	nRows = 0;
	for (let i = 0; i < nNodes;) {
		if (keep && !keep[i]) {
			i = end[i];
			continue;
		}
		if (multi || kind[i] !== THREAD)
			rows[nRows++] = i;
		i = open[i] ? i + 1 : end[i];
	}
	space.style.height = Math.max(Math.min(nRows * ROW, MAX_HEIGHT), 1) + "px";
}

// The row of a node, by bisection: rows are in the order of nodes. -1: it is none.
function rowOf(node) {
	let low = 0, high = nRows - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		if (rows[middle] === node)
			return middle;
		if (rows[middle] < node)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

// Browsers limit how high an element can be: above that, one pixel of the scroll bar is several rows or parts of one.
// So the place that was gone to is remembered as long as the scroll bar stays where it was put for it.
const scaled = () => nRows * ROW > MAX_HEIGHT;
const shown = () => Math.ceil(tree.clientHeight / ROW);
const lastTop = () => Math.max(0, nRows - tree.clientHeight / ROW);
let exact = { row: 0, scroll: -1 };
function firstRow() {
	if (!scaled())
		return tree.scrollTop / ROW;
	if (tree.scrollTop === exact.scroll)
		return exact.row;
	return tree.scrollTop / (MAX_HEIGHT - tree.clientHeight) * lastTop();
}
function scrollToRow(row) {
	row = Math.max(0, Math.min(row, lastTop()));
	tree.scrollTop = scaled() ? Math.round(row / lastTop() * (MAX_HEIGHT - tree.clientHeight)) : row * ROW;
	exact = { row, scroll: tree.scrollTop };
}

let drawPending = false;
function draw() {
	if (drawPending)
		return;
	drawPending = true;
	requestAnimationFrame(() => {
		drawPending = false;
		drawRows();
		drawBar();
	});
}

function drawRows() {
	const first = firstRow(), from = Math.max(0, Math.floor(first) - 4), to = Math.min(nRows, Math.ceil(first) + shown() + 5);
	let out = "";
	for (let r = from; r < to; r++) {
		const i = rows[r], folds = hasShownChildren(i);
		out += "<div class=\"row" + (i === selected ? " selected" : "") + (bad[i] & 1 ? " failed" : bad[i] ? " inside" : "") +
			(flags[i] & CONTEXT ? " context" : "") + "\" role=\"treeitem\" id=\"row" + i + "\" data-node=\"" + i + "\" aria-level=\"" +
			(level[i] + 1) + "\"" + (folds ? " aria-expanded=\"" + !!open[i] + "\"" : "") + " aria-selected=\"" + (i === selected) +
			"\" style=\"padding-left:" + (6 + Math.min(level[i], MAX_INDENT) * INDENT) + "px\"><span class=\"twist\">" +
			(folds ? (open[i] ? "▼" : "▶") : "") + "</span><span class=\"text\">" + textHtml(i) + "</span>" + badgesHtml(i) +
			(folds && !open[i] ? "<span class=\"badge soft\">" + (end[i] - i - 1).toLocaleString("en") + "</span>" : "") +
			(kind[i] === CALL || kind[i] === THREAD ? "<span class=\"took\">" + (took(i) ? span(took(i)) : "") + "</span>" : "") + "</div>";
	}
	rowsElement.innerHTML = out;
	rowsElement.style.transform = "translateY(" + (scaled() ? tree.scrollTop - (first - from) * ROW : from * ROW) + "px)";
	if (selected >= 0 && document.getElementById("row" + selected))
		tree.setAttribute("aria-activedescendant", "row" + selected);
	else
		tree.removeAttribute("aria-activedescendant");
	drawCrumbs(rows[Math.min(nRows - 1, Math.floor(first))]);
}

function drawCrumbs(node) {
	const names = [];
	for (let p = nRows ? parent[node] : -1; p >= 0 && names.length < 60; p = parent[p])
		if (kind[p] === CALL || multi) {
			const name = nodeName(p);
			names.push(kind[p] === CALL ? name.slice(splitName(name)) : name);
		}
	$("crumbs").textContent = "\u200e" + names.reverse().join(" › ");
}

function setOpen(i, to) {
	if (!!open[i] === to || end[i] === i + 1)
		return;
	open[i] = to ? 1 : 0;
	layout();
	draw();
}

function openUnder(i, to) {
	for (let k = i; k < end[i]; k++)
		open[k] = to ? 1 : kind[k] === THREAD ? 1 : 0;
}

function select(i, scroll = true) {
	selected = i;
	const row = rowOf(i);
	if (scroll && row >= 0) {
		const first = firstRow(), n = tree.clientHeight / ROW;
		if (row < first)
			scrollToRow(row < first - n ? row - n / 3 : row);
		else if (row > first + n - 1)
			scrollToRow(row > first + 2 * n ? row - n / 3 : row - n + 1);
	}
	drawDetail();
	draw();
}

// Makes a node a row, whatever is folded or filtered, and goes there.
function reveal(i) {
	if (keep && !keep[i])
		clearFilters();
	for (let p = parent[i]; p >= 0; p = parent[p])
		open[p] = 1;
	layout();
	select(i);
}

// Unfolds level by level as long as what is unfolded can be taken in.
function openSome() {
	const counts = [];
	for (let i = 0; i < nNodes; i++)
		counts[level[i]] = (counts[level[i]] || 0) + 1;
	let total = 0, depth = 0;
	while (depth < counts.length && total + counts[depth] <= 200)
		total += counts[depth++];
	for (let i = 0; i < nNodes; i++)
		open[i] = kind[i] === THREAD || level[i] < Math.max(depth - 1, 1) ? 1 : 0;
}

// ---------------------------------------------------------------- search and errors

const search = { query: "", pattern: null, matches: new Int32Array(0), n: 0, is: null };

function runSearch() {
	const query = $("query").value, scope = $("scope").value;
	search.query = query;
	search.pattern = null;
	search.is = null;
	search.n = 0;
	if (query) {
		// Small letters find large ones as well.
		const source = query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), insensitive = query === query.toLowerCase();
		search.pattern = new RegExp(source, insensitive ? "gi" : "g");
		const test = new RegExp(source, insensitive ? "i" : ""), hit = new Uint8Array(texts.length);
		for (let i = 0; i < texts.length; i++)
			hit[i] = test.test(texts[i]) ? 1 : 0;
		search.is = new Uint8Array(nNodes);
		search.matches = new Int32Array(nNodes);
		const functions = scope !== "value", inValues = scope !== "function";
		for (let i = 0; i < nNodes; i++) {
			let found = functions && fn[i] >= 0 && hit[fn[i]];
			if (inValues && !found) {
				found = result[i] >= 0 && hit[result[i]];
				for (let k = 0; k < nValues[i] && !found; k++)
					found = hit[argument.a[values[i] + 2 * k + 1]];
			}
			if (found) {
				search.is[i] = 1;
				search.matches[search.n++] = i;
			}
		}
	}
	filter();
	showCount();
}

function showCount() {
	const count = $("count");
	if (!search.query) {
		count.textContent = "";
	} else if (!search.n) {
		count.textContent = "no match";
	} else {
		const at = indexAtOrAfter(search.matches, search.n, selected);
		count.textContent = (selected >= 0 && search.matches[at] === selected ? (at + 1).toLocaleString("en") + " of " : "") + plural(search.n, "match", "matches");
	}
}

function indexAtOrAfter(list, n, node) {
	let low = 0, high = n;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (list[middle] < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// To the next node of a sorted list, or the one before; around at the ends.
function step(list, n, back) {
	if (!n)
		return;
	let at = indexAtOrAfter(list, n, selected);
	if (back)
		at = (at + n - 1) % n;
	else if (selected >= 0 && list[at] === selected)
		at++;
	reveal(list[at % n]);
	showCount();
}

function stepFunction(back) {
	if (selected < 0 || kind[selected] !== CALL)
		return;
	for (let k = 1; k <= nNodes; k++) {
		const i = (selected + (back ? nNodes - k : k)) % nNodes;
		if (fn[i] === fn[selected] && kind[i] === CALL) {
			reveal(i);
			return;
		}
	}
}

// What is kept: errors or matches, and what is around them.
function filter() {
	const onlyErrors = $("only-errors").checked, onlyMatches = $("only-matches").checked && search.query;
	const top = nRows ? rows[Math.min(nRows - 1, Math.floor(firstRow()))] : 0;
	if (!onlyErrors && !onlyMatches) {
		keep = null;
	} else {
		keep = new Uint8Array(nNodes);
		for (let i = nNodes - 1; i >= 0; i--) {
			if ((!onlyErrors || bad[i] & 1) && (!onlyMatches || search.is[i]))
				keep[i] = 1;
			if (keep[i] && parent[i] >= 0) {
				keep[parent[i]] = 1;
				open[parent[i]] = 1;
			}
		}
	}
	layout();
	const row = rowOf(selected >= 0 ? selected : top);
	if (row >= 0 && (row < firstRow() || row > firstRow() + shown() - 2))
		scrollToRow(row - 5);
	draw();
}

function clearFilters() {
	$("only-errors").checked = $("only-matches").checked = false;
	keep = null;
}

// ---------------------------------------------------------------- the chosen call

function drawDetail() {
	const i = selected, detail = $("detail");
	if (i < 0) {
		detail.innerHTML = "<p class=\"empty\">Choose a call to see all of it.</p>";
		return;
	}
	let out = "<h2>" + html(nodeName(i)) + "</h2><dl>";
	const row = (name, value) => { out += "<dt>" + name + "</dt><dd>" + value + "</dd>"; };
	if (place[i] >= 0)
		row("source", html(texts[place[i]]));
	if (kind[i] !== THREAD)
		row("thread", html(about.threads[thread[i]]));
	if (kind[i] === CALL)
		row("frame", frame[i] + ", depth " + (level[i] - (multi ? 1 : 0)));
	row("began", span(Math.floor(t0[i]) + about.start - about.origin) + " · " + clock(t0[i]));
	if (kind[i] === CALL || kind[i] === THREAD)
		row("took", took(i) ? span(took(i)) : "less than 1 ms");
	if (end[i] > i + 1)
		row("inside", plural(end[i] - i - 1, "line"));
	out += "</dl>";
	const states = { [OPEN]: "It did not return in this recording.", [UNWOUND]: "A panic left this call.", [LOST]: "Its return was not recorded." };
	if (flags[i] & PANICKED)
		out += "<p class=\"state\">A panic began in this call.</p>";
	if (kind[i] === CALL && states[how[i]])
		out += "<p class=\"" + (how[i] === OPEN ? "empty" : "state") + "\">" + states[how[i]] + "</p>";
	if (flags[i] & CONTEXT)
		out += "<p class=\"empty\">It lies around the part that was exported.</p>";
	if (nValues[i])
		out += "<h3>" + (kind[i] === CALL ? "arguments" : "values") + "</h3>";
	for (let k = 0; k < nValues[i] && k < 200; k++) {
		const at = values[i] + 2 * k;
		out += "<div class=\"argument\">" + html(texts[argument.a[at]]) + "</div><pre>" + coloured(pretty(texts[argument.a[at + 1]])) + "</pre>";
	}
	if (result[i] >= 0)
		out += "<h3>returned</h3><pre" + (how[i] === FAILED ? " class=\"failed\"" : "") + ">" + coloured(pretty(texts[result[i]])) + "</pre>";
	const callers = [];
	for (let p = parent[i]; p >= 0 && callers.length < 50; p = parent[p])
		if (kind[p] === CALL)
			callers.push(p);
	if (callers.length)
		out += "<h3>called by</h3>" + callers.map((p) => "<button type=\"button\" class=\"jump\" data-node=\"" + p + "\">" + html(nodeName(p)) + "</button>").join("");
	detail.innerHTML = out;
	detail.scrollTop = 0;
}

// ---------------------------------------------------------------- the time bar

const bar = $("bar"), total = () => Math.max(1, Math.ceil(lastTime + 1e-9));
let lastTime = 0, view0 = 0, view1 = 1, columns = null;

// For each column of pixels and each lane, how deep the calls were at most; errors by column.
function measure(width) {
	const lanes = Math.min(about.threads.length, 6), depths = [], red = new Uint8Array(width), scale = width / (view1 - view0);
	for (let k = 0; k < lanes; k++)
		depths.push(new Int32Array(width));
	const column = (t) => Math.floor((t - view0) * scale), lastColumn = new Int32Array(about.threads.length), now = new Int32Array(about.threads.length);
	const fill = (th, to) => {
		const lane = depths[Math.min(th, lanes - 1)];
		for (let x = Math.max(0, lastColumn[th]); x <= to && x < width; x++)
			if (now[th] > lane[x])
				lane[x] = now[th];
		lastColumn[th] = to;
	};
	for (let k = 0; k < sweep.t.n; k++) {
		const x = column(sweep.t.a[k]), th = sweep.thread.a[k];
		if (x > lastColumn[th])
			fill(th, x);
		now[th] = sweep.depth.a[k];
		if (x >= 0 && x < width) {
			const lane = depths[Math.min(th, lanes - 1)];
			if (now[th] > lane[x])
				lane[x] = now[th];
		}
	}
	for (const i of errors) {
		const x = column(t1[i]);
		if (x >= 0 && x < width)
			red[x] = 1;
	}
	return { width, view0, view1, depths, red };
}

function drawBar() {
	const ratio = window.devicePixelRatio || 1, width = Math.max(1, Math.round(bar.clientWidth * ratio));
	const height = Math.max(1, Math.round(bar.clientHeight * ratio)), g = bar.getContext("2d");
	if (bar.width !== width || bar.height !== height) {
		bar.width = width;
		bar.height = height;
	}
	if (!columns || columns.width !== width || columns.view0 !== view0 || columns.view1 !== view1)
		columns = measure(width);
	const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name).trim();
	g.clearRect(0, 0, width, height);
	const laneHeight = height / columns.depths.length;
	columns.depths.forEach((lane, k) => {
		let deepest = 1;
		for (const d of lane)
			deepest = Math.max(deepest, d);
		const base = (k + 1) * laneHeight - 1, unit = (laneHeight - 4 * ratio) / deepest;
		g.fillStyle = colour("--wave");
		g.strokeStyle = colour("--wave-line");
		g.lineWidth = ratio;
		g.beginPath();
		g.moveTo(0, base);
		for (let x = 0; x < width; x++) {
			g.lineTo(x, base - lane[x] * unit);
			g.lineTo(x + 1, base - lane[x] * unit);
		}
		g.lineTo(width, base);
		g.fill();
		g.stroke();
	});
	g.fillStyle = colour("--bad");
	for (let x = 0; x < width; x++)
		if (columns.red[x])
			g.fillRect(x - ratio / 2, 0, ratio * 1.5, height);
	const at = (t) => (t - view0) / (view1 - view0) * width;
	if (nRows) {
		// What is on the screen.
		let from = Infinity, to = -Infinity;
		const first = Math.floor(firstRow());
		for (let r = first; r < Math.min(nRows, first + shown()); r++) {
			from = Math.min(from, t0[rows[r]]);
			to = Math.max(to, t0[rows[r]]);
		}
		g.fillStyle = colour("--shade");
		g.fillRect(at(from), 0, Math.max(2, at(to) - at(from)), height);
	}
	if (selected >= 0) {
		g.fillStyle = colour("--accent");
		g.globalAlpha = 0.18;
		g.fillRect(at(t0[selected]), 0, Math.max(1, at(t1[selected]) - at(t0[selected])), height);
		g.globalAlpha = 1;
		g.fillRect(at(t0[selected]) - ratio, 0, 2 * ratio, height);
		bar.setAttribute("aria-valuenow", (t0[selected] / total() * 100).toFixed(1));
		bar.setAttribute("aria-valuetext", span(Math.floor(t0[selected])));
	}
	const offset = about.start - about.origin;
	$("bar-text").innerHTML = "<span>" + span(Math.floor(view0) + offset) + "</span><span>" + span(Math.floor((view0 + view1) / 2) + offset) +
		"</span><span>" + span(Math.floor(view1) + offset) + "</span>";
}

// The innermost call at a time, in the thread of the lane or in the one that did something last before it.
function nodeAt(t, lane) {
	const lanes = Math.min(about.threads.length, 6);
	let best = -1;
	for (let th = lane; th < about.threads.length; th += lane < lanes - 1 ? about.threads.length : 1) {
		let low = threadNode[th] + 1, high = end[threadNode[th]];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (t0[middle] <= t)
				low = middle + 1;
			else
				high = middle;
		}
		let i = low - 1;
		while (i > threadNode[th] && t1[i] < t && parent[i] > threadNode[th])
			i = parent[i];
		if (i > threadNode[th] && (best < 0 || t0[i] > t0[best]))
			best = i;
	}
	return best >= 0 ? best : threadNode[lane] + 1 < nNodes ? threadNode[lane] + 1 : -1;
}

function goTo(event) {
	const box = bar.getBoundingClientRect(), x = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
	const lanes = Math.min(about.threads.length, 6), lane = Math.max(0, Math.min(lanes - 1, Math.floor((event.clientY - box.top) / box.height * lanes)));
	const i = nodeAt(view0 + x * (view1 - view0), lane);
	if (i >= 0 && i < nNodes)
		reveal(i);
}

function zoom(event) {
	event.preventDefault();
	const box = bar.getBoundingClientRect(), x = (event.clientX - box.left) / box.width, at = view0 + x * (view1 - view0);
	const size = Math.max(0.01, Math.min(total(), (view1 - view0) * Math.exp(event.deltaY * 0.002)));
	view0 = Math.max(0, Math.min(total() - size, at - x * size));
	view1 = view0 + size;
	draw();
}

// ---------------------------------------------------------------- what the user does

function move(by) {
	const row = rowOf(selected);
	if (nRows)
		select(rows[Math.max(0, Math.min(nRows - 1, row < 0 ? Math.floor(firstRow()) : row + by))]);
}

const treeKeys = {
	ArrowDown: () => move(1), ArrowUp: () => move(-1),
	PageDown: () => move(shown() - 2), PageUp: () => move(2 - shown()),
	Home: () => nRows && select(rows[0]), End: () => nRows && select(rows[nRows - 1]),
	ArrowRight: () => {
		if (selected >= 0 && hasShownChildren(selected)) {
			if (open[selected])
				move(1);
			else
				setOpen(selected, true);
		}
	},
	ArrowLeft: () => {
		if (selected >= 0 && open[selected] && hasShownChildren(selected))
			setOpen(selected, false);
		else if (selected >= 0 && rowOf(parent[selected]) >= 0)
			select(parent[selected]);
	},
	" ": () => selected >= 0 && setOpen(selected, !open[selected]),
	"*": () => { if (selected >= 0) { openUnder(selected, true); layout(); draw(); } },
};
treeKeys.Enter = treeKeys[" "];

const pageKeys = {
	"/": () => { $("query").focus(); $("query").select(); },
	n: () => step(search.matches, search.n, false), N: () => step(search.matches, search.n, true),
	e: () => step(errors, errors.length, false), E: () => step(errors, errors.length, true),
	f: () => stepFunction(false), F: () => stepFunction(true),
	t: () => switchTheme(), "?": () => $("help").showModal(),
};

function switchTheme() {
	const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
	root.dataset.theme = dark ? "light" : "dark";
	try {
		localStorage.setItem("fdbg-theme", root.dataset.theme);
	} catch (e) { /* a page from a file may have no storage */ }
	draw();
}

let tipTimer = 0;
function showTip(element, x, y) {
	const i = +element.dataset.node, k = +element.dataset.value, tip = $("tip");
	const name = k < 0 ? "returned" : texts[argument.a[values[i] + 2 * k]], value = k < 0 ? texts[result[i]] : texts[argument.a[values[i] + 2 * k + 1]];
	tip.innerHTML = "<div class=\"label\">" + html(name) + "</div><pre>" + coloured(pretty(value).slice(0, 4000)) + "</pre>";
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - box.width - 8)) + "px";
	tip.style.top = (y + 18 + box.height < innerHeight ? y + 18 : Math.max(4, y - box.height - 8)) + "px";
}
function hideTip() {
	clearTimeout(tipTimer);
	$("tip").hidden = true;
}

function listen() {
	tree.addEventListener("scroll", () => { hideTip(); draw(); }, { passive: true });
	tree.addEventListener("wheel", (event) => {
		if (!scaled() || event.ctrlKey)
			return;
		event.preventDefault();
		scrollToRow(firstRow() + event.deltaY * (event.deltaMode === 1 ? 1 : event.deltaMode === 2 ? shown() : 1 / ROW));
		draw();
	}, { passive: false });
	tree.addEventListener("click", (event) => {
		const row = event.target.closest(".row");
		if (!row)
			return;
		const i = +row.dataset.node;
		if (event.target.closest(".twist"))
			setOpen(i, !open[i]);
		select(i, false);
		showCount();
	});
	tree.addEventListener("dblclick", (event) => {
		const row = event.target.closest(".row");
		if (row && !event.target.closest(".twist"))
			setOpen(+row.dataset.node, !open[+row.dataset.node]);
	});
	tree.addEventListener("keydown", (event) => {
		const action = treeKeys[event.key];
		if (!action || event.ctrlKey || event.altKey || event.metaKey)
			return;
		event.preventDefault();
		event.stopPropagation();
		action();
		showCount();
	});
	tree.addEventListener("mouseover", (event) => {
		const value = event.target.closest(".value");
		hideTip();
		if (value)
			tipTimer = setTimeout(() => showTip(value, event.clientX, event.clientY), 180);
	});
	tree.addEventListener("mouseleave", hideTip);
	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.altKey || event.metaKey || $("help").open || /^(INPUT|SELECT)$/.test(event.target.tagName))
			return;
		const action = pageKeys[event.key];
		if (action) {
			event.preventDefault();
			action();
		}
	});
	let typing = 0;
	$("query").addEventListener("input", () => {
		clearTimeout(typing);
		typing = setTimeout(runSearch, nNodes > 200000 ? 150 : 30);
	});
	$("query").addEventListener("keydown", (event) => {
		if (event.key === "Enter") {
			event.preventDefault();
			clearTimeout(typing);
			if ($("query").value !== search.query)
				runSearch();
			step(search.matches, search.n, event.shiftKey);
		} else if (event.key === "Escape") {
			tree.focus();
		} else if (event.key === "ArrowDown") {
			event.preventDefault();
			tree.focus();
			move(0);
		}
	});
	$("scope").addEventListener("change", runSearch);
	$("next").addEventListener("click", () => step(search.matches, search.n, false));
	$("previous").addEventListener("click", () => step(search.matches, search.n, true));
	const stepError = (back) => { step(errors, errors.length, back); tree.focus(); };
	$("error-next").addEventListener("click", () => stepError(false));
	$("error-previous").addEventListener("click", () => stepError(true));
	$("only-matches").addEventListener("change", filter);
	$("only-errors").addEventListener("change", filter);
	const all = (to) => {
		for (const th of threadNode)
			openUnder(th, to);
		layout();
		if (selected >= 0 && rowOf(selected) >= 0)
			select(selected);
		tree.focus();
		draw();
	};
	$("unfold").addEventListener("click", () => all(true));
	$("fold").addEventListener("click", () => all(false));
	$("theme").addEventListener("click", switchTheme);
	$("help-button").addEventListener("click", () => $("help").showModal());
	$("detail").addEventListener("click", (event) => {
		const jump = event.target.closest(".jump");
		if (jump) {
			reveal(+jump.dataset.node);
			tree.focus();
		}
	});
	bar.addEventListener("pointerdown", (event) => { bar.setPointerCapture(event.pointerId); goTo(event); });
	bar.addEventListener("pointermove", (event) => { if (event.buttons & 1) goTo(event); });
	bar.addEventListener("wheel", zoom, { passive: false });
	bar.addEventListener("dblclick", () => { view0 = 0; view1 = total(); draw(); });
	bar.addEventListener("keydown", (event) => {
		const stepSize = (view1 - view0) / 100, now = selected >= 0 ? t0[selected] : view0;
		const to = { ArrowRight: now + stepSize, ArrowLeft: now - stepSize, PageDown: now + 10 * stepSize, PageUp: now - 10 * stepSize,
			Home: 0, End: lastTime }[event.key];
		if (to === undefined)
			return;
		event.preventDefault();
		const lanes = Math.min(about.threads.length, 6), i = nodeAt(Math.max(0, Math.min(lastTime, to)), selected >= 0 ? Math.min(thread[selected], lanes - 1) : 0);
		if (i >= 0 && i < nNodes)
			reveal(i);
	});
	const split = $("split");
	split.addEventListener("pointerdown", (event) => split.setPointerCapture(event.pointerId));
	split.addEventListener("pointermove", (event) => {
		if (event.buttons & 1)
			$("detail").style.width = Math.max(180, Math.min(innerWidth - 240, innerWidth - event.clientX)) + "px";
	});
	addEventListener("resize", draw);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function drawFacts() {
	let calls = 0, failed = 0, panics = 0, unended = 0;
	for (let i = 0; i < nNodes; i++) {
		calls += kind[i] === CALL;
		failed += kind[i] === CALL && how[i] === FAILED;
		panics += kind[i] === PANIC;
		unended += kind[i] === CALL && how[i] === OPEN;
	}
	const facts = [];
	const fact = (text, isBad) => facts.push("<span" + (isBad ? " class=\"bad\"" : "") + ">" + text + "</span>");
	const bold = (n, one, more) => "<b>" + n.toLocaleString("en") + "</b> " + (n === 1 ? one : more);
	fact(bold(calls, "call", "calls"));
	if (multi)
		fact(bold(about.threads.length, "thread", "threads"));
	if (failed)
		fact(bold(failed, "Err", "Err"), true);
	if (panics)
		fact(bold(panics, "panic", "panics"), true);
	if (unended)
		fact(bold(unended, "call without return", "calls without return"));
	fact("<b>" + span(Math.floor(lastTime)) + "</b>");
	fact(html(clock(0)));
	if (about.target)
		fact(html([about.target.split("/").pop()].concat(about.arguments || []).join(" ")));
	if (about.exit !== undefined)
		fact("exit " + about.exit, about.exit !== 0);
	if (about.rustc)
		fact("rustc " + html(about.rustc));
	if (about.cut)
		fact("cut short", true);
	if (about.broken)
		fact("broken: " + html(about.broken), true);
	$("facts").innerHTML = facts.join("");
	$("title").textContent = about.package || about.recording;
	document.title = about.recording;
	$("errors-label").textContent = errors.length ? "errors only (" + errors.length.toLocaleString("en") + ")" : "no errors";
	for (const id of ["only-errors", "error-next", "error-previous"])
		$(id).disabled = !errors.length;
}

try {
	const theme = localStorage.getItem("fdbg-theme");
	if (theme)
		document.documentElement.dataset.theme = theme;
} catch (e) { /* no storage */ }
load();
open = new Uint8Array(nNodes);
for (let i = 0; i < nNodes; i++)
	lastTime = Math.max(lastTime, t1[i]);
view1 = total();
openSome();
drawFacts();
layout();
drawDetail();
listen();
drawRows();
drawBar();
tree.focus();
// For tests: what the page holds, and how long it took.
window.fdbgPage = {
	get nodes() { return nNodes; }, get rows() { return nRows; }, get selected() { return selected; },
	get matches() { return search.n; }, errors: errors.length, threads: about.threads.length, milliseconds: performance.now() - began,
	nodeName, reveal,
};
})();
