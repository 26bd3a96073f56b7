// SPDX-License-Identifier: MIT OR Apache-2.0
// The rows of the call tree: what is unfolded, and of that what is on the screen.

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
		drawBar();
		drawRows();
	});
}

function drawRows() {
	const first = firstRow(), from = Math.max(0, Math.floor(first) - 4), to = Math.min(nRows, Math.ceil(first) + shown() + 5);
	let out = "", least = Infinity;
	for (let r = from; r < to; r++)
		least = Math.min(least, level[rows[r]]);
	// Where everything in sight lies deep the whole of it is moved to the left; the line above says how deep it is.
	const base = least > 12 ? least - 4 : 0;
	for (let r = from; r < to; r++) {
		const i = rows[r], folds = hasShownChildren(i);
		out += "<div class=\"row" + (i === selected ? " selected" : "") + (bad[i] & 1 ? " failed" : bad[i] ? " inside" : "") +
			(flags[i] & CONTEXT ? " context" : "") + "\" role=\"treeitem\" id=\"row" + i + "\" data-node=\"" + i + "\" aria-level=\"" +
			(level[i] + 1) + "\"" + (folds ? " aria-expanded=\"" + !!open[i] + "\"" : "") + " aria-selected=\"" + (i === selected) +
			"\" style=\"padding-left:" + (6 + Math.min(level[i] - base, MAX_INDENT) * INDENT) + "px\"><span class=\"twist\">" +
			(folds ? (open[i] ? "▼" : "▶") : "") + "</span><span class=\"text\">" + textHtml(i) + "</span>" +
			badgesHtml(i, level[i] - base > MAX_INDENT) +
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
	const depth = nRows && level[node] > 12 ? " › (level " + level[node].toLocaleString("en") + ")" : "";
	$("crumbs").textContent = "\u200e" + names.reverse().join(" › ") + depth;
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

// Unfolds the outermost calls, and more levels as long as what is unfolded can be taken in.
function openSome() {
	const counts = [];
	for (let i = 0; i < nNodes; i++)
		counts[level[i]] = (counts[level[i]] || 0) + 1;
	let total = 0, depth = 0;
	while (depth < counts.length && total + counts[depth] <= 200)
		total += counts[depth++];
	for (let i = 0; i < nNodes; i++)
		open[i] = kind[i] === THREAD || level[i] < Math.max(depth - 1, multi ? 2 : 1) ? 1 : 0;
}
