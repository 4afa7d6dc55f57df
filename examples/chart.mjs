// A bar chart, drawn by cairo, as a PNG file.
//   node examples/chart.mjs [file.png] [name=value …]            without a file: says how large it is
import { writeFileSync } from 'node:fs';
import { fn, readMemory, Struct } from 'arkffi';
import { open } from './open.mjs';

const cairo_text_extents_t = Struct({
  x_bearing: 'double',
  y_bearing: 'double',
  width: 'double',
  height: 'double',
  x_advance: 'double',
  y_advance: 'double',
});

const RGB24 = 1;
const Write = { args: ['ptr', 'ptr', 'uint'], returns: 'int' };

const lib = open(['libcairo.so.2', 'cairo'], {
  cairo_version_string: { returns: 'CString' },
  cairo_image_surface_create: { args: ['int', 'int', 'int'], returns: 'ptr' },
  cairo_surface_write_to_png_stream: { args: ['ptr', fn(Write), 'ptr'], returns: 'int' },
  cairo_surface_destroy: { args: ['ptr'] },
  cairo_create: { args: ['ptr'], returns: 'ptr' },
  cairo_destroy: { args: ['ptr'] },
  cairo_status: { args: ['ptr'], returns: 'int' },
  cairo_status_to_string: { args: ['int'], returns: 'CString' },
  cairo_set_source_rgb: { args: ['ptr', 'double', 'double', 'double'] },
  cairo_set_line_width: { args: ['ptr', 'double'] },
  cairo_set_font_size: { args: ['ptr', 'double'] },
  cairo_text_extents: { args: ['ptr', 'CString', 'ptr'] },
  cairo_paint: { args: ['ptr'] },
  cairo_rectangle: { args: ['ptr', 'double', 'double', 'double', 'double'] },
  cairo_move_to: { args: ['ptr', 'double', 'double'] },
  cairo_line_to: { args: ['ptr', 'double', 'double'] },
  cairo_fill: { args: ['ptr'] },
  cairo_stroke: { args: ['ptr'] },
  cairo_show_text: { args: ['ptr', 'CString'] },
});
const cairo = lib.symbols;

function check(status) {
  if (status !== 0) throw new Error(`cairo: ${cairo.cairo_status_to_string(status)}`);
}

/** A text with its middle at `x`. cairo measures it into a struct. */
function centred(context, text, x, y) {
  const extents = cairo_text_extents_t.create();
  cairo.cairo_text_extents(context, text, extents);
  cairo.cairo_move_to(context, x - cairo_text_extents_t.get(extents, 'x_advance') / 2, y);
  cairo.cairo_show_text(context, text);
}

function draw(context, rows, width, height) {
  const margin = 30;
  const step = (width - 2 * margin) / rows.length;
  const scale = (height - 3 * margin) / Math.max(...rows.map(({ value }) => value), Number.MIN_VALUE);
  cairo.cairo_set_source_rgb(context, 1, 1, 1);
  cairo.cairo_paint(context);
  cairo.cairo_set_font_size(context, 13);
  rows.forEach(({ name, value }, index) => {
    const left = margin + index * step;
    const bottom = height - margin;
    cairo.cairo_set_source_rgb(context, 0.2, 0.45, 0.7);
    cairo.cairo_rectangle(context, left + step * 0.15, bottom - value * scale, step * 0.7, value * scale);
    cairo.cairo_fill(context);
    cairo.cairo_set_source_rgb(context, 0.2, 0.2, 0.2);
    centred(context, name, left + step / 2, height - 10);
    centred(context, `${value}`, left + step / 2, bottom - value * scale - 6);
  });
  cairo.cairo_set_line_width(context, 1);
  cairo.cairo_move_to(context, margin, height - margin + 0.5);
  cairo.cairo_line_to(context, width - margin, height - margin + 0.5);
  cairo.cairo_stroke(context);
  check(cairo.cairo_status(context));
}

/** The chart as a PNG file. cairo hands over piece by piece; each is copied, since it is cairo's. */
function chart(rows, width = 600, height = 360) {
  const surface = cairo.cairo_image_surface_create(RGB24, width, height);
  const context = cairo.cairo_create(surface);
  try {
    draw(context, rows, width, height);
    const pieces = [];
    const write = (_, data, length) => {
      pieces.push(Buffer.from(readMemory(data, length)));
      return 0;
    };
    check(cairo.cairo_surface_write_to_png_stream(surface, write, null));
    return Buffer.concat(pieces);
  } finally {
    cairo.cairo_destroy(context);
    cairo.cairo_surface_destroy(surface);
  }
}

const example = ['spurv=30', 'alke=700', 'and=1100', 'måke=1150', 'tiur=4100'];
const [file, ...given] = process.argv.slice(2);
const rows = (given.length > 0 ? given : example).map((row) => {
  const [name, value] = row.split('=');
  return { name, value: Math.max(0, Number(value) || 0) };
});
const png = chart(rows);
if (file !== undefined) writeFileSync(file, png);
console.log(
  `${file ?? 'A chart'}: ${rows.length} bars, ${png.length} bytes, by cairo ${cairo.cairo_version_string()}`,
);
lib.close();
