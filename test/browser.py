# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that opens a page, clicks, and takes pictures, by the DevTools protocol."""

import asyncio
import base64
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request

from tornado.websocket import websocket_connect

NAMES = ('chromium', 'chromium-browser', 'google-chrome')


def find_browser():
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page in a browser of its own; a context manager."""

    def __init__(self, url, width=1280, height=900, mobile=False):
        self._url = url
        self._size = dict(width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.errors = []     # console errors, exceptions, failed requests, in words
        self.requests = []   # every address that the page asked for

    def __enter__(self):
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [find_browser(), '--headless=new', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--remote-debugging-port=0', '--no-first-run',
             '--autoplay-policy=no-user-gesture-required',
             f'--user-data-dir={self._profile.name}', 'about:blank'],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        port = None
        for line in self._process.stderr:
            found = re.search(r'ws://[\d.]+:(\d+)/', line)
            if found:
                port = found.group(1)
                break
        with urllib.request.urlopen(f'http://127.0.0.1:{port}/json') as answer:
            pages = [page for page in json.load(answer) if page['type'] == 'page']
        self._loop = asyncio.new_event_loop()
        self._socket = self._loop.run_until_complete(self._connect(
            pages[0]['webSocketDebuggerUrl']))
        self._number = 0
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')
        self.call('Emulation.setDeviceMetricsOverride', **self._size)
        self.call('Page.navigate', url=self._url)
        self.wait('document.readyState === "complete" && location.href !== "about:blank"')
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._process.terminate()
        self._process.wait(20)
        self._process.stderr.close()
        self._loop.close()
        self._profile.cleanup()

    async def _connect(self, url):
        return await websocket_connect(url, max_message_size=1 << 28)

    def call(self, method, **parameters):
        """Call a method of the protocol and return its result."""
        self._number += 1
        self._socket.write_message(json.dumps(
            {'id': self._number, 'method': method, 'params': parameters}))
        while True:
            message = json.loads(self._loop.run_until_complete(
                asyncio.wait_for(self._read(), 60)))
            if message.get('id') == self._number:
                assert 'error' not in message, message['error']
                return message['result']
            self._note(message.get('method'), message.get('params', {}))

    async def _read(self):
        return await self._socket.read_message()

    def _note(self, method, values):
        if method == 'Runtime.exceptionThrown':
            self.errors.append(str(values['exceptionDetails'].get('exception', values)))
        elif method == 'Runtime.consoleAPICalled' and values['type'] in ('error', 'assert'):
            self.errors.append(str(values['args']))
        elif method == 'Log.entryAdded' and values['entry']['level'] == 'error':
            self.errors.append(f'{values["entry"]["text"]} {values["entry"].get("url", "")}')
        elif method == 'Network.requestWillBeSent':
            self.requests.append(values['request']['url'])

    def run(self, expression):
        """Return the value of a JavaScript expression; a promise is awaited."""
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True,
                           awaitPromise=True)
        assert 'exceptionDetails' not in result, result['exceptionDetails']
        return result['result'].get('value')

    def wait(self, expression, seconds=20):
        """Wait until a JavaScript expression is true."""
        for _ in range(int(seconds * 20)):
            if self.run(expression):
                return
            self._loop.run_until_complete(asyncio.sleep(0.05))
        raise AssertionError(f'{expression} did not become true')

    def picture(self, path, whole=False):
        """Save a PNG of what the window shows, or of the whole page."""
        data = self.call('Page.captureScreenshot', captureBeyondViewport=whole)['data']
        path.write_bytes(base64.b64decode(data))
