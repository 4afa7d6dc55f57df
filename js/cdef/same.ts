/** Whether two declarations declare the same. */
import { resolveType } from '../types';
import type { CType, FunctionOf } from './syntax';

/** Types that are nested deeper are no longer compared. */
const maxDepth = 1000;

/** Whether two types that arkffi has names for have the same values, passed in the same way. */
function isSameNamed(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [one, other] = [resolveType(a, 'cdef'), resolveType(b, 'cdef')];
  if (one === other) return true;
  const isScalar = typeof a === 'string' && typeof b === 'string';
  const isInteger = ['int', 'wide'].includes(one.convert) && one.convert === other.convert;
  return isScalar && isInteger && one.min === other.min && one.max === other.max;
}

/** A parameter that is an array or a function is a pointer. */
function decayed(type: CType): CType {
  if (type.kind === 'array') return { kind: 'pointer', to: type.of, isConst: false, at: type.at };
  return type.kind === 'function' ? { kind: 'pointer', to: type, isConst: false, at: type.at } : type;
}

function isSameFunction(a: FunctionOf, b: FunctionOf, depth: number): boolean {
  // Uses of one typedef have them in common.
  const hasSameParameters =
    a.parameters === b.parameters ||
    (a.parameters.length === b.parameters.length &&
      a.parameters.every(({ type }, index) =>
        isSame(decayed(type), decayed(b.parameters[index]!.type), depth),
      ));
  return (
    hasSameParameters && a.variadic === b.variadic && a.abi === b.abi && isSame(a.returns, b.returns, depth)
  );
}

/** Whether two types are the same to whoever calls a function or reads a variable of it. */
export function isSame(a: CType, b: CType, depth = 0): boolean {
  if (a === b) return true;
  if (depth > maxDepth) return false;
  if (a.kind === 'named' && b.kind === 'named') return isSameNamed(a.type, b.type);
  if (a.kind === 'unsupported' && b.kind === 'unsupported') return a.what === b.what;
  if (a.kind === 'function' && b.kind === 'function') return isSameFunction(a, b, depth + 1);
  if (a.kind === 'declared' && b.kind === 'declared') return a.declaration === b.declaration;
  if (a.kind === 'array' && b.kind === 'array')
    return (
      isSame(a.of, b.of, depth + 1) &&
      (a.length === b.length || a.length === undefined || b.length === undefined)
    );
  if (a.kind !== 'pointer' || b.kind !== 'pointer') return false;
  // Of characters, const makes a string of the pointer.
  const isText = a.to.kind === 'named' && a.to.text !== undefined;
  return isSame(a.to, b.to, depth + 1) && (!isText || a.to.isConst === b.to.isConst);
}
