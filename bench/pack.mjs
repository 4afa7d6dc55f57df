// Structs as bytes, for implementations that take and give no objects: what their users write by hand.
import { structs } from './cases/inputs.mjs';

const scalars = {
  u8: { size: 1, method: 'Uint8' },
  i32: { size: 4, method: 'Int32' },
  f32: { size: 4, method: 'Float32' },
  i64: { size: 8, method: 'BigInt64' },
  f64: { size: 8, method: 'Float64' },
};

/** Size and alignment of a type, and its scalars: path, offset and method of DataView. */
export function layoutOf(type) {
  if (type in scalars) {
    const { size, method } = scalars[type];
    return { size, align: size, leaves: [{ path: [], at: 0, method }] };
  }
  let [size, align] = [0, 1];
  const leaves = [];
  for (const [name, inner] of Object.entries(structs[type])) {
    const layout = layoutOf(inner);
    size = Math.ceil(size / layout.align) * layout.align;
    align = Math.max(align, layout.align);
    leaves.push(
      ...layout.leaves.map((leaf) => ({ ...leaf, path: [name, ...leaf.path], at: leaf.at + size })),
    );
    size += layout.size;
  }
  return { size: Math.ceil(size / align) * align, align, leaves };
}

/** Whether DataView has bigints for it, where a number is wanted. */
const isBig = (method) => method === 'BigInt64';

/** A function of a DataView that gives the struct at its start as an object. */
export function readerOf(type) {
  const literal = (leaves) => {
    if (leaves[0].path.length === 0) {
      const [{ at, method }] = leaves;
      const value = `view.get${method}(${at}, true)`;
      return isBig(method) ? `Number(${value})` : value;
    }
    const names = [...new Set(leaves.map(({ path }) => path[0]))];
    const members = names.map((name) => {
      const inner = leaves.filter(({ path }) => path[0] === name);
      return `${name}: ${literal(inner.map((leaf) => ({ ...leaf, path: leaf.path.slice(1) })))}`;
    });
    return `{ ${members.join(', ')} }`;
  };
  return new Function('view', `return ${literal(layoutOf(type).leaves)};`);
}

/** A function that writes an object to the start of a DataView. */
export function writerOf(type) {
  const lines = layoutOf(type).leaves.map(({ path, at, method }) => {
    const value = `value.${path.join('.')}`;
    return `view.set${method}(${at}, ${isBig(method) ? `BigInt(${value})` : value}, true);`;
  });
  return new Function('view', 'value', lines.join('\n'));
}
