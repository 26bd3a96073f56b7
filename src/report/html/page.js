// SPDX-License-Identifier: MIT OR Apache-2.0
// What the user does, and the beginning of it all. The files of this folder are one script, in the order of page.c.

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
	const root = document.documentElement;
	const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
	root.dataset.theme = dark ? "light" : "dark";
	try {
		localStorage.setItem("fdbg-theme", root.dataset.theme);
	} catch (e) { /* a page from a file may have no storage */ }
	draw();
}

let tipTimer = 0;
function showTip(element, x, y) {
	const i = +element.dataset.node, k = +element.dataset.value, tip = $("tip");
	const name = k < 0 ? "returned" : texts[argument.a[values[i] + 2 * k]];
	const value = k < 0 ? texts[result[i]] : texts[argument.a[values[i] + 2 * k + 1]];
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
		const lane = selected >= 0 ? Math.min(thread[selected], nLanes() - 1) : 0;
		const i = nodeAt(Math.max(0, Math.min(lastTime, to)), lane);
		if (i >= 0 && i < nNodes)
			reveal(i);
	});
	const split = $("split");
	split.addEventListener("pointerdown", (event) => split.setPointerCapture(event.pointerId));
	split.addEventListener("pointermove", (event) => {
		if (event.buttons & 1)
			$("detail").style.width = Math.max(180, Math.min(innerWidth - 240, innerWidth - event.clientX)) + "px";
	});
	addEventListener("resize", () => { measureBar(); draw(); });
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
	if (unended && !about.part)
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
measureBar();
drawBar();
drawRows();
tree.focus();
// For tests: what the page holds, and how long it took.
window.fdbgPage = {
	get nodes() { return nNodes; }, get rows() { return nRows; }, get selected() { return selected; },
	get matches() { return search.n; }, errors: errors.length, threads: about.threads.length, milliseconds: performance.now() - began,
	nodeName, reveal,
};
