// Loads the native binary of this platform: from this folder, where a build leaves it, or from the platform's
// package, an optional dependency. Its types stand in binding.d.ts.
// Each name stands here as a literal in a `try`, so that bundlers see it and forgive those that are absent.
'use strict';

/** The names that did not load, each with its error. */
const failures = [];

function load() {
  switch (`${process.platform}-${process.arch}`) {
    case 'linux-x64':
      try {
        return require('./arkffi.linux-x64-gnu.node');
      } catch (error) {
        failures.push({ name: './arkffi.linux-x64-gnu.node', error });
      }
      try {
        return require('@arkffi/linux-x64-gnu');
      } catch (error) {
        failures.push({ name: '@arkffi/linux-x64-gnu', error });
      }
      try {
        return require('./arkffi.linux-x64-musl.node');
      } catch (error) {
        failures.push({ name: './arkffi.linux-x64-musl.node', error });
      }
      try {
        return require('@arkffi/linux-x64-musl');
      } catch (error) {
        failures.push({ name: '@arkffi/linux-x64-musl', error });
      }
      break;
    case 'linux-arm64':
      try {
        return require('./arkffi.linux-arm64-gnu.node');
      } catch (error) {
        failures.push({ name: './arkffi.linux-arm64-gnu.node', error });
      }
      try {
        return require('@arkffi/linux-arm64-gnu');
      } catch (error) {
        failures.push({ name: '@arkffi/linux-arm64-gnu', error });
      }
      try {
        return require('./arkffi.linux-arm64-musl.node');
      } catch (error) {
        failures.push({ name: './arkffi.linux-arm64-musl.node', error });
      }
      try {
        return require('@arkffi/linux-arm64-musl');
      } catch (error) {
        failures.push({ name: '@arkffi/linux-arm64-musl', error });
      }
      break;
    case 'darwin-x64':
      try {
        return require('./arkffi.darwin-x64.node');
      } catch (error) {
        failures.push({ name: './arkffi.darwin-x64.node', error });
      }
      try {
        return require('@arkffi/darwin-x64');
      } catch (error) {
        failures.push({ name: '@arkffi/darwin-x64', error });
      }
      break;
    case 'darwin-arm64':
      try {
        return require('./arkffi.darwin-arm64.node');
      } catch (error) {
        failures.push({ name: './arkffi.darwin-arm64.node', error });
      }
      try {
        return require('@arkffi/darwin-arm64');
      } catch (error) {
        failures.push({ name: '@arkffi/darwin-arm64', error });
      }
      break;
    case 'win32-x64':
      try {
        return require('./arkffi.win32-x64.node');
      } catch (error) {
        failures.push({ name: './arkffi.win32-x64.node', error });
      }
      try {
        return require('@arkffi/win32-x64');
      } catch (error) {
        failures.push({ name: '@arkffi/win32-x64', error });
      }
      break;
    case 'win32-arm64':
      try {
        return require('./arkffi.win32-arm64.node');
      } catch (error) {
        failures.push({ name: './arkffi.win32-arm64.node', error });
      }
      try {
        return require('@arkffi/win32-arm64');
      } catch (error) {
        failures.push({ name: '@arkffi/win32-arm64', error });
      }
      break;
  }
  return require('./binding-fallback.js').load(failures);
}

module.exports = load();
