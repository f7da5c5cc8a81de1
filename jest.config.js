const jestJupyterLab = require('@jupyterlab/testutils/lib/jest-config');

/** Packages that ship only ES modules, which jest must translate. */
const esModules = [
  '@codemirror',
  '@jupyter/',
  '@jupyterlab/',
  '@microsoft/',
  '@xyflow/',
  'd3-.*',
  'exenv-es6',
  'lib0',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

const base = jestJupyterLab(__dirname);

module.exports = {
  ...base,
  automock: false,
  setupFiles: [...base.setupFiles, '<rootDir>/labextension/jest-shim.js'],
  collectCoverageFrom: ['labextension/src/**/*.{ts,tsx}', '!labextension/src/**/*.d.ts'],
  coverageReporters: ['text'],
  modulePathIgnorePatterns: [
    '<rootDir>/.venv',
    '<rootDir>/jupyter_ext',
    '<rootDir>/labextension/lib'
  ],
  reporters: ['default'],
  testRegex: 'labextension/src/.*\\.spec\\.tsx?$',
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
