/* The figures. */
function table(headings, rows) {
  return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {},
    ...headings.map(([text, kind]) => element("th", kind ? { class: kind } : {}, text)))), element("tbody", {}, ...rows)));
}
const cell = (text, kind = "") => element("td", kind ? { class: kind } : {}, text);
const named = (name) => element("td", { class: "name" }, element("span", { class: `dot ${kindOf(name)}` }), name);
const sppName = (spp) => spp === null ? "all" : `${spp} spp`;
const interval = (one, digits = 2) => number(one.value, digits) + (one.low === null ? "" : ` (${number(one.low, digits)} to ${number(one.high, digits)})`);

function whiskers(one, reach) {  // a ratio and its interval on a logarithmic axis, 1 in the middle
  const width = 150, at = (value) => width / 2 * (1 + Math.max(-1, Math.min(1, Math.log(value) / reach)));
  const low = at(one.low ?? one.value), high = at(one.high ?? one.value), colour = one.value > 1 ? "var(--worse)" : "var(--reference)";
  const cellMade = element("td");
  cellMade.innerHTML = `<svg width="${width + 8}" height="15" role="img" aria-label="${number(one.value, 2)}"><g transform="translate(4)">` +
    `<path d="M${width / 2} 0V15" stroke="var(--line)"/><path d="M${low} 7.5H${high}" stroke="${colour}" stroke-width="2"/>` +
    `<circle cx="${at(one.value)}" cy="7.5" r="3.5" fill="${colour}"/></g></svg>`;
  return cellMade;
}

function ratioTable() {
  const all = data.ratios.filter((one) => kindOf(one.theirs) === "oidn");
  const reach = Math.max(Math.log(1.5), ...all.flatMap((one) => [one.relmse, one.flip])
    .flatMap((one) => [one.low ?? one.value, one.high ?? one.value]).map((value) => Math.abs(Math.log(value))));
  let before = "";
  return table([["", "name"], ["ours / theirs", "name"], ["relMSE"], ["better ← 1 → worse"], ["worst frame"], ["FLIP"], ["better ← 1 → worse"], ["worst frame"], ["PSNR, dB"]],
    all.map((one) => {
      const first = one.spp !== before;
      before = one.spp;
      return element("tr", first ? { class: "first" } : {}, cell(first ? sppName(one.spp) : "", "name"), named(one.theirs),
        cell(interval(one.relmse)), whiskers(one.relmse, reach), cell(number(one.relmse.worst, 2)),
        cell(interval(one.flip)), whiskers(one.flip, reach), cell(number(one.flip.worst, 2)), cell(signed(one.psnr.value, 2)));
    }));
}

function figuresTable(rows, jump) {
  let before = "";
  const best = {};
  for (const one of rows) {
    const key = `${one.frame} ${one.spp}`;
    best[key] ??= bestOf(rows.filter((other) => other.frame === one.frame && other.spp === one.spp));
  }
  return table([...(jump ? [["frame", "name"]] : []), ["", "name"], ["method", "name"], ["relMSE"], ["PSNR, dB"], ["FLIP"], ["its floor"], ["energy, %"], ["wall, s"], ["CPU, s"]],
    rows.map((one) => {
      const key = `${one.frame} ${one.spp}`, first = key !== before;
      before = key;
      const mark = (name) => best[key].has(`${one.method} ${name}`) ? "best" : "";
      const row = element("tr", { class: `${first ? "first" : ""} ${jump ? "jump" : ""}` },
        ...(jump ? [cell(first ? one.frame : "", "name")] : []), cell(first ? sppName(one.spp) : "", "name"), named(one.method),
        cell(number(one.relmse, 4), mark("relmse")), cell(number(one.psnr, 2), mark("psnr")), cell(number(one.flip, 4), mark("flip")),
        cell(number(one.flip_floor, 4)), cell(jump ? signed(100 * one.energy, 2) : number(100 * one.energy, 2)), cell(number(one.wall, 2)), cell(number(one.cpu, 2)));
      if (jump) {
        row.dataset.frame = one.frame;
        row.dataset.spp = one.spp;
        row.addEventListener("click", () => {
          choose(one.frame, one.spp);
          if (kindOf(one.method) !== "noisy") set({ right: one.method });
          scrollTo({ top: 0 });
        });
      }
      return row;
    }));
}

function speedTable(one) {
  const names = { wall: "wall, s", cpu: "CPU, s", peak: "peak, MB" }, fields = Object.keys(Object.values(one.medians)[0]);
  const spread = (value) => value ? `${number(value.median, 2)} (${number(value.low, 2)} to ${number(value.high, 2)})` : "";
  return table([["", "name"], ...fields.map((field) => [names[field]]), ...fields.map((field) => [`ours / it: ${field}`])],
    Object.entries(one.medians).map(([name, own]) => element("tr", {}, cell(name, "name"),
      ...fields.map((field) => cell(field === "peak" ? number(own.peak / 1e6, 0) : number(own[field], 2))),
      ...fields.map((field) => cell(spread(one.ratios[field][name]))))));
}

function report() {
  const heading = (text) => element("h2", {}, text), note = (text) => element("p", { class: "note" }, text);
  const parts = [heading("Ours against theirs"), ratioTable(), ...data.notes.ratios.map(note),
    heading("Over all frames"), figuresTable(data.summaries, false), ...data.notes.summaries.map(note)];
  for (const one of data.speed) parts.push(heading(one.heading), speedTable(one), ...one.notes.map(note));
  parts.push(heading("Frame by frame"), note("Click a row to see it."), figuresTable(data.cases.flatMap((one) =>
    Object.entries(one.figures).map(([method, own]) => ({ frame: one.frame, spp: one.spp, method, flip_floor: one.flip_floor, ...own }))), true));
  parts.push(heading("What this is"), ...data.notes.about.map(note));
  $("figures").replaceChildren(...parts);
  for (const [figure, what] of data.verdict) {
    $("verdict").append(...($("verdict").childNodes.length ? ["  ·  "] : []), element("b", {}, figure), ` ${what}`);
  }
  $("keys").append(element("table", {}, ...KEYS.map(([keys, what]) =>
    element("tr", {}, element("td", {}, ...keys.split(" ").map((key) => element("kbd", {}, key)).flatMap((key) => [key, " "])), element("td", {}, what)))));
}

report();
set({ frame: frames[0], spp: data.cases[0].spp, left: data.methods[0].name, right: ours });
set(recall());
