'use strict';
(() => {
  const number = (cell) =>
    cell.dataset.value === undefined ? NaN : Number(cell.dataset.value);

  /* Entries without a number stand last, whichever way is sorted. */
  const compare = (a, b, sign) => {
    const [x, y] = [number(a), number(b)];
    if (isNaN(x) && isNaN(y)) {
      const [s, t] = [a.textContent, b.textContent];
      return sign * s.localeCompare(t, undefined, {numeric: true});
    }
    if (isNaN(x) || isNaN(y)) return isNaN(x) ? 1 : -1;
    return sign * (x - y);
  };

  const sort = (table, header) => {
    const first = header.dataset.first || 'ascending';
    const other = first === 'ascending' ? 'descending' : 'ascending';
    const way = header.getAttribute('aria-sort') === first ? other : first;
    for (const one of table.tHead.rows[0].cells)
      one.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', way);
    const sign = way === 'ascending' ? 1 : -1;
    const place = header.cellIndex;
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => compare(a.cells[place], b.cells[place], sign));
    table.tBodies[0].append(...rows);
  };

  const filter = (box) => {
    const table = document.getElementById(box.dataset.table);
    const text = box.querySelector('input').value.trim().toLowerCase();
    const select = box.querySelector('select');
    const verdict = select ? select.value : '';
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      const name = row.cells[0].textContent.toLowerCase();
      const fits = !verdict || row.dataset.verdict === verdict;
      row.hidden = !(name.includes(text) && fits);
    }
    const shown = rows.filter((row) => !row.hidden).length;
    box.querySelector('[role=status]').textContent =
      shown < rows.length ? `${shown} of ${rows.length} rows` : '';
  };

  /* Where the clipboard is refused, as in an old browser, text is selected. */
  const copy = async (button) => {
    const text = document.getElementById(button.dataset.copy).textContent;
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      button.textContent = done ? 'Copied' : 'Copying was refused';
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  };

  for (const table of document.querySelectorAll('table.sortable'))
    for (const header of table.tHead.rows[0].cells)
      header.addEventListener('click', () => sort(table, header));
  for (const box of document.querySelectorAll('.controls')) {
    box.hidden = false;
    box.addEventListener('input', () => filter(box));
  }
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', () => copy(button));
  }
  /* Paper shows everything. */
  addEventListener('beforeprint', () => {
    for (const part of document.querySelectorAll('details')) part.open = true;
  });
})();
