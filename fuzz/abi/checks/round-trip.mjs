// Do the ways into a struct's bytes, and out of them, agree?
import { leaves } from '../types.mjs';
import { difference, inputOf, pathOf, valueAt } from '../values.mjs';

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** The bytes that writing field by field gives. */
function setEach(rng, type, value, schema) {
  const bytes = new ArrayBuffer(schema.size);
  for (const { type: inner, steps } of leaves(type)) {
    const item = valueAt(value, steps);
    const whole = Array.isArray(item)
      ? item.map((one) => inputOf(rng, inner, one))
      : inputOf(rng, inner, item);
    schema.set(bytes, pathOf(steps), whole);
  }
  return bytes;
}

/** Yields { what, wanted, got }. */
export function* checkRoundTrip(rng, place, type, value, schema) {
  const bytes = schema.create(inputOf(rng, type, value));
  const differs = (what, found) => ({ ...found, what: `${what} of ${place}: ${found.path}` });
  const decoded = difference(type, value, schema.fromBuffer(bytes));
  if (decoded) yield differs('fromBuffer(create())', decoded);
  const viewed = difference(type, value, schema.view(bytes));
  if (viewed) yield differs('view(create())', viewed);
  for (const { type: inner, array, steps } of leaves(type)) {
    const item = valueAt(value, steps);
    const found = difference(array ?? inner, item, schema.get(bytes, pathOf(steps)), steps);
    if (found) yield differs('get()', found);
  }
  const empty = () => new ArrayBuffer(bytes.byteLength);
  const [written, assigned] = [empty(), empty()];
  schema.write(written, inputOf(rng, type, value));
  const ways = { 'write()': written };
  // A flexible tail has no place in a struct made without one.
  if (!type.fields.at(-1).type.flexible) {
    ways['set()'] = setEach(rng, type, value, schema);
    Object.assign(schema.view(assigned), inputOf(rng, type, value));
    ways['view()'] = assigned;
  }
  for (const [what, got] of Object.entries(ways)) {
    if (hex(got) !== hex(bytes)) yield { what: `${what} of ${place}`, wanted: hex(bytes), got: hex(got) };
  }
}
