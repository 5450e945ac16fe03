"use strict";
// What is pointed at or has the focus is brought forward, with the topics at the other end of its ribbons.
{
  const columns = document.getElementById("columns");
  const ribbons = [...columns.querySelectorAll("path")];
  const items = [...columns.querySelectorAll("li")];

  function bringForward(target) {
    const topic = target.closest("li, path");
    columns.classList.toggle("pointing", Boolean(topic));
    for (const element of [...ribbons, ...items]) element.classList.remove("on");
    if (!topic) return;
    topic.classList.add("on");
    const { first, second } = topic.dataset;
    for (const ribbon of ribbons) {
      if (topic.tagName === "LI" ? ribbon.dataset.first === first || ribbon.dataset.second === second : ribbon === topic) {
        ribbon.classList.add("on");
        document.getElementById("first" + ribbon.dataset.first).classList.add("on");
        document.getElementById("second" + ribbon.dataset.second).classList.add("on");
      }
    }
  }

  columns.addEventListener("pointerover", (event) => bringForward(event.target));
  columns.addEventListener("focusin", (event) => bringForward(event.target));
  columns.addEventListener("pointerleave", () => bringForward(columns));
  columns.addEventListener("focusout", () => bringForward(columns));
}
