// Plays streams in a real browser with shaka-player and says what was seen. Standard input: a JSON list of cases
// {name, url, license?, token?, keys?, seconds}; standard output: one JSON object a case,
// {name, frames, time, width, error}. The verdict is the caller's: frames decoded count, `currentTime` alone lies.
// Needs shaka-player and playwright-core under the folder named by the first argument, and Chromium.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.argv[2]}/`);
const { chromium } = require('playwright-core');
const shaka = require.resolve('shaka-player/dist/shaka-player.compiled.js');
const cases = JSON.parse(readFileSync(0, 'utf8'));

const page_server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><video muted playsinline width=640></video>');
});
await new Promise((ready) => page_server.listen(0, '127.0.0.1', ready));

const browser = await chromium.launch({
  executablePath: process.argv[3],
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});
for (const one of cases) {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${page_server.address().port}/`);
  await page.addScriptTag({ path: shaka });
  console.log(JSON.stringify({ name: one.name, ...(await page.evaluate(play, one)) }));
  await page.close();
}
await browser.close();
page_server.close();

// Runs in the page.
async function play({ url, license, token, keys, seconds }) {
  const video = document.querySelector('video');
  const seen = (error) => ({
    frames: video.getVideoPlaybackQuality().totalVideoFrames, time: video.currentTime, width: video.videoWidth, error,
  });
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  await player.attach(video);
  let failed;
  const failure = new Promise((resolve) => { failed = resolve; });
  player.addEventListener('error', (event) => failed(`${event.detail.code} ${event.detail.message}`));
  video.addEventListener('error', () => failed(`media element: ${video.error.message}`));
  if (license) player.configure({ drm: { servers: { 'org.w3.clearkey': license } } });
  if (keys) player.configure({ drm: { clearKeys: keys } });
  player.getNetworkingEngine().registerRequestFilter((type, request) => {
    if (token && type === shaka.net.NetworkingEngine.RequestType.LICENSE) request.headers.Authorization = `Bearer ${token}`;
  });
  const played = (async () => {
    await player.load(url);
    await video.play();
    await new Promise((resolve) => {
      video.addEventListener('timeupdate', () => video.currentTime >= seconds && resolve());
      video.addEventListener('ended', resolve);
    });
  })().catch((error) => `${error.code ?? ''} ${error.message ?? error}`);
  const late = new Promise((resolve) => setTimeout(resolve, 45000, 'timeout'));
  return seen(await Promise.race([played, failure, late]) ?? null);
}
