// What rows name among their arguments, and the structs that they name as types.

/** Fields by name, nested structs by the struct's. */
export const structs = {
  Pair: { x: 'f64', y: 'f64' },
  Tag: { id: 'i32', weight: 'f32' },
  Body: { position: 'Pair', velocity: 'Pair', first: 'Tag', second: 'Tag', time: 'i64', kind: 'u8' },
};

/** How many arguments, bytes and doubles the rows have that show how cost grows. */
export const sizes = {
  args: [1, 2, 4, 6, 8, 12, 16, 32],
  bytes: [16, 64, 256, 1024, 4096, 65_536],
  doubles: [1, 2, 4, 8, 16, 32],
};

const names = (count) => Array.from({ length: count }, (_, index) => `d${index}`);
for (const count of sizes.doubles) {
  structs[`Doubles${count}`] = Object.fromEntries(names(count).map((name) => [name, 'f64']));
}

/** Eight strings of so many bytes. */
const stringsOf = (bytes) =>
  Array.from({ length: 8 }, (_, index) => `${index}`.padEnd(bytes, 'a string that is long'));

export const inputs = {
  texts: ['a', 'of', 'six', 'four', 'seven', 'strings', 'which are', 'different lengths'],
  pair: { x: 1, y: 2 },
  body: {
    position: { x: 1, y: 2 },
    velocity: { x: 3, y: 4 },
    first: { id: 5, weight: 6 },
    second: { id: 7, weight: 8 },
    time: 9,
    kind: 10,
  },
  address: 0x7f00_1234_5670,
  doubles: Float64Array.from({ length: 16 }, (_, index) => index + 0.5),
  strings: Object.fromEntries(sizes.bytes.map((bytes) => [bytes, stringsOf(bytes)])),
  objects: Object.fromEntries(
    sizes.doubles.map((count) => [count, Object.fromEntries(names(count).map((name, at) => [name, at]))]),
  ),
};
