/** Plans, as the wrappers need them: which argument goes where. */
import { environment, native, switches, type PlanInfo } from '../native';
import { isAggregate, isRow, typeNamed, type TypeInfo } from '../types';

/** One JavaScript argument of a call. */
export interface Parameter {
  readonly type: TypeInfo;
  /** The slot word, for an argument that is stored. */
  readonly word: number;
  /** The word of the second eightbyte of an aggregate. */
  readonly second: number;
  /** How it is stored, or that it is handed to the native function. */
  readonly store: 'number' | 'f32' | 'f64' | 'aggregate' | 'text' | 'value';
}

/** A signature together with its plan. Plain data. */
export interface Shape {
  readonly plan: PlanInfo;
  readonly parameters: readonly Parameter[];
  /** The types of the parameters. */
  readonly types: readonly TypeInfo[];
  /** Whether the native function takes some of the values as arguments. */
  readonly handsOver: boolean;
  readonly result: TypeInfo;
  /** Whether C is given a function pointer, so that a call may be suspended for its callbacks. */
  readonly suspends: boolean;
  /** Whether an aggregate result is kept in memory of its own, and the result is its address. */
  readonly holds: boolean;
  /** Whether the last call's strings can be kept: all values for the native function are strings. */
  readonly keepsText: boolean;
}

/** Those whose types are all of the table: they are shared by every function of the signature. */
const shapes = new Map<string, Shape>();

/** The shape of a signature. `fixed` counts a variadic function's declared parameters, else -1. */
export function shapeOf(
  types: readonly TypeInfo[],
  fixed: number,
  result: TypeInfo,
  holds = false,
  fast = switches.fast,
): Shape {
  const isScalar = [...types, result].every(isRow);
  const key = `${types.map((type) => type.id).join()}|${fixed}|${result.id}|${fast}`;
  const known = isScalar ? shapes.get(key) : undefined;
  if (known !== undefined) return known;
  const rows = types.map((type) => parameterType(type).row);
  const plan = native(() => environment.plan(rows, fixed, result.row, holds, fast));
  const parameters: Parameter[] = [];
  types.forEach((type, index) => {
    const store = plan.stores[index] as Parameter['store'] | 'env';
    const [word, second] = [plan.words[index * 2]!, plan.words[index * 2 + 1]!];
    if (store !== 'env') parameters.push({ type, word, second, store });
  });
  const values = parameters.filter(({ store }) => store === 'text' || store === 'value');
  const keepsText = values.length > 0 && values.every(({ type }) => type.convert === 'utf8');
  const shape = {
    plan,
    parameters,
    types: parameters.map(({ type }) => type),
    handsOver: values.length > 0,
    result,
    suspends: switches.coroutines && parameters.some(isFunctionPointer),
    holds: holds && isAggregate(result),
    keepsText,
  };
  if (isScalar) shapes.set(key, shape);
  return shape;
}

/** Whether C is given a function pointer for a parameter. */
export function isFunctionPointer({ type }: Pick<Parameter, 'type'>): boolean {
  return type.convert === 'function' || type.convert === 'code';
}

/** What C declares for a parameter of a type: an array is a pointer. */
function parameterType(type: TypeInfo): TypeInfo {
  return type.convert === 'array' ? typeNamed('ptr') : type;
}
