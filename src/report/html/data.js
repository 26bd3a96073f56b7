// SPDX-License-Identifier: MIT OR Apache-2.0
// The recording, read from the page's data into columns of numbers: one entry a node of the call tree.

const $ = (id) => document.getElementById(id);
const began = performance.now();

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
