/** Old hooks are CommonJS: `module.exports = function (client, scope, audience, context, cb) { … }`. */
declare module '*.cjs' {
  const hook: import('./legacy.ts').LegacyHook;
  export default hook;
}
