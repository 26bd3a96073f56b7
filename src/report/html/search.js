// SPDX-License-Identifier: MIT OR Apache-2.0
// Searching, and going from error to error.

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
		const isMatch = selected >= 0 && at < search.n && search.matches[at] === selected;
		count.textContent = (isMatch ? (at + 1).toLocaleString("en") + " of " : "") + plural(search.n, "match", "matches");
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
