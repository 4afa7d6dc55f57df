// A bar chart, drawn by hand: for each row a bar for each implementation, as long as its time is in comparison to koffi's.

const [labels, unit, bar, gap, most] = [190, 260, 13, 12, 2];
const figures = 120;
const width = labels + unit * most + figures;

const colours = {
  arkffi: '#0b7a4b',
  'arkffi leaf': '#4fc08d',
  koffi: '#8a8f98',
  'node:ffi': '#3c7dd9',
  bun: '#d9a441',
  Deno: '#a05cc5',
};

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (x, y, what, more = '') => `<text x="${x}" y="${y}" ${more}>${escaped(what)}</text>`;

/** The bars of a row, from `top` on. Those that are too long end in an open end. */
function group({ name, ns }, names, format, top) {
  const lines = [text(labels - 10, top + (names.length * bar) / 2 + 4, name, 'text-anchor="end"')];
  names.forEach((implementation, index) => {
    const time = ns[implementation];
    const y = top + index * bar;
    if (time === undefined) {
      lines.push(text(labels + 5, y + bar - 3, `${implementation}: none`, 'class="none"'));
      return;
    }
    const length = (time / ns.koffi) * unit;
    const shown = Math.min(length, most * unit);
    const end = length > shown ? ' ▸' : '';
    lines.push(
      `<rect x="${labels}" y="${y + 1}" width="${shown.toFixed(1)}" height="${bar - 2}" fill="${colours[implementation]}"/>`,
      text((labels + shown + 5).toFixed(1), y + bar - 3, `${format(time)}${end}`, 'class="figure"'),
    );
  });
  return lines;
}

/**
 * The chart of some rows, of those that koffi has a time of.
 *
 * @param title the first line, and `subtitle` the second
 * @param format how a figure is written
 */
export function barChart(title, subtitle, rows, format) {
  const shown = rows.filter(({ ns }) => ns.koffi !== undefined);
  const known = Object.keys(colours).filter((name) => shown.some(({ ns }) => name in ns));
  const body = [];
  let top = 92;
  for (const row of shown) {
    const names = known.filter((name) => name !== 'arkffi leaf' || name in row.ns);
    body.push(...group(row, names, format, top));
    top += names.length * bar + gap;
  }
  const legend = known.flatMap((name, index) => [
    `<rect x="${labels + index * 100}" y="58" width="12" height="12" fill="${colours[name]}"/>`,
    text(labels + index * 100 + 17, 68, name),
  ]);
  const line = `<line x1="${labels + unit}" y1="84" x2="${labels + unit}" y2="${top - gap}" class="koffi"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<style>text { font: 12px system-ui, sans-serif; fill: #1b1f24 } .title { font-size: 15px; font-weight: 600 }',
    '.figure, .none { font-size: 10.5px; fill: #57606a } .none { font-style: italic }',
    '.koffi { stroke: #57606a; stroke-dasharray: 3 3 }</style>',
    `<rect width="${width}" height="${top}" fill="#ffffff"/>`,
    text(16, 26, title, 'class="title"'),
    text(16, 44, subtitle),
    ...legend,
    ...body,
    line,
    '</svg>',
    '',
  ].join('\n');
}
