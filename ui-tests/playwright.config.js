const { existsSync } = require('fs');
const base = require('@jupyterlab/galata/lib/playwright-config');

const port = process.env.NBPIPE_TEST_PORT ?? '8899';
const url = `http://127.0.0.1:${port}`;
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
process.env.TARGET_URL = url;

module.exports = {
  ...base,
  reporter: [['list']],
  retries: 0,
  workers: 1,
  timeout: 120_000,
  expect: { ...base.expect, timeout: 20_000 },
  use: {
    ...base.use,
    baseURL: url,
    video: 'off',
    trace: 'retain-on-failure',
    // The distribution's browser where there is one; as root it has no sandbox.
    launchOptions: existsSync(chromium) ? { executablePath: chromium, args: ['--no-sandbox'] } : {}
  },
  webServer: {
    command: 'jupyter lab --config jupyter_server_test_config.py',
    url: `${url}/lab`,
    timeout: 120_000,
    stderr: 'ignore', // what the tests do to it on purpose fills pages; start it by hand to see
    reuseExistingServer: !process.env.CI
  }
};
