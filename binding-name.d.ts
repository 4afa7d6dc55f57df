/** The file name of the native binary for this platform. */
export declare function fileName(): string;
