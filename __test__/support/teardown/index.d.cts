/** A process that is to end in a certain way. */
export interface Cell {
  readonly name: string;
  /** The program, after the prelude. */
  readonly source: string;
  /** The exit status; 0 by default. */
  readonly status?: number;
  /** What it prints; 'ended' by default. */
  readonly stdout?: string;
  /** What is on stderr besides warnings: a text that contains this; nothing by default. */
  readonly error?: string;
  /** The callbacks that a warning names, each once. */
  readonly warns?: readonly string[];
  /** Those that one may name. */
  readonly mayWarn?: readonly string[];
  /** Callbacks of one name may each be warned of. */
  readonly many?: boolean;
  /** Nobody reads its stderr, so that writing there fails. */
  readonly deaf?: boolean;
}

/** Each end with each thing that may be under way. */
export const grid: readonly Cell[];

/** Other ends. */
export const variants: readonly Cell[];

/** Runs the cell once; a text that says what is wrong, or undefined. */
export function runCell(cell: Cell, node?: string): Promise<string | undefined>;
