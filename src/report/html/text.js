// SPDX-License-Identifier: MIT OR Apache-2.0
// Names and values as they are shown.

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
function valueHtml(i, k, id) {
	let s = texts[id];
	if (s.length > LIMIT)
		s = s.slice(0, LIMIT) + "…";
	return "<span class=\"value\" data-node=\"" + i + "\" data-value=\"" + k + "\">" + coloured(s) + "</span>";
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
			"</span><span class=\"punct\">" + between + "</span>" + valueHtml(i, k, argument.a[at + 1]);
	}
	return nValues[i] > 30 ? out + "<span class=\"punct\">, …</span>" : out;
}

function textHtml(i) {
	if (kind[i] === THREAD)
		return "<span class=\"thread\">" + html(nodeName(i)) + "</span>";
	if (kind[i] !== CALL)
		return "<span class=\"" + (kind[i] === PANIC ? "err" : "path") + "\">" + noteNames[kind[i]] + "</span> " + valuesHtml(i, " = ");
	const name = texts[fn[i]], at = splitName(name);
	let out = "<span class=\"call\"><span class=\"path\">" + marked(name.slice(0, at)) + "</span><span class=\"name\">" + marked(name.slice(at)) +
		"</span><span class=\"punct\">(</span>" + valuesHtml(i, "=") + "<span class=\"punct\">)</span></span>";
	if (how[i] === OPEN)
		out += "<span class=\"outcome odd\">&nbsp;…</span>";
	else if (result[i] >= 0)
		out += "<span class=\"outcome\"><span class=\"punct\">&nbsp;→ </span>" + valueHtml(i, -1, result[i]) + "</span>";
	return out;
}

function badgesHtml(i, isClipped) {
	let out = "";
	if (flags[i] & CONTEXT)
		out += "<span class=\"badge soft\">context</span>";
	if (flags[i] & PANICKED)
		out += "<span class=\"badge\">panicked</span>";
	if (how[i] === UNWOUND)
		out += "<span class=\"badge\">unwound</span>";
	if (how[i] === LOST)
		out += "<span class=\"badge\">return not recorded</span>";
	if (isClipped)
		out += "<span class=\"badge soft\">level " + level[i] + "</span>";
	return out;
}
