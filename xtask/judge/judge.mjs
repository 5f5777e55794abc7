// The browser judge: shaka-player in Chromium plays streams of a running server. Verdict by decoded frames: time alone lies.
// node judge.mjs MODULES CHROMIUM CASES.json — prints one JSON object a case; exits 1 if one of them is not as expected.
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [modules, chromium, casesFile] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), 'package.json'));
const playwright = require('playwright-core');
const { server: origin, cases } = JSON.parse(fs.readFileSync(casesFile, 'utf8'));
const shaka = fs.readFileSync(require.resolve('shaka-player/dist/shaka-player.compiled.js'));
const base = new URL(origin);

// One origin for page and streams, so that no CORS header hides or makes a fault.
const proxy = http.createServer((request, response) => {
  if (request.url === '/judge') {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><video muted playsinline></video><script src="/judge/shaka.js"></script>');
  } else if (request.url === '/judge/shaka.js') {
    response.setHeader('content-type', 'text/javascript');
    response.end(shaka);
  } else {
    const onward = http.request(
      { host: base.hostname, port: base.port, path: request.url, method: request.method, headers: { ...request.headers, host: base.host } },
      (answer) => { response.writeHead(answer.statusCode, answer.headers); answer.pipe(response); },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
});
await new Promise((ready) => proxy.listen(0, '127.0.0.1', ready));
const here = `http://127.0.0.1:${proxy.address().port}`;

const browser = await playwright.chromium.launch({
  executablePath: chromium,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});

async function play({ url, license, token, clearKeys, frames }) {
  const page = await browser.newPage();
  try {
    await page.goto(`${here}/judge`);
    return await page.evaluate(async ({ url, license, token, clearKeys, frames }) => {
      const video = document.querySelector('video');
      const player = new shaka.Player();
      await player.attach(video);
      let fault = null;
      player.addEventListener('error', (event) => { fault = fault ?? `${event.detail.code}`; });
      const drm = clearKeys ? { clearKeys } : license ? { servers: { 'org.w3.clearkey': license } } : {};
      player.configure({ drm, streaming: { failureCallback: () => {} } });
      player.getNetworkingEngine().registerRequestFilter((type, request) => {
        if (type === shaka.net.NetworkingEngine.RequestType.LICENSE && token) request.headers.Authorization = `Bearer ${token}`;
      });
      const decoded = () => video.getVideoPlaybackQuality().totalVideoFrames;
      try {
        await player.load(url);
        await video.play();
      } catch (error) {
        fault = fault ?? `${error.code ?? error}`;
      }
      const end = performance.now() + 20000;
      while (performance.now() < end && !fault && decoded() < frames) await new Promise((r) => setTimeout(r, 100));
      const result = { frames: decoded(), seconds: video.currentTime, width: video.videoWidth, height: video.videoHeight, fault };
      await player.destroy();
      return result;
    }, { url: here + url, license: license && here + license, token, clearKeys, frames });
  } finally {
    await page.close();
  }
}

let wrong = 0;
for (const one of cases) {
  const got = await play(one);
  const plays = got.frames >= one.frames && !got.fault && got.seconds > 0.5;
  // Where it must not play, not one picture may be seen, and somebody must say why.
  const refused = got.frames === 0 && got.fault !== null;
  const good = one.plays ? plays : refused;
  if (!good) wrong += 1;
  console.log(JSON.stringify({ case: one.name, good, ...got }));
}
await browser.close();
proxy.close();
process.exitCode = wrong === 0 ? 0 : 1;
