/** What runs arkffi: whether it is a Node.js whose V8 is known. */

/** Why this runtime is none whose V8 is known well enough to be used directly; undefined where it is. */
export function unknownRuntime(): string | undefined {
  const { electron, bun, deno } = process.versions as Record<string, string | undefined>;
  if (electron !== undefined || bun !== undefined || deno !== undefined) return 'the runtime is not Node.js';
  const variables = process.config.variables as unknown as Record<string, unknown>;
  const on = (name: string) => ![0, '0', false, undefined, null].includes(variables[name] as never);
  if (on('v8_enable_pointer_compression') || on('v8_enable_sandbox')) return 'V8 compresses its pointers';
  return undefined;
}
