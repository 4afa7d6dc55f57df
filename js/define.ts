/** Definitions: what the user says of a function or a data symbol, checked and made explicit. */
import { describe, ffiError, isArray, isRevoked, type ErrorCode } from './errors';
import { failureTest, type FailureTest } from './failure';
import type { Signature } from './signature';
import {
  checkKeys,
  checkSized,
  Disposable,
  isAggregate,
  isFlexible,
  isObjectType,
  resolveMemoryType,
  resolveType,
  typeNamed,
  type TypeInfo,
} from './types';

/** The most parameters a C implementation must accept (C17 5.2.4.1). */
const maxParameters = 127;

/** A C function. */
export interface FunctionDefinition extends Signature {
  readonly kind: 'function';
  /** Whether the thread serves callbacks while C runs. */
  readonly pump: boolean;
  /** Whether traces tell of its calls: those of arkffi's own they leave out. */
  readonly traced: boolean;
  /** Whether C neither calls back nor blocks. */
  readonly leaf: boolean;
  /** Tells of a result that it means failure. */
  readonly throws: FailureTest | undefined;
}

/** A C variable. */
export interface DataDefinition {
  readonly kind: 'data';
  readonly type: TypeInfo;
}

/** What a symbol is, and how to find it. */
export interface SymbolDefinition {
  readonly what: FunctionDefinition | DataDefinition;
  readonly symbol: string;
  readonly version: string | undefined;
  readonly optional: boolean;
}

const functionKeys = ['args', 'returns', 'abi', 'leaf', 'throws', 'pump'];
const symbolKeys = ['symbol', 'version', 'optional'];
/** What the definition of a function by address may have, of a library's function, of its variable. */
export const pointerKeys: readonly string[] = [...functionKeys, 'ptr'];
const functionSymbolKeys: readonly string[] = [...functionKeys, ...symbolKeys];
const dataSymbolKeys: readonly string[] = ['type', ...symbolKeys];

function invalid(message: string): Error {
  return ffiError('ERR_FFI_INVALID_TYPE', message);
}

/** Refuses anything but an object that is no array and no function. */
export function checkObject(
  value: unknown,
  where: string,
  code: ErrorCode = 'ERR_FFI_INVALID_TYPE',
): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || isArray(value) || isRevoked(value)) {
    throw ffiError(code, `${where} must be an object, got ${describe(value)}`);
  }
}

function checkBoolean(value: unknown, where: string): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalid(`${where} must be true or false, got ${describe(value)}`);
  }
}

/** Refuses a calling convention that the platform does not have. */
function checkAbi(abi: unknown, where: string): void {
  if (abi === undefined || abi === 'default') return;
  if (abi === 'stdcall' || abi === 'fastcall' || abi === 'thiscall') {
    throw ffiError('ERR_FFI_UNSUPPORTED', `${where}.abi: this platform has no '${abi}' convention`);
  }
  throw invalid(`${where}.abi must be 'default', 'stdcall', 'fastcall' or 'thiscall', got ${describe(abi)}`);
}

/** The argument types of a definition; `'...'` at the end makes it variadic. */
export function resolveArguments(args: unknown, where: string): { args: TypeInfo[]; variadic: boolean } {
  if (!isArray(args)) throw invalid(`${where}.args must be an array of types, got ${describe(args)}`);
  const variadic = args.length > 0 && args[args.length - 1] === '...';
  const count = variadic ? args.length - 1 : args.length;
  if (count > maxParameters) {
    throw invalid(`${where}.args: ${count} parameters; at most ${maxParameters} are possible`);
  }
  const resolved: TypeInfo[] = [];
  for (let index = 0; index < count; index++) {
    const at = `${where}.args[${index}]`;
    const spec: unknown = args[index];
    if (spec === '...') throw invalid(`${at}: '...' is possible only as the last`);
    const type = resolveType(spec, at);
    if (type.convert === 'void') throw invalid(`${at}: void is not the type of an argument`);
    resolved.push(checkByValue(type, at));
  }
  checkRoom(resolved, `${where}.args`);
  return { args: resolved, variadic };
}

/** Structs by value travel through the slots, which have room for so many bytes. */
const maxByValue = 64 * 1024;

function checkRoom(types: readonly TypeInfo[], where: string): void {
  let bytes = 0;
  for (const type of types) if (isAggregate(type)) bytes += Math.ceil(type.size / 8) * 8;
  if (bytes <= maxByValue) return;
  const message = `${where}: ${bytes} bytes of structs by value; at most ${maxByValue} are possible`;
  throw ffiError('ERR_FFI_UNSUPPORTED', message);
}

/** Refuses a struct by value whose size is not that of its type. */
function checkByValue(type: TypeInfo, where: string): TypeInfo {
  if (isAggregate(type) && isFlexible(type)) {
    throw invalid(`${where}: a struct with a flexible tail cannot be passed by value; use pointer`);
  }
  return type;
}

/** The result of a definition. */
export function resolveResult(
  returns: unknown,
  where: string,
): Pick<FunctionDefinition, 'result' | 'holds' | 'free'> {
  if (returns === undefined) return { result: typeNamed('void'), holds: false, free: undefined };
  if (Disposable.is(returns)) return { result: returns.type, holds: false, free: returns.free };
  const result = checkByValue(resolveType(returns, `${where}.returns`), `${where}.returns`);
  if (result.convert === 'env') throw invalid(`${where}.returns: napi_env is not the type of a result`);
  if (result.convert === 'array')
    throw invalid(`${where}.returns: C functions return no arrays; use pointer`);
  const holds = isAggregate(result) && !isObjectType(returns);
  if (!holds) checkRoom([result], `${where}.returns`);
  return { result, holds, free: undefined };
}

/** Checks the definition of a function, which may have those keys. */
export function defineFunction(
  def: Record<string, unknown>,
  where: string,
  keys: readonly string[],
): FunctionDefinition {
  checkKeys(where, def, keys);
  checkAbi(def.abi, where);
  checkBoolean(def.leaf, `${where}.leaf`);
  checkBoolean(def.pump, `${where}.pump`);
  const signature = resolveSignature(def, where);
  const pump = def.pump === true;
  const { throws = false } = def;
  if (pump && [...signature.args, signature.result].some(isNodes)) {
    throw ffiError(
      'ERR_FFI_UNSUPPORTED',
      `${where}.pump: a function with Node-API types runs on its own thread`,
    );
  }
  return {
    kind: 'function',
    ...signature,
    pump,
    traced: true,
    leaf: def.leaf === true,
    throws: throws === false ? undefined : failureTest(throws, signature.result, `${where}.throws`),
  };
}

/** Whether values of a type can be used on the environment's thread alone. */
export function isNodes({ convert }: TypeInfo): boolean {
  return convert === 'env' || convert === 'value';
}

/** The types of an object with `args` and `returns`. */
export function resolveSignature(def: Record<string, unknown>, where: string): Signature {
  const { args, variadic } = resolveArguments(def.args === undefined ? [] : def.args, where);
  return { args, variadic, ...resolveResult(def.returns, where) };
}

/** A function of arkffi's own making. */
export function plainFunction(args: readonly TypeInfo[], result: TypeInfo): FunctionDefinition {
  const signature = { args, variadic: false, result, holds: false, free: undefined };
  return { kind: 'function', ...signature, pump: false, leaf: false, traced: false, throws: undefined };
}

function symbolName(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw invalid(`${where} must be a C name, got ${describe(value)}`.replaceAll('\0', '\\0'));
  }
  return value;
}

/** Checks the definition of a library's symbol. */
export function defineSymbol(name: string, def: unknown): SymbolDefinition {
  const where = `defs.${name}`;
  checkObject(def, where);
  checkBoolean(def.optional, `${where}.optional`);
  const common = {
    symbol: symbolName(def.symbol === undefined ? name : def.symbol, `${where}.symbol`),
    version: def.version === undefined ? undefined : symbolName(def.version, `${where}.version`),
    optional: def.optional === true,
  };
  if (!('type' in def)) return { what: defineFunction(def, where, functionSymbolKeys), ...common };
  checkKeys(where, def, dataSymbolKeys);
  const type = checkSized(resolveMemoryType(def.type, `${where}.type`), `${where}.type`);
  return { what: { kind: 'data', type }, ...common };
}

/** The type of a value given to a variadic function, after the checks of a definition. */
export function variadicType(spec: unknown, where: string): TypeInfo {
  const type = resolveType(spec, where);
  if (type.convert === 'void' || type.convert === 'env') {
    throw invalid(`${where}: ${type.name} is not the type of a variadic argument`);
  }
  return checkByValue(type, where);
}

/** The types that letters or an array name, for the raw bridge. */
export function resolveTypes(spec: unknown, where: string): TypeInfo[] {
  const names: unknown = typeof spec === 'string' ? spec.split('') : spec;
  const { args, variadic } = resolveArguments(names, where);
  if (variadic) throw invalid(`${where}: variadic functions are called through dlopen`);
  return args;
}
