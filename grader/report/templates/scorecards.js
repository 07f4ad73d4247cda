"use strict";
// Every text reaches the page as text: nothing here makes HTML out of strings.
const MARKS = {met: "+", partial: "~", missing: "-", contradicted: "!"};
const cohort = document.getElementById("cohort");
const view = document.getElementById("candidate");
const main = document.getElementById("main");
const pages = new Map([...document.querySelectorAll("script[data-candidate]")].map(e => [e.dataset.candidate, e]));
const names = [...document.querySelectorAll("#standings a")].map(a => decodeURIComponent(a.hash.slice(3)));
const title = document.title;
let texts = null;

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter(child => child !== null && child !== ""));
  return element;
}

const two = value => value === null ? "-" : value.toFixed(2);
const percent = value => (100 * value).toFixed(1) + "%";
const link = name => "#c:" + encodeURIComponent(name);

function interval(score, low, high) {
  if (score === null) return make("span", {}, "-");
  const bar = make("span", {class: "bar", "aria-hidden": "true"}, make("i", {}), make("b", {}));
  bar.firstChild.style.left = percent(low);
  bar.firstChild.style.width = percent(high - low);
  bar.lastChild.style.left = percent(score);
  return make("span", {class: "interval"}, bar, `${two(low)} to ${two(high)}`);
}

function sections(page) {
  const head = ["Section", "Score", "90 % interval", "Band", "Graded", "Ungraded", "To review"];
  const body = [...page.sections, page.overall].map(([name, score, low, high, band, graded, ungraded, review]) =>
    make("tr", {}, make("th", {scope: "row"}, name || "(no section)"), make("td", {class: "n"}, two(score)),
      make("td", {}, interval(score, low, high)), make("td", {}, band || "-"),
      ...[graded, ungraded, review].map(n => make("td", {class: "n"}, String(n)))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head.map(h => make("th", {scope: "col"}, h)))),
    make("tbody", {}, ...body));
}

// Spans count characters (code points), of which a JavaScript string may take two units for one.
function highlighted(text, verdicts) {
  const characters = Array.from(text);
  const spans = verdicts.map(([verdict, , , span], index) => ({verdict, span, number: index + 1})).filter(v => v.span);
  const cuts = [...new Set([0, characters.length, ...spans.flatMap(v => v.span)])].sort((a, b) => a - b);
  const quote = make("blockquote", {});
  for (let i = 0; i + 1 < cuts.length; i++) {
    const piece = characters.slice(cuts[i], cuts[i + 1]).join("");
    const here = spans.filter(v => v.span[0] <= cuts[i] && v.span[1] >= cuts[i + 1]);
    if (!here.length) { quote.append(piece); continue; }
    const kind = ["contradicted", "met", "partial"].find(k => here.some(v => v.verdict === k)) || "partial";
    const numbers = here.filter(v => v.span[1] === cuts[i + 1]).map(v => MARKS[v.verdict] + v.number).join(" ");
    quote.append(make("mark", {class: kind, title: here.map(v => `${v.verdict}: key point ${v.number}`).join("; ")},
      piece, numbers ? make("sup", {}, " " + numbers) : ""));
  }
  return quote;
}

function answer(a) {
  const graded = a.score !== undefined;
  const box = make("article", {class: "answer"});
  box.append(make("span", {class: "score"}, graded ? `${two(a.score[0])} ${a.band} (${two(a.score[1])} to ${two(a.score[2])})` : "ungraded"),
    make("h3", {}, a.id), make("p", {class: "prompt"}, texts[a.prompt]));
  box.append(a.text.trim() ? highlighted(a.text, graded ? a.verdicts : []) : make("p", {class: "dim"}, "(no answer)"));
  if (graded && a.verdicts.length) box.append(make("ol", {class: "verdicts"}, ...a.verdicts.map(([verdict, text, weight, , contrary], index) =>
    make("li", {class: verdict}, make("span", {}, `${MARKS[verdict]}${index + 1}`), make("span", {}, verdict),
      make("span", {}, texts[text], weight === 1 ? "" : make("span", {class: "dim"}, ` (weight ${+weight.toFixed(2)})`),
        contrary === null ? "" : make("span", {class: "dim"}, ` said instead: ${texts[contrary]}`))))));
  if (graded && a.feedback) box.append(make("p", {}, a.feedback));
  if (graded && a.flags.length) box.append(make("p", {class: "dim"}, "Flags: " + a.flags.join(", ")));
  if (a.why.length) box.append(make("p", {class: "why"}, "For a person to look at: " + a.why.join("; ") + "."));
  for (const [who, when, why] of a.overrides) box.append(make("p", {class: "why"}, `Decided by ${who}, ${when}: ${why || "stands as it is"}`));
  if (graded) box.append(make("p", {class: "dim"}, "Graded by " + a.by));
  return box;
}

function open(name) {
  texts = texts || JSON.parse(document.getElementById("texts").textContent);
  const page = JSON.parse(pages.get(name).textContent);
  const place = names.indexOf(name);
  const step = (to, label) => names[to] === undefined ? "" : make("a", {href: link(names[to])}, label);
  const standing = page.rank === null ? "Nothing was graded." :
    `Rank ${page.rank} of ${names.length}, rank band ${page.rankBand}, score ${two(page.overall[1])}.`;
  const print = make("button", {type: "button"}, "Print");
  print.addEventListener("click", () => window.print());
  let section = null;
  const answers = page.answers.flatMap(a => {
    const heading = a.section !== section && texts[a.section] ? [make("h2", {}, texts[a.section])] : [];
    section = a.section;
    return [...heading, answer(a)];
  });
  view.replaceChildren(make("nav", {"aria-label": "Candidates"}, make("a", {href: "#ranking"}, "All candidates (Esc)"),
    step(place - 1, "Previous (←)"), step(place + 1, "Next (→)"), print),
    make("h2", {}, name || "all answers"), make("p", {}, standing), sections(page), ...answers);
}

function show() {
  const name = location.hash.startsWith("#c:") ? decodeURIComponent(location.hash.slice(3)) : null;
  const single = name !== null && pages.has(name);
  if (single) open(name); else view.replaceChildren();
  view.hidden = !single;
  cohort.hidden = single;
  document.title = single ? `${name || "all answers"} – ${title}` : title;
  if (single) { main.focus({preventScroll: true}); window.scrollTo(0, 0); }
}

window.addEventListener("hashchange", show);
document.addEventListener("keydown", event => {
  if (view.hidden || event.altKey || event.ctrlKey || event.metaKey) return;
  const place = names.indexOf(decodeURIComponent(location.hash.slice(3)));
  const target = {Escape: "#ranking", ArrowLeft: names[place - 1], ArrowRight: names[place + 1]}[event.key];
  if (target !== undefined) location.hash = event.key === "Escape" ? target : link(target);
});
const find = document.getElementById("find");
if (find) find.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("#standings tbody tr")) row.hidden = !row.cells[2].textContent.toLowerCase().includes(wanted);
});
show();
