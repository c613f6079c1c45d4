// Filters the operations of the documentation page, and opens what a link points at. The page works without it.
"use strict";
const search = document.getElementById("search");
const found = document.getElementById("found");
const operations = [...document.querySelectorAll("details.op")];
const entries = new Map([...document.querySelectorAll("aside li")].map((li) => [li.dataset.for, li]));

search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const operation of operations) {
    const text = operation.dataset.text.toLowerCase();
    const hit = words.every((word) => text.includes(word));
    operation.hidden = !hit;
    entries.get(operation.id).hidden = !hit;
    shown += hit;
  }
  found.textContent = words.length ? `找到 ${shown} 个接口` : `共 ${found.dataset.all} 个接口`;
});

const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", open);
open();
