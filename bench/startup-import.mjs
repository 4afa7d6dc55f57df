// An ES module that imports what it is given, for bench/startup.mjs: 'node:fs' is nothing new.
//   node startup-import.mjs <name>
await import(process.argv[2]);
