// jsdom has no structuredClone; @dagrejs/dagre 3 calls it.
const v8 = require('v8');
globalThis.structuredClone ??= value => v8.deserialize(v8.serialize(value));
