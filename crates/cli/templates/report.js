
// Sorts and filters. The page says everything without it.
"use strict";
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, index) => {
    const cell = row.cells[index];
    return cell.dataset.value ?? cell.textContent.trim();
  };
  heads.forEach((head, index) => {
    if (head.textContent.trim() === "") return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((it) => it.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (one, other) =>
        value(one, index).localeCompare(value(other, index), "en", { numeric: true }) * (down ? -1 : 1);
      body.append(...[...body.rows].sort(order));
    });
  });
}
for (const table of document.querySelectorAll("table[data-filter]")) {
  const rows = [...table.tBodies[0].rows];
  const label = document.createElement("label");
  const input = document.createElement("input");
  const told = document.createElement("output");
  input.type = "search";
  input.id = `${table.id}-filter`;
  input.placeholder = "id, name, account, cause …";
  label.htmlFor = input.id;
  label.textContent = "Only rows with";
  told.htmlFor = input.id;
  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = wanted === "" ? "" : `${shown} of ${rows.length}`;
  };
  input.addEventListener("input", show);
  const line = document.createElement("div");
  line.className = "filter";
  line.append(label, input, told);
  table.before(line);
}
