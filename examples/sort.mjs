// Structs that qsort sorts by any of their columns, and bsearch then finds. C asks JavaScript which of two comes first.
//   node examples/sort.mjs [name | diameter | moons]
import { array, CString, fn, FFIType, ptr, Struct } from 'arkffi';
import { open } from './open.mjs';

const Planet = Struct({ name: array(FFIType.char, 8), diameter: FFIType.double, moons: FFIType.int });

/** int compare(const void *, const void *): with `fn`, a plain function serves for as long as the call lasts. */
const Compare = fn({ args: ['ptr', 'ptr'], returns: 'int' });

const lib = open(['libc.so.6', 'c'], {
  qsort: { args: ['ptr', 'size_t', 'size_t', Compare] },
  bsearch: { args: ['ptr', 'ptr', 'size_t', 'size_t', Compare], returns: 'ptr' },
});
const libc = lib.symbols;

const planets = [
  ['Mercury', 4879, 0],
  ['Venus', 12104, 0],
  ['Earth', 12742, 1],
  ['Mars', 6779, 2],
  ['Jupiter', 139820, 97],
  ['Saturn', 116460, 274],
  ['Uranus', 50724, 29],
  ['Neptune', 49244, 16],
];

const bytesOf = (name) => [...Buffer.from(name.padEnd(8, '\0'))];
const nameAt = (planet) => `${new CString(planet)}`; // the name comes first, and ends with a NUL

/** One array, of a size and in a place that C can work on. */
const table = Buffer.alloc(planets.length * Planet.size);
planets.forEach(([name, diameter, moons], index) => {
  Planet.write(table, { name: bytesOf(name), diameter, moons }, index * Planet.size);
});

const orders = {
  name: (a, b) => nameAt(a).localeCompare(nameAt(b), 'en'),
  diameter: (a, b) => Math.sign(Planet.fromPtr(a).diameter - Planet.fromPtr(b).diameter),
  moons: (a, b) => Planet.fromPtr(a).moons - Planet.fromPtr(b).moons || orders.name(a, b),
};

const column = process.argv[2] ?? 'name';
const order = orders[column];
if (order === undefined) throw new RangeError(`there is no column ${column}`);

let comparisons = 0;
libc.qsort(table, planets.length, Planet.size, (a, b) => {
  comparisons++;
  return order(a, b);
});
console.log(`Sorted by ${column}, with ${comparisons} comparisons in JavaScript:`);
for (let index = 0; index < planets.length; index++) {
  const { diameter, moons } = Planet.fromBuffer(table, index * Planet.size);
  const name = nameAt(ptr(table) + index * Planet.size);
  console.log(`${name.padEnd(8)} ${`${diameter}`.padStart(7)} km ${`${moons}`.padStart(4)} moons`);
}

// bsearch gives the address of what it has found in the array, or NULL.
const wanted = Planet.create({ name: bytesOf('Saturn'), diameter: 116460, moons: 274 });
const found = libc.bsearch(wanted, table, planets.length, Planet.size, order);
console.log(`Saturn is number ${(found - ptr(table)) / Planet.size + 1}.`);
lib.close();
