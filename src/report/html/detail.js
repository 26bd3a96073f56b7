// SPDX-License-Identifier: MIT OR Apache-2.0
// All of the chosen call.

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
	const states = {
		[OPEN]: "It did not return in this " + (about.part ? "part of the recording." : "recording."),
		[UNWOUND]: "A panic left this call.", [LOST]: "Its return was not recorded.",
	};
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
		out += "<div class=\"argument\">" + html(texts[argument.a[at]]) + "</div><pre>" +
			coloured(pretty(texts[argument.a[at + 1]])) + "</pre>";
	}
	if (result[i] >= 0)
		out += "<h3>returned</h3><pre" + (how[i] === FAILED ? " class=\"failed\"" : "") + ">" +
			coloured(pretty(texts[result[i]])) + "</pre>";
	const callers = [];
	for (let p = parent[i]; p >= 0 && callers.length < 50; p = parent[p])
		if (kind[p] === CALL)
			callers.push(p);
	if (callers.length)
		out += "<h3>called by</h3>" + callers.map((p) => "<button type=\"button\" class=\"jump\" data-node=\"" + p + "\">" +
			html(nodeName(p)) + "</button>").join("");
	detail.innerHTML = out;
	detail.scrollTop = 0;
}
