/** Assertions about types, checked by the compiler alone. */

/** Whether two types are the same one: neither is `any`, nor merely assignable to the other. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Fails to compile unless the assertion holds. */
export declare function assert<Holds extends true>(): Holds;

/** A value of a type, for programs that are never run. */
export declare function some<T>(): T;
