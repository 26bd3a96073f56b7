// SPDX-License-Identifier: MIT OR Apache-2.0
// The bar of time: how deep the calls of each thread were when, errors in red.

const bar = $("bar"), total = () => Math.max(1, Math.ceil(lastTime + 1e-9));
let lastTime = 0, view0 = 0, view1 = 1, columns = null;

// A lane a thread; what is more than six threads shares the last one.
const nLanes = () => Math.min(about.threads.length, 6);

// For each column of pixels and each lane, how deep the calls were at most; errors by column.
function measure(width) {
	const lanes = nLanes(), depths = [], red = new Uint8Array(width), scale = width / (view1 - view0);
	for (let k = 0; k < lanes; k++)
		depths.push(new Int32Array(width));
	const column = (t) => Math.floor((t - view0) * scale);
	const lastColumn = new Int32Array(about.threads.length), now = new Int32Array(about.threads.length);
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

// The part of the bar that stays as it is while one walks about: drawn once for its size, its part of the time and the theme.
const ground = document.createElement("canvas");
let groundKey = "", colours = {};

function drawGround(width, height, ratio) {
	const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
	const key = [width, height, view0, view1, root.dataset.theme, dark].join();
	if (key === groundKey)
		return;
	groundKey = key;
	const style = getComputedStyle(root);
	for (const name of ["wave", "wave-line", "bad", "shade", "accent"])
		colours[name] = style.getPropertyValue("--" + name).trim();
	if (!columns || columns.width !== width || columns.view0 !== view0 || columns.view1 !== view1)
		columns = measure(width);
	ground.width = width;
	ground.height = height;
	const g = ground.getContext("2d"), laneHeight = height / columns.depths.length;
	columns.depths.forEach((lane, k) => {
		let deepest = 1;
		for (const d of lane)
			deepest = Math.max(deepest, d);
		const base = (k + 1) * laneHeight - 1, unit = (laneHeight - 4 * ratio) / deepest;
		g.fillStyle = colours.wave;
		g.strokeStyle = colours["wave-line"];
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
	g.fillStyle = colours.bad;
	for (let x = 0; x < width; x++)
		if (columns.red[x])
			g.fillRect(x - ratio / 2, 0, ratio * 1.5, height);
	const offset = about.start - about.origin;
	$("bar-text").innerHTML = "<span>" + span(Math.floor(view0) + offset) + "</span><span>" +
		span(Math.floor((view0 + view1) / 2) + offset) + "</span><span>" + span(Math.floor(view1) + offset) + "</span>";
}

// The size is told by the window; to ask for it while drawing would make the browser lay out the page twice.
let barWidth = 0, barHeight = 0;
function measureBar() {
	barWidth = bar.clientWidth;
	barHeight = bar.clientHeight;
}

function drawBar() {
	const ratio = window.devicePixelRatio || 1, width = Math.max(1, Math.round(barWidth * ratio));
	const height = Math.max(1, Math.round(barHeight * ratio)), g = bar.getContext("2d");
	if (bar.width !== width || bar.height !== height) {
		bar.width = width;
		bar.height = height;
	}
	drawGround(width, height, ratio);
	g.clearRect(0, 0, width, height);
	g.drawImage(ground, 0, 0);
	const at = (t) => (t - view0) / (view1 - view0) * width;
	if (nRows) {
		// What is on the screen.
		let from = Infinity, to = -Infinity;
		const first = Math.floor(firstRow());
		for (let r = first; r < Math.min(nRows, first + shown()); r++) {
			from = Math.min(from, t0[rows[r]]);
			to = Math.max(to, t0[rows[r]]);
		}
		g.fillStyle = colours.shade;
		g.fillRect(at(from), 0, Math.max(2, at(to) - at(from)), height);
	}
	if (selected >= 0) {
		g.fillStyle = colours.accent;
		g.globalAlpha = 0.18;
		g.fillRect(at(t0[selected]), 0, Math.max(1, at(t1[selected]) - at(t0[selected])), height);
		g.globalAlpha = 1;
		g.fillRect(at(t0[selected]) - ratio, 0, 2 * ratio, height);
		bar.setAttribute("aria-valuenow", (t0[selected] / total() * 100).toFixed(1));
		bar.setAttribute("aria-valuetext", span(Math.floor(t0[selected])));
	}
}

// The innermost call at a time, in the thread of the lane or in the one that did something last before it.
function nodeAt(t, lane) {
	const lanes = nLanes();
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
	const lane = Math.max(0, Math.min(nLanes() - 1, Math.floor((event.clientY - box.top) / box.height * nLanes())));
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
