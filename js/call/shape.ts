/** Plans, as the wrappers need them: which argument goes where. */
import { environment, native, switches, type PlanInfo } from '../native';
import type { TypeInfo } from '../types';

/** One JavaScript argument of a call. */
export interface Parameter {
  readonly type: TypeInfo;
  /** The slot word, for an argument that is stored. */
  readonly word: number;
  /** How it is stored, or that it is handed to the native function. */
  readonly store: 'number' | 'f32' | 'f64' | 'text' | 'value';
}

/** A signature together with its plan. Plain data, shared by every function of that signature. */
export interface Shape {
  readonly plan: PlanInfo;
  readonly parameters: readonly Parameter[];
  readonly result: TypeInfo;
  /** Whether the last call's strings can be kept: all values for the native function are strings. */
  readonly keepsText: boolean;
}

const shapes = new Map<string, Shape>();

/** The shape of a signature. `fixed` counts a variadic function's declared parameters, else -1. */
export function shapeOf(
  types: readonly TypeInfo[],
  fixed: number,
  result: TypeInfo,
  fast = switches.fast,
): Shape {
  const key = `${types.map((type) => type.id).join()}|${fixed}|${result.id}|${fast}`;
  const known = shapes.get(key);
  if (known !== undefined) return known;
  const ids = types.map((type) => type.id);
  const plan = native(() => environment.plan(ids, fixed, result.id, fast));
  const parameters: Parameter[] = [];
  types.forEach((type, index) => {
    const store = plan.stores[index] as Parameter['store'] | 'env';
    if (store !== 'env') parameters.push({ type, word: plan.words[index]!, store });
  });
  const values = parameters.filter(({ store }) => store === 'text' || store === 'value');
  const keepsText = values.length > 0 && values.every(({ type }) => type.convert === 'utf8');
  const shape = { plan, parameters, result, keepsText };
  shapes.set(key, shape);
  return shape;
}
